// SPDX-License-Identifier: Apache-2.0
// A million findings over ninety days. Each is a function of its number (0 is the newest), so that none needs to be kept.
import { hash, part, pick, rfc, hex } from '../chance.mjs';

export const COUNT = 1_000_000;
const SPAN = 90 * 86400e3;
const STEP = SPAN / COUNT;
const BORN = Math.floor(Date.now() / 60000) * 60000;
const KINDS = [
	['scan.horizontal', 300, 2, 'FD', 'T1595.001', 95], ['scan.vertical', 110, 2, 'FD', 'T1595.001', 95], ['bruteforce', 140, 2, 'FD', 'T1110.001', 85], ['bruteforce.spray', 60, 2, 'FD', 'T1110.003', 85],
	['indicator.address', 170, 3, null, null, 70], ['indicator.domain', 60, 3, 'DF', null, 85], ['indicator.ja4', 40, 1, 'DF', null, 40], ['flood.syn', 24, 3, 'FD', 'T1499.001', 90],
	['amplification', 18, 3, 'FD', 'T1498.002', 90], ['beacon', 22, 3, 'DF', 'T1071', 80], ['dns.tunnel', 10, 3, 'DF', 'T1071.004', 85], ['dns.dga', 16, 2, 'DF', 'T1568.002', 75],
	['exfiltration', 8, 3, 'DF', 'T1048', 60], ['lookalike', 12, 2, 'DF', 'T1583.001', 70], ['ics.command', 4, 3, 'FD', 'T0855', 80], ['chain', 6, 3, 'FD', 'T1078', 90],
];
const WEIGHT = KINDS.reduce((n, k) => n + k[1], 0);
const TABLE = KINDS.flatMap((k, i) => Array(k[1]).fill(i));
const WORDS = ['low', 'medium', 'high'];

export const outside = (n) => `203.0.113.${1 + n % 220}`;
export const inside = (n) => (n % 3 ? `192.0.2.${1 + n % 200}` : `198.51.100.${1 + n % 200}`);
const domain = (n) => pick(['update-mirror', 'cdn-edge-7', 'quiet', 'login-verify', 'telemetry-sync', 'asset-cache'], n, 3) + '.test';
const ja4 = (n) => `t13d${1500 + n % 20}h2_${hex(n % 9, 5, 12)}_${hex(n % 9, 6, 12)}`;
/** Evenly spaced, then bent: days have a wave, and some hours are busy. It stays in order, for the bends are never steeper than time. */
const bend = (at, period, deep) => deep * period / (2 * Math.PI) * Math.sin(2 * Math.PI * at / period);
export const timeOf = (i) => { const at = i * STEP + STEP * 0.9 * part(i, 1) * 0.2; return BORN - (at + bend(at, 86400e3, 0.45) + bend(at, 5.1 * 3600e3, 0.28) + bend(at, 1.3 * 3600e3, 0.15)); };
const BENT = Math.ceil(4 * 3600e3 / STEP);
const busy = (i, hours) => hash(Math.floor(i * STEP / (hours * 3600e3)), 19) % 7;
function kindAt(i) {
	const burst = busy(i, 1.5);
	if (burst < 3 && hash(i, 18) % 100 < 34) return KINDS[[0, 7, 3][burst]];
	return KINDS[TABLE[hash(i, 2) % WEIGHT]];
}
/** Actors: few are behind much. Number of the outside host. */
const actor = (i) => Math.floor(220 * part(i, 4) ** 2.2);

/** What filters look at, cheaply. */
function facts(i) {
	const k = kindAt(i);
	return { kind: k[0], severity: k[2], class: k[3] ?? pick(['FD', 'DF', 'FD', 'FF'], i, 7), technique: k[4], out: outside(actor(i)), in: inside(hash(i, 8) % 600), matched: k[0] === 'indicator.domain' || k[0].startsWith('dns') || k[0] === 'lookalike' ? domain(actor(i)) : k[0] === 'indicator.ja4' ? ja4(actor(i)) : outside(actor(i)), campaign: actor(i) < 12 ? campaignOf(actor(i)) : null, muted: hash(i, 9) % 97 === 0 };
}
export const campaignOf = (n) => 'c-' + hex(n, 77, 10);

