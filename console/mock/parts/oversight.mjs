// SPDX-License-Identifier: Apache-2.0
// Ledgers under /ledger/NAME, the access log, remarks, inspections, the annual report.
import { hash, hex, pick, rfc } from '../chance.mjs';
import { makeLedger, newKey, vkeyOf } from '../ledger.mjs';
import { onAct } from './decisions.mjs';

const start = Date.now();
const at = (hours) => rfc(start + hours * 3600e3);

/* ---- ledgers ---- */

const open = (origin, key) => `{"created_ns":"1790000000000000000","format":"sekisho-ledger/1","k":10,"key":"${key}","kind":"open","origin":"${origin}","profile":"lab","role":"none","simulated":true,"v":1}`;
const STEPS = [['order', 'approve', 'voting', 'approved', ['level.medium', 'measure.rpz']], ['order', 'evidence', 'draft', 'evidence_ok', ['level.medium', 'measure.rpz']], ['basis', 'approve', 'review', 'review', ['kind.ff']], ['access', 'read', '', '', ['look.findings', 'purpose.damage_prevention']], ['remark', 'answer', 'issued', 'answered', ['about.retention', 'kind.notice']], ['account', 'open', '', 'open', ['org.npa', 'role.analyst']]];
function act(i) {
	const [matter, event, from, to, words] = pick(STEPS, i, 31);
	return `{"counts":{},"document":"${hex(i, 7, 64)}","event":"${event}","from":"${from}","kind":"act","matter":"${matter}","policy":"${hex(1, 8, 64)}","previous":0,"subject":"${hex(i % 40, 9, 64)}","time_ns":"${1790000000 + i * 61}000000000","to":"${to}","v":1,"words":${JSON.stringify(words)}}`;
}
const tally = (frames) => `{"bytes":${frames * 612},"frames":${frames}}`;
function interval(i) {
	const got = 400000 + (hash(i, 3) % 90000), gate = Math.floor(got * 0.81), none = Math.floor(got * 0.16), lost = i % 97 === 0 ? 12 : 0, selected = got - gate - none - lost;
	const fd = Math.floor(got * 0.12), df = Math.floor(got * 0.07);
	return `{"basis":3,"border":2,"capture_lost":{${lost ? `"ring":${tally(lost)}` : ''}},"carried_after":${tally(0)},"carried_before":${tally(0)},"classes":{"DD":${tally(got - fd - df)},"DF":${tally(df)},"FD":${tally(fd)}},"classes_carried_after":${tally(0)},"classes_carried_before":${tally(0)},"findings":0,"gate_erased":{"domestic":${tally(gate)}},"kind":"interval","link":"ix-1","number":${i},"observations":120,"pending_after":${tally(0)},"pending_before":${tally(0)},"policy":1,"received":${tally(got)},"run":5,"segments":20,"select_erased":{"no_hit":${tally(none)}},"selected":${tally(selected)},"selectors":4,"store":"${hex(i, 4, 64)}","v":2}`;
}
const witness = { name: 'eye.example/w', pair: newKey() };
function build(name, origin, size, record) {
	const pair = newKey(), vkey = vkeyOf(origin, 1, pair);
	return { name, origin, vkey, ...makeLedger(origin, pair, [open(origin, vkey), ...Array.from({ length: size - 1 }, (_, i) => record(i + 1))], witness) };
}
const ledgers = [build('centre', 'sekisho.invalid/centre-demo', 7340, act), build('ix-tokyo', 'sekisho.invalid/ix-tokyo', 4300, interval)];
export const witnessKey = vkeyOf(witness.name, 4, witness.pair);
/** For tests: flip one byte of a file of a ledger; null: none. */
let bent = null;

/* ---- who looked ---- */

const PEOPLE = [['anna', 'nco'], ['ben', 'npa'], ['ines', 'oversight'], ['chie', 'oversight']];
const looks = Array.from({ length: 640 }, (_, i) => {
	const [account, org] = pick(PEOPLE, i, 41);
	const event = org === 'oversight' ? 'search' : 'read';
	return { time: at(-i * 0.31 - 0.1), account, org, event, purpose: event === 'read' ? 'damage_prevention' : '', scope: event === 'read' ? pick(['a-7', 'ff-7', '*'], i, 43) : '', what: event === 'read' ? pick(['findings --since -24h', 'explain 5f3a0c', 'lookup 198.51.100.9', 'campaign show c-12', 'observations --value update-cdn.example'], i, 44) : pick(['access log --org nco', 'access log --what lookup'], i, 45), lease: '', leaf: 7330 - i * 3 };
});

