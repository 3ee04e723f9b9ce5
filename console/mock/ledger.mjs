// SPDX-License-Identifier: Apache-2.0
// A ledger in memory, as C2SP tlog-tiles files, signed and cosigned with keys made at the start. For the stand-in and for tests: written apart from the page's verifier.
import { createHash, generateKeyPairSync, sign } from 'node:crypto';

const sha = (...parts) => createHash('sha256').update(Buffer.concat(parts.map((p) => Buffer.from(p)))).digest();
const node = (a, b) => sha([1], a, b);
const groups = (n) => { const parts = String(n).padStart(Math.ceil(String(n).length / 3) * 3, '0').match(/.{3}/g); return parts.map((p, i) => (i < parts.length - 1 ? `x${p}` : p)).join('/'); };
const name = (level, n, width) => `tile/${level}/${groups(n)}${width < 256 ? `.p/${width}` : ''}`;

function rootOf(hashes) {
	if (hashes.length === 0) return sha();
	if (hashes.length === 1) return hashes[0];
	let k = 1;
	while (k * 2 < hashes.length) k *= 2;
	return node(rootOf(hashes.slice(0, k)), rootOf(hashes.slice(k)));
}
const raw = (pair) => pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
const idOf = (who, type, pair) => sha(`${who}\n`, [type], raw(pair)).subarray(0, 4);
export const vkeyOf = (who, type, pair) => `${who}+${idOf(who, type, pair).toString('hex')}+${Buffer.concat([Buffer.from([type]), raw(pair)]).toString('base64')}`;
export const newKey = () => generateKeyPairSync('ed25519');

/** @param {string[]} entries */
export function makeLedger(origin, pair, entries, witness) {
	const files = new Map();
	let row = entries.map((e) => sha([0], e));
	const root = rootOf(row);
	for (let n = 0; n * 256 < entries.length; n++) {
		const part = entries.slice(n * 256, (n + 1) * 256).map((e) => Buffer.from(e));
		files.set(name('entries', n, part.length), Buffer.concat(part.flatMap((e) => [Buffer.from([e.length >> 8, e.length & 255]), e])));
	}
	for (let level = 0; row.length > 0; level++) {
		const above = [];
		for (let n = 0; n * 256 < row.length; n++) {
			const part = row.slice(n * 256, (n + 1) * 256);
			files.set(name(level, n, part.length), Buffer.concat(part));
			if (part.length === 256) above.push(rootOf(part));
		}
		row = above;
	}
	const body = `${origin}\n${entries.length}\n${root.toString('base64')}\n`;
	let text = `${body}\n\u2014 ${origin} ${Buffer.concat([idOf(origin, 1, pair), sign(null, Buffer.from(body), pair.privateKey)]).toString('base64')}\n`;
	if (witness) {
		const seconds = Math.floor(Date.now() / 1000), time = Buffer.alloc(8);
		time.writeBigUInt64BE(BigInt(seconds));
		text += `\u2014 ${witness.name} ${Buffer.concat([idOf(witness.name, 4, witness.pair), time, sign(null, Buffer.from(`cosignature/v1\ntime ${seconds}\n${body}`), witness.pair.privateKey)]).toString('base64')}\n`;
	}
	files.set('checkpoint', Buffer.from(text));
	return { files, size: entries.length, root };
}
