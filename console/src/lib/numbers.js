// SPDX-License-Identifier: Apache-2.0
// Numbers for people: separators, short forms, bytes in powers of 1024 as the commands print them.
import { language } from './words.js';

export const whole = (n) => (n === null || n === undefined ? '–' : typeof n === 'string' ? BigInt(n).toLocaleString(language.get()) : Math.round(n).toLocaleString(language.get()));
/** 1.2k, 34.5M: where a column is narrow. Digits are the same in both languages, as in the commands. */
export function short(n) {
	if (n === null || n === undefined || Number.isNaN(Number(n))) return '–';
	const size = Math.abs(Number(n));
	for (const [one, mark] of [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k']]) if (size >= one) return (n / one).toFixed(size >= 100 * one ? 0 : size >= 10 * one ? 1 : 2) + mark;
	if (size > 0 && size < 0.01) return Number(n).toPrecision(1);
	return size >= 100 || Number.isInteger(Number(n)) ? String(Math.round(n)) : Number(n).toFixed(size >= 10 ? 1 : 2);
}
export function bytes(n) {
	if (n === null || n === undefined) return '–';
	let value = Number(n);
	for (const unit of ['B', 'KiB', 'MiB', 'GiB', 'TiB']) {
		if (Math.abs(value) < 1024 || unit === 'TiB') return `${unit === 'B' ? value : value.toFixed(value >= 100 ? 0 : 1)} ${unit}`;
		value /= 1024;
	}
	return '';
}
/** A rate in bits: powers of 1000, as links are sold. */
export const bits = (n) => { const text = short(n); return /[kMGT]$/.test(text) ? `${text.slice(0, -1)} ${text.slice(-1)}bit/s` : `${text} bit/s`; };
/** A share; what is there but too small to show is never shown as nothing. */
export function percent(part, all, digits = 1) {
	if (!all) return '–';
	const least = 10 ** -digits;
	const share = 100 * part / all;
	return share > 0 && share < least / 2 ? `< ${least.toFixed(digits)} %` : share.toFixed(digits) + ' %';
}
