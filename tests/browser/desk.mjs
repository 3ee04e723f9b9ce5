// SPDX-License-Identifier: Apache-2.0
// Decisions, reports, oversight in a real Chromium: a security key (Chromium's own virtual authenticator) signs an order from the page and the stand-in judges the
// assertion as the centre does; what was altered behind the page is not signed; a ledger in which one byte is bent is told from a sound one.
import { join } from 'node:path';
import { has, paste, press } from './browser.mjs';

const until = (page, test, ...args) => page.waitForFunction(test, { timeout: 15000 }, ...args);
const text = (page, selector) => page.$eval(selector, (e) => e.textContent);

/** Security keys need a name, not an address: the same server as localhost. */
async function asLocalhost(page, url, account, { signIn }, way = {}) {
	const client = await page.createCDPSession();
	await client.send('WebAuthn.enable');
	const { authenticatorId } = await client.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'usb', hasResidentKey: false, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true, ...way } });
	await page.goto(url.replace('127.0.0.1', 'localhost'), { waitUntil: 'load' });
	await signIn(page, account);
	return { client, authenticatorId };
}

/** From Administration, signed with the key that one has already (here: an SSH key elsewhere). */
async function enrol(page, go) {
	await go(page, '#/administration');
	await press(page, '#factors-title ~ *, .panel button.primary', 'security key');
	await page.waitForSelector('dialog[open] .sign-elsewhere');
	await page.evaluate(() => { document.querySelector('dialog[open] .sign-elsewhere').open = true; });
	await paste(page, 'dialog[open] .sign-elsewhere textarea', '-----BEGIN SSH SIGNATURE-----\nU1NI\n-----END SSH SIGNATURE-----\n');
	await press(page, 'dialog[open] .sign-elsewhere button', 'Hand in');
	await until(page, () => !document.querySelector('dialog[open]'));
	await has(page, '.factors', 'security key (Ed25519)');
	page.complaints = page.complaints.filter((c) => !c.includes('pubKeyCredParams')); // RS256 is not offered: no note knows it
}

/** Changes the answers of one address on their way to the page. */
async function alter(page, part, change) {
	await page.setRequestInterception(true);
	page.on('request', async (request) => {
		if (!request.url().includes(part)) return request.continue();
		const cookies = (await page.cookies()).map((c) => `${c.name}=${c.value}`).join('; ');
		const answer = await fetch(request.url(), { method: request.method(), headers: { ...request.headers(), cookie: cookies }, body: request.postData() });
		return request.respond({ status: answer.status, contentType: 'application/json', body: JSON.stringify(change(await answer.json())) });
	});
}

