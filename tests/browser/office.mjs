// SPDX-License-Identifier: Apache-2.0
// People of the demonstration (scripts/demo) at the page: signing in with password and one-time code, signing with a key file elsewhere.
import { spawnSync } from 'node:child_process';
import { createHash, createHmac, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { paste, press, root, settled } from './browser.mjs';

export const option = (name, otherwise) => { const at = process.argv.indexOf('--' + name); return at < 0 ? otherwise : process.argv[at + 1]; };
/** What a test against the real server is given. Ends as skipped where the program has no server in it. */
export function given() {
	const sekisho = option('sekisho', join(root, 'build/sekisho'));
	if (spawnSync(sekisho, ['serve', '--help']).status !== 0) {
		console.log('skipped: this program has no command serve');
		process.exit(77);
	}
	return { sekisho, built: option('console', join(root, 'build/console')), screens: option('screens', join(root, 'build-test/screens')) };
}

/** A port of loopback that nobody listens at. */
export const freePort = () => new Promise((done) => { const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)); }); });

/** RFC 6238; a step is taken once, so whoever signs in again waits for the next. */
export const code = (people, who) => codeOf(/secret=([A-Z2-7]+)/.exec(readFileSync(join(people, `${who}.otp`), 'utf8'))[1]);
/** The same of a secret; ahead: of the step behind this one, which counts too. */
export function codeOf(secret, ahead = 0) {
	const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
	const step = Buffer.alloc(8);
	step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + ahead));
	const hash = createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))).update(step).digest();
	return String((hash.readUInt32BE(hash[19] & 15) & 0x7fffffff) % 1e6).padStart(6, '0');
}
/** Sign in with password and code, as a person does. */
export async function signIn(page, people, who) {
	await page.waitForSelector('input[name=account]');
	await page.type('input[name=account]', who);
	await page.type('input[name=password]', readFileSync(join(people, `${who}.password`), 'utf8').trim());
	await page.type('input[name=code]', code(people, who));
	await page.keyboard.press('Enter');
	await page.waitForSelector('.shell, .signin .failure');
	const failure = await page.$('.signin .failure');
	if (failure) throw new Error(`${who} cannot sign in: ${await failure.evaluate((f) => f.textContent)}`);
	await settled(page);
}
/** The signature line that a key file of ours makes over a statement: what one does by hand on a machine without this page. */
export function noteLine(people, who, statement) {
	const text = readFileSync(join(people, `${who}.key`), 'utf8');
	const [, name, , data] = /PRIVATE\+KEY\+([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)/.exec(text);
	const seed = Buffer.from(data, 'base64').subarray(1, 33);
	const key = createPrivateKey({ format: 'der', type: 'pkcs8', key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]) });
	const raw = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
	const id = createHash('sha256').update(`${name}\n`).update(Buffer.from([1])).update(raw).digest().subarray(0, 4);
	return `\u2014 ${name} ${Buffer.concat([id, sign(null, Buffer.from(statement), key)]).toString('base64')}\n`;
}

/** In the dialog that asks for a signature: sign elsewhere, with a key file, and hand the line in. then: what the dialog shows afterwards, where it does not close */
export async function handIn(page, people, who, then) {
	await page.waitForSelector('dialog[open] .sign-elsewhere');
	const statement = await page.$eval('dialog[open] .statement', (e) => e.textContent);
	await page.evaluate(() => { document.querySelector('dialog[open] .sign-elsewhere').open = true; });
	await paste(page, 'dialog[open] .sign-elsewhere textarea', noteLine(people, who, statement));
	await press(page, 'dialog[open] .sign-elsewhere button', 'Hand in');
	await page.waitForFunction((s) => (s ? document.querySelector(s) : !document.querySelector('dialog[open]')) || document.querySelector('dialog[open] .failure'), { timeout: 20000 }, then);
	const failure = await page.$('dialog[open] .failure');
	if (failure) throw new Error(await failure.evaluate((f) => f.textContent));
}