onAct('access.log', ({ args }) => looks.filter((l) => (!args.account || l.account === args.account) && (!args.org || l.org === args.org) && (!args.what || l.what.includes(args.what)) && (!args.since || l.time >= args.since)).slice(0, args.limit));

/* ---- remarks, inspections ---- */

const remarks = [
	{ matter: 'remark', id: 'r-11', state: 'issued', kind: 'demand', about: 'retention', by: 'ines', to: 'nco', suspends: '', due: at(-30), overdue: true, opened: at(-400), text: 'Tell on which day the records of March were erased, and who held the second half of the key.', answer: '', leaf: 6120 },
	{ matter: 'remark', id: 'r-12', state: 'issued', kind: 'recommendation', about: 'access', by: 'ines', to: 'nco', suspends: '', due: at(190), overdue: false, opened: at(-20), text: 'Leases of eight hours are the rule; two would do for most looks.', answer: '', leaf: 7010 },
	{ matter: 'remark', id: 'r-10', state: 'answered', kind: 'demand', about: 'selectors', by: 'chie', to: 'nco', suspends: 'fd-3', due: at(40), overdue: false, opened: at(-260), text: 'Selector set of fd-3 was wider than approved between 02:00 and 02:04.', answer: 'The sensor refused the set by itself; nothing was collected. The import was undone.', leaf: 6544 },
	{ matter: 'remark', id: 'r-8', state: 'closed', kind: 'notice', about: 'order', by: 'ines', to: 'npa', suspends: '', due: at(-600), overdue: false, opened: at(-900), text: 'Whoever was affected by o-090 was told two days late.', answer: 'A reminder was added.', leaf: 5100 },
];
const inspections = [
	{ id: 'i-4', state: 'running', occasion: 'ongoing', begun: at(-5), result: '', acts: 6, text: 'yearly' },
	{ id: 'i-3', state: 'concluded', occasion: 'occasional', begun: at(-700), result: 'remarks', acts: 14, text: 'after r-10' },
];
onAct('remark.answer', ({ id, args }) => { Object.assign(remarks.find((r) => r.id === id), { state: 'answered', answer: args.text, overdue: false }); return { matter: 'remark', id, event: 'answer', state: 'answered', leaf: 7335 }; });
onAct('remark.close', ({ id }) => { Object.assign(remarks.find((r) => r.id === id), { state: 'closed' }); return { matter: 'remark', id, event: 'close', state: 'closed', leaf: 7336 }; });
onAct('remark.issue', ({ id, args, who }) => { remarks.push({ matter: 'remark', id, state: 'issued', ...args, by: who.account, suspends: '', overdue: false, opened: rfc(Date.now()), answer: '', leaf: 7337 }); return { matter: 'remark', id, event: 'issue', state: 'issued', leaf: 7337 }; });
onAct('inspect.begin', ({ id, args }) => { inspections.unshift({ id, state: 'running', occasion: args.occasion, begun: rfc(Date.now()), result: '', acts: 1, text: args.text ?? '' }); return { id, event: 'begin', state: 'running', leaf: 7338 }; });
onAct('inspect.conclude', ({ id, args }) => { Object.assign(inspections.find((i) => i.id === id), { state: 'concluded', result: args.result }); return { id, event: 'conclude', state: 'concluded', leaf: 7339 }; });

/* ---- the annual report ---- */

const ITEMS = [['17, 19', '外外通信目的送信措置の承認（延長を含む）', 'approvals of foreign-to-foreign measures, with extensions'], ['32', '特定外内通信目的送信措置の承認（延長を含む）', 'approvals of foreign-to-domestic measures, with extensions'], ['33', '特定内外通信目的送信措置の承認（延長を含む）', 'approvals of domestic-to-foreign measures, with extensions'], ['63', '検査の結果', 'results of inspections'], ['66-68', '通知・要求・勧告', 'notices, demands, recommendations']];
const FIGURES = [['求め', 'requested'], ['承認', 'approved'], ['不承認', 'refused'], ['延長の求め', 'extensions requested'], ['監理委員会による停止', 'suspended by oversight']];
const annual = (year) => ({
	format: 'sekisho-annual-report/1', origin: ledgers[0].origin, profile: 'lab', simulated: true, from: `${year}-01-01T00:00:00Z`, to: `${year + 1}-01-01T00:00:00Z`, size: ledgers[0].size, root: ledgers[0].root.toString('base64'), key: ledgers[0].vkey, k: 10, acts: ledgers[0].size - 1,
	items: ITEMS.map(([article, ja, en], i) => ({ item: i + 1, article, ja, en, figures: FIGURES.map(([fja, fen], f) => {
		const count = hash(i * 7 + f, year) % 24;
		const figure = { key: `${i}.${f}`, ja: fja, en: fen };
		if (i === 3 && f === 4) return { ...figure, untold: 'a leaf does not say what this is counted by' };
		return i === 4 && count > 0 && count < 10 ? { ...figure, fewer_than: 10 } : { ...figure, count, leaves: Array.from({ length: count }, (_, k) => 100 + i * 900 + f * 90 + k) };
	}) })),
	gists: [{ kind: 'demand', about: 'retention', count: 2 }, { kind: 'recommendation', about: 'access', count: 1 }],
});

