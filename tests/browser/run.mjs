// SPDX-License-Identifier: Apache-2.0
// The page in a real Chromium, against the stand-in of the server. usage: node tests/browser/run.mjs [--only WORD] [--console build/console] [--screens FOLDER] [--sabotage]
// --sabotage breaks the page on purpose, one way after the other, and passes when the checks notice each.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { axe, axeSource, chromium, go, open, root, settled, signIn, standIn } from './browser.mjs';
import { DESK } from './desk.mjs';
import { KEYS } from './keys.mjs';
import { STATES } from './states.mjs';
import { VIEWS } from './views.mjs';

const option = (name, otherwise) => { const at = process.argv.indexOf('--' + name); return at < 0 ? otherwise : process.argv[at + 1]; };
const built = option('console', join(root, 'build/console'));
const screens = option('screens', join(root, 'build-test/screens'));
const only = option('only', '');
const source = axeSource();
mkdirSync(screens, { recursive: true });

let passed = 0;
const failures = [];
const check = async (name, act) => {
	if (only && !name.includes(only)) return;
	const started = performance.now();
	try {
		await act();
		passed++;
	} catch (e) {
		failures.push(name);
		console.log(`FAILED: ${name}\n  ${String(e.message ?? e).split('\n').slice(0, 12).join('\n  ')}`);
	}
	if (process.env.VERBOSE) console.log(`${name} ${Math.round(performance.now() - started)} ms`);
};
const none = (list, what) => { if (list.length) throw new Error(`${what}:\n${[...new Set(list)].slice(0, 8).join('\n')}`); };

/** What holds on every view, whoever looks at it and how. */
async function sound(page) {
	none(await axe(page, source), 'axe');
	none(await page.evaluate(() => [...globalThis.sekishoMissing]), 'words that are missing');
	none(page.complaints, 'the browser complains');
	const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
	if (wide > 1) throw new Error(`the page is ${wide} px wider than the window`);
}

/** Every view once, with one session for each account. */
async function tour(browser, url, { lang, theme, width = 1440, height = 900, scale = 1, shots = true, name }) {
	for (const account of new Set(VIEWS.map((v) => v.account))) {
		const mine = VIEWS.filter((v) => v.account === account && (!v.small || ['en light', 'ja dark'].includes(name)) && (!only || `${name} ${v.name}`.includes(only)));
		if (!mine.length) continue;
		const page = await open(browser, url, { lang, theme, width, height, account });
		if (scale !== 1) await page.setViewport({ width, height, deviceScaleFactor: scale });
		for (const v of mine)
			await check(`${name} ${v.name}`, async () => {
				page.complaints.length = 0;
				await go(page, v.hash);
				if (v.ready) await page.waitForSelector(v.ready);
				if (shots) await page.screenshot({ path: join(screens, `${v.name}-${name.replace(/ /g, '-')}.png`), fullPage: false });
				await sound(page);
			});
		await page.browserContext().close();
	}
}

async function suite(browser, url) {
	const tours = [...['en', 'ja'].flatMap((lang) => ['light', 'dark'].map((theme) => ({ lang, theme, name: `${lang} ${theme}` }))),
		{ lang: 'ja', theme: 'light', width: 390, height: 844, name: 'narrow' }, { lang: 'en', theme: 'light', width: 720, height: 450, scale: 2, name: 'zoom 200' }];
	const next = async () => { for (let how = tours.shift(); how; how = tours.shift()) await tour(browser, url, how); };
	await Promise.all([next(), next()]);
	for (const lang of ['en', 'ja'])
		await check(`sign-in ${lang}`, async () => {
			const page = await open(browser, url, { lang, account: null });
			await page.waitForSelector('input[name=account]');
			await page.screenshot({ path: join(screens, `sign-in-${lang}.png`) });
			await sound(page);
			await page.browserContext().close();
		});
	for (const [name, act] of [...KEYS, ...STATES, ...DESK])
		await check(name, async () => {
			const page = await open(browser, url, { account: null, width: 1440, height: 900 });
			try { await act(page, { signIn, go, settled, sound, screens, url }); } finally { await page.browserContext().close(); }
		});
}

