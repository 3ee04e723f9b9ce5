// SPDX-License-Identifier: Apache-2.0
// C2SP signed notes, verifier keys and witness cosignatures (c2sp.org/signed-note, c2sp.org/tlog-cosignature). Refuses what is not in the one form.
import { concat, equal, fromBase64, fromHex, fromUtf8, sha256, toHex, utf8 } from './bytes.js';
import { verify } from './ed25519.js';

export const TYPE_NOTE = 0x01;
export const TYPE_COSIGNATURE = 0x04;
const NOTE_MAX = 1 << 20;
const SIGNATURES_MAX = 64;
const NAME = /^[^\s+\u0000-\u0020]{1,255}$/u;

// name+hex8+base64(type || key). The id must be what name and key make it.
export async function parseVerifierKey(text) {
	const match = /^([^\s+]{1,255})\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(text.trim());
	if (!match) throw new Error('not a verifier key: expected NAME+ID+BASE64');
	const [, name, hexId, encoded] = match;
	const data = fromBase64(encoded);
	const [type, key] = [data[0], data.slice(1)];
	if (type !== TYPE_NOTE && type !== TYPE_COSIGNATURE) throw new Error(`a key of type ${type}: expected Ed25519 of a log (1) or of a witness (4)`);
	if (key.length !== 32) throw new Error('an Ed25519 key has 32 bytes');
	const id = (await sha256(concat(utf8(`${name}\n`), data))).slice(0, 4);
	if (!equal(id, fromHex(hexId))) throw new Error(`the key's id should be ${toHex(id)}: it was copied wrongly, or altered`);
	return { name, id, type, key, text: text.trim() };
}

// The note's text (signed, the last line feed included) and its signature lines. Nothing is verified yet.
export function parseNote(bytes) {
	if (bytes.length > NOTE_MAX) throw new Error('a note of more than 1 MiB');
	let text;
	try {
		text = fromUtf8(bytes);
	} catch {
		throw new Error('a note that is not UTF-8');
	}
	// eslint-disable-next-line no-control-regex
	if (/[\u0000-\u0009\u000b-\u001f\u007f]/.test(text)) throw new Error('a note with control characters');
	const split = text.lastIndexOf('\n\n');
	if (split < 0) throw new Error('a note without a blank line before its signatures');
	const body = text.slice(0, split + 1);
	const tail = text.slice(split + 2);
	if (tail === '' || !tail.endsWith('\n')) throw new Error('a note without signatures, or cut off');
	const lines = tail.slice(0, -1).split('\n');
	if (lines.length > SIGNATURES_MAX) throw new Error(`a note of more than ${SIGNATURES_MAX} signatures`);
	const signatures = lines.map((line) => {
		const parts = line.split(' ');
		if (parts.length !== 3 || parts[0] !== '\u2014' || !NAME.test(parts[1])) throw new Error('a line below the note that is no signature');
		const data = fromBase64(parts[2]);
		if (data.length < 5) throw new Error('a signature that is too short');
		return { name: parts[1], id: data.slice(0, 4), data: data.slice(4) };
	});
	return { body, signatures };
}

const isBy = (signature, key) => signature.name === key.name && equal(signature.id, key.id);

// Seconds since 1970 of a cosignature that verifies, else null.
async function cosigned(body, key, data, how) {
	if (data.length !== 72) return null;
	const seconds = new DataView(data.buffer, data.byteOffset, 8).getBigUint64(0);
	return (await verify(key.key, data.slice(8), utf8(`cosignature/v1\ntime ${seconds}\n${body}`), how)) ? Number(seconds) : null;
}

// Which of `keys` signed: [{key, time?}]. Signatures of keys that are not known are passed over; one of a known key that fails refuses the whole note.
export async function verifyNote(note, keys, how) {
	const good = [];
	for (const signature of note.signatures) {
		const key = keys.find((k) => isBy(signature, k));
		if (!key) continue;
		if (good.some((g) => g.key === key)) throw new Error(`two signatures of ${key.name}`);
		if (key.type === TYPE_COSIGNATURE) {
			const time = await cosigned(note.body, key, signature.data, how);
			if (time === null) throw new Error(`the cosignature of ${key.name} does not verify`);
			good.push({ key, time });
		} else {
			if (signature.data.length !== 64 || !(await verify(key.key, signature.data, utf8(note.body), how)))
				throw new Error(`the signature of ${key.name} does not verify`);
			good.push({ key });
		}
	}
	return good;
}
