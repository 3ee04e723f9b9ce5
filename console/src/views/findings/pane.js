// SPDX-License-Identifier: Apache-2.0
// Beside the list: one finding explained, or what is known of a value.
import { html, useEffect, useRef } from '../../lib/html.js';
import { may, useApi } from '../../lib/api.js';
import { bytes, whole } from '../../lib/numbers.js';
import { href, go } from '../../lib/route.js';
import { clock, setRange } from '../../lib/time.js';
import { t, name, useLanguage } from '../../lib/words.js';
import { stixBundle } from '../../lib/stix.js';
import { Icon } from '../../ui/icons.js';
import { ClassMark, Confidence, Severity, Tag, kindWords } from '../../ui/marks.js';
import { MenuItem, Popover } from '../../ui/menu.js';
import { Show } from '../../ui/state.js';
import { Value, copy } from '../../ui/value.js';

const SEVERITY = { low: 1, medium: 2, high: 3 };

function Pane({ title, close, children, label }) {
	const head = useRef(null);
	useEffect(() => { if (matchMedia('(max-width: 75rem)').matches) head.current?.scrollIntoView({ block: 'start' }); }, [title]);
	return html`<aside class="panel pane" aria-label=${label} ref=${head}><header class="pane-head"><h2>${title}</h2><button type="button" class="quiet square" aria-label=${t('action.close')} title=${`${t('action.close')} (Esc)`} onClick=${close}><${Icon} name="close" /></button></header>${children}</aside>`;
}
const List = ({ of }) => html`<ul class="doubts">${of.map((d) => html`<li>${d}</li>`)}</ul>`;

/** A host of one’s own side stands as a token: an address that is nobody's (docs/custody.md). */
const isToken = (address) => /^2(4\d|5[0-5])\.|^100::/.test(address ?? '');

function Evidence({ f }) {
	if (!f.evidence?.length) return html`<p class="note">${t('explain.evidence.none')}</p>`;
	return html`<div class="table-box"><table class="table table-dense"><caption class="hidden">${t('explain.evidence')}</caption><thead><tr><th scope="col">${t('explain.when')}</th><th scope="col">${t('explain.pair')}</th><th scope="col" class="number">${t('explain.bytes')}</th></tr></thead>
		<tbody>${f.evidence.map((o) => html`<tr><td class="nowrap">${clock(o.first)}</td><td class="mono">${o.initiator} → ${o.responder}${o.id && [o.initiator, o.responder].some(isToken) && may('reident.request') ? html` <a class="nowrap" href=${href('oversight', null, { tab: 'custody', observation: o.id })}>${t('explain.reident')}</a>` : ''}</td><td class="number">${bytes(o.ip_bytes_out)} / ${bytes(o.ip_bytes_in)}</td></tr>`)}</tbody></table></div>
		${f.observations > f.evidence.length && html`<p class="note">${t('explain.evidence.more', { n: f.observations - f.evidence.length })}</p>`}`;
}

