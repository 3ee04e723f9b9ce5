// SPDX-License-Identifier: Apache-2.0
// Saved views and copies. A saved view is the address after its "?": it can be sent to a colleague as it is. What is saved stays in this browser for this account;
// the history of searches lasts as long as the tab, for what one searched for may be selected information.
import { html, useEffect, useState } from '../../lib/html.js';
import { session } from '../../lib/api.js';
import { useRoute } from '../../lib/route.js';
import { filtersOf } from '../../lib/filters.js';
import { say } from '../../lib/say.js';
import { csv, stixBundle } from '../../lib/stix.js';
import { t } from '../../lib/words.js';
import { Icon } from '../../ui/icons.js';
import { MenuItem, Popover } from '../../ui/menu.js';
import { copy } from '../../ui/value.js';

const place = () => `sekisho.views.${session.get()?.account}`;
const kept = () => { try { return JSON.parse(localStorage.getItem(place())) ?? []; } catch { return []; } };
function keep(views) {
	try { localStorage.setItem(place(), JSON.stringify(views.slice(0, 30))); } catch { say(t('saved.failed'), { alert: true }); }
}

/** Searches of this tab, the latest first: forgotten when it is closed, or somebody else signs in. */
const past = () => `sekisho.past.${session.get()?.account}`;
const history = () => { try { return JSON.parse(sessionStorage.getItem(past())) ?? []; } catch { return []; } };
function remember(params) {
	const words = [params.get('q'), ...filtersOf(params).map((f) => (f.not ? '− ' : '') + f.value)].filter(Boolean).join(' · ');
	if (!words) return;
	const query = params.toString();
	try { sessionStorage.setItem(past(), JSON.stringify([{ words, query }, ...history().filter((h) => h.words !== words)].slice(0, 8))); } catch { /* a private window */ }
}

export function SavedViews() {
	const { params } = useRoute();
	const [views, set] = useState(kept);
	const [title, setTitle] = useState('');
	useEffect(() => remember(params), [params.toString()]);
	const save = (e, close) => {
		e.preventDefault();
		const name = title.trim();
		if (!name) return;
		const next = [{ name, query: params.toString() }, ...views.filter((v) => v.name !== name)];
		keep(next);
		set(next);
		setTitle('');
		say(t('saved.done', { name }));
		close();
	};
	const remove = (name) => { const next = views.filter((v) => v.name !== name); keep(next); set(next); };
	return html`<${Popover} align="right" label=${html`<${Icon} name="save" />${t('saved.label')}`} name=${t('saved.label')}>${(close) => html`<div class="saved">
		${views.length === 0 ? html`<p class="note">${t('saved.none')}</p>` : html`<ul class="plain">${views.map((v) => html`<li><a class="menu-item" href=${'#/findings' + (v.query ? '?' + v.query : '')} onClick=${close}>${v.name}</a><button type="button" class="quiet square" aria-label=${t('saved.remove', { name: v.name })} onClick=${() => remove(v.name)}><${Icon} name="close" size=${12} /></button></li>`)}</ul>`}
		${history().length > 0 && html`<p class="popover-title">${t('saved.recent')}</p><ul class="plain">${history().map((h) => html`<li><a class="menu-item" href=${'#/findings?' + h.query} onClick=${close}>${h.words}</a></li>`)}</ul>`}
		<form class="saved-form" onSubmit=${(e) => save(e, close)}><label>${t('saved.name')}<input value=${title} onInput=${(e) => setTitle(e.target.value)} required maxlength="60" /></label><button type="submit" class="primary">${t('saved.save')}</button></form>
		<button type="button" class="menu-item" onClick=${() => { copy(location.href); close(); }}><${Icon} name="link" />${t('saved.share')}</button>
	</div>`}<//>`;
}

const COLUMNS = ['id', 'kind', 'class', 'severity', 'confidence', 'first', 'last', 'count', 'subject', 'counterpart', 'matched', 'technique', 'campaign', 'case', 'sentence'];
export function Export({ items }) {
	return html`<${Popover} menu align="right" label=${html`<${Icon} name="download" />${t('copy.label')}`} name=${t('copy.label')}>${(close) => {
		const as = (make) => async () => { close(); copy(await make()); };
		return html`<p class="popover-title">${t('copy.shown', { n: items.length })}</p>
			<${MenuItem} onClick=${as(() => csv(items, COLUMNS))}>CSV<//>
			<${MenuItem} onClick=${as(() => JSON.stringify(items, null, '\t'))}>JSON<//>
			<${MenuItem} onClick=${as(async () => JSON.stringify(await stixBundle(items), null, '\t'))}>STIX 2.1 (TLP:RED)<//>`;
	}}<//>`;
}
