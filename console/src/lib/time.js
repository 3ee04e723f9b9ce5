// SPDX-License-Identifier: Apache-2.0
// Times and the global range. Dates are always Gregorian, also in Japanese: an era's year is one more thing to get wrong at night.
import { change, route, useRoute } from './route.js';
import { language } from './words.js';
import { signal, useSignal } from './signal.js';

/** Ranges that are offered. */
export const RELATIVE = ['-1h', '-6h', '-24h', '-7d', '-30d', '-90d'];
const UNIT = { s: 1, m: 60, h: 3600, d: 86400 };
export const DEFAULT_RANGE = '-24h';

/** The server's clock against ours, in ms, learnt from its answers. */
export const skew = signal(0);
export const now = () => Date.now() + skew.get();
/** "Now" of relative ranges. It moves when somebody asks for it (r, or another range), never by itself: a list must not slip away under whoever reads it. */
export const moment = signal(now());
export const refresh = () => moment.set(now());

const OFFSET = { utc: 0, jst: 9 * 3600 };
export const zoneOf = (params) => (params.get('tz') === 'jst' ? 'jst' : 'utc');
const zone = () => zoneOf(route.get().params);
const two = (n) => String(n).padStart(2, '0');

/** A time of the range: "-24h" or RFC 3339. @returns {number} ms, or NaN */
export function timeOf(text, at = now()) {
	const relative = /^-(\d{1,6})([smhd])$/.exec(text ?? '');
	if (relative) return at - relative[1] * UNIT[relative[2]] * 1000;
	return Date.parse(text);
}
export const rfc = (ms) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

/** The range in force: texts as in the URL, and times. It moves on by itself only when it is relative. */
export function rangeOf(params, at = now()) {
	const since = params.get('since') ?? DEFAULT_RANGE;
	const until = params.get('until');
	let from = timeOf(since, at);
	let to = until ? timeOf(until, at) : at;
	if (!(from < to)) { from = timeOf(DEFAULT_RANGE, at); to = at; }
	return { since, until, from, to, live: !until };
}
export function useRange() {
	const { params } = useRoute();
	return rangeOf(params, useSignal(moment));
}
/** Parameters of a request for the range. */
export const rangeParams = (range) => ({ since: rfc(range.from), until: range.until ? rfc(range.to) : undefined });
/** Sets an absolute range, as after a brush. */
export const setRange = (from, to) => change({ since: rfc(from), until: rfc(to) });

/** Parts of a time in the zone shown. */
function parts(ms, tz = zone()) {
	const d = new Date(ms + OFFSET[tz] * 1000);
	return { date: `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`, hm: `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`, s: two(d.getUTCSeconds()) };
}
/** "2026-11-30 16:05:09" in the zone shown. @param {string|number} when */
export function clock(when, { seconds = true } = {}) {
	const ms = typeof when === 'number' ? when : Date.parse(when);
	if (!Number.isFinite(ms)) return '–';
	const p = parts(ms);
	return `${p.date} ${p.hm}${seconds ? ':' + p.s : ''}`;
}
/** Short: the date only where it is not today's. */
export function brief(when) {
	const ms = typeof when === 'number' ? when : Date.parse(when);
	if (!Number.isFinite(ms)) return '–';
	const p = parts(ms);
	return p.date === parts(now()).date ? `${p.hm}:${p.s}` : `${p.date.slice(5)} ${p.hm}`;
}
export const zoneName = (tz = zone()) => tz.toUpperCase();
/** For <input type="datetime-local">, in the zone shown, and back. */
export const toInput = (ms) => { const p = parts(ms); return `${p.date}T${p.hm}`; };
export const fromInput = (text) => Date.parse(text + 'Z') - OFFSET[zone()] * 1000;

const STEPS = [['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]];
/** "3 minutes ago", "in 2 hours" in the page's language. @param {number} seconds from now; negative: past */
export function fromNow(seconds) {
	const format = new Intl.RelativeTimeFormat(language.get(), { numeric: 'always', style: 'short' });
	const size = Math.abs(seconds);
	const [unit, length] = STEPS.find(([, s]) => size >= s * (s === 86400 ? 2 : 1)) ?? STEPS[3];
	return format.format(Math.round(seconds / length), unit);
}
/** "12s", "4m", "3h", "5d": an age or a length of time, for tables. */
export function length(seconds) {
	if (!Number.isFinite(seconds)) return '–';
	const size = Math.abs(seconds);
	const [unit, one] = size < 120 ? ['second', 1] : size < 7200 ? ['minute', 60] : size < 172800 ? ['hour', 3600] : ['day', 86400];
	return new Intl.NumberFormat(language.get(), { style: 'unit', unit, unitDisplay: language.get() === 'ja' ? 'short' : 'narrow', maximumFractionDigits: 0 }).format(seconds / one);
}
