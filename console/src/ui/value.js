// SPDX-License-Identifier: Apache-2.0
// A value that one can go on from: only these, without these, what is known of it, copy.
import { html } from '../lib/html.js';
import { may } from '../lib/api.js';
import { change, go, useRoute } from '../lib/route.js';
import { say } from '../lib/say.js';
import { t } from '../lib/words.js';
import { addFilter } from '../lib/filters.js';
import { MenuItem, Popover } from './menu.js';

export async function copy(text) {
	try {
		await navigator.clipboard.writeText(text);
		say(t('copy.done'));
	} catch {
		say(t('copy.failed'), { alert: true });
	}
}

/** @param {{field: string, value: string, words?: string, mono?: boolean}} props words: what is shown instead of the value; field: one of lib/filters.js */
export function Value({ field, value, words, mono = !words }) {
	const { view } = useRoute();
	if (value === null || value === undefined || value === '') return html`<span class="none">–</span>`;
	const here = view === 'findings';
	return html`<${Popover} menu class="value" label=${mono ? html`<span class="mono">${value}</span>` : words ?? value} title=${words && String(value)} name=${t('pivot.label', { value: words ?? String(value) })}>${(close) => {
		const then = (act) => () => { close(); act(); };
		return html`
			${here && html`<${MenuItem} onClick=${then(() => change(addFilter(field, value)))}>${t('pivot.only')}<//><${MenuItem} onClick=${then(() => change(addFilter(field, value, true)))}>${t('pivot.not')}<//>`}
			${!here && may('g1.read', 'inspect.query') && html`<${MenuItem} onClick=${then(() => go('findings', null, { f: `${field}:${value}` }))}>${t('pivot.findings')}<//>`}
			${field === 'value' && may('g1.read', 'inspect.query') && html`<${MenuItem} onClick=${then(() => go('findings', null, { lookup: value }))}>${t('pivot.lookup')}<//>`}
			<${MenuItem} onClick=${then(() => copy(String(value)))}>${t('pivot.copy')}<//>`;
	}}<//>`;
}
