// SPDX-License-Identifier: Apache-2.0
// Chromium, the stand-in server, and what tests ask of a page. Everything on loopback, at ports that are free.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const root = new URL('../..', import.meta.url).pathname;
const require = createRequire(join(root, 'console/package.json'));
export const axeSource = () => readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** Starts a server and waits for the line that says where it listens. @returns {Promise<{url: string, stop: () => Promise<void>}>} */
export function serve(command, args, options = {}) {
	return new Promise((resolve, reject) => {
		const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
		let out = '';
		const late = setTimeout(() => reject(new Error(`${command} did not say where it listens within 30 s:\n${out}`)), 30000);
		const read = (data) => {
			out += data;
			const found = /https?:\/\/(?:127\.0\.0\.1|localhost):\d+/.exec(out);
			if (!found) return;
			clearTimeout(late);
			resolve({ url: found[0], said: () => out, stop: () => new Promise((done) => { child.once('exit', done); child.kill('SIGTERM'); }) });
		};
		child.stdout.on('data', read);
		child.stderr.on('data', read);
		child.once('exit', (code) => { clearTimeout(late); reject(new Error(`${command} ended with ${code}:\n${out}`)); });
	});
}
export const standIn = (folder = join(root, 'build/console')) => serve(process.execPath, [join(root, 'console/mock/server.mjs'), '--port', '0', '--quiet', '--console', folder]);

export async function chromium() {
	const { default: puppeteer } = await import(require.resolve('puppeteer-core'));
	const executablePath = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((p) => existsSync(p));
	if (!executablePath) throw new Error('no Chromium: scripts/install-packages test installs it (or set CHROMIUM)');
	const profile = mkdtempSync(join(tmpdir(), 'sekisho-browser-'));
	const browser = await puppeteer.launch({ executablePath, headless: true, userDataDir: profile, protocolTimeout: 120000,
		args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--no-first-run', '--disable-extensions', '--disable-background-networking', '--disable-component-update', '--force-color-profile=srgb', '--font-render-hinting=none', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost'] });
	return { browser, close: async () => { await browser.close(); rmSync(profile, { recursive: true, force: true, maxRetries: 5 }); } };
}

/** A page of its own (cookies, storage), in one language and shade. Collects what the browser complains of. */
export async function open(browser, url, { lang = 'en', theme = 'light', width = 1440, height = 900, account = 'anna' } = {}) {
	const context = await browser.createBrowserContext();
	const page = await context.newPage();
	page.complaints = [];
	page.on('console', (m) => { if (['error', 'warn'].includes(m.type()) && !/status of 40[13]/.test(m.text())) page.complaints.push(m.text()); });
	page.on('pageerror', (e) => page.complaints.push(String(e.stack ?? e)));
	await page.setViewport({ width, height });
	await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: theme }, { name: 'prefers-reduced-motion', value: 'reduce' }]);
	await page.evaluateOnNewDocument((l) => { try { if (!localStorage.getItem('sekisho.lang')) localStorage.setItem('sekisho.lang', l); } catch { /* about:blank */ } }, lang);
	await page.goto(url, { waitUntil: 'load' });
	if (account) await signIn(page, account);
	return page;
}
export async function signIn(page, account) {
	await page.waitForSelector('input[name=account]');
	await page.type('input[name=account]', account);
	await page.type('input[name=password]', `correct horse ${account}`);
	await page.type('input[name=code]', '123456');
	await page.keyboard.press('Enter');
	await page.waitForSelector('.shell');
}
/** Goes to a view and waits until nothing loads; confirms the purpose where it is asked. */
export async function go(page, hash) {
	await page.evaluate((h) => { location.hash = h; }, hash);
	await settled(page);
}
export async function settled(page) {
	for (let turn = 0; turn < 3; turn++) {
		await page.waitForFunction(() => document.querySelector('dialog[open] .primary') || (document.querySelector('h1') && !document.querySelector('.main .loading, .boot, [aria-busy=true]')), { timeout: 60000 });
		await page.waitForNetworkIdle({ idleTime: 120, timeout: 3000, concurrency: 1 }).catch(() => {});
		const dialog = await page.$('dialog[open] .primary');
		if (!dialog) return;
		await dialog.click();
		await page.waitForFunction(() => !document.querySelector('dialog[open]'));
	}
}
/** What axe finds serious or critical; of long tables the first rows, the others are made alike. @returns {Promise<string[]>} */
export async function axe(page, source) {
	await page.evaluate(source);
	const { violations } = await page.evaluate(() => globalThis.axe.run({ exclude: ['tbody tr:nth-child(n + 9)'] }, { resultTypes: ['violations'] }));
	return violations.filter((v) => ['serious', 'critical'].includes(v.impact)).flatMap((v) => v.nodes.map((n) => `${v.id} (${v.impact}): ${n.target.join(' ')}: ${n.failureSummary?.split('\n').slice(1).join(' ').trim()}`));
}

/** Wait for an element with these words. */
export const has = (page, selector, words) => page.waitForFunction((s, w) => [...document.querySelectorAll(s)].some((e) => e.textContent.includes(w)), { timeout: 30000 }, selector, words);
/** Press the button with these words as soon as it can be. In one step: between a look and a click the page may have gone on. */
export const press = (page, selector, words = '') => page.waitForFunction((s, w) => {
	const found = [...document.querySelectorAll(s)].find((e) => e.textContent.includes(w) && !e.disabled);
	found?.click();
	return found !== undefined;
}, { timeout: 30000 }, selector, words);
/** Put a text into a field at once, as it is pasted: a dialog that has just opened may take the focus between two letters. */
export const paste = (page, selector, text) => page.$eval(selector, (e, t) => { e.value = t; e.dispatchEvent(new Event('input', { bubbles: true })); }, text);
