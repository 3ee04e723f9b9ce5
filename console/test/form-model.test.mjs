// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNKNOWN, dropDraft, fieldsToSend, groupsOf, isEmpty, keepDraft, lackingForFinal, nest, readDraft, validate } from '../src/lib/form-model.js';

const schema = nest({
	fields: [
		{ name: 'summary', type: 'TEXT', group: 'what', need: 'final' },
		{ name: 'status', type: 'ENUM', enum: ['ongoing', 'contained'], group: 'what', need: 'free' },
		{ name: 'malicious', type: 'TRI', group: 'what', need: 'free' },
		{ name: 'users', type: 'RANGE', group: 'what', need: 'free' },
		{ name: 'consent', type: 'FLAG', group: 'what', need: 'free' },
		{ name: 'org', type: 'STRUCT', group: 'who', need: 'known' },
		{ name: 'org.name', type: 'LINE', group: 'who', need: 'known' },
		{ name: 'org.phone', type: 'LINE', group: 'who', need: 'final' },
		{ name: 'aware_at', type: 'TIME', group: 'when', need: 'free', final: true },
		{ name: 'version', type: 'COUNT', group: 'when', need: 'centre' },
		{ name: 'ttp', type: 'ATTACKS', group: 'how', need: 'free' },
		{ name: 'assets', type: 'STRUCTS', group: 'how', need: 'free' },
		{ name: 'assets.product', type: 'LINE', group: 'how', need: 'always' },
		{ name: 'assets.seen', type: 'TIME', group: 'how', need: 'free' },
		{ name: 'ransom', type: 'STRUCT', forms: ['ransomware'], group: 'how', need: 'free' },
		{ name: 'ransom.amount', type: 'AMOUNT', forms: ['ransomware'], group: 'how', need: 'free' },
	],
});
const org = { name: 'Waterworks' };
const codes = (values, stage = 'initial', form = 'other') => validate(schema, form, stage, values).map((f) => `${f.path}:${f.code}`);

test('members lie inside their structures; what the centre gives is not asked for', () => {
	assert.deepEqual(groupsOf(schema, 'other').map((g) => [g.group, g.fields.map((f) => f.name).join()]), [['what', 'summary,status,malicious,users,consent'], ['who', 'org'], ['when', 'aware_at'], ['how', 'ttp,assets']]);
	assert.deepEqual(schema.fields.find((f) => f.name === 'org').parts.map((p) => p.path), ['org.name', 'org.phone']);
});

test('a first report needs who it is and no more; the final one names what is missing, also what is unknown', () => {
	assert.deepEqual(codes({}), ['org:needed']);
	assert.deepEqual(codes({ org: { phone: '1' } }), ['org.name:needed']);
	assert.deepEqual(codes({ org: UNKNOWN }), ['org:needed_unknown']);
	assert.deepEqual(codes({ org, summary: UNKNOWN, aware_at: UNKNOWN, status: UNKNOWN, assets: UNKNOWN, malicious: UNKNOWN }), []);
	assert.deepEqual(codes({ org, summary: UNKNOWN }, 'final'), ['summary:final_unknown', 'org.phone:final_empty', 'aware_at:final_empty']);
	assert.deepEqual(lackingForFinal(schema, 'other', { org, aware_at: '2026-11-30T00:00:00Z' }), ['summary', 'org.phone']);
});

test('what must be given may be unknown', () => {
	assert.deepEqual(codes({ org, assets: [{ product: UNKNOWN }] }), []);
	assert.deepEqual(codes({ org, assets: [{ seen: '2026-11-30T00:00:00Z', product: '' }] }), ['assets.0.product:needed_given']);
});

test('each type refuses what it is not', () => {
	assert.deepEqual(codes({ org, status: 'gone', malicious: 'maybe', users: { min: '1e3' }, ttp: ['T1071', 'x'], aware_at: '30/11/2026' }), ['status:choice', 'malicious:choice', 'users:type_range', 'aware_at:type_time', 'ttp.1:type_attack']);
	assert.deepEqual(codes({ org, assets: [{ product: 'x', seen: 'yesterday' }, {}] }), ['assets.0.seen:type_time']);
	assert.deepEqual(codes({ org, aware_at: { earliest: '2026-11-30T02:00:00Z', latest: '2026-11-30T01:00:00Z' }, users: { min: 5, max: 4 } }), ['users:range_order', 'aware_at:time_order']);
	assert.deepEqual(codes({ org, aware_at: { earliest: '2026-11-30T00:00:00Z', latest: '2026-11-30T01:00:00Z' }, users: { min: '12' }, ttp: ['T1071.001'], consent: false, ransom: { amount: 'x' } }), []); // the other form has no ransom
	assert.deepEqual(codes({ org, ransom: { amount: 'x' } }, 'initial', 'ransomware'), ['ransom.amount:type_amount']);
	assert.deepEqual(codes({ org, ttp: Array(300).fill('T1071'), consent: 'yes' }), ['consent:choice', 'ttp:long']);
});

test('what is sent is typed, without empty rows and without other forms\' fields', () => {
	assert.deepEqual(fieldsToSend(schema, 'other', { org, users: { min: ' 12 ', max: '' }, summary: 'x', status: UNKNOWN, ttp: ['T1071', ''], assets: [{ product: 'a', seen: '' }, {}], ransom: { amount: '1' }, malicious: '', consent: false }),
		{ org, users: { min: 12 }, summary: 'x', status: 'unknown', ttp: ['T1071'], assets: [{ product: 'a' }], consent: false });
	assert.deepEqual(fieldsToSend(schema, 'ransomware', { ransom: { amount: '1.50' }, aware_at: { earliest: '2026-11-30T00:00:00Z', latest: '2026-11-30T00:00:00Z' } }), { aware_at: '2026-11-30T00:00:00Z', ransom: { amount: '1.50' } });
	assert.equal(isEmpty([{ a: '' }, undefined]), true);
	assert.equal(isEmpty(false), false);
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
