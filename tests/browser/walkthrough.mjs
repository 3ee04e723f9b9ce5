// SPDX-License-Identifier: Apache-2.0
// The pictures of docs/walkthrough.md, out of the demonstration (scripts/demo) and the real server: one beacon from the border to the undo.
// usage: node tests/browser/walkthrough.mjs --sekisho PROGRAM [--console FOLDER] [--out FOLDER]
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, go, has, open, press, root, serve, settled } from './browser.mjs';
import { freePort, handIn, option, signIn } from './office.mjs';

const sekisho = option('sekisho', join(root, 'build/sekisho')), built = option('console', join(root, 'build/console')), out = option('out', join(root, 'docs/pictures'));
const folder = mkdtempSync(join(tmpdir(), 'sekisho-walk-')), people = join(folder, 'demo/people'), office = join(folder, 'demo/office');
const run = (...words) => execFileSync(sekisho, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
const range = 'since=2026-11-22T16:40:00Z&until=2026-11-22T16:50:00Z';
let server, chrome;

/** Somebody's own browser: signed in, in one language and shade. */
async function desk(who, lang, theme) {
	const page = await open(chrome.browser, server.url, { account: null, lang, theme, width: 1280, height: 800 });
	await signIn(page, people, who);
	return page;
}
const shoot = async (page, name) => { await settled(page); await page.screenshot({ path: join(out, `${name}.png`) }); console.log(`${name}.png`); };
/** Decide about the order that is shown, with a key file, as somebody does whose key lies on another machine. */
async function approve(page, who, picture) {
	await go(page, '#/decisions/beacon-1');
	if (picture) await shoot(page, picture);
	await press(page, '.decide button', 'Approve');
	if (picture) { await page.waitForSelector('dialog[open] .sign-digest'); await page.screenshot({ path: join(out, '07-sign.png') }); console.log('07-sign.png'); }
	await handIn(page, people, who);
}

try {
	mkdirSync(out, { recursive: true });
	execFileSync(join(root, 'scripts/demo'), [sekisho, join(folder, 'demo')], { stdio: ['ignore', 'ignore', 'inherit'] });
	const port = await freePort();
	server = await serve(sekisho, ['up', '--dir', office, '--listen', `127.0.0.1:${port}`, '--console', built, '--settle', '1']);
	server.url = `http://localhost:${port}`;
	chrome = await chromium();

	const anna = await desk('anna', 'en', 'dark');
	await go(anna, `#/border?${range}`);
	await shoot(anna, '01-border');
	await go(anna, `#/findings?${range}`);
	await shoot(anna, '02-findings');
	await go(anna, `#/findings?${range}&f=value:203.0.113.66`);
	await (await anna.$('.main .table-open tbody tr')).focus();
	await anna.keyboard.press('Enter');
	await anna.waitForFunction(() => /^#\/findings\//.test(location.hash));
	await shoot(anna, '03-finding');
	await go(anna, `#/campaigns?${range}`);
	const campaign = await anna.$('.main .table-open tbody tr');
	if (campaign) { await campaign.focus(); await anna.keyboard.press('Enter'); await anna.waitForFunction(() => /^#\/campaigns\//.test(location.hash)); }
	await shoot(anna, '04-campaign');
	await go(anna, '#/cases/c-0001');
	await shoot(anna, '05-case');

	const dan = await desk('dan', 'en', 'light');
	await approve(dan, 'dan', '06-decision');
	await approve(await desk('fumi', 'en', 'dark'), 'fumi');
	const order = () => JSON.parse(run('order', 'show', 'beacon-1', '--dir', office, '--json'));
	run('order', 'stage', 'beacon-1', '--dir', office, '--key', join(people, 'hans.key'));
	const until = async (state) => { for (let i = 0; i < 300 && order().state !== state; i++) await new Promise((done) => setTimeout(done, 200)); if (order().state !== state) throw new Error(`the order is ${order().state}, not ${state}`); };
	await until('active');
	await go(dan, '#/measures?order=beacon-1');
	await shoot(dan, '08-measures');
	run('order', 'end', 'beacon-1', '--dir', office, '--key', join(people, 'petra.key'), '--why', 'the sites were cleaned');
	await until('ended_early');
	for (let i = 0; i < 150 && !order().undone; i++) await new Promise((done) => setTimeout(done, 200));
	await go(dan, '#/decisions/beacon-1');
	await shoot(dan, '09-undone');

	const chair = await desk('oversight.chair', 'en', 'light');
	await go(chair, '#/oversight');
	await has(chair, '.main', 'checked');
	await shoot(chair, '10-oversight');
	const rita = await desk('rita', 'ja', 'light');
	await go(rita, '#/reports');
	await shoot(rita, '11-report');
} finally {
	await chrome?.close();
	await server?.stop();
	rmSync(folder, { recursive: true, force: true });
}
