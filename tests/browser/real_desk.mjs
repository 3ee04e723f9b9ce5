// SPDX-License-Identifier: Apache-2.0
// Decisions, reports, measures, oversight and administration against the real server, over the demonstration's centre: every view as who it is for; and the whole of
// Authority from the page: a security key is enrolled, put into the register, and signs an order. usage: node tests/browser/real_desk.mjs --sekisho PROGRAM
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { axe, axeSource, chromium, go, has, open, paste, press, root, serve } from './browser.mjs';
import { codeOf, freePort, given, handIn, signIn } from './office.mjs';

const { sekisho, built, screens } = given();
const folder = mkdtempSync(join(tmpdir(), 'sekisho-desk-'));
const people = join(folder, 'demo/people'), office = join(folder, 'demo/office');
const port = await freePort();
const run = (...words) => execFileSync(sekisho, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

const TOUR = {
	anna: ['decisions', 'decisions/beacon-1', 'decisions?tab=bases', 'decisions/basis%2FB-1', 'decisions?tab=draft', 'measures', 'reports', 'reports?tab=duplicates', 'reports?tab=statistics', 'oversight', 'oversight?tab=bases', 'oversight?tab=remarks', 'oversight?tab=inspections', 'oversight?tab=annual', 'administration', 'administration?tab=accounts', 'administration?tab=orgs', 'administration?tab=rights', 'administration?tab=leases', 'administration?tab=policy'],
	rita: ['reports', 'reports?tab=write', 'decisions', 'oversight'],
	'oversight.chair': ['decisions', 'decisions/basis%2FB-2', 'oversight?tab=access', 'oversight?tab=urgent', 'oversight?tab=remarks'],
};
let passed = 0, failed = 0, server, chrome;
const check = (what, faults) => { if (faults.length === 0) { passed++; return; } failed++; console.log(`FAILED: ${what}\n  ${[...new Set(faults)].slice(0, 8).join('\n  ')}`); };
async function tour(browser, url, who) {
	const page = await open(browser, url, { account: null, lang: who === 'rita' ? 'ja' : 'en', theme: who === 'rita' ? 'dark' : 'light' });
	const refused = [];
	page.on('response', (r) => { if (r.status() >= 400 && !/\/session$/.test(r.url())) r.text().then((t) => { if (!t.includes('SK_EPURPOSE') && !t.includes('journal')) refused.push(`${r.status()} ${new URL(r.url()).pathname} ${t.slice(0, 200)}`); }, () => {}); });
	await signIn(page, people, who);
	for (const view of TOUR[who]) {
		try {
			page.complaints.length = refused.length = 0;
			await go(page, `#/${view}`);
			await page.screenshot({ path: join(screens, `real-${who}-${view.replace(/[^a-z0-9]+/gi, '-')}.png`) });
			check(`${who}: ${view}`, [...refused, ...page.complaints.filter((c) => !(view === 'measures' && c.includes('404'))), ...await page.$$eval('.main .failure', (all) => all.map((f) => f.textContent)), ...await axe(page, axeSource()), ...await page.evaluate(() => [...globalThis.sekishoMissing])]);
		} catch (e) {
			check(`${who}: ${view}`, [String(e.message), ...refused]);
		}
	}
	await page.browserContext().close();
}

/** From nothing to an approval by a security key: the page, the register, the page. */
async function approve(browser, url, who) {
	const page = await open(browser, url, { account: null });
	const client = await page.createCDPSession();
	await client.send('WebAuthn.enable');
	await client.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'usb', hasResidentKey: false, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
	await signIn(page, people, who);
	await go(page, '#/administration');
	await press(page, '.panel button.primary', 'security key');
	await handIn(page, people, who);
	await has(page, '.factors', 'security key');
	const key = await page.evaluate(async () => (await (await fetch('/api/v1/access/keys')).json()).items[0].key);
	run('access', 'key', 'add', who, key, '--dir', office, '--key', join(people, 'admin.key'), '--cosign', join(people, `${who}.key`));
	// Who may sign an order is settled when it is laid before the quorum, so this one comes after the key.
	const by = (signer, ...words) => run('order', ...words, '--dir', office, '--key', join(people, `${signer}.key`));
	writeFileSync(join(folder, 'proof.txt'), 'what was seen\n');
	by('anna', 'draft', 'desk-1', '--measure', 'nftables', '--action', 'drop', '--target', '203.0.113.67', '--against', 'calls to a command server', '--important', 'control room of power-1', '--org', 'power-1', '--plan', 'by telephone', '--narrower', 'one gateway', '--not-enough', 'two sites are hit', '--for', '24h', '--at-home', 'it is dropped at our own gateways', '--evidence-file', join(folder, 'proof.txt'));
	by('ben', 'evidence', 'desk-1', '--why', 'it stands');
	by('fumi', 'legal', 'desk-1', '--why', 'within the basis');
	by('anna', 'submit', 'desk-1');
	await go(page, '#/decisions/desk-1');
	await has(page, '.checks-made', 'Computed here from the order that is shown');
	return page;
}

/** One's own password and codes: the old password is asked for, other sessions end, and a new secret counts after its first code. */
async function own(browser, url, who) {
	const page = await open(browser, url, { account: null }), word = 'a new word for the desk', secretOf = (text) => /secret=([A-Z2-7]+)/.exec(text)[1];
	await signIn(page, people, who);
	const old = readFileSync(join(people, `${who}.password`), 'utf8').trim();
	const first = run('access', 'session', 'begin', who, '--password-file', join(people, `${who}.password`), '--code', codeOf(secretOf(readFileSync(join(people, `${who}.otp`), 'utf8')), 1), '--token-file', join(folder, 'token'), '--dir', office);
	if (!first.startsWith(who)) throw new Error(`a second session: ${first}`);
	const fill = async (fields) => {
		await page.waitForSelector('dialog[open] input[name=old]');
		for (const [name, value] of Object.entries(fields)) await paste(page, `dialog[open] input[name=${name}]`, value);
		await press(page, 'dialog[open] .act-form button.primary');
	};
	await page.click('.account .popover-button');
	await press(page, '.account-panel button', 'Change password');
	await fill({ old: 'not the old one', password: word, again: word });
	await has(page, 'dialog[open] .failure', 'wrong password');
	await fill({ old, password: word, again: word });
	await handIn(page, people, who);
	writeFileSync(join(people, `${who}.password`), word);
	run('access', 'factor', 'check', who, '--dir', office, '--password-file', join(people, `${who}.password`));
	try { run('access', 'session', 'check', '--token-file', join(folder, 'token'), '--dir', office); throw new Error('another session goes on'); } catch (e) { if (e.status !== 37) throw e; }
	await page.click('.account .popover-button');
	await press(page, '.account-panel button', 'New one-time codes');
	await fill({ old: word });
	await handIn(page, people, who, '.codes-secret');
	const secret = (await page.$eval('dialog[open] .codes-secret', (e) => e.textContent)).replace(/\s/g, '');
	await paste(page, 'dialog[open] input[name=code]', codeOf(secret));
	await press(page, 'dialog[open] .codes button.primary');
	await has(page, '.said', 'count from now on');
	run('access', 'factor', 'check', who, '--dir', office, '--code', codeOf(secret, 1));
	await page.browserContext().close();
}

/** What the page says to type is what does it: oversight shuts and opens its share of a day, by the commands that stand there. (A code counts once in 30 s, so each test has a member of its own.) */
async function share(browser, url) {
	const page = await open(browser, url, { account: null });
	await signIn(page, people, 'oversight.member-2');
	await go(page, '#/oversight?tab=custody');
	await press(page, '[aria-labelledby=days-title] tbody button', 'Shut');
	for (const [step, state, words] of [['close', 'shut', ''], ['open', 'open', 'the panel looks at it']]) {
		await has(page, '.notice .terminal code', `retention ${step}`);
		const command = (await page.$eval('.notice .terminal code', (e) => e.textContent)).replaceAll('DIR', office).replace('KEY', join(people, 'chair.key')).replace('WHY', words);
		if (!command.startsWith('sekisho retention ')) throw new Error(command);
		execFileSync('sh', ['-c', `"$1" ${command.slice('sekisho '.length)}`, 'sh', sekisho], { stdio: ['ignore', 'ignore', 'pipe'] });
		await has(page, '[aria-labelledby=days-title] tbody .tag', `${state}:`);
	}
	await page.browserContext().close();
}

/** Oversight takes a case as a whole through the page: with selected information, for a purpose, on record before it is made; what came is what the ledger speaks of, and any other machine can check it. */
async function bundle(browser, url) {
	const by = (who, ...words) => run('case', ...words, '--dir', office, '--key', join(people, `${who}.key`));
	const id = /c-\d+/.exec(by('anna', 'open', '--title', 'Beacon for the panel', '--kind', 'c2'))[0];
	writeFileSync(join(folder, 'selected.txt'), 'selected talk of 203.0.113.66\n');
	by('anna', 'evidence', id, join(folder, 'selected.txt'), '--grade', 'G1');
	const page = await open(browser, url, { account: null }), down = join(folder, 'down');
	mkdirSync(down);
	const client = await page.createCDPSession();
	await client.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: down, eventsEnabled: true, browserContextId: page.browserContext().id });
	await signIn(page, people, 'oversight.member-1');
	await go(page, `#/cases/${id}`);
	await page.click('.page-tools .popover-button');
	await press(page, '.page-tools .popover button', 'Evidence bundle');
	await has(page, 'dialog[open]', 'selected information with it');
	await page.screenshot({ path: join(screens, 'real-bundle.png') });
	await press(page, 'dialog[open] button.primary', 'Make the bundle');
	for (let turn = 0; turn < 2 && !await page.$('dialog[open] .digest'); turn++) { // its purpose is asked for, where none was given in this session
		await page.waitForFunction(() => document.querySelector('dialog[open] .digest, dialog[open] .failure') || [...document.querySelectorAll('dialog[open] button.primary')].some((b) => b.textContent.includes('prevent')), { timeout: 30000 });
		await page.evaluate(() => [...document.querySelectorAll('dialog[open] button.primary')].find((b) => b.textContent.includes('prevent'))?.click());
	}
	await page.waitForSelector('dialog[open] .digest, dialog[open] .failure');
	const failure = await page.$('dialog[open] .failure');
	if (failure) throw new Error(await failure.evaluate((f) => f.textContent));
	const digest = /[0-9a-f]{64}/.exec(await page.$eval('dialog[open] .digest', (e) => e.textContent))[0];
	const came = new Promise((resolve, reject) => { client.on('Browser.downloadProgress', (e) => { if (e.state === 'completed') resolve(); if (e.state === 'canceled') reject(new Error('the download was cancelled')); }); });
	await press(page, 'dialog[open] button.primary', 'Download');
	await came;
	const file = join(down, `${id}-oversight.tar`), key = JSON.parse(await page.evaluate(() => fetch('/api/v1/ledgers').then((r) => r.text())));
	const facts = JSON.parse(run('case', 'bundle', 'check', file, '--json', '--centre', (key.items ?? key).find((l) => l.name === 'centre').vkey));
	if (facts.case !== id || facts.audience !== 'oversight' || facts.revealed !== facts.entries) throw new Error(`the bundle: ${JSON.stringify(facts)}`);
	if (!readFileSync(file).includes('selected talk of 203.0.113.66')) throw new Error('selected information is not in it');
	const timeline = JSON.parse(run('case', 'show', id, '--dir', office, '--key', join(people, 'anna.key'), '--purpose', 'damage_prevention', '--json')).timeline;
	if (!timeline.some((e) => e.event === 'bundle' && JSON.stringify(e).includes(digest))) throw new Error(`the case does not say that it was taken: ${JSON.stringify(timeline.map((e) => e.event))}`);
	const looks = JSON.parse(run('access', 'log', '--account', 'oversight.member-1', '--what', `case show ${id}`, '--dir', office, '--key', join(people, 'chair.key'), '--json'));
	if ((looks.items ?? looks).length === 0) throw new Error('that the panel looked is not on record');
	// Nobody else gets it by its address.
	const other = await open(browser, url, { account: null });
	await signIn(other, people, 'nia');
	const status = await other.evaluate((path) => fetch(path, { headers: { 'X-Sekisho-Purpose': 'damage_prevention' } }).then((r) => r.status), `/api/v1/cases/${id}/bundle/oversight?digest=${digest}`);
	if (status !== 403) throw new Error(`an approver who asks for oversight's bundle is told ${status}`);
	for (const p of [page, other]) await p.browserContext().close();
}

