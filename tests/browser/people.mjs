// SPDX-License-Identifier: Apache-2.0
// People with security keys at pages of their own: Chromium's virtual authenticators, carried from the desk where they were enrolled to where their holders sit.
import { axe, axeSource, go, open, press } from './browser.mjs';

const USB = { protocol: 'ctap2', transport: 'usb', hasResidentKey: false, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };

/** Fields of a form by name: texts, choices of a list, several boxes, yes or no. */
export async function fill(page, values) {
	for (const [field, value] of Object.entries(values)) {
		const id = `#field-${field}`;
		await page.waitForSelector(`${id}, ${id}-0`, { timeout: 30000 });
		const kind = await page.evaluate((i) => { const e = document.querySelector(i) ?? document.querySelector(`${i}-0`); return e.tagName === 'SELECT' ? 'select' : e.matches('.checks') ? 'checks' : e.matches('.radios') ? 'radios' : e.type === 'datetime-local' ? 'time' : 'text'; }, id);
		if (kind === 'select') await page.select(id, value);
		else if (kind === 'checks') for (const words of [value].flat()) await page.evaluate((i, w) => [...document.querySelectorAll(`${i} label`)].find((l) => l.textContent.trim() === w).querySelector('input').click(), id, words);
		else if (kind === 'radios') await page.evaluate((i, w) => [...document.querySelectorAll(`${i} label`)].find((l) => l.textContent.trim() === w).querySelector('input').click(), id, value);
		else await page.evaluate((i, v) => {
			const e = document.querySelector(`${i}-0`)?.matches('input, textarea') ? document.querySelector(`${i}-0`) : document.querySelector(i);
			Object.getOwnPropertyDescriptor(e.tagName === 'TEXTAREA' ? HTMLTextAreaElement.prototype : HTMLInputElement.prototype, 'value').set.call(e, v);
			e.dispatchEvent(new Event('input', { bubbles: true }));
		}, id, value);
	}
}

export class Person {
	/** @param {import('puppeteer-core').Page} page */
	constructor(name, page, client, authenticator) { Object.assign(this, { name, page, client, authenticator }); }

	/** A page with an empty security key in it. */
	static async at(browser, url, name, how = {}) {
		const page = await open(browser, url, { account: null, ...how });
		const client = await page.createCDPSession();
		await client.send('WebAuthn.enable');
		const { authenticatorId } = await client.send('WebAuthn.addVirtualAuthenticator', { options: USB });
		return new Person(name, page, client, authenticatorId);
	}
	/** The key of somebody who stands at this desk: what it makes while act runs is carried away. @returns {Promise<object[]>} its credentials */
	async lend(act) {
		await this.client.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId: this.authenticator, enabled: false });
		const { authenticatorId } = await this.client.send('WebAuthn.addVirtualAuthenticator', { options: USB });
		try {
			await act();
			return (await this.client.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
		} finally {
			await this.client.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
			await this.client.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId: this.authenticator, enabled: true });
		}
	}
	async takes(credentials) { for (const credential of credentials) await this.client.send('WebAuthn.addCredential', { authenticatorId: this.authenticator, credential }); }

	/** With the security key alone. @returns {Promise<string|null>} what the page said instead of letting one in */
	async signsIn() {
		await this.page.waitForSelector('input[name=account]');
		await this.page.$eval('input[name=account]', (e) => { e.value = ''; });
		await this.page.type('input[name=account]', this.name);
		await press(this.page, '.signin button[type=button]', '');
		await this.page.waitForSelector('.shell, .signin .failure, .signin .wrong', { timeout: 30000 });
		const failure = await this.page.$('.signin .failure, .signin .wrong');
		return failure ? failure.evaluate((f) => f.textContent) : null;
	}
	goes(hash) { return go(this.page, hash); }
	/** The dialog that is open: its fields, then the key. */
	async signs(fields) {
		if (fields) {
			await this.page.waitForSelector('dialog[open] .act-form', { timeout: 30000 });
			await fill(this.page, fields);
			await press(this.page, 'dialog[open] .act-form button.primary');
		}
		await this.page.waitForSelector('dialog[open] .sign button.primary:not([disabled]), dialog[open] .failure', { timeout: 30000 });
		if (await this.page.$('dialog[open] .sign')) await press(this.page, 'dialog[open] .sign button.primary');
		await this.page.waitForFunction(() => !document.querySelector('dialog[open]') || document.querySelector('dialog[open] .failure, dialog[open] .wrong'), { timeout: 30000 });
		const failure = await this.page.$('dialog[open] .failure, dialog[open] .wrong');
		if (failure) throw new Error(`${this.name}: ${await failure.evaluate((f) => f.textContent)}`);
	}
	/** Press a button that opens a dialog, and sign. */
	async does(selector, words, fields) {
		await press(this.page, selector, words);
		await this.signs(fields);
	}
	/** What axe and the catalogue find on this page as it stands. */
	async faults() { return [...await axe(this.page, axeSource()), ...await this.page.evaluate(() => [...globalThis.sekishoMissing])]; }
}
