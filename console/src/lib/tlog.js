// SPDX-License-Identifier: Apache-2.0
// A client of C2SP tlog-tiles that believes nothing (c2sp.org/tlog-tiles, tlog-checkpoint; RFC 6962 2.1): every tile is recomputed as a whole up to the
// signed root, so that a byte off the path of a proof is seen too. `fetch` is given: (path) => Promise<Uint8Array>, so a page, a test and a file use the same code.
import { concat, equal, fromBase64, fromUtf8, sha256, toBase64, toHex } from './bytes.js';
import { TYPE_NOTE, parseNote, verifyNote } from './note.js';

const WIDTH = 256;
const HASH = 32;
const ENTRY_MAX = 65535;
const CACHE_MAX = 2048;

export const hashLeaf = (entry) => sha256(concat(Uint8Array.of(0), entry));
export const hashNode = (left, right) => sha256(concat(Uint8Array.of(1), left, right));

/* ---- checkpoint ---- */

// {origin, size, root, body}: three lines exactly, as a Sekisho ledger has them.
export function parseCheckpoint(body) {
	const lines = body.split('\n');
	if (lines.length !== 4 || lines[3] !== '') throw new Error('a checkpoint has three lines: origin, size, root');
	const [origin, sizeText, rootText] = lines;
	if (origin === '' || /\s/.test(origin)) throw new Error("the checkpoint's origin is no word");
	if (!/^(0|[1-9][0-9]{0,15})$/.test(sizeText)) throw new Error("the checkpoint's size is no decimal number");
	const size = Number(sizeText);
	if (!Number.isSafeInteger(size)) throw new Error("the checkpoint's size is out of range");
	const root = fromBase64(rootText);
	if (root.length !== HASH) throw new Error("the checkpoint's root is no SHA-256");
	return { origin, size, root, body };
}

// A checkpoint that `key` signed, with whatever cosignatures of `witnesses` it carries: {origin, size, root, body, cosigned: [{key, time}]}.
export async function openCheckpoint(bytes, key, witnesses = [], how = undefined) {
	const note = parseNote(bytes);
	const checkpoint = parseCheckpoint(note.body);
	if (key.type !== TYPE_NOTE || key.name !== checkpoint.origin)
		throw new Error(`the checkpoint is of ${checkpoint.origin}, the key is of ${key.name}`);
	const good = await verifyNote(note, [key, ...witnesses], how);
	if (!good.some((g) => g.key === key)) throw new Error(`the checkpoint is not signed by ${key.name}`);
	return { ...checkpoint, cosigned: good.filter((g) => g.key !== key) };
}

/* ---- tiles ---- */

const groups = (n) => {
	const text = String(n).padStart(Math.ceil(String(n).length / 3) * 3, '0');
	const parts = text.match(/.{3}/g);
	return parts.map((p, i) => (i < parts.length - 1 ? `x${p}` : p)).join('/');
};

export const tilePath = (level, n, width = WIDTH) => `tile/${level}/${groups(n)}${width === WIDTH ? '' : `.p/${width}`}`;
export const bundlePath = (n, width = WIDTH) => `tile/entries/${groups(n)}${width === WIDTH ? '' : `.p/${width}`}`;

// How many hashes level `level` has altogether in a tree of `size` leaves.
const hashesAt = (size, level) => Math.floor(size / WIDTH ** level);

// The root over hashes that lie side by side (their number may be anything): RFC 6962's split, by levels.
async function rootOf(hashes) {
	if (hashes.length === 0) return sha256(new Uint8Array());
	let row = hashes;
	while (row.length > 1) {
		const next = [];
		for (let i = 0; i + 1 < row.length; i += 2) next.push(hashNode(row[i], row[i + 1]));
		const odd = row.length % 2 === 1 ? [row[row.length - 1]] : [];
		row = [...(await Promise.all(next)), ...odd];
	}
	return row[0];
}

// Tiles of one tree of one size, each authenticated against the root before a hash of it is handed out.
export class Tree {
	constructor(fetch, size, root) {
		Object.assign(this, { fetch, size, root });
		this.tiles = new Map();
		this.asked = 0;
	}

	async raw(level, n) {
		const width = Math.min(WIDTH, hashesAt(this.size, level) - n * WIDTH);
		if (width <= 0) throw new Error(`tile ${n} of level ${level} is beyond the tree`);
		const bytes = await this.fetch(tilePath(level, n, width));
		this.asked++;
		if (bytes.length !== width * HASH) throw new Error(`${tilePath(level, n, width)} has ${bytes.length} bytes, expected ${width * HASH}`);
		return Array.from({ length: width }, (_, i) => bytes.slice(i * HASH, (i + 1) * HASH));
	}