function Explained({ f }) {
	const severity = SEVERITY[f.severity] ?? f.severity;
	const around = () => setRange(Date.parse(f.first) - 1800e3, Date.parse(f.last) + 1800e3);
	return html`<div class="stack explained">
		<p class="explained-sentence">${f.sentence}</p>
		<p class="row"><${Severity} of=${severity} /><${ClassMark} of=${f.class} /><${Confidence} of=${f.confidence_percent ?? f.confidence} />${(f.technique ?? []).map((x) => html`<${Value} field="technique" value=${x} />`)}</p>
		<section><h3>${t('explain.why')}</h3><p>${f.why}</p></section>
		<section><h3>${t('explain.else')}</h3>${Array.isArray(f.else) ? html`<${List} of=${f.else} />` : html`<p>${f.doubt}</p>`}</section>
		<dl class="facts">
			<dt>${t('explain.subject')}</dt><dd><${Value} field="value" value=${f.subject} /></dd>
			${f.counterpart && html`<dt>${t('explain.counterpart')}</dt><dd><${Value} field="value" value=${f.counterpart} /></dd>`}
			${f.matched && f.matched !== f.subject && f.matched !== f.counterpart && html`<dt>${t('explain.matched')}</dt><dd><${Value} field="value" value=${f.matched} /></dd>`}
			${f.origin && html`<dt>${t('explain.origin')}</dt><dd>${f.origin}</dd>`}
			<dt>${t('explain.first')}</dt><dd>${clock(f.first)}</dd>
			<dt>${t('explain.last')}</dt><dd>${clock(f.last)} <button type="button" class="linklike" onClick=${around}>${t('pivot.around')}</button></dd>
			<dt>${t('findings.count')}</dt><dd>${whole(f.count)}</dd>
			${f.campaign && html`<dt>${t('field.campaign')}</dt><dd><a href=${href('campaigns', f.campaign)}>${f.campaign}</a></dd>`}
			${f.case && html`<dt>${t('field.case')}</dt><dd><a href=${href('cases', f.case)}>${f.case}</a></dd>`}
		</dl>
		<details class="details" open><summary>${t('explain.evidence')}</summary><${Evidence} f=${f} /></details>
		${f.basis && html`<details class="details"><summary>${t('explain.lawful')}</summary><dl class="facts">
			<dt>${t('explain.basis')}</dt><dd>${f.basis.id} (${name('basis', f.basis.kind)}, ${f.basis.classes?.join(' ')})${f.basis.simulated && html` <${Tag} tone="warn">${t('explain.simulated')}<//>`}</dd>
			${f.ledger && html`<dt>${t('explain.ledger')}</dt><dd>${t('explain.leaf', { leaf: String(f.ledger.leaf), size: String(f.ledger.size) })}</dd><dt>${t('explain.interval')}</dt><dd>${f.ledger.link} ${f.ledger.interval}</dd>`}
		</dl></details>`}
		<div class="buttons">
			${may('analysis.write', 'g1.read') && html`<button type="button" onClick=${() => go('cases', 'new', { finding: f.id, title: kindWords(f.kind) })}>${t('explain.case')}</button>`}
			<${Popover} menu label=${html`<${Icon} name="download" />${t('copy.label')}`} name=${t('copy.one')}>${(close) => html`
				<${MenuItem} onClick=${() => { close(); copy(f.sentence); }}>${t('copy.sentence')}<//>
				<${MenuItem} onClick=${() => { close(); copy(JSON.stringify(f, null, '\t')); }}>JSON<//>
				<${MenuItem} onClick=${async () => { close(); copy(JSON.stringify(await stixBundle([f]), null, '\t')); }}>STIX 2.1 (TLP:RED)<//>
				<${MenuItem} onClick=${() => { close(); copy(`sekisho explain ${f.id}`); }}>${t('copy.command')}<//>`}<//>
		</div>
	</div>`;
}

export function Explanation({ id, workspace, close }) {
	const answer = useApi('findings/' + encodeURIComponent(id), { lang: useLanguage(), workspace });
	return html`<${Pane} title=${answer.data ? kindWords(answer.data.kind) : t('explain.title')} label=${t('explain.title')} close=${close}><${Show} of=${answer} lines=${8}>${(f) => html`<${Explained} f=${f} />`}<//><//>`;
}

export function Lookup({ value, close }) {
	const answer = useApi('lookup', { value, lang: useLanguage() });
	return html`<${Pane} title=${t('lookup.title')} label=${t('lookup.title')} close=${close}>
		<p class="explained-sentence mono">${value}</p>
		<${Show} of=${answer} lines=${5}>${(all) => { const d = Array.isArray(all) ? all[0] : all.items?.[0] ?? all; return html`<dl class="facts">
			${d.side && html`<dt>${t('lookup.place')}</dt><dd>${name('lookup.place', d.side)}</dd>`}
			<dt>${t('lookup.findings')}</dt><dd>${whole(d.findings)}</dd>
			<dt>${t('lookup.observations')}</dt><dd>${whole(d.observations)}</dd>
			${d.first && html`<dt>${t('explain.first')}</dt><dd>${clock(d.first)}</dd><dt>${t('explain.last')}</dt><dd>${clock(d.last)}</dd>`}
			<dt>${t('lookup.selector')}</dt><dd>${d.in_selector_set ? html`<span class="mono">${d.selector}</span> <small>${d.origin}</small>` : t('lookup.selector.none')}</dd>
			${d.erased_observations > 0 && html`<dt>${t('lookup.erased')}</dt><dd>${whole(d.erased_observations)}</dd>`}
		</dl>${d.newest_finding && html`<h3>${t('lookup.newest')}</h3><p>${d.newest_finding}</p>`}${d.why?.map((w) => html`<p class="note">${w}</p>`)}
		<div class="buttons"><button type="button" onClick=${() => go('findings', null, { f: `value:${value}` })}>${t('pivot.findings')}</button></div>`; }}<//>
	<//>`;
}
