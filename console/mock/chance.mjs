// SPDX-License-Identifier: Apache-2.0
// Numbers that look like chance and are the same each time.
export function hash(n, salt = 0) {
	let x = (n ^ (salt * 0x9e3779b1)) >>> 0;
	x = Math.imul(x ^ (x >>> 16), 0x21f0aaad) >>> 0;
	x = Math.imul(x ^ (x >>> 15), 0x735a2d97) >>> 0;
	return (x ^ (x >>> 15)) >>> 0;
}
export const part = (n, salt) => hash(n, salt) / 4294967296;
export const pick = (list, n, salt) => list[hash(n, salt) % list.length];
export const rfc = (ms) => new Date(ms).toISOString().replace(/\.\d+Z/, 'Z');
export const hex = (n, salt, digits) => { let out = ''; for (let k = 0; out.length < digits; k++) out += hash(n, salt * 131 + k).toString(16).padStart(8, '0'); return out.slice(0, digits); };