	// The right edge: every level's last, partial tile. Together they make the root, so each byte of them is checked by that.
	async checkEdge() {
		if (this.edge) return this.edge;
		const edge = [];
		for (let level = 0; hashesAt(this.size, level) > 0; level++) {
			const count = hashesAt(this.size, level);
			edge.push(count % WIDTH === 0 ? [] : await this.raw(level, Math.floor(count / WIDTH)));
		}
		// Peaks, largest first: perfect subtrees of the binary digits of each width, level by level from the top.
		const peaks = [];
		for (const hashes of edge.toReversed()) {
			let at = 0;
			for (let step = 128; step >= 1; step /= 2)
				if (hashes.length & step) {
					peaks.push(await rootOf(hashes.slice(at, at + step)));
					at += step;
				}
		}
		let root = peaks.pop() ?? (await sha256(new Uint8Array()));
		while (peaks.length > 0) root = await hashNode(peaks.pop(), root);
		if (!equal(root, this.root)) throw new Error(`the tiles at the right edge make another root than the signed one (${toHex(root).slice(0, 16)}…)`);
		this.edge = edge;
		return edge;
	}

	// An authenticated tile: the edge's, or one whose recomputed root stands in the authenticated tile above it.
	async tile(level, n) {
		const edge = await this.checkEdge();
		const count = hashesAt(this.size, level);
		if (n === Math.floor(count / WIDTH) && count % WIDTH !== 0) return edge[level];
		const key = `${level}/${n}`;
		if (this.tiles.has(key)) return this.tiles.get(key);
		const [above, hashes] = await Promise.all([this.tile(level + 1, Math.floor(n / WIDTH)), this.raw(level, n)]);
		if (!equal(await rootOf(hashes), above[n % WIDTH])) throw new Error(`${tilePath(level, n)} is not what the tile above it commits to`);
		if (this.tiles.size >= CACHE_MAX) this.tiles.delete(this.tiles.keys().next().value);
		this.tiles.set(key, hashes);
		return hashes;
	}

	async leafHash(index) {
		if (!Number.isSafeInteger(index) || index < 0 || index >= this.size) throw new Error(`leaf ${index} is beyond the tree of ${this.size}`);
		return (await this.tile(0, Math.floor(index / WIDTH)))[index % WIDTH];
	}

	// The root of the leaves [from, to): from tiles, never from leaves that a tile above covers.
	async subtree(from, to) {
		const count = to - from;
		if (count === 1) return this.leafHash(from);
		for (let level = 7; level >= 0; level--) {
			const unit = WIDTH ** level;
			if (count >= unit && Number.isInteger(Math.log2(count)) && from % count === 0 && count < unit * WIDTH) {
				const first = from / unit;
				return rootOf((await this.tile(level, Math.floor(first / WIDTH))).slice(first % WIDTH, (first % WIDTH) + count / unit));
			}
		}
		const middle = splitAt(count);
		return hashNode(await this.subtree(from, from + middle), await this.subtree(from + middle, to));
	}

	// RFC 6962 2.1.1, leaf side first.
	async inclusionProof(index) {
		await this.leafHash(index);
		const walk = async (m, from, to) => {
			if (to - from <= 1) return [];
			const k = splitAt(to - from);
			return m < from + k
				? [...(await walk(m, from, from + k)), await this.subtree(from + k, to)]
				: [...(await walk(m, from + k, to)), await this.subtree(from, from + k)];
		};
		return walk(index, 0, this.size);
	}

	// RFC 6962 2.1.2.
	async consistencyProof(old) {
		if (!(old > 0 && old <= this.size)) throw new Error(`no proof from ${old} to ${this.size}`);
		const walk = async (m, from, to, whole) => {
			if (m === to - from) return whole ? [] : [await this.subtree(from, to)];
			const k = splitAt(to - from);
			return m <= k
				? [...(await walk(m, from, from + k, whole)), await this.subtree(from + k, to)]
				: [...(await walk(m - k, from + k, to, false)), await this.subtree(from, from + k)];
		};
		return walk(old, 0, this.size, true);
	}

