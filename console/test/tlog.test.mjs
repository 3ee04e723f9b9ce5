// SPDX-License-Identifier: Apache-2.0
// The tlog client against: a second, naive implementation (recursive, straight from RFC 6962); ledgers that `sekisho` itself wrote (SEKISHO, LEDGER_BENCH in the
// environment, else these are skipped); and a sabotage twin for each thing that is claimed to be seen.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { concat, fromBase64, toBase64, utf8 } from '../src/lib/bytes.js';
import { hasNative, verify } from '../src/lib/ed25519.js';
import { parseVerifierKey } from '../src/lib/note.js';
import { Tree, bundlePath, openCheckpoint, parseBundle, parseCheckpoint, parseProofText, proofText, tilePath, verifyConsistency, verifyInclusion } from '../src/lib/tlog.js';

/* ---- the naive tree ---- */

const sha = (...parts) => new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest());
const leafOf = (entry) => sha(Uint8Array.of(0), entry);

function naiveRoot(leaves) {
	if (leaves.length === 0) return sha();
	if (leaves.length === 1) return leaves[0];
	let k = 1;
	while (k * 2 < leaves.length) k *= 2;
	return sha(Uint8Array.of(1), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

// All files of a log of these entries, as tlog-tiles has them.
function filesOf(entries) {
	const files = new Map();
	let row = entries.map(leafOf);
	for (let n = 0; n * 256 < entries.length; n++) {
		const part = entries.slice(n * 256, (n + 1) * 256);
		files.set(bundlePath(n, part.length), concat(...part.map((e) => concat(Uint8Array.of(e.length >> 8, e.length & 255), e))));
	}
	for (let level = 0; row.length > 0; level++) {
		const above = [];
		for (let n = 0; n * 256 < row.length; n++) {
			const part = row.slice(n * 256, (n + 1) * 256);
			files.set(tilePath(level, n, part.length), concat(...part));
			if (part.length === 256) above.push(naiveRoot(part));
		}
		row = above;
	}
	return files;
}

const entriesOf = (count) => Array.from({ length: count }, (_, i) => utf8(`{"entry":${i}}`));
const reader = (files, bend = undefined) => async (name) => {
	const bytes = files.get(name);
	if (!bytes) throw new Error(`no ${name}`);
	return bend?.path === name ? bytes.map((b, i) => (i === bend.at ? b ^ bend.mask : b)) : bytes.slice();
};

const key = generateKeyPairSync('ed25519');
const publicBytes = (pair) => new Uint8Array(pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
const vkeyOf = (pair, name, type = 1) => {
	const data = concat(Uint8Array.of(type), publicBytes(pair));
	return `${name}+${Buffer.from(sha(utf8(`${name}\n`), data)).toString('hex').slice(0, 8)}+${toBase64(data)}`;
};
const signed = (body, pair, name) => {
	const id = sha(utf8(`${name}\n`), Uint8Array.of(1), publicBytes(pair)).slice(0, 4);
	return `${body}\n\u2014 ${name} ${toBase64(concat(id, new Uint8Array(sign(null, Buffer.from(body), pair.privateKey))))}\n`;
};
const cosignature = (body, pair, name, seconds, stated = seconds) => {
	const id = sha(utf8(`${name}\n`), Uint8Array.of(4), publicBytes(pair)).slice(0, 4);
	const time = Buffer.alloc(8);
	time.writeBigUInt64BE(BigInt(stated));
	const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${seconds}\n${body}`), pair.privateKey);
	return `\u2014 ${name} ${toBase64(concat(id, time, new Uint8Array(signature)))}\n`;
};

test('paths', () => {
	assert.equal(tilePath(0, 1234067), 'tile/0/x001/x234/067');
	assert.equal(tilePath(2, 0, 17), 'tile/2/000.p/17');
	assert.equal(bundlePath(273, 112), 'tile/entries/273.p/112');
});

test('sizes around every edge: root, inclusion, consistency, all leaves', async () => {
	const all = entriesOf(66200);
	for (const size of [1, 2, 3, 255, 256, 257, 511, 512, 513, 1000, 65536, 65537, 66200]) {
		const entries = all.slice(0, size);
		const leaves = entries.map(leafOf);
		const root = naiveRoot(leaves);
		const tree = new Tree(reader(filesOf(entries)), size, root);
		for (const index of new Set([0, 1, 254, 255, 256, 257, size >> 1, size - 2, size - 1].filter((i) => i >= 0 && i < size))) {
			const proof = await tree.inclusionProof(index);
			await verifyInclusion({ index, size, root, leaf: leaves[index], proof });
			// twins: another leaf, another place, a step bent, a step too few, one too many
			await assert.rejects(verifyInclusion({ index, size, root, leaf: leafOf(utf8('x')), proof }));
			if (size > 1) await assert.rejects(verifyInclusion({ index: index === 0 ? size - 1 : index - 1, size, root, leaf: leaves[index], proof }));
			if (proof.length > 0) {
				await assert.rejects(verifyInclusion({ index, size, root, leaf: leaves[index], proof: proof.slice(1) }));
				await assert.rejects(verifyInclusion({ index, size, root, leaf: leaves[index], proof: proof.map((h, i) => (i ? h : h.map((b) => b ^ 1))) }));
			}
			await assert.rejects(verifyInclusion({ index, size, root, leaf: leaves[index], proof: [...proof, root] }));
		}
		for (const old of new Set([1, 2, 3, 255, 256, 257, size - 1, size].filter((o) => o > 0 && o <= size))) {
			const proof = await tree.consistencyProof(old);
			const oldRoot = naiveRoot(leaves.slice(0, old));
			await verifyConsistency({ oldSize: old, oldRoot, size, root, proof });
			await assert.rejects(verifyConsistency({ oldSize: old, oldRoot: leafOf(utf8('y')), size, root, proof }));
			if (old < size) await assert.rejects(verifyConsistency({ oldSize: old, oldRoot, size, root, proof: proof.slice(0, -1) }));
		}
		if (size <= 1000) {
			let seen = 0;
			await tree.entries(0, size, (i, entry) => (assert.deepEqual(entry, entries[i]), seen++));
			assert.equal(seen, size);
		}
	}
});

test('sabotage: each single byte of each tile and bundle that was read is seen, also off the path of the proof', async () => {
	const entries = entriesOf(700);
	const files = filesOf(entries);
	const root = naiveRoot(entries.map(leafOf));
	for (const [name, bytes] of files)
		for (const at of [0, 31, 32, bytes.length >> 1, bytes.length - 1]) {
			const fetch = reader(files, { path: name, at, mask: 1 });
			const tree = new Tree(fetch, 700, root);
			await assert.rejects(tree.entries(0, 700), Error, `${name} byte ${at}`);
		}
	// a byte of tile 0 that no proof of leaf 3 passes through
	const tree = new Tree(reader(files, { path: 'tile/0/000', at: 200 * 32, mask: 0x80 }), 700, root);
	await assert.rejects(tree.inclusionProof(3), /tile\/0\/000 is not what the tile above/);
	// the whole reader, unbent, accepts: the twins above did not fail for another reason
	await new Tree(reader(files), 700, root).entries(0, 700);
});

test('sabotage: wrong size, wrong root, tiles cut off or too long', async () => {
	const entries = entriesOf(300);
	const files = filesOf(entries);
	const root = naiveRoot(entries.map(leafOf));
	await assert.rejects(new Tree(reader(files), 299, root).checkEdge());
	await assert.rejects(new Tree(reader(files), 300, leafOf(root)).checkEdge(), /another root/);
	await assert.rejects(new Tree(async (n) => concat(await reader(files)(n), Uint8Array.of(0)), 300, root).checkEdge(), /expected/);
	assert.throws(() => parseBundle(Uint8Array.of(0, 5, 1), 1), /cut off/);
	assert.throws(() => parseBundle(Uint8Array.of(0, 1, 1, 9), 1), /behind/);
	await assert.rejects(verifyConsistency({ oldSize: 5, oldRoot: root, size: 4, root, proof: [] }), /cut/);
	await assert.rejects(verifyConsistency({ oldSize: 4, oldRoot: leafOf(root), size: 4, root, proof: [] }), /fork/);
});

test('checkpoint: key, signature, cosignatures, form', async () => {
	const body = `log.example\n7\n${toBase64(sha())}\n`;
	const witness = generateKeyPairSync('ed25519');
	const other = generateKeyPairSync('ed25519');
	const log = await parseVerifierKey(vkeyOf(key, 'log.example'));
	const eye = await parseVerifierKey(vkeyOf(witness, 'eye.example/w', 4));
	const good = signed(body, key, 'log.example');
	const both = good + cosignature(body, witness, 'eye.example/w', 1790000000);
	const got = await openCheckpoint(utf8(both), log, [eye]);
	assert.equal(got.size, 7);
	assert.deepEqual(got.cosigned.map((c) => [c.key.name, c.time]), [['eye.example/w', 1790000000]]);
	assert.deepEqual((await openCheckpoint(utf8(both), log)).cosigned, []); // a witness that is not known is passed over
	const refused = {
		'another key': [signed(body, other, 'log.example'), log],
		'the body bent': [good.replace('\n7\n', '\n8\n'), log],
		'a cosignature of another time': [good + cosignature(body, witness, 'eye.example/w', 5, 6), log],
		'a cosignature by another key': [good + cosignature(`${body} `, witness, 'eye.example/w', 5), log],
		'not signed at all': [`${body}\n`, log],
		'signed twice': [good + good.split('\n').slice(-2).join('\n'), log],
		'a line more': [signed(`${body}more\n`, key, 'log.example'), log],
		'a size with a zero in front': [signed(body.replace('\n7\n', '\n07\n'), key, 'log.example'), log],
		'a size beyond 2^53': [signed(body.replace('\n7\n', '\n9007199254740993\n'), key, 'log.example'), log],
		'carriage returns': [good.replaceAll('\n', '\r\n'), log],
		'cut off': [good.slice(0, -1), log],
		'another origin': [signed(body.replace('log.example', 'log.example2'), key, 'log.example'), log],
		'a root too short': [signed(`log.example\n7\n${toBase64(sha().slice(1))}\n`, key, 'log.example'), log],
	};
	for (const [why, [text, k]] of Object.entries(refused)) await assert.rejects(openCheckpoint(utf8(text), k, [eye]), Error, why);
	await assert.rejects(openCheckpoint(Uint8Array.of(...utf8(good), 0xff, 10), log));
	await assert.rejects(parseVerifierKey(vkeyOf(key, 'log.example').replace('log.', 'lag.')), /id should be/);
	await assert.rejects(parseVerifierKey('nonsense'), /expected NAME/);
	assert.throws(() => fromBase64('AB=='), /left over/);
	assert.throws(() => parseCheckpoint('a\n1\n'), /three lines/);
});

test('Ed25519: WebCrypto and the library agree, on good ones and on bent ones', async () => {
	assert.equal(await hasNative(), true);
	assert.equal(await hasNative(undefined), true); // the default
	assert.equal(await hasNative({}), false); // a browser without it
	const { verifyAsync } = await import('@noble/ed25519').catch(() => ({}));
	const message = utf8('message');
	const signature = new Uint8Array(sign(null, message, key.privateKey));
	assert.equal(await verify(publicBytes(key), signature, message), true);
	assert.equal(await verify(publicBytes(key), signature, utf8('massage')), false);
	assert.equal(await verify(publicBytes(key), signature.slice(1), message), false);
	if (verifyAsync) {
		assert.equal(await verifyAsync(signature, message, publicBytes(key), { zip215: false }), true);
		assert.equal(await verifyAsync(signature, utf8('massage'), publicBytes(key), { zip215: false }).catch(() => false), false);
	}
});

test('a tlog-proof text comes back as it went', async () => {
	const entries = entriesOf(9);
	const tree = new Tree(reader(filesOf(entries)), 9, naiveRoot(entries.map(leafOf)));
	const text = proofText(4, await tree.inclusionProof(4), 'CHECKPOINT');
	const back = parseProofText(utf8(text));
	assert.equal(back.index, 4);
	assert.equal(back.proof.length, 4);
	assert.equal(new TextDecoder().decode(back.checkpoint), 'CHECKPOINT');
	assert.throws(() => parseProofText(utf8(text.replace('index 4', 'index 04'))));
});

/* ---- ledgers that the program wrote ---- */

const files = (dir) => async (name) => new Uint8Array(readFileSync(path.join(dir, name)));

async function checkReal(ledger) {
	const first = JSON.parse(new TextDecoder().decode(parseBundle(await firstBundle(ledger), 1)[0]));
	const vkey = await parseVerifierKey(first.key);
	const bytes = new Uint8Array(readFileSync(path.join(ledger, 'checkpoint')));
	const head = await openCheckpoint(bytes, vkey);
	const tree = new Tree(files(ledger), head.size, head.root);
	const kinds = new Map();
	await tree.entries(0, head.size, (i, entry) => {
		const record = JSON.parse(new TextDecoder().decode(entry));
		kinds.set(record.kind, (kinds.get(record.kind) ?? 0) + 1);
	});
	assert.equal(kinds.get('open'), 1);
	for (const index of [0, head.size >> 1, head.size - 1])
		await verifyInclusion({ index, size: head.size, root: head.root, leaf: await tree.leafHash(index), proof: await tree.inclusionProof(index) });
	// twins: one byte of one entry; the key of somebody else
	const bent = async (name) => (name.startsWith('tile/entries') ? (await files(ledger)(name)).map((b, i) => (i === 40 ? b ^ 1 : b)) : files(ledger)(name));
	await assert.rejects(new Tree(bent, head.size, head.root).entries(0, head.size), /is not what its leaf/);
	await assert.rejects(openCheckpoint(bytes, await parseVerifierKey(vkeyOf(key, first.origin))), /not signed/);
	return head;
}

// The first entry alone, of whatever width lies there.
async function firstBundle(ledger) {
	const size = Number(readFileSync(path.join(ledger, 'checkpoint'), 'utf8').split('\n')[1]);
	const bundle = new Uint8Array(readFileSync(path.join(ledger, bundlePath(0, Math.min(256, size)))));
	return bundle.slice(0, 2 + ((bundle[0] << 8) | bundle[1]));
}

test('a ledger that sekisho wrote', { skip: !process.env.SEKISHO && 'SEKISHO names no program' }, async () => {
	const dir = mkdtempSync(path.join(tmpdir(), 'sekisho-tlog-'));
	try {
		execFileSync(process.env.SEKISHO, ['centre', 'init', '--dir', dir, '--profile', 'lab']);
		execFileSync(process.env.SEKISHO, ['access', 'key', 'new', `${dir}/admin.key`, '--name', 'admin']);
		execFileSync(process.env.SEKISHO, ['access', 'init', '--dir', dir, '--admin-key', `${dir}/admin.key.pub`]);
		const before = await checkReal(`${dir}/centre/ledger`);
		execFileSync(process.env.SEKISHO, ['access', 'org', 'add', 'power', '--kind', 'operator', '--dir', dir, '--key', `${dir}/admin.key`]);
		const after = await checkReal(`${dir}/centre/ledger`);
		assert.ok(after.size > before.size);
		const proof = await new Tree(files(`${dir}/centre/ledger`), after.size, after.root).consistencyProof(before.size);
		await verifyConsistency({ oldSize: before.size, oldRoot: before.root, size: after.size, root: after.root, proof });
	} finally {
		rmSync(dir, { recursive: true });
	}
});

test('a large ledger, by the same writer', { skip: !existsSync(process.env.LEDGER_BENCH ?? '') && 'LEDGER_BENCH names no program' }, async () => {
	const dir = mkdtempSync(path.join(tmpdir(), 'sekisho-tlog-'));
	try {
		execFileSync(process.env.LEDGER_BENCH, [`${dir}/l`, '66000'], { stdio: 'ignore' });
		const head = await checkReal(`${dir}/l`);
		assert.ok(head.size >= 66000);
	} finally {
		rmSync(dir, { recursive: true });
	}
});
