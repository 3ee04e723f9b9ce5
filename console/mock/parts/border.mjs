// SPDX-License-Identifier: Apache-2.0
// The border of an exchange in Tokyo and a cable station: mostly domestic traffic that is erased unread, a little that an agreement covers.
import { hash, part, rfc } from '../chance.mjs';

const INTERVAL = 60;
const LINKS = [['tokyo-1', 'ok', 'up, 10 GbE, agreement a-7', 0.41], ['tokyo-2', 'ok', 'up, 10 GbE, agreement a-7', 0.33], ['north-1', 'ok', 'up, 10 GbE, agreement a-9', 0.17], ['north-2', 'degraded', 'lost more frames than health.loss in the last interval', 0.09]];
const CLASSES = { FD: [0.142, 812], DF: [0.163, 644], FF: [0.048, 903], DD: [0.614, 931], UNKNOWN: [0.033, 214] };
const GATE = { domestic: 0.6121, unknown: 0.0224, not_covered: 0.2087, non_ip: 0.0071, malformed_address: 0.0001, inner_domestic: 0.0068, inner_unknown: 0.0031, inner_not_covered: 0.0009, fragment_of_tunnel: 0.0004 };
const SELECT = { no_hit: 0.1289, evicted: 0.0031, shed: 0.0007, fragment_timeout: 0.0004, undecodable: 0.0002, stopped: 0 };
const COUNTRIES = { US: .31, CN: .09, SG: .07, NL: .062, DE: .058, HK: .051, KR: .049, TW: .041, GB: .036, FR: .031, AU: .027, RU: .024, IN: .022, CA: .017, VN: .014, ID: .012, BR: .011, TH: .009, IE: .0085, SE: .007, UA: .006, PL: .0055, TR: .005, ZA: .0041, XB: .0038, MX: .0031, AR: .0024, EG: .002, NG: .0016, KP: .0003 };

/** Frames of a minute: a day's wave (Tokyo is awake), a little noise, one burst from abroad. */
function load(minute, cls) {
	const local = ((minute / 60 + 9) % 24 + 24) % 24;
	const wave = 0.62 + 0.38 * Math.sin(Math.PI * (local - 6.5) / 12 - 0.3) * (cls === 'FF' ? 0.4 : 1);
	const burst = cls === 'FD' && minute % 47 > 41 ? 1.55 : 1;
	return Math.round(74e6 * CLASSES[cls][0] * Math.max(0.3, wave) * burst * (0.94 + 0.12 * part(minute, cls.length * 7 + cls.charCodeAt(0))));
}

/** What the ledger tells of that many frames to and from abroad. */
function countriesOf(foreign) {
	const countries = Object.entries(COUNTRIES).map(([cc, share]) => ({ cc, frames: Math.round(foreign * share * 0.01), bytes: Math.round(foreign * share * 0.01 * 730), hosts: Math.round(12 + share * 4100 * (0.6 + part(cc.charCodeAt(0) * 91 + cc.charCodeAt(1), 2))) }));
	const named = countries.reduce((n, c) => n + c.frames, 0), few = Math.round(named * 0.004), unnamed = Math.round(named * 0.002);
	const tally = (frames) => ({ frames, bytes: frames * 730 });
	return { countries, countries_rest: { settled: tally(named + few + unnamed), few: tally(few), unnamed: tally(unnamed) }, hosts_error: 0.065 };
}

function live({ json, now }) {
	const minute = Math.floor(now / 60000) - 1;
	const series = { t: [] };
	for (const c of Object.keys(CLASSES)) series[c] = [];
	for (let m = minute - 89; m <= minute; m++) {
		series.t.push(m * 60);
		for (const c of Object.keys(CLASSES)) series[c].push(Math.round(load(m, c) / INTERVAL));
	}
	const classes = Object.fromEntries(Object.entries(CLASSES).map(([c, [, size]]) => [c, { frames: load(minute, c), bytes: load(minute, c) * size }]));
	const judged = Object.values(classes).reduce((sum, c) => sum + c.frames, 0);
	const mean = Object.values(classes).reduce((sum, c) => sum + c.bytes, 0) / judged;
	const lost = 2150 + hash(minute, 5) % 900;
	const received = judged + lost;
	const reasons = (shares) => Object.fromEntries(Object.entries(shares).map(([r, s]) => [r, Math.round(judged * s)]));
	const gate = reasons(GATE), select = reasons(SELECT);
	const sum = (o) => Object.values(o).reduce((a, b) => a + b, 0);
	const pendingBefore = 81400 + hash(minute, 6) % 9000, pendingAfter = 81400 + hash(minute + 1, 6) % 9000;
	const gateErased = sum(gate), selectErased = sum(select);
	const selected = pendingBefore + received - gateErased - selectErased - lost - pendingAfter;
	const equation = { received, gate_erased: gateErased, select_erased: selectErased, selected, capture_lost: lost, pending_before: pendingBefore, pending_after: pendingAfter };
	const equationBytes = Object.fromEntries(Object.entries(equation).map(([k, v]) => [k, Math.round(v * mean)]));
	equationBytes.received = equationBytes.gate_erased + equationBytes.select_erased + equationBytes.selected + equationBytes.capture_lost + equationBytes.pending_after - equationBytes.pending_before;
	const inBytes = (cells) => Object.fromEntries(Object.entries(cells).map(([k, v]) => [k, Math.round(v * mean)]));
	json({
		now: rfc(now), interval_s: INTERVAL,
		links: LINKS.map(([name, health, line, share]) => ({ name, health, line, rates: Object.fromEntries(Object.entries(classes).map(([c, v]) => [c, { frames_s: Math.round(v.frames * share / INTERVAL), bytes_s: Math.round(v.bytes * share / INTERVAL) }])) })),
		equation, equation_bytes: equationBytes, erased: { gate, select }, erased_bytes: { gate: inBytes(gate), select: inBytes(select) }, classes,
		...countriesOf(classes.FD.frames + classes.DF.frames),
		series,
	}, 200, { ETag: `"b${minute}"` });
}
function series({ query, json, now }) {
	const until = query.get('until') ? Date.parse(query.get('until')) : now, since = query.get('since') ? Date.parse(query.get('since')) : now - 86400e3;
	const points = Math.max(2, Math.min(500, Number(query.get('points') ?? 120), Math.floor((until - since) / 60000)));
	const t = Array.from({ length: points }, (_, i) => Math.floor((since + (i / points) * (until - since)) / 60000));
	json({ interval_s: INTERVAL, t: t.map((m) => m * 60), ...Object.fromEntries(Object.keys(CLASSES).map((c) => [c, t.map((m) => Math.round(load(m, c) / INTERVAL))])) });
}
/** Of ten days, as the server keeps them. */
function countries({ query, json, now }) {
	const until = query.get('until') ? Date.parse(query.get('until')) : now, since = query.get('since') ? Date.parse(query.get('since')) : now - 86400e3;
	const kept = now - 10 * 86400e3, minutes = Math.max(0, Math.floor((Math.min(until, now) - Math.max(since, kept)) / 60000));
	const middle = Math.floor((since + until) / 120000);
	json({ intervals: 4 * minutes, from: minutes ? rfc(Math.max(since, kept)) : null, to: minutes ? rfc(Math.min(until, now)) : null, older: since < kept, ...(minutes ? countriesOf((load(middle, 'FD') + load(middle, 'DF')) * minutes) : { countries: null }) });
}
export const routes = [['GET', '/api/v1/border/countries', countries], ['GET', '/api/v1/border/live', live], ['GET', '/api/v1/border/series', series]];