	// The entries [from, to), each hashed and compared with its leaf. `each(index, entry)` sees them in order; `progress(done, of)` now and then.
	async entries(from, to, each = undefined, progress = undefined) {
		if (!(from >= 0 && from <= to && to <= this.size)) throw new Error(`entries ${from} to ${to} of a tree of ${this.size}`);
		for (let n = Math.floor(from / WIDTH); n * WIDTH < to; n++) {
			const width = Math.min(WIDTH, this.size - n * WIDTH);
			const [leaves, bytes] = await Promise.all([this.tile(0, n), this.fetch(bundlePath(n, width))]);
			const bundle = parseBundle(bytes, width);
			const hashes = await Promise.all(bundle.map(hashLeaf));
			for (let i = 0; i < width; i++) {
				const index = n * WIDTH + i;
				if (!equal(hashes[i], leaves[i])) throw new Error(`entry ${index} is not what its leaf commits to`);
				if (index >= from && index < to) await each?.(index, bundle[i]);
			}
			progress?.(Math.min(to, (n + 1) * WIDTH) - from, to - from);
		}
	}
}

const splitAt = (count) => {
	let k = 1;
	while (k * 2 < count) k *= 2;
	return k;
};

export function parseBundle(bytes, count) {
	const out = [];
	let at = 0;
	for (let i = 0; i < count; i++) {
		if (at + 2 > bytes.length) throw new Error('a bundle of entries that is cut off');
		const length = (bytes[at] << 8) | bytes[at + 1];
		if (length > ENTRY_MAX || at + 2 + length > bytes.length) throw new Error('a bundle of entries that is cut off');
		out.push(bytes.slice(at + 2, at + 2 + length));
		at += 2 + length;
	}
	if (at !== bytes.length) throw new Error('bytes behind the last entry of a bundle');
	return out;
}

/* ---- proofs of others ---- */

// Throws unless `proof` shows that `leaf` (a leaf hash) is number `index` of the tree.
export async function verifyInclusion({ index, size, root, leaf, proof }) {
	if (!(Number.isSafeInteger(index) && index >= 0 && index < size)) throw new Error('a leaf beyond the tree');
	let [fn, sn, hash] = [index, size - 1, leaf];
	for (const step of proof) {
		if (sn === 0) throw new Error('a proof that is too long');
		if (fn % 2 === 1 || fn === sn) {
			hash = await hashNode(step, hash);
			while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
		} else {
			hash = await hashNode(hash, step);
		}
		[fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
	}
	if (sn !== 0) throw new Error('a proof that is too short');
	if (!equal(hash, root)) throw new Error('the proof leads to another root: the entry is not in this tree');
}

// Throws unless `proof` shows that the tree of `oldSize`, `oldRoot` is the beginning of that of `size`, `root`. RFC 9162 2.1.4.2.
export async function verifyConsistency({ oldSize, oldRoot, size, root, proof }) {
	if (oldSize > size) throw new Error('the older tree is the larger one: the ledger was cut');
	if (oldSize === size) {
		if (proof.length !== 0) throw new Error('a proof between equal sizes');
		if (!equal(oldRoot, root)) throw new Error('two roots of one size: a fork');
		return;
	}
	if (oldSize === 0) {
		if (proof.length !== 0) throw new Error('a proof from nothing');
		return;
	}
	const path = Number.isInteger(Math.log2(oldSize)) ? [oldRoot, ...proof] : [...proof];
	if (path.length === 0) throw new Error('a proof that is too short');
	let [fn, sn] = [oldSize - 1, size - 1];
	while (fn % 2 === 1) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
	let [fr, sr] = [path[0], path[0]];
	for (const step of path.slice(1)) {
		if (sn === 0) throw new Error('a proof that is too long');
		if (fn % 2 === 1 || fn === sn) {
			[fr, sr] = await Promise.all([hashNode(step, fr), hashNode(step, sr)]);
			while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
		} else {
			sr = await hashNode(sr, step);
		}
		[fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
	}
	if (sn !== 0) throw new Error('a proof that is too short');
	if (!equal(fr, oldRoot) || !equal(sr, root)) throw new Error('the older tree is not the beginning of this one: a fork, or a rewritten ledger');
}

// A C2SP tlog-proof text, so that what a page found can be checked elsewhere.
export function proofText(index, proof, checkpointText) {
	return `c2sp.org/tlog-proof@v1\nindex ${index}\n${proof.map((h) => `${toBase64(h)}\n`).join('')}\n${checkpointText}`;
}

// {index, proof, checkpoint (bytes)} of such a text.
export function parseProofText(bytes) {
	const text = fromUtf8(bytes);
	const match = /^c2sp\.org\/tlog-proof@v1\n(?:extra [^\n]*\n)?index (0|[1-9][0-9]{0,15})\n((?:[A-Za-z0-9+/]{43}=\n){0,63})\n/.exec(text);
	if (!match) throw new Error('not a C2SP tlog-proof');
	const proof = match[2].split('\n').slice(0, -1).map(fromBase64);
	return { index: Number(match[1]), proof, checkpoint: new TextEncoder().encode(text.slice(match[0].length)) };
}
