// SPDX-License-Identifier: Apache-2.0
// Where the page is: #/view/id?since=-24h&tz=jst&... It stands behind the # because what one searches for may be selected information,
// and what is behind the # never leaves the browser: not to a server's log, not to a proxy's.
import { signal, useSignal } from './signal.js';

/** Kept from view to view. */
const GLOBAL = ['since', 'until', 'tz'];

export function parse(hash) {
	const [path, query = ''] = hash.replace(/^#?\/?/, '').split('?');
	const [view, ...rest] = path.split('/').map(decodeURIComponent);
	return { view: view || 'border', id: rest.join('/') || null, params: new URLSearchParams(query) };
}

export const route = signal(parse(location.hash));
addEventListener('hashchange', () => route.set(parse(location.hash)));

const pathOf = (view, id) => '#/' + view + (id ? '/' + encodeURIComponent(id) : '');
/** Address of a view; time range and time zone go with it. @param {string} view @param {string|null} [id] @param {Record<string, any>} [params] */
export function href(view, id = null, params = {}) {
	const query = new URLSearchParams();
	for (const key of GLOBAL) if (route.get().params.has(key)) query.set(key, route.get().params.get(key));
	for (const [key, value] of Object.entries(params)) {
		query.delete(key);
		for (const v of [value].flat()) if (v !== null && v !== undefined && v !== '') query.append(key, String(v));
	}
	const text = query.toString();
	return pathOf(view, id) + (text ? '?' + text : '');
}
export function go(view, id, params) {
	location.hash = href(view, id, params);
}
/** Changes parameters of where one is; null takes one away. @param {Record<string, any>} change @param {boolean} [replace] no entry in the history */
export function change(changes, replace = false) {
	const now = route.get();
	const query = new URLSearchParams(now.params);
	for (const [key, value] of Object.entries(changes)) {
		query.delete(key);
		for (const v of [value].flat()) if (v !== null && v !== undefined && v !== '') query.append(key, String(v));
	}
	const text = query.toString();
	const next = pathOf(now.view, now.id) + (text ? '?' + text : '');
	if (replace) {
		history.replaceState(null, '', next);
		route.set(parse(next));
	} else location.hash = next;
}
export const useRoute = () => useSignal(route);
