// SPDX-License-Identifier: Apache-2.0
// The annual report: fourteen items, each number with the leaves that it was counted from, so that anybody can count again. Small numbers that could point at a
// person are told as "fewer than k".
import { html, useState } from '../../lib/html.js';
import { useApi } from '../../lib/api.js';
import { whole } from '../../lib/numbers.js';
import { now } from '../../lib/time.js';
import { language, name, t } from '../../lib/words.js';
import { Panel } from '../../ui/page.js';
import { Facts, Labelled } from '../../ui/parts.js';
import { Show } from '../../ui/state.js';
import { leafLink } from './rest.js';

const said = (words) => words[language.get()] ?? words.en;
function Count({ figure }) {
	if (figure.untold) return html`<span class="note" title=${figure.untold}>${t('annual.untold')}</span>`;
	if (figure.fewer_than !== undefined) return html`<b>${t('annual.fewer', { k: figure.fewer_than })}</b>`;
	return html`<b>${whole(figure.count)}</b>`;
}
function Leaves({ figure }) {
	const [all, setAll] = useState(false);
	if (!figure.leaves?.length) return html`<span class="none">–</span>`;
	const shown = all ? figure.leaves : figure.leaves.slice(0, 8);
	return html`<span class="leaves">${shown.map((leaf) => html`${leafLink(leaf)} `)}${figure.leaves.length > 8 && html`<button type="button" class="quiet small" onClick=${() => setAll(!all)}>${all ? t('measures.fewer') : t('annual.more', { n: figure.leaves.length - 8 })}</button>`}</span>`;
}

export function Annual() {
	const [year, setYear] = useState(new Date(now()).getUTCFullYear());
	const report = useApi('annual', { year, lang: language.get() });
	return html`<div class="row apart"><${Labelled} label=${t('annual.year')}>${(id) => html`<input id=${id} type="number" class="short" min="2025" max="2100" value=${year} onChange=${(e) => { const y = Number(e.target.value); if (y >= 2025 && y <= 2100) setYear(y); }} />`}<//><p class="note">${t('annual.note')}</p></div>
		<${Show} of=${report} lines=${10}>${(data) => html`
			<${Panel}><${Facts} facts=${[[t('ledger.origin'), html`<span class="mono">${data.origin}</span>`], [t('annual.period'), `${data.from?.slice(0, 10)} – ${data.to?.slice(0, 10)}`], [t('annual.acts'), whole(data.acts)], [t('annual.head'), html`<span class="mono">${whole(data.size)} ${data.root}</span>`], [t('annual.simulated'), data.simulated ? t('form.yes') : null]]} /><//>
			<div class="annual">${data.items.map((item) => html`<${Panel} title=${`${item.item}. ${said(item)}`} note=${item.article ? t('annual.article', { article: item.article }) : ''} id=${`item-${item.item}`}>
				<div class="table-box" tabindex="0" role="region" aria-label=${said(item)}><table class="table table-dense"><caption class="hidden">${said(item)}</caption><thead><tr><th scope="col">${t('annual.what')}</th><th scope="col" class="number">${t('annual.count')}</th><th scope="col">${t('annual.leaves')}</th></tr></thead>
				<tbody>${item.figures.map((figure) => html`<tr><th scope="row">${said(figure)}</th><td class="number"><${Count} figure=${figure} /></td><td><${Leaves} figure=${figure} /></td></tr>`)}</tbody></table></div><//>`)}</div>
			${data.gists?.length > 0 && html`<${Panel} title=${t('annual.gists')} id="gists"><ul>${data.gists.map((g) => html`<li>${name('act.word', g.kind)}: ${name('act.word', g.about)} (${whole(g.count)})</li>`)}</ul><//>`}`}<//>`;
}
