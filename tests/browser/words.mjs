// SPDX-License-Identifier: Apache-2.0
// The catalogue, without a browser: every key in both languages with the same holes, every key that is asked for exists, every key is asked for.
// usage: node tests/browser/words.mjs [--sabotage]
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { tables } from '../../console/src/words/index.js';

const sources = new URL('../../console/src', import.meta.url).pathname;
const files = readdirSync(sources, { recursive: true }).filter((f) => f.endsWith('.js') && !f.startsWith('words')).map((f) => [f, readFileSync(join(sources, f), 'utf8')]);

/** @returns {string[]} what is wrong */
export function faults(all, texts) {
	const found = [];
	const seen = new Set();
	const words = {};
	for (const table of all) for (const [key, value] of Object.entries(table)) { if (seen.has(key)) found.push(`${key} stands twice`); seen.add(key); words[key] = value; }
	const holes = (w) => [...new Set((typeof w === 'object' ? Object.values(w).join(' ') : w ?? '').match(/\{\w+\}/g) ?? [])].sort().join();
	for (const [key, value] of Object.entries(words)) {
		for (const l of ['en', 'ja']) {
			const w = value[l];
			if (w === undefined || w === '' || (typeof w === 'object' && !w.other)) found.push(`${key}: nothing in ${l}`);
		}
		if (typeof value.en === 'object' && !value.en.one) found.push(`${key}: no singular in en`);
		if (holes(value.en) !== holes(value.ja)) found.push(`${key}: en has ${holes(value.en) || 'no holes'}, ja ${holes(value.ja) || 'none'}`);
		if (typeof value.ja === 'string' && /(?:平成|令和|昭和)\d/.test(value.ja)) found.push(`${key}: a year of an era`);
	}
	const asked = new Set(), begins = new Set();
	for (const [file, text] of texts) {
		for (const m of text.matchAll(/(?:\bt|\bknown)\(\s*'([\w.-]+)'\s*(\+)?/g)) (m[2] ? begins : asked).add(m[1]) && !m[2] && !words[m[1]] && found.push(`${file}: ${m[1]} is asked for and does not exist`);
		for (const m of text.matchAll(/(?:\bt|\bknown)\(\s*`([\w.-]+)\$\{/g)) begins.add(m[1]);
		for (const m of text.matchAll(/\bname\(\s*'([\w.-]+)'/g)) begins.add(m[1] + '.');
		for (const m of text.matchAll(/'([a-z]+(?:\.[\w-]+)+)'/g)) if (words[m[1]]) asked.add(m[1]); // keys that are handed on: help of keys, both arms of a choice
		for (const m of text.matchAll(/\bt\([^()]*\?\s*'([\w.-]+)'\s*:\s*'([\w.-]+)'/g)) for (const key of [m[1], m[2]]) if (!words[key]) found.push(`${file}: ${key} is asked for and does not exist`);
	}
	for (const key of seen) if (!asked.has(key) && ![...begins].some((b) => key.startsWith(b))) found.push(`${key} is not asked for`);
	return found;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
	const found = faults(tables, files);
	if (process.argv.includes('--sabotage')) {
		const broken = (change) => { const copy = tables.map((x) => structuredClone(x)); change(copy); return faults(copy, files).length > found.length; };
		const twins = { 'a key is gone': (c) => delete c[0]['state.retry'], 'no Japanese': (c) => delete c[0]['help.title'].ja, 'a hole is missing': (c) => { c[0]['session.until'].ja = '終了'; }, 'nobody asks': (c) => { c[0]['zzz.unused'] = { en: 'x', ja: 'x' }; } };
		const missed = Object.entries(twins).filter(([, change]) => !broken(change)).map(([what]) => what);
		for (const what of missed) console.log(`not noticed: ${what}`);
		console.log(`${Object.keys(twins).length - missed.length} passed, ${missed.length} failed`);
		process.exit(missed.length || found.length ? 1 : 0);
	}
	for (const f of found) console.log(f);
	console.log(`${tables.reduce((n, x) => n + Object.keys(x).length, 0)} keys in en and ja: ${found.length ? found.length + ' faults' : 'complete'}`);
	process.exit(found.length ? 1 : 0);
}
