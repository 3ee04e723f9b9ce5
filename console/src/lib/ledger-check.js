// SPDX-License-Identifier: Apache-2.0
// One check of one ledger from beginning to end, in steps that a page can show: {id, state: 'good'|'bad'|'skipped', args}. Nothing here trusts the server that
// hands out the files: the key is the reader's, the last head is the reader's memory, everything else is recomputed. docs/formats/ledger.md, LEDGER-1.
import { equal, fromBase64, fromUtf8, toBase64 } from './bytes.js';
import { parseVerifierKey } from './note.js';
import { Tree, openCheckpoint, verifyConsistency, verifyInclusion } from './tlog.js';

/* ---- the equation of an interval ---- */

const UNITS = ['frames', 'bytes'];
const count = (value) => BigInt(value);
const tally = (value, unit) => count(value[unit]);
const cells = (value, unit) => Object.values(value).reduce((sum, cell) => sum + tally(cell, unit), 0n);

// Null when the interval's equation closes, else which one does not. rule: LEDGER-1
export function equationFault(record) {
	for (const unit of UNITS) {
		const lost = record.v === 1 ? tally(record.capture_lost, unit) : cells(record.capture_lost, unit);
		const came = tally(record.pending_before, unit) + tally(record.carried_before, unit) + tally(record.received, unit);
		const went = cells(record.gate_erased, unit) + cells(record.select_erased, unit) + tally(record.selected, unit) + lost + tally(record.pending_after, unit) + tally(record.carried_after, unit);
		if (came !== went) return { equation: 'fates', unit, came: String(came), went: String(went) };
		const classed = cells(record.classes, unit) + tally(record.classes_carried_after, unit);
		const all = tally(record.received, unit) + tally(record.classes_carried_before, unit);
		if (all !== classed) return { equation: 'classes', unit, came: String(all), went: String(classed) };
	}
	return null;
}

/* ---- what a reader remembers of a ledger ---- */

export const remember = (head, vkey) => ({ origin: head.origin, size: head.size, root: toBase64(head.root), vkey });

/* ---- the check ---- */

// `files`: (path) => Promise<Uint8Array> below the ledger. `vkey`: text of the key that the reader trusts. `memory`: what remember() gave before, or null.
// `range`: 'head' (nothing but the head and the right edge), or {from, to}: those entries are recomputed. `tell(steps)` is called after each step.
// Resolves to {steps, good, head, kinds, tree}; never rejects for what the ledger is.
export async function checkLedger({ files, vkey, witnesses = [], memory = null, range = 'head', tell = () => {}, progress = undefined }) {
	const steps = [];
	const result = { steps, good: false, head: null, tree: null, kinds: new Map(), how: null };
	const done = (id, state, args = {}) => {
		steps.push({ id, state, args });
		tell([...steps]);
		return state !== 'bad';
	};
	let step = 'key';
	try {
		const key = await parseVerifierKey(vkey);
		const eyes = await Promise.all(witnesses.map(parseVerifierKey));
		done('key', memory === null ? 'skipped' : memory.vkey === vkey.trim() ? 'good' : 'bad', { name: key.name });
		step = 'signature';
		const bytes = await files('checkpoint');
		const head = await openCheckpoint(bytes, key, eyes, (how) => (result.how = how));
		Object.assign(result, { head, checkpoint: fromUtf8(bytes) });
		done('signature', 'good', { size: head.size, how: result.how });
		step = 'witness';
		if (eyes.length === 0) done('witness', 'skipped');
		else done('witness', head.cosigned.length > 0 ? 'good' : 'bad', { n: head.cosigned.length, of: eyes.length });
		step = 'edge';
		const tree = new Tree(files, head.size, head.root);
		await tree.checkEdge();
		result.tree = tree;
		done('edge', 'good');
		step = 'consistency';
		if (memory === null) done('consistency', 'skipped');
		else {
			if (memory.size > head.size) throw new Error(`the ledger had ${memory.size} leaves when it was last checked, now ${head.size}: it was cut`);
			await verifyConsistency({ oldSize: memory.size, oldRoot: fromBase64(memory.root), size: head.size, root: head.root, proof: memory.size > 0 && memory.size < head.size ? await tree.consistencyProof(memory.size) : [] });
			done('consistency', 'good', { from: memory.size, to: head.size });
		}
		step = 'opening';
		if (head.size > 0) {
			let first = null;
			await tree.entries(0, 1, (_, entry) => (first = JSON.parse(fromUtf8(entry))));
			done('opening', first.kind === 'open' && first.key === key.text && first.origin === head.origin ? 'good' : 'bad', { profile: String(first.profile), simulated: first.simulated === true });
			result.opening = first;
		}
		step = 'entries';
		if (range === 'head') done('entries', 'skipped');
		else {
			let [intervals, broken] = [0, null];
			await tree.entries(range.from, Math.min(range.to, head.size), (index, entry) => {
				const record = JSON.parse(fromUtf8(entry));
				result.kinds.set(record.kind, (result.kinds.get(record.kind) ?? 0) + 1);
				if (record.kind !== 'interval') return;
				intervals++;
				const fault = equationFault(record);
				if (fault && !broken) broken = { index, ...fault };
			}, progress);
			done('entries', 'good', { n: Math.min(range.to, head.size) - range.from, from: range.from });
			step = 'equation';
			if (intervals === 0) done('equation', 'skipped');
			else done('equation', broken ? 'bad' : 'good', broken ? { index: broken.index, unit: broken.unit } : { n: intervals });
		}
	} catch (error) {
		done(step, 'bad', { why: error.message });
	}
	result.good = steps.every((s) => s.state !== 'bad');
	return result;
}

// Is leaf `index` in the tree that was checked, and what does it say? Both ways: by authenticated tiles, and by the proof that anybody can check again.
export async function checkLeaf(result, index) {
	const { tree, head } = result;
	const leaf = await tree.leafHash(index);
	const proof = await tree.inclusionProof(index);
	await verifyInclusion({ index, size: head.size, root: head.root, leaf, proof });
	let entry = null;
	await tree.entries(index, index + 1, (_, bytes) => (entry = bytes));
	return { index, leaf, proof, text: fromUtf8(entry), record: JSON.parse(fromUtf8(entry)) };
}

export const sameHead = (a, b) => a.size === b.size && equal(a.root, b.root);