function sentence(i, f, at) {
	const when = rfc(at).replace('T', ' ').replace('Z', ' UTC'), n = 12 + hash(i, 11) % 900;
	return {
		'scan.horizontal': `${f.out} (abroad) tried TCP port ${pick([22, 23, 445, 3389, 5900], i, 12)} on about ${n} addresses until ${when}: ${n + 7} connections, ${n % 4} of them answered.`,
		'scan.vertical': `${f.out} (abroad) tried about ${n} TCP ports of ${f.in} (inside) until ${when}: ${n + 15} connections, ${n % 3} of them were answered.`,
		bruteforce: `${f.out} (abroad) tried to log in at ${f.in} (inside), SSH on TCP port 22, ${n} connections until ${when}; 0 of them were longer than a try.`,
		'bruteforce.spray': `${f.out} (abroad) tried to log in at RDP of ${10 + n % 60} hosts inside, a few times each, until ${when}.`,
		'indicator.address': f.class === 'DF' ? `${f.in} (inside) contacted ${f.out} (abroad) until ${when} (TCP port 443, 4.1 KiB out, 18.2 KiB in); ${f.out} is an address which feed-a.csv:${n} names.` : `${f.out} (abroad) contacted ${f.in} (inside) at ${when} (TCP port 443, 1.2 KiB out, 3.8 KiB in); ${f.out} is an address which feed-a.csv:${n} names.`,
		'indicator.domain': `${f.in} (inside) asked for a name under ${f.matched}, which domains.txt:${n} names, at ${when} (1 query, 1 answer).`,
		'indicator.ja4': `${f.in} (inside) opened TLS to ${f.out} (abroad) as a client with fingerprint ${f.matched}, which fingerprints.txt:${n % 40} names, at ${when}.`,
		'flood.syn': `About ${n * 1400} TCP connections a second were opened to port 443 of ${f.in} (inside) until ${when}, and nobody went on.`,
		amplification: `${n} DNS servers abroad sent ${f.in} (inside) ${(n / 9).toFixed(1)} GiB of answers that it had not asked for, until ${when}.`,
		beacon: `${f.in} (inside) came back to ${f.out} (abroad), TCP port 443, ${20 + n % 200} times until ${when}, every 300 s give or take 4 s.`,
		'dns.tunnel': `${f.in} (inside) carried about ${(n / 10).toFixed(1)} MiB in ${n * 9} ever new names below ${f.matched} until ${when}.`,
		'dns.dga': `${f.in} (inside) asked for ${n} domains that a program seems to have made up, until ${when}; ${n - 3} of them do not exist.`,
		exfiltration: `${f.in} (inside) sent ${f.out} (abroad) ${(n / 40).toFixed(1)} GiB within an hour until ${when}; the most of its own past is 41 MiB.`,
		lookalike: `${f.in} (inside) went to ${f.matched}, which imitates a protected brand, at ${when}.`,
		'ics.command': `${f.out} (abroad) wrote ${1 + n % 8} registers of ${f.in} (inside), Modbus on TCP port 502, at ${when}.`,
		chain: `${f.out} (abroad) scanned, guessed at a login of ${f.in} (inside), and had a session there from ${when}.`,
	}[f.kind];
}
const WHY = {
	beacon: 'Intervals between contacts: median 300 s, 96 % within 5 % of it; the threshold is 80 % over at least 12 contacts. Sizes differ by 3 % (threshold 20 %).',
	'indicator.address': 'The selector is in the approved set and equals what was seen at the border. Its feed was imported two days ago.',
	bruteforce: 'Connections had the shape of a try at a login; the threshold is 15 within 300 s, and 70 % of all there.',
};
const DOUBT = {
	beacon: ['An update check, a monitor or a chat client that sleeps between its questions looks the same.', 'Several programs behind one address mix their rhythms.'],
	'indicator.address': ['The address may be shared hosting, a relay, or in other hands by now.', 'The list may be stale: look at when it was named.'],
	bruteforce: ['A program with an old password, or one that logs in for each small task, looks the same.', 'Whether a guess was right is not seen; see bruteforce.success.'],
};
/** What a sentence is in Japanese is the server's; here it is enough that it is one. */
const inJapanese = (f) => `${f.in}（内側）と${f.out}（国外）の間で ${f.kind} を検知した。`;
const workspaceOf = (i) => (hash(i, 18) % 3 === 0 ? 'osaka' : 'tokyo');
export function item(i, lang = 'en') {
	const f = facts(i), at = timeOf(i), k = kindAt(i);
	return {
		id: hex(i, 21, 24) + i.toString(16).padStart(8, '0'), workspace: workspaceOf(i), kind: f.kind, class: f.class, severity: f.severity, confidence: Math.max(20, k[5] - hash(i, 13) % 18),
		sentence: lang === 'ja' ? inJapanese(f) : sentence(i, f, at), why: WHY[f.kind] ?? 'Sequential test on the outcome of first contacts: log likelihood ratio 245.3, the bound is 20.7 (one false alarm in 10^9 subjects if contacts were independent), at least 12 targets.',
		else: DOUBT[f.kind] ?? ['Search engines and research projects do this too, and say so under their address.', 'Answers that take another way look like none.'],
		subject: f.class === 'DF' ? f.in : f.out, counterpart: f.class === 'DF' ? f.out : f.in, matched: f.matched, first: rfc(at - 1000 * (hash(i, 14) % 5400)), last: rfc(at), count: 1 + Math.floor(400 * part(i, 15) ** 6),
		technique: f.technique ? [f.technique] : [], campaign: f.campaign, case: hash(i, 16) % 41 === 0 ? 'case-' + (1 + hash(i, 17) % 60) : null, muted: f.muted,
	};
}
const number = (id) => parseInt(id.slice(24), 16);

