// SPDX-License-Identifier: Apache-2.0
// Small things that the views of decisions, measures, reports and oversight share.
import { html, useEffect, useId, useState } from '../lib/html.js';
import { change, useRoute } from '../lib/route.js';
import { clock, fromNow, now } from '../lib/time.js';
import { t } from '../lib/words.js';
import { Icon } from './icons.js';

/** Tabs of a view, in the address: [[id, words, count?]]. The panel below is the view's. */
export function Tabs({ label, tabs, param = 'tab' }) {
	const { params } = useRoute();
	const ids = tabs.map(([id]) => id);
	const chosen = ids.includes(params.get(param)) ? params.get(param) : ids[0];
	const go = (id) => change({ [param]: id === ids[0] ? null : id });
	const key = (e) => {
		const by = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
		if (!by) return;
		const to = ids[(ids.indexOf(chosen) + by + ids.length) % ids.length];
		go(to);
		e.preventDefault();
		e.currentTarget.querySelector(`#tab-${to}`)?.focus();
	};
	return html`<div class="tabs" role="tablist" aria-label=${label} onKeyDown=${key}>${tabs.map(([id, words, count]) => html`<button type="button" role="tab" id=${`tab-${id}`} aria-selected=${id === chosen ? 'true' : 'false'} aria-controls="tab-panel" tabindex=${id === chosen ? 0 : -1} onClick=${() => go(id)}>${words}${count !== undefined && count !== null && html` <span class="tab-count">${count}</span>`}</button>`)}</div>`;
}
export const tabOf = (params, ids, param = 'tab') => (ids.includes(params.get(param)) ? params.get(param) : ids[0]);
export const TabPanel = ({ tab, children }) => html`<div id="tab-panel" role="tabpanel" aria-labelledby=${`tab-${tab}`} class="stack" tabindex="-1">${children}</div>`;

/** A list of facts; what is null, undefined or "" is left out. @param {{facts: [string, any][]}} props */
export const Facts = ({ facts, class: cls = '' }) => html`<dl class=${`facts ${cls}`}>${facts.filter(([, v]) => v !== null && v !== undefined && v !== '').map(([k, v]) => html`<dt>${k}</dt><dd>${v}</dd>`)}</dl>`;

/** A time as people read it: exact, and how far away. "-" and null: a dash. */
export const When = ({ at, seconds = false }) => (!at || at === '-' ? html`<span class="none">–</span>` : html`<time datetime=${at}>${clock(at, { seconds })}</time>`);
export const Ago = ({ at }) => (!at || at === '-' ? '' : html`<span class="note nowrap">${fromNow((Date.parse(at) - now()) / 1000)}</span>`);

/** Seconds left until a time, ticking; not read aloud each second. coarse: days alone while there are two or more, for lists */
export function Countdown({ until, over, coarse }) {
	const [, turn] = useState(0);
	useEffect(() => {
		const timer = setInterval(() => turn((n) => n + 1), 1000);
		return () => clearInterval(timer);
	}, []);
	const left = Math.floor((Date.parse(until) - now()) / 1000);
	if (!Number.isFinite(left)) return html`<span class="none">–</span>`;
	if (left <= 0) return html`<span class="countdown countdown-over">${over ?? t('countdown.over')}</span>`;
	const [d, h, m, s] = [Math.floor(left / 86400), Math.floor(left / 3600) % 24, Math.floor(left / 60) % 60, left % 60];
	const two = (n) => String(n).padStart(2, '0');
	if (coarse && d >= 2) return html`<span class="countdown">${t('countdown.days', { n: d })}</span>`;
	return html`<span class=${`countdown ${left < 3600 ? 'countdown-soon' : ''}`} role="timer" aria-live="off">${d > 0 ? `${t('countdown.days', { n: d })} ` : ''}${two(h)}:${two(m)}:${two(s)}</span>`;
}

/** A control with its words. */
export function Labelled({ label, children, help }) {
	const id = useId();
	return html`<label class="labelled" for=${id}><span>${label}</span>${children(id)}${help && html`<span class="field-help">${help}</span>`}</label>`;
}

/** Something the reader must not overlook, with a shape and words. tone: warn or alarm */
export const Notice = ({ tone = 'warn', title, children }) => html`<div class=${`notice notice-${tone}`}><p class="notice-title"><${Icon} name=${tone === 'good' ? 'check' : 'warn'} /> ${title}</p>${children}</div>`;
