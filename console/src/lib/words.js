// SPDX-License-Identifier: Apache-2.0
// Words of the page. Each view has one file in words/ in which a key holds both languages side by side, so that none can be forgotten:
//   'findings.count': { en: { one: '{n} finding', other: '{n} findings' }, ja: '{n} 件' }
// {name} stands for an argument; {n} chooses the plural and is written with separators.
import { signal, useSignal } from './signal.js';
import { tables } from '../words/index.js';

export const LANGUAGES = ['en', 'ja'];
const kept = () => {
	try { return localStorage.getItem('sekisho.lang'); } catch { return null; }
};
const wished = () => (navigator.languages ?? ['en']).map((l) => l.slice(0, 2)).find((l) => LANGUAGES.includes(l)) ?? 'en';
export const language = signal(LANGUAGES.includes(kept()) ? kept() : wished());

const all = Object.assign({}, ...tables);
/** Keys that were asked for and do not exist: the browser test reads it, and expects none. */
export const missing = new Set();
globalThis.sekishoMissing = missing;

export function setLanguage(l) {
	try { localStorage.setItem('sekisho.lang', l); } catch { /* a private window */ }
	document.documentElement.lang = l;
	language.set(l);
}

/** The words of a key. @param {string} key @param {Record<string, string|number>} [args] */
export function t(key, args = {}) {
	const l = language.get();
	let words = all[key]?.[l];
	if (words === undefined) {
		missing.add(`${l} ${key}`);
		return key;
	}
	if (typeof words === 'object') words = words[new Intl.PluralRules(l).select(Number(args.n))] ?? words.other;
	return words.replace(/\{(\w+)\}/g, (hole, name) => {
		const value = args[name];
		if (value === undefined) {
			missing.add(`${l} ${key} {${name}}`);
			return hole;
		}
		return typeof value === 'number' ? value.toLocaleString(l) : value;
	});
}

/** Is there such a key? For words of the server's that may be newer than the page (kinds, reasons). */
export const known = (key) => all[key] !== undefined;
/** The words of prefix.value, or the value itself where there are none. */
export const name = (prefix, value) => (known(`${prefix}.${value}`) ? t(`${prefix}.${value}`) : String(value ?? ''));
export const useLanguage = () => useSignal(language);
