// SPDX-License-Identifier: Apache-2.0
// Filters of findings as they stand in the address: f=kind:beacon, f=-class:FF; several of one field are alternatives, fields hold together.
import { route } from './route.js';

export const FIELDS = ['kind', 'class', 'severity', 'value', 'technique', 'campaign', 'case'];
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
/** Parameters of the API: a value that is excluded has a "!" before it. */
export function filterParams(filters) {
	const out = {};
	for (const f of filters) (out[f.field] ??= []).push((f.not ? '!' : '') + f.value);
	return out;
}