export const DESK = [
	['signs: enrolment, then an approval over the digest that is shown', async (page, tools) => {
		const { url, go, sound, screens } = tools;
		await asLocalhost(page, url, 'paul', tools);
		await enrol(page, go);
		await go(page, '#/decisions/o-114');
		await has(page, '.checks-made', 'Computed here from the order that is shown');
		await press(page, '.decide button.primary', 'Approve');
		await page.waitForSelector('dialog[open] .sign-digest .digest-groups');
		await page.screenshot({ path: join(screens, 'sign.png') });
		await sound(page);
		const shown = (await text(page, 'dialog[open] .sign-digest .digest-groups')).replace(/\s/g, '');
		const statement = await page.$eval('dialog[open] .statement', (e) => e.textContent);
		const digest = await page.evaluate(async (s) => [...new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(s)))].map((b) => b.toString(16).padStart(2, '0')).join(''), statement);
		if (shown !== digest) throw new Error(`the digest shown is ${shown}, that of the statement ${digest}`);
		if (!(await page.evaluate(() => document.activeElement.textContent.includes('Sign with the security key')))) throw new Error('the focus is not on the button that signs');
		await page.keyboard.press('Enter');
		await until(page, () => !document.querySelector('dialog[open]'));
		await has(page, '.order-top', 'approved');
		await has(page, '.voices', 'paul');
	}],
	['signs: nothing when the key is not touched, and says so', async (page, tools) => {
		const { url, go } = tools;
		await asLocalhost(page, url, 'lena', tools, {});
		await enrol(page, go);
		const client = await page.createCDPSession();
		await client.send('WebAuthn.enable');
		await client.send('WebAuthn.disable'); // the key is pulled out: Chromium falls back to its real ones, of which there are none
		await page.evaluate(() => { const get = navigator.credentials.get.bind(navigator.credentials); navigator.credentials.get = (o) => get({ ...o, publicKey: { ...o.publicKey, timeout: 100 }, signal: AbortSignal.timeout(300) }); });
		await go(page, '#/decisions/o-115');
		await press(page, '.decide button.primary', 'Ratify');
		await press(page, 'dialog[open] .sign button.primary', 'Sign with');
		await page.waitForSelector('dialog[open] .sign .wrong');
		await has(page, 'dialog[open] .wrong', 'security key');
	}],
	['signs: an order that was altered on its way is not offered for a signature', async (page, tools) => {
		const { url, go, signIn } = tools;
		await page.goto(url);
		await alter(page, '/api/v1/orders/o-117', (o) => ({ ...o, document: { ...o.document, target_act: 'something harmless' }, next: [{ event: 'approve', duty: 'order.approve', mine: true }] }));
		await signIn(page, 'paul');
		await go(page, '#/decisions/o-117');
		await page.waitForSelector('.notice-alarm');
		await has(page, '.notice-alarm', 'What is shown is not what would be signed');
		if (await page.$('.decide button')) throw new Error('a signature is offered all the same');
	}],
	['offers: only what the server would take: oversight halts, an approver does not', async (page, tools) => {
		const { url, go, signIn } = tools;
		await page.goto(url);
		const shown = async (account) => {
			await signIn(page, account);
			await go(page, '#/measures?order=o-112');
			await page.waitForSelector('.effects');
			const words = await page.$$eval('aside.pane .buttons button', (all) => all.map((b) => b.textContent));
			await page.click('.account .popover-button');
			await press(page, '.account-panel button', 'Sign out');
			await page.waitForSelector('input[name=account]');
			return words.join();
		};
		const [paul, chie] = [await shown('paul'), await shown('chie')];
		if (/Halt/.test(paul) || !/Undo/.test(paul)) throw new Error(`an approver of the police is offered: ${paul}`);
		if (!/Halt/.test(chie)) throw new Error(`the panel's chair is offered: ${chie}`);
	}],
	['signs: a statement about something else is refused before a key is asked', async (page, tools) => {
		const { url, go, signIn } = tools;
		await page.goto(url);
		await alter(page, '/api/v1/acts/prepare', (a) => ({ ...a, statement: a.statement.replace('"event":"ratify"', '"event":"halt"'), digest: undefined }));
		await signIn(page, 'lena');
		await go(page, '#/decisions/o-115');
		await press(page, '.decide button.primary', 'Ratify');
		await has(page, 'dialog[open] .failure', 'about something else');
		if (await page.$('dialog[open] .sign')) throw new Error('the statement is offered all the same');
	}],
	['own: the password is changed from the menu, and the old one is asked for', async (page, tools) => {
		const { url, signIn, sound, screens } = tools;
		await page.goto(url);
		await signIn(page, 'omar');
		await page.click('.account .popover-button');
		await press(page, '.account-panel button', 'Change password');
		const fill = async (old, word, again) => {
			await page.waitForSelector('dialog[open] input[name=old]');
			for (const [name, value] of Object.entries({ old, password: word, again })) await paste(page, `dialog[open] input[name=${name}]`, value);
			await press(page, 'dialog[open] .act-form button.primary');
		};
		await fill('correct horse omar', 'staple', 'staple');
		await has(page, 'dialog[open] .wrong', 'too short');
		await page.screenshot({ path: join(screens, 'own-password.png') });
		await sound(page);
		await fill('correct horse omar', 'omar has a staple', 'omar has a staple');
		await has(page, 'dialog[open] .wrong', 'name is in the new password');
		await fill('correct horse omar', 'battery and staple', 'battery and stable');
		await has(page, 'dialog[open] .wrong', 'differ');
		await fill('correct horse paul', 'battery and staple', 'battery and staple');
		await has(page, 'dialog[open] .failure', 'wrong password');
		await fill('correct horse omar', 'battery and staple', 'battery and staple');
		await page.waitForSelector('dialog[open] .sign-elsewhere');
		if ((await text(page, 'dialog[open] .dialog-body')).includes('staple')) throw new Error('the new password is shown');
		await page.evaluate(() => { document.querySelector('dialog[open] .sign-elsewhere').open = true; });
		await paste(page, 'dialog[open] .sign-elsewhere textarea', '-----BEGIN SSH SIGNATURE-----\nU1NI\n-----END SSH SIGNATURE-----\n');
		await press(page, 'dialog[open] .sign-elsewhere button', 'Hand in');
		await until(page, () => !document.querySelector('dialog[open]'));
		await has(page, '.said', 'The new password is in force');
	}],
	['own: new one-time codes count after their first one', async (page, tools) => {
		const { url, signIn, go, sound, screens } = tools;
		await page.goto(url);
		await signIn(page, 'vera');
		await go(page, '#/administration');
		await press(page, '[aria-labelledby=own-title] li:nth-child(2) button', 'Change');
		await page.waitForSelector('dialog[open] input[name=old]');
		await paste(page, 'dialog[open] input[name=old]', 'correct horse vera');
		await press(page, 'dialog[open] .act-form button.primary');
		await page.waitForSelector('dialog[open] .sign-elsewhere');
		await page.evaluate(() => { document.querySelector('dialog[open] .sign-elsewhere').open = true; });
		await paste(page, 'dialog[open] .sign-elsewhere textarea', '-----BEGIN SSH SIGNATURE-----\nU1NI\n-----END SSH SIGNATURE-----\n');
		await press(page, 'dialog[open] .sign-elsewhere button', 'Hand in');
		await page.waitForSelector('dialog[open] .squares-ink');
		await has(page, 'dialog[open] .codes-secret', 'JBSW Y3DP');
		if (!(await page.evaluate(() => document.activeElement.name === 'code'))) throw new Error('the focus is not where the code goes');
		await page.screenshot({ path: join(screens, 'own-codes.png') });
		await sound(page);
		await page.keyboard.type('111111');
		await page.keyboard.press('Enter');
		await has(page, 'dialog[open] .failure', 'no code of the new secret');
		await paste(page, 'dialog[open] input[name=code]', '654 321');
		await press(page, 'dialog[open] .codes button.primary');
		await until(page, () => !document.querySelector('dialog[open]'));
		await has(page, '.said', 'count from now on');
	}],
	['terminal: what a page cannot do stands there as the command that does it, for whom it is', async (page, tools) => {
		const { url, go, signIn, sound, screens } = tools;
		await page.goto(url);
		const see = async (account, hash = '#/oversight?tab=custody') => {
			await signIn(page, account);
			await go(page, hash);
			await page.waitForSelector('[aria-labelledby=days-title] tbody tr');
			return page.$$eval('.yours code', (all) => all.map((c) => c.textContent));
		};
		const out = async () => {
			await page.click('.account .popover-button');
			await press(page, '.account-panel button', 'Sign out');
			await page.waitForSelector('input[name=account]');
		};
		const expect = (what, is, wanted) => { if (is.join() !== wanted) throw new Error(`${what}: ${is}`); };
		expect('who asked looks', await see('anna', `#/oversight?tab=custody&observation=${'a'.repeat(32)}`), 'sekisho reident show r-5f4e3d2c1b0a --workspace DIR/ix-tokyo --dir DIR --key KEY');
		for (const [label, value] of [['Whom it is about', "the ward's computer"], ['Why it is needed', 'it must be cleaned']]) await page.$$eval('[aria-labelledby=ask-title] label', (all, l, v) => { const i = all.find((e) => e.textContent.startsWith(l)).querySelector('input'); i.value = v; i.dispatchEvent(new Event('input', { bubbles: true })); }, label, value);
		await has(page, '[aria-labelledby=ask-title] code', `--observation ${'a'.repeat(32)} --target 'the ward'\\''s computer' --why 'it must be cleaned' --for 24h`);
		await page.screenshot({ path: join(screens, 'reident.png'), fullPage: true });
		await sound(page);
		if (await page.$('[aria-labelledby=days-title] tbody button')) throw new Error('an analyst is offered oversight’s share');
		await out();
		expect('who has approved is not asked again', await see('paul'), '');
		await out();
		expect('who has not is', await see('lena'), 'sekisho reident approve r-0a1b2c3d4e5f --workspace DIR/ix-tokyo --dir DIR --key KEY');
		await out();
		await see('chie');
		await press(page, '[aria-labelledby=days-title] tbody tr:first-child button', 'Open');
		await has(page, '.notice code', 'sekisho retention open --day 2026-11-29 --basis df-1 --for 2h');
		await sound(page);
	}],
	['together: what others began is signed as it waits, and nothing else', async (page, tools) => {
		const { url, go, signIn, sound } = tools;
		await asLocalhost(page, url, 'chie', tools);
		await enrol(page, go);
		await go(page, '#/administration?tab=waiting');
		await has(page, '.waiting', 'ines2');
		await sound(page);
		await press(page, '.waiting button.primary', 'Sign it too');
		await has(page, 'dialog[open] .checks-made', 'exactly the statement that the others signed');
		await has(page, 'dialog[open] .sign-words', 'Inspector');
		await press(page, 'dialog[open] .buttons button', 'Cancel');
	}],
	['together: another statement than the one that waits is refused', async (page, tools) => {
		const { url, go, signIn } = tools;
		await page.goto(url);
		await alter(page, '/api/v1/access/waiting', (a) => ({ ...a, items: a.items.map((w) => ({ ...w, digest: '0'.repeat(64) })) }));
		await signIn(page, 'chie');
		await go(page, '#/administration?tab=waiting');
		await press(page, '.waiting button.primary', 'Sign it too');
		await has(page, 'dialog[open] .failure', 'about something else');
		if (await page.$('dialog[open] .sign')) throw new Error('the statement is offered all the same');
	}],
	['register: an account is opened with a key that is touched here', async (page, tools) => {
		const { url, go, sound } = tools;
		const { client, authenticatorId } = await asLocalhost(page, url, 'adam', tools);
		await enrol(page, go);
		await go(page, '#/administration?tab=accounts');
		await page.type('#field-id', 'nora');
		await page.select('#field-org', 'nco');
		await press(page, '#field-role label', 'analyst');
		await press(page, 'form.act-form button.primary', 'Open the account');
		await has(page, '.form-summary', 'Keys');
		await client.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled: false });
		const theirs = await client.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'usb', hasResidentKey: false, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
		await press(page, '.enrol-here button', 'Enrol their security key');
		await has(page, '.enrol-here', 'taken down');
		await client.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: theirs.authenticatorId });
		await client.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled: true });
		page.complaints = page.complaints.filter((c) => !c.includes('pubKeyCredParams'));
		await sound(page);
		await press(page, 'form.act-form button.primary', 'Open the account');
		await press(page, 'dialog[open] .sign button.primary', 'Sign with');
		await until(page, () => !document.querySelector('dialog[open]'));
		await has(page, 'tbody td', 'nora');
	}],
	['draft: an order is proposed with what the law asks for, and nothing less', async (page, tools) => {
		const { url, go } = tools;
		await asLocalhost(page, url, 'anna', tools);
		await enrol(page, go);
		await go(page, '#/decisions?tab=draft');
		await press(page, 'form.long-form button.primary', 'Propose');
		await page.waitForSelector('.form-summary li');
		if (!(await page.evaluate(() => document.activeElement.classList.contains('form-summary')))) throw new Error('the focus is not on the summary');
		const fill = async (id, words) => page.type(`#field-${id}`, words);
		await fill('id', 'o-900');
		await page.select('#field-measure', 'rpz');
		await page.select('#field-action', 'nxdomain');
		await fill('target-0', 'bad.example');
		await fill('for', '24h');
		await fill('against', 'Beaconing to a command server.');
		await fill('finding-0', 'ab12');
		await fill('important-0', 'waterworks');
		await fill('narrower', 'one resolver');
		await fill('not-enough', 'two networks are hit');
		await fill('org-0', 'isp-east');
		await fill('plan', 'by telephone');
		await page.reload();
		await page.waitForSelector('#field-plan');
		if ((await page.$eval('#field-plan', (e) => e.value)) !== 'by telephone') throw new Error('the draft was not kept over a reload');
		await fill('at-home', 'our own resolvers alone');
		await press(page, 'form.long-form button.primary', 'Propose');
		await press(page, 'dialog[open] .sign button.primary', 'Sign with');
		await until(page, () => location.hash.includes('o-900'));
		await has(page, '.targets', 'bad.example');
		if (await page.evaluate(() => sessionStorage.getItem('sekisho.draft.order') !== null && Object.keys(JSON.parse(sessionStorage.getItem('sekisho.draft.order')).values).length > 0)) throw new Error('the draft was not dropped');
	}],
	['reports: the form by keyboard, unknown as an answer, a fault beside its field, handed in', async (page, tools) => {
		const { url, go, signIn, sound, screens } = tools;
		await page.goto(url);
		await signIn(page, 'omar');
		await go(page, '#/reports?tab=write');
		await page.waitForSelector('input[name=form_kind]');
		await page.focus('input[name=form_kind]');
		await page.keyboard.press('Space');
		await page.waitForSelector('#field-org-name');
		await page.focus('form.long-form button.primary');
		await page.keyboard.press('Enter');
		await page.waitForSelector('.form-summary li a');
		await page.screenshot({ path: join(screens, 'report-faults.png') });
		await sound(page);
		await page.focus('.form-summary li a');
		await page.keyboard.press('Enter');
		if (!(await page.evaluate(() => document.activeElement.matches('input, select, textarea') && document.activeElement.closest('.has-fault, .form-struct')))) throw new Error('the link of the summary does not lead to a field');
		await page.type('#field-org-name', 'Eastern Power K.K.');
		await page.type('#field-contact-role', 'CSIRT');
		await page.click('#field-regime input');
		await page.evaluate(() => { const e = document.querySelector('#field-aware_at'); Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(e, '2026-11-29T10:00'); e.dispatchEvent(new Event('input', { bubbles: true })); });
		await page.evaluate(() => [...document.querySelectorAll('.field')].find((f) => f.querySelector('#field-summary'))?.querySelector('.unknown-switch input').click());
		await has(page, '.field-unknown', 'Unknown so far');
		await page.focus('form.long-form button.primary');
		await page.keyboard.press('Enter');
		await until(page, () => /#\/reports\/[0-9a-f]{8}/.test(location.hash));
		await has(page, '.said-unknown', 'Unknown');
		await has(page, '.clocks .clock-due', 'final report');
	}],
	['oversight: a sound ledger, then one with a bent byte; all of it recomputed here', async (page, tools) => {
		const { url, go, signIn, sound, screens } = tools;
		const bend = (file, at) => fetch(`${url}/ledger/bend`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(file ? { file, at } : {}) });
		await page.goto(url);
		await signIn(page, 'ines');
		await go(page, '#/oversight?ledger=ix-tokyo');
		await page.waitForSelector('.verdict-good');
		await press(page, '#entries-title', '');
		await press(page, '.ledger-grid button', 'All 4,300');
		await has(page, '.verdict-good', 'All of this ledger is sound');
		await has(page, '.step-good', 'Every frame is accounted for');
		await page.screenshot({ path: join(screens, 'ledger-whole.png'), fullPage: true });
		try {
			await bend('ix-tokyo/tile/entries/007', 5000);
			await press(page, '.ledger-grid button', 'All 4,300');
			await page.waitForSelector('.verdict-bad');
			await has(page, '.step-bad', 'is not what its leaf commits to');
			await page.screenshot({ path: join(screens, 'ledger-bent.png'), fullPage: true });
			await sound(page);
			await bend('ix-tokyo/tile/0/003', 77 * 32);
			await press(page, '.ledger-grid button', 'All 4,300');
			await has(page, '.step-bad', 'is not what the tile above it commits to');
			await bend('ix-tokyo/checkpoint', 90);
			await press(page, '.ledger-grid button', 'Check the head');
			await page.waitForSelector('.verdict-bad');
		} finally { await bend(null); }
		await press(page, '.ledger-grid button', 'Check the head');
		await has(page, '.step-good', 'Goes on from what you saw');
		const witness = await (await fetch(`${url}/ledger/witness`)).text();
		const boxes = await page.$$('.ledger-grid textarea');
		await boxes[1].type(witness);
		await press(page, '.ledger-grid button', 'Check the head');
		await has(page, '.step-good', '1 of 1 witnesses');
		await page.evaluate(() => { const e = document.querySelectorAll('.ledger-grid textarea')[0]; Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(e, 'sekisho.invalid/ix-tokyo+00000000+AAAA'); e.dispatchEvent(new Event('input', { bubbles: true })); });
		await press(page, '.ledger-grid button', 'Check the head');
		await page.waitForSelector('.verdict-bad');
	}],
	['oversight: one leaf with its proof, from a number of the annual report', async (page, tools) => {
		const { url, go, signIn } = tools;
		await page.goto(url);
		await signIn(page, 'ines');
		await go(page, '#/oversight?tab=annual');
		await page.waitForSelector('.leaves a');
		await page.click('.leaves a');
		await has(page, '.leaf-found', 'was verified');
		await page.type('.ledger-grid input[inputmode=numeric]:not([placeholder])', '99999');
		await press(page, '.ledger-grid button', 'Prove it');
		await has(page, '.wrong', 'Give a number from 0');
	}],
	['permission: what is not for one is not offered', async (page, tools) => {
		const { url, go, signIn } = tools;
		await page.goto(url);
		await signIn(page, 'vera');
		await go(page, '#/decisions');
		await has(page, '.empty', 'not for your role');
		await go(page, '#/oversight');
		const tabs = await page.$$eval('[role=tab]', (all) => all.map((t) => t.textContent.trim()));
		if (tabs.join() !== 'Ledger') throw new Error(`tabs of a supplier: ${tabs}`);
		await go(page, '#/administration');
		if ((await page.$$eval('[role=tab]', (all) => all.length)) !== 2) throw new Error('more than one’s own and the table of rights is offered to a supplier');
	}],
	['keys: tabs and rows of the decisions', async (page, tools) => {
		const { url, go, signIn, settled } = tools;
		await page.goto(url);
		await signIn(page, 'paul');
		await go(page, '#/decisions');
		await page.focus('[role=tab]');
		await page.keyboard.press('ArrowRight');
		await until(page, () => location.hash.includes('tab=bases') && document.activeElement.id === 'tab-bases');
		await page.keyboard.press('ArrowLeft');
		await until(page, () => !location.hash.includes('tab=') && document.activeElement.id === 'tab-orders');
		await settled(page);
		await page.waitForSelector('tbody tr');
		await page.keyboard.press('j');
		await until(page, () => document.activeElement.matches('tbody tr:first-child'));
		await page.keyboard.press('e');
		await until(page, () => /decisions\/o-/.test(location.hash));
	}],
];
