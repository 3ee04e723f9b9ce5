// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNKNOWN, dropDraft, fieldsToSend, groupsOf, isEmpty, keepDraft, lackingForFinal, readDraft, validate } from '../src/lib/form-model.js';

const schema = {
	fields: [
		{ name: 'summary', type: 'long', group: 'what', final: true },
		{ name: 'aware_at', type: 'time', group: 'when', final: true },
		{ name: 'status', type: 'enum', enum: ['ongoing', 'contained'], group: 'what' },
		{ name: 'malicious', type: 'tri', group: 'what' },
		{ name: 'users', type: 'count', group: 'what' },
		{ name: 'ttp', type: 'list', of: 'technique', group: 'how' },
		{ name: 'assets', type: 'list', of: [{ name: 'product', type: 'text' }, { name: 'seen', type: 'time' }], group: 'how' },
		{ name: 'ransom', type: 'struct', of: [{ name: 'family', type: 'text' }, { name: 'amount', type: 'number' }], forms: ['ransomware'], group: 'how' },
	],
};
const codes = (values, stage = 'initial', form = 'other') => validate(schema, form, stage, values).map((f) => `${f.path}:${f.code}`);

test('an empty first report is allowed; the final one names what is missing, also what is unknown', () => {
	assert.deepEqual(codes({}), []);
	assert.deepEqual(codes({ summary: UNKNOWN, aware_at: UNKNOWN, status: UNKNOWN, assets: UNKNOWN }), []);
	assert.deepEqual(codes({ summary: UNKNOWN }, 'final'), ['summary:final_unknown', 'aware_at:final_empty']);
	assert.deepEqual(lackingForFinal(schema, 'other', { aware_at: '2026-11-30T00:00:00Z' }), ['summary']);
});

test('each type refuses what it is not', () => {
	assert.deepEqual(codes({ status: 'gone', malicious: 'maybe', users: '1e3', ttp: ['T1071', 'x'], aware_at: '30/11/2026' }), ['status:choice', 'malicious:choice', 'users:type_count', 'aware_at:type_time', 'ttp.1:type_technique']);
	assert.deepEqual(codes({ assets: [{ product: 'x', seen: 'yesterday' }] }), ['assets.0.seen:type_time']);
	assert.deepEqual(codes({ aware_at: { at: '2026-11-30T00:00:00Z', give_or_take_s: -1 } }), ['aware_at:uncertainty']);
	assert.deepEqual(codes({ aware_at: { at: '2026-11-30T00:00:00Z', give_or_take_s: 3600 }, users: '12', ttp: ['T1071.001'], ransom: { amount: 'x' } }), []); // the other form has no ransom
	assert.deepEqual(codes({ ransom: { amount: 'x' } }, 'initial', 'ransomware'), ['ransom.amount:type_number']);
	assert.deepEqual(codes({ ttp: Array(300).fill('T1071') }), ['ttp:long']);
	assert.deepEqual(codes({ users: -1 }), ['users:type_count']);
});

test('what is sent is typed, without empty rows and without other forms\' fields', () => {
	assert.deepEqual(fieldsToSend(schema, 'other', { users: ' 12 ', summary: 'x', status: UNKNOWN, ttp: ['T1071', ''], assets: [{ product: 'a', seen: '' }, {}], ransom: { amount: '1' }, malicious: '' }),
		{ summary: 'x', status: 'unknown', users: 12, ttp: ['T1071'], assets: [{ product: 'a' }] });
	assert.deepEqual(fieldsToSend(schema, 'ransomware', { ransom: { amount: '1.5', family: '' } }), { ransom: { amount: 1.5 } });
	assert.equal(isEmpty([{ a: '' }, undefined]), true);
	assert.equal(isEmpty(false), false);
	assert.deepEqual(groupsOf(schema, 'other').map((g) => g.group), ['what', 'when', 'how']);
});

test('drafts: kept for the tab, and nothing breaks where there is no storage', () => {
	const shelf = new Map();
	const storage = { getItem: (k) => shelf.get(k) ?? null, setItem: (k, v) => shelf.set(k, v), removeItem: (k) => shelf.delete(k) };
	assert.equal(keepDraft('new', { values: { a: 1 } }, storage), true);
	assert.deepEqual(readDraft('new', storage).values, { a: 1 });
	dropDraft('new', storage);
	assert.equal(readDraft('new', storage), null);
	storage.setItem('sekisho.draft.bad', '[');
	assert.equal(readDraft('bad', storage), null);
	assert.equal(keepDraft('x', {}, { setItem() { throw new Error('full'); } }), false);
	assert.equal(readDraft('x', undefined), null);
});
