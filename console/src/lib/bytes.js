// SPDX-License-Identifier: Apache-2.0
// Bytes and their text forms. Every decoder is strict: one byte form for each value, what is not in it is refused.

const HEX = /^(?:[0-9a-f]{2})*$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export function toHex(bytes) {
	return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

export function fromHex(text) {
	if (typeof text !== 'string' || !HEX.test(text)) throw new Error('expected hexadecimal digits, two a byte');
	return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function toBase64(bytes) {
	let binary = '';
	for (const b of bytes) binary += String.fromCharCode(b);
	return btoa(binary);
}

// Canonical base64 alone: padding there, no bits left over (btoa(atob(x)) === x).
export function fromBase64(text) {
	if (typeof text !== 'string' || !BASE64.test(text)) throw new Error('expected base64');
	const binary = atob(text);
	if (btoa(binary) !== text) throw new Error('base64 with bits left over');
	return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

export function toBase64Url(bytes) {
	return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

export function fromBase64Url(text) {
	if (typeof text !== 'string' || !/^[A-Za-z0-9_-]*$/.test(text)) throw new Error('expected base64url without padding');
	return fromBase64(text.replaceAll('-', '+').replaceAll('_', '/') + '==='.slice(0, (4 - (text.length % 4)) % 4));
}

export function concat(...parts) {
	const out = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
	let at = 0;
	for (const p of parts) {
		out.set(p, at);
		at += p.length;
	}
	return out;
}

export function equal(a, b) {
	return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

export const utf8 = (text) => new TextEncoder().encode(text);
export const fromUtf8 = (bytes) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);

export async function sha256(bytes) {
	return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

// Canonical JSON as ours is restricted (RFC 8785: keys ascending, no white space; whole numbers and texts without escapes).
export function canonical(value) {
	if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
	if (value !== null && typeof value === 'object')
		return `{${Object.keys(value).sort().map((k) => `${JSON.stringify(k)}:${canonical(value[k])}`).join(',')}}`;
	return JSON.stringify(value);
}