/** Does number i pass? One value a field, as the server has it. */
function sieve(query) {
	const q = (query.get('q') ?? '').toLowerCase();
	const rules = ['kind', 'class', 'severity', 'technique', 'campaign', 'case', 'workspace'].map((field) => ({ field, yes: query.getAll(field).filter((v) => !v.startsWith('!')), no: query.getAll(field).filter((v) => v.startsWith('!')).map((v) => v.slice(1)) })).filter((r) => r.yes.length + r.no.length);
	const values = query.getAll('value');
	const muted = query.get('muted') === 'true';
	const any = rules.length > 0 || values.length > 0 || q !== '';
	const test = (i) => {
		const f = facts(i);
		if (f.muted && !muted) return false;
		for (const r of rules) {
			const v = r.field === 'severity' ? WORDS[f.severity - 1] === r.yes[0] ? r.yes[0] : String(f.severity) : r.field === 'case' ? item(i).case : r.field === 'workspace' ? workspaceOf(i) : f[r.field];
			if (r.yes.length && !r.yes.includes(v)) return false;
			if (r.no.includes(v)) return false;
		}
		for (const v of values) {
			const bare = v.replace(/^!/, '');
			if ((f.out === bare || f.in === bare || f.matched === bare) === v.startsWith('!')) return false;
		}
		return q === '' || [f.kind, f.out, f.in, f.matched, f.technique, f.campaign].some((v) => v?.toLowerCase().includes(q)) || (q.length > 6 && item(i).id.startsWith(q));
	};
	return { any, test };
}
const bounds = (query) => {
	const until = query.get('until') ? Date.parse(query.get('until')) : BORN + 1;
	const since = query.get('since') ? Date.parse(query.get('since')) : 0;
	const first = Math.max(0, Math.floor((BORN - until) / STEP) - BENT);
	const last = Math.min(COUNT - 1, Math.ceil((BORN - since) / STEP) + BENT);
	return { since, until, first, last, within: (i) => { const t = timeOf(i); return t >= since && t < until; } };
};

function list({ query, json, fail }) {
	const limit = Math.min(200, Number(query.get('limit') ?? 50));
	if (!(limit > 0)) return fail(400, 'SK_EUSAGE', 2, 'limit: 1 to 200 was expected');
	const { any, test } = sieve(query);
	const b = bounds(query);
	const cursor = query.get('cursor') ? parseInt(Buffer.from(query.get('cursor'), 'base64url').toString(), 10) : b.first;
	const items = [];
	let i = cursor, passed = 0;
	for (; i <= b.last && items.length < limit; i++) if (b.within(i) && test(i)) items.push(item(i, query.get('lang') ?? 'en'));
	let total = null;
	if (b.last - b.first < 200_000) { total = 0; for (let n = b.first; n <= b.last; n++) if (b.within(n) && test(n)) total++; } else if (!any) total = Math.round((b.last - b.first) * 96 / 97);
	for (passed = i; passed <= b.last && !(b.within(passed) && test(passed)); passed++);
	json({ items, next: passed <= b.last ? Buffer.from(String(passed)).toString('base64url') : null, total, age_s: Math.round((Date.now() - BORN) / 1000) });
}