try {
	execFileSync(join(root, 'scripts/demo'), [sekisho, join(folder, 'demo')], { stdio: ['ignore', 'ignore', 'inherit'] });
	server = await serve(sekisho, ['up', '--dir', office, '--listen', `127.0.0.1:${port}`, '--console', built]);
	chrome = await chromium();
	mkdirSync(screens, { recursive: true });
	const url = `http://localhost:${port}`;
	if (!process.argv.includes('--sign')) for (const who of Object.keys(TOUR)) await tour(chrome.browser, url, who);
	try { await own(chrome.browser, url, 'ben'); check('own password and codes', []); } catch (e) { check('own password and codes', [String(e.message)]); }
	try { await share(chrome.browser, url); check('what the page says to type', []); } catch (e) { check('what the page says to type', [String(e.message)]); }
	try { await bundle(chrome.browser, url); check('oversight takes a case through the page', []); } catch (e) { check('oversight takes a case through the page', [String(e.message)]); }
	const faults = [];
	try {
		const page = await approve(chrome.browser, url, 'petra');
		await press(page, '.decide button', 'Approve');
		await page.waitForSelector('dialog[open] .sign-digest');
		await press(page, 'dialog[open] .sign button.primary', 'Sign with');
		await page.waitForFunction(() => !document.querySelector('dialog[open]') || document.querySelector('dialog[open] .failure, dialog[open] .wrong'), { timeout: 20000 });
		const failure = await page.$('dialog[open] .failure, dialog[open] .wrong');
		if (failure) faults.push(await failure.evaluate((f) => f.textContent));
		await page.screenshot({ path: join(screens, 'real-signed.png') });
		const order = JSON.parse(run('order', 'show', 'desk-1', '--dir', office, '--json'));
		if (!order.voices.some((v) => v.account === 'petra' && v.event === 'approve')) faults.push(`the order has no approval of petra's: ${JSON.stringify(order.voices)}`);
	} catch (e) {
		faults.push(String(e.message));
	}
	check('a security key approves an order from the page', faults);
} finally {
	await chrome?.close();
	await server?.stop();
	rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
