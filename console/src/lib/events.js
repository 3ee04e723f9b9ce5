// SPDX-License-Identifier: Apache-2.0
// Server-sent events: they say that something changed (ids and counts, never selected information); views ask for it then.
import { useEffect } from 'preact/hooks';
import { signal } from './signal.js';

/** 'closed', 'connecting', 'open' */
export const stream = signal('closed');
export const EVENTS = ['border', 'finding', 'case', 'report', 'order', 'measure', 'act', 'due', 'lost'];
const heard = new Set();
let source = null;

export function openStream() {
	closeStream();
	source = new EventSource('/api/v1/events', { withCredentials: true });
	stream.set('connecting');
	source.onopen = () => stream.set('open');
	source.onerror = () => stream.set(source?.readyState === EventSource.CLOSED ? 'closed' : 'connecting');
	for (const type of EVENTS)
		source.addEventListener(type, (event) => {
			let data = null;
			try { data = JSON.parse(event.data); } catch { return; }
			for (const one of [...heard]) if (one.types.includes(type)) one.tell(data, type);
		});
}
export function closeStream() {
	source?.close();
	source = null;
	stream.set('closed');
}
/** @param {string|string[]} types @param {(data: any, type: string) => void} tell */
export function hear(types, tell) {
	const one = { types: [types].flat(), tell };
	heard.add(one);
	return () => heard.delete(one);
}
export function useEvent(types, tell, needs = []) {
	useEffect(() => hear(types, tell), needs);
}
/** The ledger grew: whatever is read off acts may be another now. @param {...() => void} reloads of useApi, which stay the same */
export function useActs(...reloads) {
	useEffect(() => hear('act', () => { for (const reload of reloads) reload(); }), reloads);
}
