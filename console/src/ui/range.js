// SPDX-License-Identifier: Apache-2.0
// The global time range and the zone in which times are shown. Both stand in the address.
import { html, useId, useState } from '../lib/html.js';
import { t } from '../lib/words.js';
import { DEFAULT_RANGE, RELATIVE, clock, fromInput, refresh, setRange, toInput, useRange, zoneName, zoneOf } from '../lib/time.js';
import { change, useRoute } from '../lib/route.js';
import { Icon } from './icons.js';
import { Popover } from './menu.js';

const UNITS = { s: 'second', m: 'minute', h: 'hour', d: 'day' };
export const rangeWords = (since) => t('range.last', { length: t('range.' + UNITS[since.slice(-1)], { n: Number(since.slice(1, -1)) }) });

function Absolute({ range, close }) {
	const [from, setFrom] = useState(toInput(range.from));
	const [to, setTo] = useState(toInput(range.to));
	const [wrong, setWrong] = useState(false);
	const id = useId();
	const apply = (e) => {
		e.preventDefault();
		const a = fromInput(from), b = fromInput(to);
		if (!(a < b)) { setWrong(true); return; }
		setRange(a, b);
		close();
	};
	return html`<form class="range-absolute" onSubmit=${apply}>
		<p class="popover-title">${t('range.absolute')} (${zoneName()})</p>
		<label>${t('range.from')}<input type="datetime-local" value=${from} onInput=${(e) => setFrom(e.target.value)} required aria-describedby=${wrong ? id : undefined} /></label>
		<label>${t('range.to')}<input type="datetime-local" value=${to} onInput=${(e) => setTo(e.target.value)} required /></label>
		${wrong && html`<p class="wrong" id=${id} role="alert">${t('range.wrong')}</p>`}
		<button type="submit" class="primary">${t('range.apply')}</button>
	</form>`;
}

export function RangeControl() {
	const range = useRange();
	const { params } = useRoute();
	const zone = zoneOf(params);
	const other = zone === 'jst' ? 'utc' : 'jst';
	const words = range.live && range.since.startsWith('-') ? rangeWords(range.since) : `${clock(range.from, { seconds: false })} – ${range.until ? clock(range.to, { seconds: false }) : t('range.now')}`;
	const take = (since, close) => { refresh(); change({ since: since === DEFAULT_RANGE ? null : since, until: null }); close(); };
	return html`<div class="range" role="group" aria-label=${t('range.label')}>
		<${Popover} label=${html`<${Icon} name="clock" /><span>${words}</span>`} name=${`${t('range.label')}: ${words}`}>${(close) => html`<div class="range-panel">
			<div class="range-presets">${RELATIVE.map((r) => html`<button type="button" class=${'menu-item' + (range.live && range.since === r ? ' on' : '')} aria-pressed=${range.live && range.since === r} onClick=${() => take(r, close)}>${rangeWords(r)}</button>`)}</div>
			<${Absolute} range=${range} close=${close} />
		</div>`}<//>
		<button type="button" class="zone" title=${t('range.zone', { zone: zoneName(zone), other: zoneName(other) })} aria-label=${t('range.zone', { zone: zoneName(zone), other: zoneName(other) })} onClick=${() => change({ tz: other === 'utc' ? null : other })}>${zoneName(zone)}</button>
		<button type="button" class="square" title=${`${t('range.refresh')} (r)`} aria-label=${t('range.refresh')} onClick=${refresh}><${Icon} name="refresh" /></button>
	</div>`;
}