function histogram({ query, json }) {
	const buckets = Math.min(240, Number(query.get('buckets') ?? 60));
	const { test } = sieve(query);
	const b = bounds(query);
	const from = Math.max(b.since, BORN - SPAN), to = Math.min(b.until, Date.now());
	const width = (to - from) / buckets;
	const t = Array.from({ length: buckets }, (_, k) => Math.round((from + k * width) / 1000));
	const counts = Array(buckets).fill(0), by = {};
	const stride = Math.max(1, Math.floor((b.last - b.first) / 60000));
	for (let i = b.first; i <= b.last; i += stride) {
		const at = timeOf(i);
		if (at < from || at >= to || !test(i)) continue;
		const k = Math.min(buckets - 1, Math.floor((at - from) / width));
		const wave = stride;
		counts[k] += wave;
		const kind = facts(i).kind;
		(by[kind] ??= Array(buckets).fill(0))[k] += wave;
	}
	json({ t, counts, by_kind: by });
}

function explain({ params, json, fail }) {
	const i = number(params.id);
	if (!(i >= 0 && i < COUNT)) return fail(404, 'SK_ENOENT', 4, `no finding begins with '${params.id.slice(0, 40)}'`);
	const f = item(i);
	if (f.id !== params.id) return fail(404, 'SK_ENOENT', 4, `no finding begins with '${params.id.slice(0, 40)}'`);
	json({
		...f, severity: WORDS[f.severity - 1], confidence_percent: f.confidence, doubt: f.else.join(' '), origin: f.kind.startsWith('indicator') ? 'feed-a.csv:' + (hash(i, 11) % 900) : 'detector ' + f.kind,
		basis: { id: 'a-7', kind: 'agreement', classes: ['FD', 'DF'], self_approved: false, simulated: true }, observations: f.count,
		evidence: Array.from({ length: Math.min(f.count, 5) }, (_, n) => ({ id: hex(i, 30 + n, 32), interval: 41000 + n, first: rfc(Date.parse(f.first) + n * 60000), last: rfc(Date.parse(f.first) + n * 60000 + 8000), ip_proto: 6, initiator: `${f.subject}:${40000 + hash(i, 40 + n) % 20000}`, responder: `${f.counterpart}:443`, ip_bytes_out: 900 + hash(i, 50 + n) % 9000, ip_bytes_in: 1200 + hash(i, 60 + n) % 40000, state: 'established', ja4: n === 0 ? ja4(actor(i)) : undefined })),
		ledger: { size: 418233, leaf: 401000 + i % 17000, link: 'tokyo-1', interval: 41000, basis: 3, border: 2, selectors: 5, policy: 1, run: 6 },
	});
}

function lookup({ query, json }) {
	const value = query.get('value');
	const { test } = sieve(new URLSearchParams({ value }));
	let seen = 0, first = null, last = null;
	for (let i = 0; i < 120000 && seen < 400; i++) if (test(i)) { seen++; last ??= rfc(timeOf(i)); first = rfc(timeOf(i)); }
	const listed = value.startsWith('203.');
	json([{ simulated: true, value, seen: seen > 0, observations: seen * 3, flows: 0, findings: seen, first, last, matched: value, newest_finding: seen ? `${value} was contacted.` : undefined, in_selector_set: listed, selector: listed ? value : undefined, origin: listed ? 'feed-a.csv:41' : undefined, side: listed ? 'foreign' : 'domestic', erased_observations: 0, erased_flows: 0, why: [] }]);
}
const G1 = { duty: ['g1.read', 'inspect.query'], g1: true };
const PARAMETERS = ['since', 'until', 'kind', 'class', 'severity', 'value', 'q', 'muted', 'sort', 'limit', 'cursor', 'lang', 'workspace'].map((name) => ({ name, in: 'query', schema: { type: 'string' } }));
export const routes = [
	['GET', '/api/v1/openapi.json', ({ json }) => json({ openapi: '3.1.0', paths: { '/api/v1/findings': { get: { parameters: PARAMETERS } }, '/api/v1/border/series': { get: {} } } }), { open: true }],
	['GET', '/api/v1/findings/histogram', histogram, G1],
	['GET', '/api/v1/findings/{id}', explain, G1],
	['GET', '/api/v1/findings', list, G1],
	['GET', '/api/v1/lookup', lookup, G1],
];
