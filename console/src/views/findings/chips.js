// SPDX-License-Identifier: Apache-2.0
// Filters as chips: what is asked for, what is left out; each can be turned round or taken away, further ones added.
import { html, useState } from '../../lib/html.js';
import { FIELDS, addFilter, removeFilter } from '../../lib/filters.js';
import { change } from '../../lib/route.js';
import { t, name } from '../../lib/words.js';
import { Icon } from '../../ui/icons.js';
import { kindWords } from '../../ui/marks.js';
import { Popover } from '../../ui/menu.js';

const CHOICES = {
	severity: ['3', '2', '1'], class: ['FD', 'DF', 'FF'],
	kind: ['beacon', 'beacon.stored', 'exfiltration', 'dns.tunnel', 'dns.dga', 'chain', 'bruteforce', 'bruteforce.spray', 'scan.horizontal', 'scan.vertical', 'scan.slow', 'flood.syn', 'amplification', 'indicator.address', 'indicator.domain', 'indicator.ja4', 'lookalike', 'ics.command'],
};
export const filterWords = (field, value) => (field === 'severity' ? t('severity.' + value) : field === 'kind' ? kindWords(value) : field === 'class' ? `${value} ${name('class', value)}` : value);

function Chip({ f }) {
	const plain = `${f.field}:${f.value}`;
	const words = filterWords(f.field, f.value);
	return html`<li class=${'chip' + (f.not ? ' chip-not' : '')}>
		<button type="button" class="chip-turn" title=${t(f.not ? 'filter.turn.in' : 'filter.turn.out')} onClick=${() => change(addFilter(f.field, f.value, !f.not))}><${Icon} name=${f.not ? 'minus' : 'plus'} size=${12} /><span class="chip-field">${t('field.' + f.field)}</span>${f.not ? html`<s>${words}</s>` : words}<span class="hidden">${f.not ? t('filter.not') : ''} ${t(f.not ? 'filter.turn.in' : 'filter.turn.out')}</span></button>
		<button type="button" class="chip-away" aria-label=${t('filter.away', { value: words })} onClick=${() => change(removeFilter(f.text ?? plain))}><${Icon} name="close" size=${12} /></button>
	</li>`;
}

function Add({ close }) {
	const [field, setField] = useState('kind');
	const [value, setValue] = useState('');
	const take = (v, not) => { if (!v) return; change(addFilter(field, v, not)); close(); };
	return html`<form class="filter-add" onSubmit=${(e) => { e.preventDefault(); take(value.trim(), e.submitter?.name === 'not'); }}>
		<label>${t('filter.field')}<select value=${field} onChange=${(e) => { setField(e.target.value); setValue(''); }}>${FIELDS.map((f) => html`<option value=${f}>${t('field.' + f)}</option>`)}</select></label>
		<label>${t('filter.value')}${CHOICES[field] ? html`<select value=${value} onChange=${(e) => setValue(e.target.value)} required><option value="">${t('filter.choose')}</option>${CHOICES[field].map((v) => html`<option value=${v}>${filterWords(field, v)}</option>`)}</select>` : html`<input value=${value} onInput=${(e) => setValue(e.target.value)} required spellcheck=${false} autocapitalize="none" />`}</label>
		<div class="row"><button type="submit" class="primary" name="is">${t('pivot.only')}</button><button type="submit" name="not">${t('pivot.not')}</button></div>
	</form>`;
}

export function Chips({ filters, q }) {
	return html`<div class="chips" role="group" aria-label=${t('filter.label')}>
		<ul class="plain">
			${q && html`<li class="chip"><span class="chip-turn"><${Icon} name="search" size=${12} /><span class="chip-field">${t('field.q')}</span>${q}</span><button type="button" class="chip-away" aria-label=${t('filter.away', { value: q })} onClick=${() => change({ q: null })}><${Icon} name="close" size=${12} /></button></li>`}
			${filters.map((f) => html`<${Chip} key=${f.text} f=${f} />`)}
		</ul>
		<${Popover} class="filter-button" label=${html`<${Icon} name="plus" size=${13} />${t('filter.add')}`} name=${t('filter.add')}>${(close) => html`<${Add} close=${close} />`}<//>
		${filters.length + (q ? 1 : 0) > 1 && html`<button type="button" class="quiet" onClick=${() => change({ f: null, q: null })}>${t('filter.clear')}</button>`}
	</div>`;
}
