// SPDX-License-Identifier: Apache-2.0
// The page with the keyboard alone.
const focused = (page) => page.evaluate(() => { const e = document.activeElement; return `${e.tagName.toLowerCase()}${e.className && typeof e.className === 'string' ? '.' + e.className.trim().split(/\s+/)[0] : ''}`; });
const expect = (what, is, wanted) => { if (is !== wanted) throw new Error(`${what}: ${JSON.stringify(is)}, ${JSON.stringify(wanted)} was expected`); };
const hash = (page) => page.evaluate(() => location.hash);
const press = async (page, ...keys) => { for (const k of keys) await page.keyboard.press(k); };
const until = (page, test, ...args) => page.waitForFunction(test, { timeout: page.getDefaultTimeout() }, ...args);

export const KEYS = [
	['keys: sign in, skip, go to', async (page, { settled }) => {
		await page.waitForSelector('input[name=account]');
		expect('first focus', await page.evaluate(() => document.activeElement.name), 'account');
		await page.keyboard.type('anna');
		await press(page, 'Tab');
		await page.keyboard.type('correct horse anna');
		await press(page, 'Tab');
		await page.keyboard.type('123456');
		await press(page, 'Tab', 'Enter');
		await page.waitForSelector('.shell');
		await settled(page);
		expect('focus after signing in', await focused(page), 'h1');
		await page.reload();
		await page.waitForSelector('.shell');
		await settled(page);
		await press(page, 'Tab');
		expect('first stop', await focused(page), 'a.skip');
		await press(page, 'Enter');
		expect('after the skip link', await focused(page), 'h1');
		for (const [key, view] of [['k', 'cases'], ['c', 'campaigns'], ['f', 'findings'], ['b', 'border']]) {
			await press(page, 'g', key);
			await until(page, (v) => location.hash.startsWith('#/' + v), view);
			await settled(page);
			expect(`focus after g ${key}`, await focused(page), 'h1');
		}
	}],
	['keys: rows', async (page, { signIn, go }) => {
		await signIn(page, 'anna');
		await go(page, '#/findings');
		await press(page, 'j');
		await until(page, () => document.activeElement.matches('tbody tr:first-child'));
		await press(page, 'j', 'j', 'k');
		await until(page, () => document.activeElement.matches('tbody tr:nth-child(2)'));
		await press(page, 'e');
		await page.waitForSelector('aside.pane .explained');
		await press(page, 'Escape');
		await until(page, () => !document.querySelector('aside.pane'));
		await press(page, 'n');
		await until(page, () => /51/.test(document.querySelector('.pager')?.textContent ?? '') && !document.querySelector('[aria-busy=true]'));
		await press(page, 'p');
		await until(page, () => /^\s*1 /.test(document.querySelector('.pager')?.textContent ?? ''));
		expect('stops in the list', await page.evaluate(() => document.querySelectorAll('.findings-list tbody tr[tabindex="0"]').length), 1);
	}],
	['keys: search and help', async (page, { signIn, settled, go }) => {
		await signIn(page, 'anna');
		await go(page, '#/border');
		await press(page, '?');
		await page.waitForSelector('dialog[open]');
		if (!(await page.$eval('dialog[open]', (d) => d.textContent)).includes('Search')) throw new Error('the help does not name the search');
		await press(page, 'Escape');
		await until(page, () => !document.querySelector('dialog[open]'));
		await press(page, '/');
		await page.keyboard.type('203.0.113.4');
		await press(page, 'Enter');
		await until(page, () => location.hash.includes('q=203.0.113.4'));
		await settled(page);
		expect('what was asked for', await page.evaluate(() => performance.getEntriesByType('resource').some((r) => /findings\?.*q=203\.0\.113\.4/.test(r.name))), true);
		expect('rows', await page.$$eval('.findings-list tbody tr', (all) => all.length), 50);
	}],
	['keys: pivot, chip, brush', async (page, { signIn, go, settled }) => {
		await signIn(page, 'anna');
		await go(page, '#/findings');
		await press(page, 'j', 'Tab', 'Enter');
		await page.waitForSelector('.popover[role=menu]');
		await until(page, () => document.activeElement.getAttribute('role') === 'menuitem');
		await press(page, 'ArrowDown', 'Enter');
		await until(page, () => /f=-kind/.test(decodeURIComponent(location.hash)));
		await settled(page);
		await page.focus('.chip-turn');
		await press(page, 'Enter');
		await until(page, () => /f=kind/.test(decodeURIComponent(location.hash)));
		await settled(page);
		await page.evaluate(() => document.querySelector('.histogram svg').focus());
		await press(page, 'ArrowLeft', 'ArrowLeft');
		await page.keyboard.down('Shift');
		await press(page, 'ArrowLeft', 'ArrowLeft');
		await page.keyboard.up('Shift');
		await press(page, 'Enter');
		await until(page, () => /since=\d{4}-/.test(decodeURIComponent(location.hash)));
	}],
	['keys: range and zone', async (page, { signIn, go }) => {
		await signIn(page, 'anna');
		await go(page, '#/border');
		await page.focus('.range .popover-button');
		await press(page, 'Enter');
		await page.waitForSelector('.range .popover');
		await until(page, () => document.activeElement.closest('.range .popover') !== null);
		await press(page, 'Tab', 'Enter');
		await until(page, () => location.hash.includes('since=-6h'));
		expect('focus comes back', await page.evaluate(() => document.activeElement.matches('.range .popover-button')), true);
		await press(page, 'Tab', 'Enter');
		await until(page, () => location.hash.includes('tz=jst'));
		expect('zone', await page.$eval('.zone', (z) => z.textContent), 'JST');
	}],
	['keys: graph', async (page, { signIn, go, settled }) => {
		const { campaignOf } = await import('../../console/mock/parts/findings.mjs');
		await signIn(page, 'anna');
		await go(page, '#/campaigns/' + campaignOf(0));
		await page.evaluate(() => document.querySelector('.graph [tabindex="0"]').focus());
		const from = await page.evaluate(() => document.activeElement.dataset.node);
		for (const k of ['ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp']) await press(page, k);
		await press(page, 'ArrowRight');
		if (await page.evaluate(() => document.activeElement.dataset.node) === undefined) throw new Error('arrows leave the graph');
		const finding = await page.evaluate(() => { const f = document.querySelector('.node-finding'); f.focus(); return f.dataset.node; });
		await press(page, 'Enter');
		await until(page, () => location.hash.startsWith('#/findings/'));
		await settled(page);
		if (from === undefined || !(await hash(page)).includes(finding.slice(2, 12))) throw new Error('Enter opened another finding');
	}],
	['keys: a case worked on', async (page, { signIn, go, settled }) => {
		await signIn(page, 'anna');
		await go(page, '#/cases');
		await press(page, 'j', 'Enter');
		await page.waitForSelector('.case-timeline');
		await settled(page);
		await page.focus('textarea');
		await page.keyboard.type('Seen **again** at noon');
		await press(page, 'Tab', 'Enter');
		await until(page, () => [...document.querySelectorAll('.case-note')].some((n) => n.textContent.includes('at noon')));
		await page.focus('.page-tools button.primary');
		await press(page, 'Enter');
		await until(page, () => document.querySelector('.page-sub').textContent.includes('triaged'));
		await until(page, () => document.querySelector('.said [role=status]').textContent.includes('Entered'));
	}],
];
