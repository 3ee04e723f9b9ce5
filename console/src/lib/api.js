// SPDX-License-Identifier: Apache-2.0
// The server. One function speaks to it; it knows of CSRF, purpose and errors, so that views need not.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { signal } from './signal.js';
import { skew } from './time.js';

export class ApiError extends Error {
	/** @param {number} status @param {{code?: string, exit?: number, line?: string}} error */
	constructor(status, error) {
		super(error.line ?? String(status));
		this.status = status;
		this.code = error.code ?? (status === 0 ? 'UNREACHABLE' : 'HTTP');
		this.exit = error.exit;
	}
}

/** The session as the server tells it, null when there is none, undefined before anybody asked. */
export const session = signal(undefined);
/** Confirmed for this session by a person, in the dialog; never kept beyond it. */
export const purpose = signal(null);
/** A request waits for the purpose: {resolve, reject} of the dialog. */
export const purposeAsked = signal(null);
/** May whoever is signed in? @param {...string} duties one of them is enough; none: anybody */
export const may = (...duties) => duties.length === 0 || duties.some((d) => session.get()?.duties?.includes(d));

let asking = null;
function askPurpose() {
	asking ??= new Promise((resolve, reject) => purposeAsked.set({ resolve, reject })).finally(() => { asking = null; purposeAsked.set(null); });
	return asking;
}

const queryOf = (params) => {
	const query = new URLSearchParams();
	for (const [key, value] of Object.entries(params ?? {})) for (const v of [value].flat()) if (v !== undefined && v !== null && v !== '') query.append(key, String(v));
	const text = query.toString();
	return text ? '?' + text : '';
};

async function once(method, path, { params, body, signal: stop, type, as }) {
	const headers = { Accept: as === 'text' ? '*/*' : 'application/json' };
	if (purpose.get()) headers['X-Sekisho-Purpose'] = purpose.get();
	if (method !== 'GET' && session.get()?.csrf) headers['X-Sekisho-CSRF'] = session.get().csrf;
	if (body !== undefined) headers['Content-Type'] = type ?? 'application/json';
	let answer;
	try {
		answer = await fetch(path + queryOf(params), { method, headers, signal: stop, credentials: 'same-origin', body: body === undefined || type ? body : JSON.stringify(body) });
	} catch (e) {
		if (e.name === 'AbortError') throw e;
		throw new ApiError(0, {});
	}
	const date = Date.parse(answer.headers.get('Date') ?? '');
	if (Number.isFinite(date) && Math.abs(date - Date.now() - skew.get()) > 2000) skew.set(Math.abs(date - Date.now()) > 2000 ? date - Date.now() : 0);
	if (answer.ok && as === 'response') return answer;
	const text = answer.status === 204 ? '' : await answer.text();
	if (answer.ok && as === 'text') return text;
	let json = null;
	try { json = text ? JSON.parse(text) : null; } catch { /* said below */ }
	if (!answer.ok) throw new ApiError(answer.status, json?.error ?? {});
	if (text && json === null) throw new ApiError(answer.status, { code: 'NOT_JSON' });
	return json;
}

/** Asks the server. @param {string} method @param {string} path "/api/v1/..." or short "findings"
 *  @param {{params?: object, body?: any, type?: string, signal?: AbortSignal, as?: 'text'|'response'}} [how] body is JSON unless type says otherwise */
export async function ask(method, path, how = {}) {
	const full = path.startsWith('/') ? path : '/api/v1/' + path;
	const told = purpose.get();
	try {
		return await once(method, full, how);
	} catch (e) {
		if (e.code === 'SK_EPURPOSE' && !told) {
			if (!purpose.get()) await askPurpose(); // or it was confirmed while this was on its way
			return once(method, full, how);
		}
		if (e.status === 401 && session.get() && full !== '/api/v1/session') {
			purpose.set(null);
			session.set(null);
		}
		throw e;
	}
}
export const get = (path, params, how) => ask('GET', path, { params, ...how });
export const post = (path, body, how) => ask('POST', path, { body: body ?? {}, ...how });

/** What a GET answers, for a view. @param {string|null} path null: ask nothing @param {object} [params] @param {{every?: number}} [how] seconds between repeats
 *  @returns {{data: any, error: ApiError|null, loading: boolean, reload: () => void}} data stays while it is asked again */
export function useApi(path, params, how = {}) {
	const key = path === null ? null : path + queryOf(params);
	const [state, set] = useState({ key: null, data: null, error: null });
	const [turn, again] = useState(0);
	const reload = useCallback(() => again((n) => n + 1), []);
	useEffect(() => {
		if (key === null) return undefined;
		const stop = new AbortController();
		get(path, params, { signal: stop.signal }).then(
			(data) => set({ key, data, error: null }),
			(error) => { if (error.name !== 'AbortError') set((old) => ({ key, data: old.key === key ? old.data : null, error })); });
		return () => stop.abort();
	}, [key, turn]);
	// A purpose that is confirmed for one part of a view is confirmed for the others.
	useEffect(() => (state.error?.code === 'SK_EPURPOSE' ? purpose.hear((p) => p && reload()) : undefined), [state.error]);
	useEffect(() => {
		if (!how.every || key === null) return undefined;
		const timer = setInterval(() => { if (!document.hidden) reload(); }, how.every * 1000);
		return () => clearInterval(timer);
	}, [how.every, key]);
	return { data: state.data, error: state.key === key ? state.error : null, loading: key !== null && state.key !== key, reload };
}

/** One page of a list at a time: what is not shown is not loaded. @param {string|null} path @param {object} params without cursor; a change begins anew
 *  @returns {{items: any[], total: number|null, age_s: number|null, page: number, next: (() => void)|null, back: (() => void)|null, error, loading, reload}} */
export function useList(path, params) {
	const key = path === null ? null : path + queryOf(params);
	const [cursors, setCursors] = useState([null]);
	const last = useRef(key);
	const fresh = last.current !== key;
	if (fresh) last.current = key;
	useEffect(() => setCursors([null]), [key]);
	const stack = fresh ? [null] : cursors;
	const cursor = stack[stack.length - 1];
	const { data, error, loading, reload } = useApi(path, { ...params, cursor });
	const size = params?.limit ?? 50;
	return {
		items: data?.items ?? [], total: data?.total ?? null, age_s: data?.age_s ?? null, page: stack.length - 1, from: (stack.length - 1) * size, error, loading, reload, data,
		next: data?.next ? () => setCursors([...stack, data.next]) : null,
		back: stack.length > 1 ? () => setCursors(stack.slice(0, -1)) : null,
	};
}
