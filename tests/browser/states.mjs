// SPDX-License-Identifier: Apache-2.0
// What the page does when something is not as it should be, and what it never does.
const expect = (what, is, wanted) => { if (is !== wanted) throw new Error(`${what}: ${JSON.stringify(is)}, ${JSON.stringify(wanted)} was expected`); };
const until = (page, test, ...args) => page.waitForFunction(test, { timeout: page.getDefaultTimeout() }, ...args);

/** Answers some requests in the server's place: tell(url, request) -> {status, json} or null. */
async function instead(page, tell) {
	await page.setRequestInterception(true);
	page.on('request', (r) => {
		const mine = tell(new URL(r.url()), r);
		if (!mine) return r.continue();
		if (mine === 'dead') return r.abort('connectionrefused');
		return r.respond({ status: mine.status ?? 200, contentType: 'application/json', body: JSON.stringify(mine.json) });
	});
}
const feeds = (age) => ({ version: '0', origin: 'x', profile: 'lab', simulated: true, now: new Date().toISOString(), ledger: { size: 1, checkpoint_age_s: age }, feeds: [{ name: 'ix-tokyo', kind: 'sensor', age_s: age, health: 'ok', line: '' }] });

export const STATES = [
	['purpose: nothing is read before it is confirmed', async (page, { signIn }) => {
		const read = [];
		page.on('response', (r) => { if (/\/api\/v1\/(findings|campaigns|lookup)/.test(r.url()) && r.status() === 200) read.push(r.request().headers()['x-sekisho-purpose'] ?? 'without a purpose'); });
		await signIn(page, 'anna');
		await page.evaluate(() => { location.hash = '#/findings'; });
		await page.waitForSelector('dialog[open] .primary');
		expect('answers before', read.length, 0);
		await page.keyboard.press('Escape');
		await page.waitForSelector('.failure');
		if (!(await page.$eval('.failure', (f) => f.textContent)).includes('purpose')) throw new Error('the refusal does not say what to do');
		await page.click('.failure button');
		await page.waitForSelector('dialog[open] .primary');
		await page.click('dialog[open] .primary');
		await page.waitForSelector('.findings-list tbody tr');
		expect('answers without a purpose', read.filter((h) => h !== 'damage_prevention').length, 0);
	}],
	['roles: each sees its own', async (page, { signIn, go }) => {
		await signIn(page, 'adam');
		await go(page, '#/findings');
		if (!(await page.$eval('.empty', (e) => e.textContent)).includes('g1.read')) throw new Error('an administrator is not told which duty is needed');
		expect('findings in the list of views', await page.$$eval('.nav li a', (all) => all.filter((a) => a.hash.startsWith('#/findings')).length), 0);
	}],
	['error: server away, then back', async (page, { signIn, go, sound, screens }) => {
		await signIn(page, 'anna');
		await go(page, '#/cases');
		let dead = true;
		await instead(page, (url) => (dead && url.pathname.startsWith('/api/v1/cases') ? 'dead' : null));
		await page.select('.panel-tools select', 'closed');
		await page.waitForSelector('.failure');
		await page.screenshot({ path: `${screens}/error.png` });
		page.complaints.length = 0;
		await sound(page);
		dead = false;
		await until(page, () => document.querySelectorAll('tbody tr').length > 5 && !document.querySelector('.failure'));
	}],
	['error: refused, wrong password', async (page, { sound }) => {
		await page.waitForSelector('input[name=account]');
		await page.type('input[name=account]', 'anna');
		await page.type('input[name=password]', 'wrong');
		await page.type('input[name=code]', '000000');
		await page.keyboard.press('Enter');
		await page.waitForSelector('.failure');
		await sound(page);
	}],
	['empty: nothing matches', async (page, { signIn, go, sound }) => {
		await signIn(page, 'anna');
		await go(page, '#/findings?q=nothing-like-this');
		await page.waitForSelector('.empty button');
		await sound(page);
		await page.click('.empty button');
		await page.waitForSelector('.findings-list tbody tr');
	}],
	['feed: silence is told aloud', async (page, { signIn, sound }) => {
		let age = 12;
		await instead(page, (url) => (url.pathname === '/api/v1/status' ? { json: feeds(age) } : null));
		await signIn(page, 'anna');
		await until(page, () => document.querySelector('.feed-words')?.textContent.includes('12'));
		age = 900;
		await page.keyboard.press('r');
		await until(page, () => document.querySelector('.said [role=alert]').textContent.includes('ix-tokyo'));
		await until(page, () => /15m/.test(document.querySelector('.feed-words').textContent));
		await sound(page);
	}],
	['hostile note: nothing in it runs', async (page, { signIn, go, sound }) => {
		const evil = '<p>before</p><img src="/x" onerror="globalThis.ran=1"><script>globalThis.ran=1</script><a href="javascript:globalThis.ran=1">click</a><iframe srcdoc="<script>parent.ran=1</script>"></iframe><svg onload="globalThis.ran=1"></svg><p style="position:fixed">after</p>';
		await signIn(page, 'anna');
		const made = await page.evaluate(() => fetch('/api/v1/cases/case-22').then((r) => r.json()));
		await instead(page, (url) => (url.pathname === '/api/v1/cases/case-22' ? { json: { ...made, notes: [{ id: 1, by: 'x', t: made.opened, html: evil, markdown: '', grade: 'G2' }] } } : null));
		await go(page, '#/cases/case-22');
		await page.waitForSelector('.prose p');
		expect('elements that may not be', await page.$$eval('.prose img, .prose script, .prose iframe, .prose svg, .prose [style], .prose [onerror], .prose a[href^="javascript"]', (all) => all.length), 0);
		expect('what ran', await page.evaluate(() => globalThis.ran), undefined);
		expect('the text', await page.$eval('.prose', (p) => p.textContent.includes('before') && p.textContent.includes('after')), true);
		page.complaints.length = 0; // the browser tells that the policy forbids what stood in the note; it was parsed apart and never was in the page
		await sound(page);
	}],
	['lists: no more than what is shown', async (page, { signIn, go }) => {
		const limits = [];
		page.on('request', (r) => { const u = new URL(r.url()); if (/^\/api\/v1\/(findings|cases|campaigns)$/.test(u.pathname) && r.method() === 'GET') limits.push(Number(u.searchParams.get('limit'))); });
		await signIn(page, 'anna');
		await go(page, '#/findings?since=-90d');
		const rows = await page.$$eval('.findings-list tbody tr', (all) => all.length);
		expect('rows shown of a million', rows, 50);
		expect("requests for more", limits.filter((l) => !(l <= 50)).length, 0);
		const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
		const shown = await page.evaluate(() => { const r = performance.getEntriesByType('resource').filter((x) => /\/api\/v1\/findings\?/.test(x.name)).pop(); return r.responseEnd - r.startTime; });
		console.log(`first paint ${Math.round(paint)} ms; the first page of 10^6 findings came within ${Math.round(shown)} ms`);
	}],
	['nothing searched for leaves before the #', async (page, { signIn, go }) => {
		const seen = [];
		page.on('request', (r) => { if (!new URL(r.url()).pathname.startsWith('/api/')) seen.push(r.url()); const h = r.headers().referer ?? ''; if (h.includes('203.0.113')) seen.push(h); });
		await signIn(page, 'anna');
		await go(page, '#/findings?f=value:203.0.113.4');
		expect('requests with what was searched for', seen.filter((u) => u.includes('203.0.113')).length, 0);
		expect('other hosts', await page.evaluate(() => performance.getEntriesByType('resource').filter((r) => !r.name.startsWith(location.origin)).length), 0);
	}],
	['findings: sentences are in the reader\'s language, and each row says whose it is', async (page, { signIn, go, sound }) => {
		await signIn(page, 'anna');
		await go(page, '#/findings?since=-30d');
		await page.waitForSelector('.findings-list tbody tr .sentence');
		const rows = () => page.$$eval('.findings-list tbody tr', (all) => all.map((row) => [row.querySelector('.sentence').textContent, ['tokyo', 'osaka'].filter((w) => row.textContent.includes(w)).length]));
		expect('English', (await rows()).every(([words, sensors]) => !/[\u3040-\u30ff\u4e00-\u9fff]/.test(words) && sensors === 1), true);
		await page.click('.account .popover-button');
		await page.waitForSelector('.account .popover');
		await page.click('.account .switch button[lang=ja]');
		await until(page, () => /内側/.test(document.querySelector('.findings-list tbody tr .sentence')?.textContent ?? ''));
		expect('Japanese', (await rows()).every(([words]) => /[\u3040-\u30ff\u4e00-\u9fff]/.test(words)), true);
		await go(page, '#/findings?since=-30d&f=workspace:osaka');
		await until(page, () => { const all = [...document.querySelectorAll('.findings-list tbody tr')]; return all.length > 0 && all.every((row) => !row.textContent.includes('tokyo')); });
		await sound(page);
		await page.click('.account .popover-button');
		await page.waitForSelector('.account .popover');
		await page.click('.account .switch button[lang=en]');
	}],
	['language and appearance change in place', async (page, { signIn, go, sound }) => {
		await signIn(page, 'anna');
		await go(page, '#/border');
		await page.click('.account .popover-button');
		await page.waitForSelector('.account .popover');
		await page.click('.account .switch button[lang=ja]');
		await until(page, () => document.documentElement.lang === 'ja' && document.querySelector('h1').textContent === '境界');
		await page.click('.account .popover-button');
		await page.waitForSelector('.account .popover');
		await page.click('.account .switch:nth-of-type(2) button:nth-child(3)');
		await until(page, () => document.documentElement.dataset.theme === 'dark');
		await sound(page);
	}],
];