/** A copy of the page with something broken in it. */
function broken(change) {
	const copy = mkdtempSync(join(tmpdir(), 'sekisho-broken-'));
	cpSync(built, copy, { recursive: true });
	let hits = 0;
	for (const file of readdirSync(copy).filter((f) => /\.(js|css|html)$/.test(f))) {
		const before = readFileSync(join(copy, file), 'utf8');
		let after = change(before, file);
		if (after !== before) hits++;
		if (file === 'index.html') after = after.replace(/ integrity="[^"]*"/g, '');
		writeFileSync(join(copy, file), after);
	}
	if (hits === 0) throw new Error('the sabotage changed nothing: it is out of date');
	return copy;
}
const js = (from, to) => (text, file) => (file.endsWith('.js') ? text.replaceAll(from, to) : text);
const TWINS = [
	['labels are gone', js('aria-label', 'data-label'), 'en light border'],
	['text is faint', (text, file) => (file.endsWith('.css') ? text.replace(/--ink-3:\s*#[0-9a-f]+/g, '--ink-3:#d8d8d0') : text), 'en light border'],
	['j does nothing', js('keys:"j"', 'keys:"%"'), 'keys: rows'],
	['a word is missing', js(/\("findings\.sentence"\)/g, '("findings.sentenc")'), 'en light findings'],
	['the purpose is not asked for', js('"SK_EPURPOSE"', '"SK_ENOTHING"'), 'purpose'],
	['notes are not made safe', (text, file) => (file.endsWith('.js') ? text.replace(/new Set\(\["P",/, 'new Set(["IMG","SCRIPT","IFRAME","P",') : text), 'hostile note'],
	['entries of a ledger are believed', js('throw new Error(`entry ', 'void new Error(`entry '), 'a sound ledger'],
	['tiles of a ledger are believed', (text, file) => (file.endsWith('.js') ? text.replace(/throw new Error\(`\$\{(\w+\(\w+, ?\w+\))\} is not what the tile above/, 'void new Error(`${$1} is not what the tile above') : text), 'a sound ledger'],
	['any statement is signed', js('"matter","event","id"', '"matter"'), 'a statement about something else'],
	['what is shown may be anything', (text, file) => (file.endsWith('.js') ? text.replace(/document:(\w+)\.document\?\w+===\1\.order\.document:null/, 'document:null') : text), 'altered on its way'],
	['the old password is not sent', js('"old-password"', '"old_password"'), 'own: the password'],
	['what is somebody else’s is offered', (text, file) => (file.endsWith('.js') ? text.replace(/\.filter\((\w+)=>\1\.mine\)/g, '') : text), 'offers: only'],
	['what waits may be anything', (text, file) => (file.endsWith('.js') ? text.replace(/(\w+)\.digest!==void 0&&(\w+)!==\1\.digest/, 'false') : text), 'another statement than the one that waits'],
	['a style in the markup', (text, file) => (file === 'index.html' ? text.replace('<div id="app">', '<div id="app" style="color:red">') : text), 'sign-in en'],
];

const { browser, close } = await chromium();
try {
	if (!process.argv.includes('--sabotage')) {
		const server = await standIn(built);
		await suite(browser, server.url);
		await server.stop();
	} else {
		let noticed = 0;
		for (const [what, change, word] of TWINS) {
			const folder = broken(change);
			const server = await standIn(folder);
			const log = console.log;
			failures.length = 0;
			console.log = () => {};
			try {
				if (word.startsWith('en light')) {
					const view = VIEWS.find((v) => `en light ${v.name}` === word);
					const page = await open(browser, server.url, { lang: 'en', theme: 'light', account: view.account });
					await check(word, async () => { await go(page, view.hash); await sound(page); });
					await page.browserContext().close();
				} else {
					const found = [...KEYS, ...STATES, ...DESK].find(([name]) => name.includes(word));
					await check(word, async () => {
						const page = await open(browser, server.url, { account: null });
						page.setDefaultTimeout(5000);
						try { if (found) await found[1](page, { signIn, go, settled, sound, screens, url: server.url }); else { await page.waitForSelector('input[name=account]'); await sound(page); } } finally { await page.browserContext().close(); }
					});
				}
			} finally { console.log = log; }
			if (failures.length) noticed++; else { console.log(`not noticed: ${what}`); }
			await server.stop();
			rmSync(folder, { recursive: true, force: true });
		}
		passed = noticed;
		failures.length = 0;
		if (noticed < TWINS.length) failures.push(...Array(TWINS.length - noticed).fill('sabotage'));
	}
} finally { await close(); }
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length ? 1 : 0);
