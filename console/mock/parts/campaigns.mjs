// SPDX-License-Identifier: Apache-2.0
// Campaigns of the twelve busiest outsiders; shapes of `sekisho campaign list|show --json` and `--graph json`.
import { hash, part, pick, rfc, hex } from '../chance.mjs';
import { campaignOf, inside, item, outside } from './findings.mjs';

const DAY = 86400e3, NOW = Math.floor(Date.now() / 60000) * 60000;
const SECTORS = ['power', 'finance', 'water', 'government', 'telecom', 'medical', 'rail'];
const KINDS = [['beacon', 'dns.tunnel', 'exfiltration', 'indicator.domain'], ['scan.horizontal', 'bruteforce', 'bruteforce.spray', 'chain'], ['indicator.address', 'indicator.ja4', 'beacon'], ['flood.syn', 'amplification'], ['ics.command', 'scan.vertical', 'indicator.address']];
const LINK = [['address', 1.5], ['domain', 1.5], ['certificate', 1.6], ['prefix', 0.65], ['ja4', 0.5], ['hassh_server', 0.6], ['time', 0.4]];

function summary(n) {
	const kinds = KINDS[n % 5], last = NOW - Math.floor(n ** 2.1 * 5.2 * 3600e3 * part(n, 61)), first = last - (3 + hash(n, 62) % 60) * DAY;
	return {
		id: campaignOf(n), simulated: true, state: NOW - last > 14 * DAY ? 'fading' : 'active', heat: Math.round(10 * (64 / (1 + n * 0.8) + part(n, 63))) / 10, findings: 180 - n * 12 + hash(n, 64) % 30, segments: 4000 - n * 210, severity: n % 5 === 3 ? 2 : 3, own_hosts: 2 + hash(n, 65) % 30,
		first: rfc(first), last: rfc(last), held_by: [1.0, 1.49, 1.5, 2.1][n % 4], kinds, attack: ['T1071', 'T1595.001', 'T1110.003', 'T1498.002'].slice(0, 1 + n % 4), sectors: [...new Set([pick(SECTORS, n, 66), pick(SECTORS, n, 67)])], best_link: { kind: n % 3 === 1 ? 'domain' : 'address', text: n % 3 === 1 ? 'quiet.test' : outside(n) }, strongest: { kind: 'address', value: outside(n) },
	};
}
function detail(n) {
	const s = summary(n);
	const count = 15 + hash(n, 70) % 14;
	const members = Array.from({ length: count }, (_, i) => {
		const f = item(n * 991 + i * 37);
		const first = Date.parse(s.first) + part(n * 100 + i, 71) * (Date.parse(s.last) - Date.parse(s.first)), last = Math.min(Date.parse(s.last), first + part(n * 100 + i, 72) ** 3 * 12 * DAY);
		return { id: f.id, kind: pick(s.kinds, n * 100 + i, 73), matched: outside(n), severity: 1 + hash(n * 100 + i, 74) % 3, confidence_percent: 60 + hash(i, 75) % 38, first: rfc(first), last: rfc(last), count: 1 + hash(i, 76) % 90, sentence: f.sentence };
	});
	const links = LINK.map(([kind, weight], k) => ({ kind, value: { address: outside(n), domain: pick(['quiet.test', 'update-mirror.test', 'asset-cache.test'], n, 3), certificate: hex(n, 79, 40), prefix: '203.0.113.0/24', ja4: `t13d1516h2_${hex(n, 80, 12)}_${hex(n, 81, 12)}`, hassh_server: hex(n, 82, 32), time: inside(n) }[kind], weight: Math.round(100 * weight / (1 + (k % 3) * 0.15)) / 100, unrelated: 1 + (k * 3) % 7, listed: false, findings: members.filter((_, i) => hash(i * 17 + k + n, 83) % (k < 2 ? 2 : 4) === 0).map((m) => m.id) })).filter((l) => l.findings.length > 1).map((l) => ({ ...l, count: l.findings.length }));
	const nodes = [...members.map((m) => ({ id: 'f-' + m.id.slice(0, 16), kind: m.kind, text: m.sentence, weight: m.severity })), ...links.map((l, i) => ({ id: 'l-' + i, kind: l.kind, text: l.value, weight: l.weight }))];
	const edges = links.flatMap((l, i) => l.findings.map((f) => ({ from: 'f-' + f.slice(0, 16), to: 'l-' + i, kind: l.kind, weight: l.weight })));
	return { ...s, members, links, graph: { nodes, edges }, hours: hours(n), timeline: members.map((m) => ({ t: m.first, until: m.last, kind: 'finding', ref: m.id, text: m.sentence })), left_out: { links: 0, ends_of_links: 0, findings: 0, times: 0 } };
}
function hours(n) {
	if (n % 4 === 3) return { estimate: false, verdict: 'no estimate', cause: 'regular', reason: '83 % of the moments lie in the same five minutes of the hour: a machine keeps this time, not a person', events: 212, moments: 190, days: 31, best: null, set: null, posterior: null, evidence: null };
	const best = [480, 180, 540, -300][n % 4];
	const offsets = [-720, -660, -600, -570, -540, -480, -420, -360, -300, -240, -210, -180, -120, -60, 0, 60, 120, 180, 210, 240, 270, 300, 330, 345, 360, 390, 420, 480, 525, 540, 570, 600, 630, 660, 720, 765, 780, 840];
	const text = (m) => `${m < 0 ? '-' : '+'}${String(Math.floor(Math.abs(m) / 60)).padStart(2, '0')}:${String(Math.abs(m) % 60).padStart(2, '0')}`;
	const raw = offsets.map((m) => Math.exp(-(((m - best) / 62) ** 2)) * (m % 60 ? 0.2 : 1) + 0.0006);
	const sum = raw.reduce((a, b) => a + b, 0);
	const p = raw.map((r) => r / sum);
	const order = offsets.map((_, i) => i).sort((a, b) => p[b] - p[a]);
	const set = new Set();
	let held = 0;
	for (const i of order) { if (held >= 0.9) break; held += p[i]; set.add(i); }
	const inSet = offsets.filter((_, i) => set.has(i));
	return {
		estimate: true, verdict: 'estimate', cause: 'estimate', reason: 'the hours are those of a person: so uneven a day has a chance of 7e-20 if all hours were alike', events: 607, moments: 477, days: 435, first: '2026-01-26T00:00:00Z', last: '2026-11-22T00:00:00Z', best: { offset: text(best), minutes: best },
		set: { percent: 90, offsets: inSet.map(text), minutes: inSet, ranges: [{ from: text(inSet[0]), to: text(inSet[inSet.length - 1]) }], probability: held, width_minutes: inSet[inSet.length - 1] - inSet[0] },
		posterior: offsets.map((m, i) => ({ offset: text(m), minutes: m, probability: p[i], as_standard_time: p[i], prior: 1 / 38, in_set: set.has(i) })),
		evidence: [{ line: 'day', text: 'the quietest seven hours are 13:15 to 20:15 UTC, with 2 % of the moments (even: 29 %); at the most likely offset they begin at 21:15', weight: 1.6 }, { line: 'clock', text: 'the day lies 4 minutes later in UTC from April to September than from November to February, give or take 12', weight: 0.5 }, { line: 'weekend', text: 'days of rest: Saturday and Sunday 97 %', weight: 0.2 }, { line: 'midday', text: 'of 264 moments of working days between 10:00 and 15:00, 33 % lie between 12:00 and 13:30 (even: 30 %)', weight: -0.6 }, { line: 'holidays', text: 'calendar-b fits best: active on 11 of its 211 free days, 30.7 would be usual', weight: 2.4 }],
		tests: {},
	};
}
const G1 = { duty: ['g1.read', 'inspect.query'], g1: true };
export const routes = [
	['GET', '/api/v1/campaigns', ({ json }) => json({ items: Array.from({ length: 12 }, (_, n) => summary(n)), next: null, total: 12, age_s: 42 }), G1],
	['GET', '/api/v1/campaigns/{id}', ({ params, json, fail }) => {
		const n = Array.from({ length: 12 }, (_, k) => k).find((k) => campaignOf(k) === params.id);
		return n === undefined ? fail(404, 'SK_ENOENT', 4, `no campaign's id begins with '${params.id.slice(0, 40)}' (sekisho campaign list --all has them)`) : json(detail(n));
	}, G1],
];
