// SPDX-License-Identifier: Apache-2.0
// The whole check over a ledger with intervals that the program's own writer made (LEDGER_BENCH), and what it says of one that was bent; the equation by itself.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { checkLeaf, checkLedger, equationFault, remember } from '../src/lib/ledger-check.js';

const tally = (frames) => ({ bytes: frames * 100, frames });
const interval = (more = {}) => ({
	kind: 'interval', v: 2, received: tally(100), gate_erased: { domestic: tally(60) }, select_erased: { no_hit: tally(20) }, selected: tally(15), capture_lost: { ring: tally(5) },
	pending_before: tally(0), pending_after: tally(0), carried_before: tally(3), carried_after: tally(3), classes: { FD: tally(90) }, classes_carried_before: tally(0), classes_carried_after: tally(10), ...more });

test('the equation, and each single term that is wrong', () => {
	assert.equal(equationFault(interval()), null);
	assert.equal(equationFault(interval({ v: 1, capture_lost: tally(5) })), null);
	for (const [term, value] of Object.entries({ received: tally(101), gate_erased: {}, select_erased: { no_hit: tally(21) }, selected: tally(14), capture_lost: {}, pending_before: tally(1), pending_after: tally(1), carried_before: tally(2), carried_after: tally(4), classes: { FD: tally(91) }, classes_carried_before: tally(1), classes_carried_after: tally(9) }))
		assert.notEqual(equationFault(interval({ [term]: value })), null, term);
	assert.equal(equationFault(interval({ selected: { frames: 15, bytes: 1501 } })).unit, 'bytes');
	// above 2^53 counts are decimal strings, and one more is still seen
	const large = (n) => ({ frames: '9007199254740993', bytes: n });
	assert.equal(equationFault(interval({ received: large('9007199254740993'), gate_erased: { a: large('9007199254740992') }, select_erased: {}, selected: { frames: 0, bytes: 0 }, capture_lost: {}, classes: { FD: large('9007199254740993') }, classes_carried_after: tally(0) }))?.unit, 'bytes');
});

const bench = process.env.LEDGER_BENCH ?? '';
test('a ledger with intervals, whole and bent', { skip: !existsSync(bench) && 'LEDGER_BENCH names no program' }, async () => {
	const dir = mkdtempSync(path.join(tmpdir(), 'sekisho-check-'));
	try {
		execFileSync(bench, [`${dir}/l`, '600'], { stdio: 'ignore' });
		const plain = async (name) => new Uint8Array(readFileSync(path.join(dir, 'l', name)));
		const bundle = await plain('tile/entries/000');
		const { key } = JSON.parse(new TextDecoder().decode(bundle.slice(2, 2 + ((bundle[0] << 8) | bundle[1]))));
		const all = { from: 0, to: Infinity };
		const good = await checkLedger({ files: plain, vkey: key, range: all });
		assert.ok(good.good, JSON.stringify(good.steps));
		assert.ok(good.kinds.get('interval') > 500);
		assert.deepEqual(good.steps.filter((s) => s.state === 'skipped').map((s) => s.id), ['key', 'witness', 'consistency']);
		const memory = remember(good.head, key);
		const again = await checkLedger({ files: plain, vkey: key, memory });
		assert.deepEqual(again.steps.filter((s) => s.state === 'good').map((s) => s.id), ['key', 'signature', 'edge', 'consistency', 'opening']);
		assert.equal((await checkLeaf(good, 300)).record.kind, 'interval');
		// twins: which step goes red
		const red = async (what) => (await checkLedger({ files: plain, vkey: key, range: all, ...what })).steps.filter((s) => s.state === 'bad').map((s) => s.id).join();
		const bend = (file, at) => async (name) => (await plain(name)).map((b, i) => (name === file && i === at ? b ^ 1 : b));
		assert.equal(await red({}), '');
		assert.equal(await red({ files: bend('tile/0/000', 200 * 32) }), 'opening');
		assert.equal(await red({ files: bend('tile/entries/001', 50) }), 'entries');
		assert.equal(await red({ memory: { ...memory, size: memory.size + 1 } }), 'consistency');
		assert.equal(await red({ memory: { ...memory, root: memory.root.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')) } }), 'consistency');
		assert.equal(await red({ memory: { ...memory, vkey: 'another' } }), 'key');
		assert.equal(await red({ files: bend('checkpoint', 60) }), 'signature');
		assert.equal(await red({ vkey: 'nonsense' }), 'key');
		assert.equal(await red({ files: async (name) => { if (name.startsWith('tile')) throw new Error('404'); return plain(name); } }), 'edge');
	} finally {
		rmSync(dir, { recursive: true });
	}
});
