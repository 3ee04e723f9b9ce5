// SPDX-License-Identifier: Apache-2.0
// What a page may ask a key to sign. (That a browser's signature verifies is shown in tests/browser, with Chromium's virtual authenticator.)
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { canonical, fromBase64Url, fromHex, toBase64Url, toHex } from '../src/lib/bytes.js';
import { KeyError, assertionJson, checkPrepared, orderDigest, readStatement, signDigest, whyNot } from '../src/lib/webauthn.js';

const order = { action: 'nxdomain', id: 'o1', measure: 'rpz', targets: ['bad.example'], urgent: false };
const zeros = '0'.repeat(64);
const act = (more = {}) => ({ body: { order: zeros }, event: 'approve', format: 'sekisho-act/1', id: 'o1', matter: 'order', policy: zeros, previous: zeros, time: '2026-11-30T00:00:00.000000000Z', ...more });
const line = (value) => `${canonical(value)}\n`;
const hash = (text) => createHash('sha256').update(text).digest('hex');
const code = (wanted) => (error) => error instanceof KeyError && error.code === wanted;

test('base64url and hexadecimal: one form each', () => {
	for (let n = 0; n < 40; n++) {
		const bytes = Uint8Array.from({ length: n }, (_, i) => (i * 37 + n) & 255);
		assert.deepEqual(fromBase64Url(toBase64Url(bytes)), bytes);
		assert.deepEqual(fromHex(toHex(bytes)), bytes);
	}
	for (const bad of ['=', 'a', 'ab=', 'a+b', 'QR', ' QQ', 'Q Q']) assert.throws(() => fromBase64Url(bad), undefined, bad);
	for (const bad of ['0', 'AB', 'zz']) assert.throws(() => fromHex(bad));
});

test('a statement is read as what it is, or refused', async () => {
	const text = line(act());
	assert.deepEqual((await readStatement(text)).digest, hash(text));
	for (const bad of [text.slice(0, -1), `${text}\n`, ` ${text}`, text.replace('"body"', '"bodz"'), line({ ...act(), extra: 1 }), line(act({ format: 'sekisho-act/2' })), 'nonsense\n', text.replace('{"body"', '{ "body"')])
		await assert.rejects(readStatement(bad), code('statement'), bad);
});

test('what was prepared must be what was asked for', async () => {
	const wanted = { matter: 'order', event: 'approve', id: 'o1', order: await orderDigest(order) };
	const good = act({ body: { order: wanted.order } });
	const prepared = (value) => ({ statement: line(value), digest: hash(line(value)) });
	assert.equal((await checkPrepared(prepared(good), wanted)).digest, hash(line(good)));
	await assert.rejects(checkPrepared({ ...prepared(good), digest: zeros }, wanted), code('digest'));
	for (const other of [{ event: 'reject' }, { id: 'o2' }, { matter: 'basis' }, { body: { order: zeros } }])
		await assert.rejects(checkPrepared(prepared({ ...good, ...other }), wanted), code('other'), JSON.stringify(other));
	// an order that was altered behind the words on the page
	await assert.rejects(checkPrepared(prepared(good), { ...wanted, order: await orderDigest({ ...order, targets: ['bad.example', 'good.example'] }) }), code('other'));
	assert.equal(await orderDigest({ urgent: false, targets: ['bad.example'], measure: 'rpz', id: 'o1', action: 'nxdomain' }), wanted.order); // order of members is no matter
});

test('the challenge is the digest; refusals have a word', async () => {
	const digest = hash('x');
	let asked;
	const buffer = Uint8Array.of(1, 2, 3).buffer;
	const credentials = { get: async (options) => ((asked = options.publicKey), { id: 'AQID', rawId: buffer, type: 'public-key', response: { authenticatorData: buffer, clientDataJSON: buffer, signature: buffer, userHandle: null } }) };
	const json = await signDigest(digest, ['AQID'], { rpId: 'localhost', credentials });
	assert.equal(toHex(asked.challenge), digest);
	assert.equal(asked.rpId, 'localhost');
	assert.deepEqual(Object.keys(json.response), ['authenticatorData', 'clientDataJSON', 'signature']);
	assert.equal(assertionJson({ id: 'x', rawId: buffer, type: 'public-key', response: { authenticatorData: buffer, clientDataJSON: buffer, signature: buffer, userHandle: buffer } }).response.userHandle, 'AQID');
	const refuse = (name) => ({ get: async () => { throw Object.assign(new Error(name), { name }); } });
	await assert.rejects(signDigest(digest, [], { rpId: 'localhost', credentials: refuse('NotAllowedError') }), code('cancelled'));
	await assert.rejects(signDigest('zz', [], { rpId: 'localhost', credentials }));
	assert.equal(whyNot(new Error()), 'failed');
});
