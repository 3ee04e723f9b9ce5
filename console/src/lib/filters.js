// SPDX-License-Identifier: Apache-2.0
// Filters of findings as they stand in the address: f=kind:beacon, f=-class:FF; several of one field are alternatives, fields hold together.
import { get } from './api.js';
import { route } from './route.js';

export const FIELDS = ['kind', 'class', 'severity', 'value', 'technique', 'campaign', 'case', 'workspace'];
/** @returns {{field: string, value: string, not: boolean, text: string}[]} */
export const filtersOf = (params) => params.getAll('f').map((text) => {
	const m = /^(-?)(\w+):(.+)$/.exec(text);
	return m && FIELDS.includes(m[2]) ? { not: m[1] === '-', field: m[2], value: m[3], text } : null;
}).filter(Boolean);
/** The change of the address that adds a filter; the same one the other way round goes. */
export function addFilter(field, value, not = false) {
	const plain = `${field}:${value}`;
	const others = route.get().params.getAll('f').filter((f) => f !== plain && f !== '-' + plain);
	return { f: [...others, (not ? '-' : '') + plain] };
}
export const removeFilter = (text) => ({ f: route.get().params.getAll('f').filter((f) => f !== text) });
/** Parameters that an address takes, out of the server's own description: the list of findings can be asked for more than their histogram, a newer server for more than an older. */
const LIST = ['since', 'until', 'kind', 'class', 'severity', 'value', 'q', 'muted', 'sort', 'limit', 'cursor'];
const HISTOGRAM = ['since', 'until', 'kind', 'class', 'severity', 'buckets'];
let described = null;
/** @returns {Promise<{list: Set<string>, histogram: Set<string>, paths: Set<string>}>} */
export const accepted = () => (described ??= get('openapi.json').then((api) => {
	const names = (path, otherwise) => { const of = api.paths?.[path]?.get?.parameters; return new Set(of ? of.filter((p) => p.in === 'query').map((p) => p.name) : otherwise); };
	return { list: names('/api/v1/findings', LIST), histogram: names('/api/v1/findings/histogram', HISTOGRAM), paths: new Set(Object.keys(api.paths ?? {})) };
}, () => { described = null; return { list: new Set(LIST), histogram: new Set(HISTOGRAM), paths: new Set() }; }));
export const only = (params, names) => Object.fromEntries(Object.entries(params).filter(([key]) => names.has(key)));

/** Does a finding have this value in this field? */
const has = (item, { field, value }) => {
	if (field === 'value') return [item.subject, item.counterpart, item.matched].includes(value);
	if (field === 'technique') return (item.technique ?? []).includes(value);
	return String(item[field] ?? '') === value;
};
/** Filters as parameters, where the server takes them: one value of a field that must be; and a test for what is left.
 *  @returns {{params: Record<string, string>, test: ((item: any) => boolean)|null}} */
export function split(filters, names) {
	const params = {}, rest = [];
	for (const field of FIELDS) {
		const must = filters.filter((f) => f.field === field && !f.not), not = filters.filter((f) => f.field === field && f.not);
		if (must.length === 1 && names.has(field)) params[field] = must[0].value;
		else if (must.length) rest.push((item) => must.some((f) => has(item, f)));
		if (not.length) rest.push((item) => !not.some((f) => has(item, f)));
	}
	return { params, test: rest.length ? (item) => rest.every((r) => r(item)) : null };
}
