// SPDX-License-Identifier: Apache-2.0
// The Authority scenario (docs/authority.md) driven from the page with security keys alone, against the real server and the real enforcer. By command are made: the empty
// centre, its first administrator, and what belongs to machines (the sensor's workspace, the enforcer's configuration). Everything that somebody decides is a touch.
// usage: node tests/browser/real_decide.mjs --sekisho PROGRAM [--console FOLDER] [--screens FOLDER]
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { chromium, has, press, root, serve } from './browser.mjs';
import { freePort, given, handIn, signIn } from './office.mjs';
import { Person, fill } from './people.mjs';

const { sekisho, built, screens } = given();
const folder = mkdtempSync(join(tmpdir(), 'sekisho-decide-'));
const office = join(folder, 'office'), people = join(folder, 'people'), lists = join(folder, 'lists');
for (const f of [office, people, lists, screens]) mkdirSync(f, { recursive: true, mode: 0o700 });
const run = (...words) => execFileSync(sekisho, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, SEKISHO_DIR: office } });
const json = (...words) => JSON.parse(run(...words, '--json'));
const port = await freePort(), url = `http://localhost:${port}`;
const expect = (what, is, wanted) => { if (JSON.stringify(is) !== JSON.stringify(wanted)) throw new Error(`${what}: ${JSON.stringify(is)}, ${JSON.stringify(wanted)} was expected`); };
const until = async (what, test, seconds = 60) => { for (const end = Date.now() + seconds * 1000; !(await test()); await new Promise((r) => { setTimeout(r, 100); })) if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`); };
const shot = (person, what) => person.page.screenshot({ path: join(screens, `decide-${what}.png`) });

let server, chrome, centre, passed = 0, failed = 0;
const up = async () => { server = await serve(sekisho, ['up', '--dir', office, '--listen', `127.0.0.1:${port}`, '--console', built]); };
const who = {};
const staff = { anna: ['nco', ['analyst']], lena: ['nco', ['legal']], otto: ['nco', ['operator', 'commander']], dan: ['npa', ['approver']], fumi: ['mod', ['legal']], petra: ['power-1', ['operator', 'commander']] };
const roleWords = { analyst: 'analyst', legal: 'legal', operator: 'operator', commander: 'commander', approver: 'approver' };

/** An empty centre; its administrator has a key file, a password and codes. */
function found() {
	run('access', 'key', 'new', join(people, 'admin.key'), '--name', 'admin');
	centre = /\S+\+[0-9a-f]{8}\+\S+/.exec(run('centre', 'init', '--dir', office, '--profile', 'lab'))[0];
	run('access', 'init', '--dir', office, '--kind', 'nco', '--org', 'nco', '--admin-key', join(people, 'admin.key.pub'));
	writeFileSync(join(people, 'admin.password'), 'correct horse battery staple', { mode: 0o600 });
	run('access', 'factor', 'password', 'admin', '--dir', office, '--key', join(people, 'admin.key'), '--password-file', join(people, 'admin.password'));
	writeFileSync(join(people, 'admin.otp'), run('access', 'factor', 'totp', 'admin', '--dir', office, '--key', join(people, 'admin.key')), { mode: 0o600 });
}
/** What belongs to machines, once there are people: the sensor's workspace under the basis, the enforcer and its quorums. */
function machines() {
	for (const level of ['medium', 'urgent']) writeFileSync(join(folder, `${level}.txt`), run('order', 'quorum', level, '--dir', office));
	writeFileSync(join(office, 'enforcer.yaml'), `folder: ${office}/enforcer\ninbox: ${office}/centre/out/warrants\ncentre: ${centre}\nquorum:\n  urgent: ${folder}/urgent.txt\n  medium: ${folder}/medium.txt\nuser: ${userInfo().username}\ngroup: ${execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim()}\nwatch: 1s\npoll: 100ms\ntargets:\n  - name: firewalls\n    backend: list\n    folder: ${lists}\n`);
	run('enforcer', '--config', join(office, 'enforcer.yaml'), '--once');
	run('order', 'receipts', '--dir', office, '--enforcer', join(office, 'enforcer/out/enforcer.vkey'));
	run('border', 'build', '--domestic', join(root, 'samples/border/domestic.txt'), '--foreign', join(root, 'samples/border/foreign.txt'), '--rest', 'unknown', '-o', join(folder, 'border.skb'));
	run('access', 'key', 'new', join(people, 'share.key'), '--name', 'share'); // security keys sign, and open nothing: oversight's share of the days' keys is sealed to a key file
	run('init', '--centre', office, '--basis', 'B-1', '--workspace', join(office, 'border-1'), '--border', join(folder, 'border.skb'), '--oversight', readFileSync(join(people, 'share.key.pub'), 'utf8').trim());
}
const blocked = () => { const file = ['addresses.txt', 'prefixes.txt'].map((f) => join(lists, f)).find((f) => existsSync(f)); return file ? readFileSync(file, 'utf8').split('\n').filter((l) => l && !l.startsWith('#')) : []; };
/** What `sekisho up` does each half minute: the enforcer's receipts come into the docket. */
const settle = () => run('order', 'receipts', '--dir', office);
const state = (id) => json('order', 'show', id, '--dir', office).state;
const stage = (id) => json('basis', 'show', id, '--dir', office).stage;
const order = (person, id, step, fields) => person.goes(`#/decisions/${id}`).then(() => person.does('.decide button', step, fields));
const basis = (person, id, step, fields) => person.goes(`#/decisions/basis%2F${id}`).then(() => person.does('.order-side button', step, fields));

const STEPS = [
	['the administrator enrols a security key and puts it into the register', async ({ browser }) => {
		who.admin = await Person.at(browser, url, 'admin');
		await signIn(who.admin.page, people, 'admin');
		await who.admin.goes('#/administration');
		await press(who.admin.page, '.panel button.primary', 'Enrol a security key');
		await handIn(who.admin.page, people, 'admin');
		await has(who.admin.page, '.factors', 'security key');
		await press(who.admin.page, '.factors button', 'Put the key into the register');
		await handIn(who.admin.page, people, 'admin');
		await has(who.admin.page, '.factors', 'in the register');
	}],
	['organisations are added', async () => {
		await who.admin.goes('#/administration?tab=orgs');
		for (const [id, kind] of [['npa', 'npa'], ['mod', 'mod'], ['power-1', 'operator']]) {
			await fill(who.admin.page, { id, kind, member: id === 'power-1' ? 'Yes' : 'No' });
			await who.admin.does('#org-add-title ~ *, form.act-form button.primary', 'Add the organisation');
			await has(who.admin.page, 'tbody td', id);
		}
	}],
	['oversight is founded with three security keys', async ({ browser }) => {
		const seats = ['oversight.chair', 'oversight.member-1', 'oversight.member-2'];
		for (const [i, name] of seats.entries()) {
			const key = await who.admin.lend(async () => {
				await who.admin.page.evaluate((n) => document.querySelectorAll('.seats-list .enrol-here button')[n].click(), i);
				await who.admin.page.waitForFunction((n) => document.querySelectorAll('.seats-list .enrol-here .icon')[n] && document.querySelectorAll('.seats-list .enrol-here')[n].textContent.includes('taken down'), { timeout: 30000 }, i);
			});
			who[name] = await Person.at(browser, url, name, i === 0 ? { lang: 'ja', theme: 'dark' } : {});
			await who[name].takes(key);
		}
		await shot(who.admin, 'panel');
		await who.admin.does('.panel button.primary', 'Found the panel');
		await who.admin.page.waitForFunction(() => !document.querySelector('.seats-list'), { timeout: 30000 });
	}],
	['accounts are opened, each with a key that was touched at this desk', async ({ browser }) => {
		await who.admin.goes('#/administration?tab=accounts');
		for (const [name, [org, roles]] of Object.entries(staff)) {
			await fill(who.admin.page, { id: name, title: `${name} of ${org}`, org, role: roles.map((r) => roleWords[r]) });
			const key = await who.admin.lend(async () => {
				await press(who.admin.page, '.enrol-here button', 'Enrol their security key here');
				await has(who.admin.page, '#field-account-key .enrol-here', 'taken down');
			});
			who[name] = await Person.at(browser, url, name);
			await who[name].takes(key);
			if (name === 'otto') await shot(who.admin, 'account');
			await who.admin.does('form.act-form button.primary', 'Open the account');
			await has(who.admin.page, 'tbody td', name);
		}
	}],
	['each signs in with his key alone', async () => {
		await Promise.all(Object.values(who).filter((p) => p !== who.admin).map(async (p) => { const said = await p.signsIn(); if (said) throw new Error(`${p.name}: ${said}`); }));
	}],
	['a policy is loaded out of a file', async () => {
		await who.lena.goes('#/administration?tab=policy');
		await (await who.lena.page.waitForSelector('input[type=file]')).uploadFile(join(root, 'policy/lab.yaml'));
		await who.lena.does('.panel button.primary', 'Load a policy');
		await has(who.lena.page, '#policy-title', 'lab');
	}],
	['a basis is asked for; another text voids the votes', async () => {
		const chair = who['oversight.chair'];
		await who.anna.goes('#/decisions?tab=request');
		await fill(who.anna.page, { id: 'B-1', kind: 'df', 'target-act': 'intrusion', purpose: 'hosts that are steered from abroad', 'other-means': 'hosts cannot be examined one by one', kinds: ['addresses', 'prefixes', 'domains'], detectors: 'default' });
		await who.anna.does('form.long-form button.primary', 'Ask for a basis');
		await has(who.anna.page, '.order-plain', 'steered from abroad');
		await basis(who.lena, 'B-1', 'Lay before the approvers');
		await basis(chair, 'B-1', '賛成');
		await who.anna.goes('#/decisions/basis%2FB-1');
		await press(who.anna.page, '.order-side a', 'Change the text');
		await has(who.anna.page, '.notice', 'One vote was cast over the text');
		await fill(who.anna.page, { purpose: 'hosts of ours that are steered from abroad' });
		await who.anna.does('form.long-form button.primary', 'Change the text');
		await has(who.anna.page, '.order-plain', 'hosts of ours');
		expect('votes after another text', json('basis', 'show', 'B-1', '--dir', office).votes.length, 0);
	}],
	['the panel approves it: three present, the chair among them', async () => {
		await basis(who.lena, 'B-1', 'Lay before the approvers');
		await basis(who['oversight.member-1'], 'B-1', 'Vote for it');
		await basis(who['oversight.member-2'], 'B-1', 'Vote for it');
		expect('two without the chair', stage('B-1'), 'review');
		await basis(who['oversight.chair'], 'B-1', '賛成');
		expect('stage', stage('B-1'), 'approved');
	}],
	['it is put into use, suspended by oversight, and taken up again', async () => {
		await server.stop();
		machines();
		await up();
		for (const p of Object.values(who)) await p.page.reload().then(() => p.page.waitForSelector('.shell'));
		await basis(who.otto, 'B-1', 'Put into use');
		expect('stage', stage('B-1'), 'active');
		await basis(who['oversight.chair'], 'B-1', '停止', { as: 'oversight', why: '選別条件を確認する' });
		expect('suspended', stage('B-1'), 'suspended');
		await basis(who['oversight.chair'], 'B-1', '停止を解除', { as: 'oversight', why: '確認した' });
		await basis(who.otto, 'B-1', 'Put into use');
		expect('taken up again', stage('B-1'), 'active');
	}],
	['an order is proposed, and edited after a voice: the voice is void', async () => {
		await who.anna.goes('#/decisions?tab=draft');
		await fill(who.anna.page, { id: 'o-1', measure: 'nftables', target: '203.0.113.67', for: '24h', against: 'calls to a command server', 'evidence-file': 'the address was called at regular times', important: 'control room of power-1', narrower: 'one gateway', 'not-enough': 'two sites are hit', org: 'power-1', plan: 'by telephone', 'at-home': 'it is dropped at our own gateways' });
		await who.anna.does('form.long-form button.primary', 'Propose');
		await has(who.anna.page, '.targets', '203.0.113.67');
		await order(who.otto, 'o-1', 'Confirm the evidence', { why: 'it stands' });
		await order(who.fumi, 'o-1', 'Confirm that it is lawful', { why: 'within the basis' });
		await order(who.anna, 'o-1', 'Lay before the approvers');
		await order(who.dan, 'o-1', 'Approve');
		await has(who.dan.page, '.voices', 'dan');
		expect('voices', json('order', 'show', 'o-1', '--dir', office).voices.map((v) => v.account), ['dan']);
		await who.anna.goes('#/decisions/o-1');
		await press(who.anna.page, '.decide a', 'Change the text');
		await has(who.anna.page, '.notice', 'One signature stands under the text');
		await shot(who.anna, 'edit');
		await fill(who.anna.page, { target: '203.0.113.66', 'evidence-file': 'the address was called at regular times, and the other was not' });
		await who.anna.does('form.long-form button.primary', 'Change the text');
		await has(who.anna.page, '.targets', '203.0.113.66');
		expect('voices after another text', json('order', 'show', 'o-1', '--dir', office).voices, []);
		await has(who.anna.page, '.seats-words', '0 of');
	}],
	['two organisations and the law agree on it, and the enforcer sets it', async () => {
		await order(who.otto, 'o-1', 'Confirm the evidence', { why: 'it stands' });
		await order(who.fumi, 'o-1', 'Confirm that it is lawful', { why: 'within the basis' });
		await order(who.anna, 'o-1', 'Lay before the approvers');
		await order(who.dan, 'o-1', 'Approve');
		expect('one organisation', state('o-1'), 'voting');
		expect('before it was agreed on', blocked(), []);
		await order(who.fumi, 'o-1', 'Approve');
		expect('two organisations, the law among them', state('o-1'), 'approved');
		await order(who.petra, 'o-1', 'Hand to the enforcer');
		await until('the address stands in the block list', () => blocked().some((l) => l.startsWith('203.0.113.66')));
	}],
	['it is seen in force, and undone from the page', async () => {
		await until('the order is active', () => { settle(); return state('o-1') === 'active'; });
		await who.petra.goes('#/measures?order=o-1');
		await has(who.petra.page, '.pane', 'Undo');
		await shot(who.petra, 'measure');
		await who.petra.does('.pane button', 'Undo', { why: 'the server is gone' });
		await until('the block list is empty again', () => blocked().length === 0);
		settle();
		await order(who.otto, 'o-1', 'Record who was told', { told: 'its owner' });
		await order(who['oversight.chair'], 'o-1', '事後審査', { recommend: 'いいえ', text: '適正' });
		await order(who.dan, 'o-1', 'Close');
		expect('state', state('o-1'), 'closed');
	}],
	['an urgent order is set by two, ratified, and halted by oversight', async () => {
		await who.anna.goes('#/decisions?tab=draft');
		await fill(who.anna.page, { id: 'o-2', measure: 'nftables', target: '203.0.113.68', for: '4h', against: 'commands to a pump', 'evidence-file': 'the pump answered', important: 'pumping station', narrower: 'one gateway', 'not-enough': 'two sites are hit', org: 'power-1', plan: 'by telephone', 'at-home': 'it is dropped at our own gateways', urgent: 'the pumps stop tonight' });
		await who.anna.does('form.long-form button.primary', 'Propose');
		await order(who.dan, 'o-2', 'Set urgently');
		await until('the address stands in the block list before the quorum', () => blocked().some((l) => l.startsWith('203.0.113.68')));
		settle();
		await order(who.dan, 'o-2', 'Ratify');
		expect('one organisation', state('o-2'), 'urgent_active');
		await order(who.fumi, 'o-2', 'Ratify');
		expect('ratified', state('o-2'), 'active');
		await who['oversight.chair'].goes('#/measures?order=o-2');
		await who['oversight.chair'].does('.pane button', '停止', { why: '過大' });
		await until('the block list is empty again', () => blocked().length === 0);
		expect('halted', state('o-2'), 'rolled_back');
	}],
	['a remark is issued, answered and closed', async () => {
		await who['oversight.chair'].goes('#/oversight?tab=remarks');
		await who['oversight.chair'].page.type('.issue input', 'r-1');
		await who['oversight.chair'].does('.issue button', '通知・要求・勧告を発出', { kind: 'notice', about: 'order', to: 'nco', text: '速やかに通知すること', due: '2031-01-01T00:00' });
		await who.lena.goes('#/oversight?tab=remarks');
		await who.lena.does('.remark button', 'Answer', { text: 'it was told at once' });
		await who['oversight.chair'].goes('#/oversight?tab=remarks');
		await who['oversight.chair'].does('.remark button', '終結', { text: '了承' });
		await has(who['oversight.chair'].page, '.remark', '終結');
		await who.lena.page.type('#selfreports .issue input, .panel .issue input', 's-1');
		await who.lena.does('.issue button', 'Report an error', { about: 'record', text: 'one entry under the wrong day' });
		await has(who.lena.page, '.remark', 'wrong day');
		await who['oversight.chair'].does('.remark button', '評価', { text: '影響なし' });
		await who['oversight.chair'].does('.remark button', '終結', { text: '了承' });
	}],
	['oversight opens an account of its own: the last of three signatures enters it', async ({ browser }) => {
		const chair = who['oversight.chair'];
		await chair.goes('#/administration?tab=accounts');
		await fill(chair.page, { id: 'ines', org: 'oversight', role: '検査官' });
		const key = await chair.lend(async () => {
			await press(chair.page, '.enrol-here button', 'ここでセキュリティキーを登録');
			await has(chair.page, '#field-account-key .enrol-here', '読み取りました');
		});
		await chair.does('form.act-form button.primary', 'アカウントを開設');
		expect('before the others', json('access', 'account', 'list', '--dir', office).some((a) => a.id === 'ines'), false);
		for (const name of ['oversight.member-1', 'oversight.member-2']) {
			await who[name].goes('#/administration?tab=waiting');
			await has(who[name].page, '.waiting', 'ines');
			if (name === 'oversight.member-1') { await shot(who[name], 'waiting'); expect('axe', await who[name].faults(), []); }
			await who[name].does('.waiting button', 'Sign it too');
		}
		expect('after the last', json('access', 'account', 'list', '--dir', office).some((a) => a.id === 'ines'), true);
		who.ines = await Person.at(browser, url, 'ines');
		await who.ines.takes(key);
		expect('ines signs in', await who.ines.signsIn(), null);
		// whoever has no part in it sees nothing of it
		await who.dan.goes('#/administration');
		expect('what others see', await who.dan.page.evaluate(async () => (await (await fetch('/api/v1/access/waiting')).json()).items), []);
	}],
	['a further key wants its holder and an administrator; revoked, it signs nobody in', async ({ browser }) => {
		await who.admin.goes('#/administration?tab=accounts');
		await who.admin.page.evaluate(() => [...document.querySelectorAll('tbody tr')].find((r) => r.textContent.includes('dan')).click());
		await has(who.admin.page, '.pane h2', 'dan');
		const key = await who.admin.lend(async () => {
			await press(who.admin.page, '.add-key button', 'Add a security key');
			await who.admin.page.waitForSelector('dialog[open] .sign');
		});
		await who.admin.signs();
		const keys = () => json('access', 'account', 'list', '--dir', office).find((a) => a.id === 'dan').keys.filter((k) => !k.revoked);
		expect('an administrator alone', keys().length, 1);
		await who.dan.goes('#/administration?tab=waiting');
		await who.dan.does('.waiting button', 'Sign it too');
		expect('and its holder', keys().length, 2);
		const other = await Person.at(browser, url, 'dan');
		await other.takes(key);
		expect('the further key', await other.signsIn(), null);
		await who.admin.goes('#/administration?tab=accounts');
		await who.admin.page.evaluate(() => [...document.querySelectorAll('tbody tr')].find((r) => r.textContent.includes('dan')).click());
		await who.admin.page.waitForFunction(() => document.querySelectorAll('.pane .factors li').length === 2, { timeout: 30000 });
		await who.admin.page.evaluate(() => [...document.querySelectorAll('.pane .factors li')].at(-1).querySelector('button').click());
		await who.admin.signs();
		expect('keys in force', keys().length, 1);
		const known = await other.page.evaluate(() => fetch('/api/v1/session', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"account":"dan"}' }).then((r) => r.json()).then((r) => r.credentials));
		expect('keys that may sign dan in', known.length, 1);
		expect('the revoked one among them', known.includes(key[0].credentialId.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')), false);
		expect('who was signed in with it', await other.page.evaluate(() => fetch('/api/v1/session').then((r) => r.status)), 401);
	}],
	['views of those who decide are sound', async () => {
		for (const [person, views] of [[who.admin, ['administration?tab=accounts', 'administration?tab=orgs', 'administration?tab=waiting']], [who.anna, ['decisions?tab=request', 'decisions?tab=draft&edit=o-2', 'decisions/basis%2FB-1']], [who.lena, ['administration?tab=policy']], [who['oversight.chair'], ['decisions', 'oversight?tab=remarks', 'administration?tab=accounts']]])
			for (const view of views) { await person.goes(`#/${view}`); await shot(person, view.replace(/[^a-z0-9]+/gi, '-')); expect(`${person.name} ${view}`, await person.faults(), []); }
	}],
	['what was decided is what the ledger has', async () => {
		expect('docket and ledger', json('centre', 'check', '--dir', office).good ?? true, true);
	}],
];

try {
	found();
	await up();
	chrome = await chromium();
	for (const [what, act] of STEPS) {
		const started = performance.now();
		try {
			await act(chrome);
			passed++;
			if (process.env.VERBOSE) console.log(`${what} ${Math.round(performance.now() - started)} ms`);
		} catch (e) {
			failed++;
			console.log(`FAILED: ${what}\n  ${String(e.message ?? e).split('\n').slice(0, 8).join('\n  ')}`);
			console.log(server.said().split('\n').slice(-12).join('\n'));
			for (const p of Object.values(who)) await shot(p, `failed-${p.name}`).catch(() => {});
			break; // each step stands on the one before
		}
	}
} finally {
	await chrome?.close();
	await server?.stop();
	if (process.env.KEEP) console.log(folder); else rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
