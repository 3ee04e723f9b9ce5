// SPDX-License-Identifier: Apache-2.0
// The page against the real server, over the demonstration's centre: sign in with password and one-time code, every view that the server has an address for.
// usage: node tests/browser/real.mjs --sekisho PROGRAM [--console FOLDER] [--screens FOLDER]
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { axe, axeSource, chromium, go, open, root, serve, settled } from './browser.mjs';
import { freePort, given, signIn } from './office.mjs';

const { sekisho, built, screens } = given();
const port = await freePort();
const folder = mkdtempSync(join(tmpdir(), 'sekisho-real-'));
/** Which address of the API each view begins with; a server without it (a build that leaves it out) is not asked for that view. */
const VIEWS = [['border', '/api/v1/border/live'], ['findings', '/api/v1/findings'], ['campaigns', '/api/v1/campaigns'], ['cases', '/api/v1/cases']];
let passed = 0, failed = 0, server, chrome;
const check = (what, faults) => { if (faults.length === 0) { passed++; return; } failed++; console.log(`FAILED: ${what}\n  ${[...new Set(faults)].slice(0, 8).join('\n  ')}`); };
try {
	execFileSync(join(root, 'scripts/demo'), [sekisho, join(folder, 'demo')], { stdio: ['ignore', 'ignore', 'inherit'] });
	server = await serve(sekisho, ['up', '--dir', join(folder, 'demo/office'), '--listen', `127.0.0.1:${port}`, '--console', built]);
	chrome = await chromium();
	mkdirSync(screens, { recursive: true });
	const page = await open(chrome.browser, `http://localhost:${port}`, { account: null });
	const refused = [];
	page.on('response', (r) => { if (r.status() >= 400 && !/\/session$/.test(r.url())) r.text().then((t) => { if (!t.includes('SK_EPURPOSE')) refused.push(`${r.status()} ${new URL(r.url()).pathname} ${t.slice(0, 160)}`); }, () => {}); });
	await signIn(page, join(folder, 'demo/people'), 'anna');
	const api = await page.evaluate(() => fetch('/api/v1/openapi.json').then((r) => r.json()));
	for (const [view, path] of VIEWS) {
		if (!api.paths[path]) { console.log(`${view}: this server has no ${path}`); continue; }
		page.complaints.length = refused.length = 0;
		await go(page, `#/${view}?since=2025-12-31T00:00:00Z`);
		await page.screenshot({ path: join(screens, `real-${view}.png`) });
		check(view, [...refused, ...page.complaints, ...await page.$$eval('.main .failure', (all) => all.map((f) => f.textContent)), ...await axe(page, axeSource()), ...await page.evaluate(() => [...globalThis.sekishoMissing])]);
		if (view === 'border') { // the map and the table beside it are what the ledger tells
			const told = await page.evaluate(() => fetch('/api/v1/border/countries?since=2025-12-31T00:00:00Z').then((r) => r.json()));
			const shown = await page.$$eval('[aria-labelledby=countries-title] tbody tr', (all) => all.map((r) => r.querySelector('.cc').textContent)), circles = await page.$$eval('[aria-labelledby=countries-title] .map-point', (all) => all.length);
			check('border: countries', [...(told.countries?.length > 0 ? [] : ['the demonstration has no country with ten hosts']), ...(shown.join() === told.countries?.map((c) => c.cc).join() ? [] : [`shown ${shown}, told ${told.countries?.map((c) => c.cc)}`]),
				...(circles === shown.length ? [] : [`${circles} circles`]), ...(told.countries_rest.few.frames > 0 && await page.$('[aria-labelledby=countries-title] .note') ? [] : ['what is in no cell is not told'])]);
		}
		const row = await page.$('.main .table-open tbody tr');
		if (!row || view === 'border') continue;
		await row.focus();
		await page.keyboard.press('Enter');
		await page.waitForFunction((v) => new RegExp(`^#/${v}/`).test(location.hash), {}, view);
		await settled(page);
		await page.screenshot({ path: join(screens, `real-${view}-one.png`) });
		check(`${view}: one`, [...refused, ...page.complaints, ...await page.$$eval('.main .failure', (all) => all.map((f) => f.textContent)), ...await axe(page, axeSource())]);
	}
	if (api.paths['/api/v1/cases']?.post && api.paths['/api/v1/findings']) { // a server that keeps no looks shows no analysis
		page.complaints.length = refused.length = 0;
		await go(page, '#/cases/new?title=Beacon%20from%20the%20page');
		await page.focus('.form button.primary');
		await page.keyboard.press('Enter');
		for (let turn = 0; turn < 2; turn++) {
			await page.waitForFunction(() => document.querySelector('.main .failure, dialog[open] .primary') || /^#\/cases\/(?!new)/.test(location.hash));
			await (await page.$('dialog[open] .primary'))?.click();
		}
		await settled(page);
		if (await page.$('textarea')) {
			await page.type('textarea', 'Seen **again** at noon');
			await page.keyboard.press('Tab');
			await page.keyboard.press('Enter');
			for (let turn = 0; turn < 2; turn++) { // with the note the case holds analysis, which is read for a purpose
				await page.waitForFunction(() => document.querySelector('.main .failure, dialog[open] .primary') || [...document.querySelectorAll('.case-note strong')].some((n) => n.textContent === 'again'));
				await (await page.$('dialog[open] .primary'))?.click();
			}
		}
		await page.screenshot({ path: join(screens, 'real-case.png') });
		check('a case opened and noted', [...refused, ...page.complaints, ...await page.$$eval('.main .failure', (all) => all.map((f) => f.textContent)), ...await page.$$eval('.case-note', (all) => (all.length === 1 ? [] : [`${all.length} notes`]))]);
	}
} catch (e) {
	failed++;
	console.log(`FAILED: ${e.message}`);
	const page = (await chrome?.browser.pages())?.find((p) => p.url().includes('localhost')) ?? (await Promise.all((chrome?.browser.browserContexts() ?? []).map((c) => c.pages()))).flat().find((p) => p.url().includes('localhost'));
	await page?.screenshot({ path: join(screens, 'real-failed.png') });
} finally {
	await chrome?.close();
	await server?.stop();
	rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