export const routes = [
	['GET', '/api/v1/reidents', ({ json }) => json({ items: [{ id: 'r-0a1b2c3d4e5f', state: 'requested', requester: 'anna', asked: '2026-11-30T08:00:00Z', expires: '2026-12-01T08:00:00Z', target: 'the pump station that called', why: 'its operator must be told', observation: '0'.repeat(32), tokens: 1, needed: 2, approved_by: ['paul'], looks: 0 }, { id: 'r-5f4e3d2c1b0a', state: 'granted', requester: 'anna', asked: '2026-11-29T08:00:00Z', expires: '2026-12-01T08:00:00Z', target: 'the host that was steered', why: 'it must be cleaned', observation: '1'.repeat(32), tokens: 2, needed: 2, approved_by: ['lena', 'paul'], looks: 1 }], next: null, total: 2 }), { duty: 'ledger.inspect' }],
	['GET', '/api/v1/retention', ({ json }) => json({ items: [{ day: '2026-11-29', basis: 'df-1', state: 'kept', due: '2026-12-30T00:00:00Z', observations: 48211, findings: 312, flows: 0, originals: 210, keys_whole: 0, keys_split: 2, shares_open: 0, keys_returned: 0 }, { day: '2026-11-22', basis: 'df-1', state: 'kept', due: '2026-12-23T00:00:00Z', observations: 39954, findings: 207, flows: 0, originals: 190, keys_whole: 0, keys_split: 1, shares_open: 1, keys_returned: 0 }], next: null, total: 2 }), { duty: 'ledger.inspect' }],
	['GET', '/api/v1/retention/holders', ({ json }) => json({ items: [{ basis: 'df-1', day: '2026-11-22', org: 'npa', erase_by: '2027-01-01T00:00:00Z', erased: true, confirmed: false }], next: null, total: 1 }), { duty: 'ledger.inspect' }],
	['GET', '/api/v1/ledgers', ({ json }) => json(ledgers.map(({ name, origin, vkey, size }) => ({ name, origin, vkey, size }))), { open: true }],
	...ledgers.flatMap((ledger) => [...ledger.files].map(([file, bytes]) => ['GET', `/ledger/${ledger.name}/${file}`, ({ res }) => {
		const send = bent?.[0] === `${ledger.name}/${file}` ? Buffer.from(bytes.map((b, i) => (i === bent[1] ? b ^ 1 : b))) : bytes;
		res.writeHead(200, { 'Content-Type': file === 'checkpoint' ? 'text/plain; charset=utf-8' : 'application/octet-stream', 'Cache-Control': 'no-store' });
		res.end(send);
	}, { open: true }])),
	['POST', '/ledger/bend', ({ body, json }) => { bent = body.file ? [body.file, body.at] : null; json({}); }, { open: true }],
	['GET', '/ledger/witness', ({ res }) => { res.writeHead(200, { 'Content-Type': 'text/plain' }); res.end(witnessKey); }, { open: true }],
	['GET', '/api/v1/remarks', ({ json, query }) => json(query.get('self') ? { items: [{ matter: 'selfreport', id: 's-3', by: 'nco', about: 'record', state: 'filed', text: 'One entry was filed under the wrong day.', opened: at(-30), leaf: 4100 }], next: null, total: 1, age_s: 0 } : { items: remarks, next: null, total: remarks.length, age_s: 0 }), { duty: 'g2.read' }],
	['GET', '/api/v1/inspections', ({ json }) => json({ items: inspections, next: null, total: inspections.length, age_s: 0 }), { duty: 'g2.read' }],
	['GET', '/api/v1/annual', ({ query, json }) => json(annual(Number(query.get('year') ?? 2026)))],
];
