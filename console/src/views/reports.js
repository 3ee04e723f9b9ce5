// SPDX-License-Identifier: Apache-2.0
// Damage reports: what came in and what is due; the form; what may be one event; numbers.
import { html, useState } from '../lib/html.js';
import { may, post, useApi, useList } from '../lib/api.js';
import { useEvent } from '../lib/events.js';
import { change, go, href, useRoute } from '../lib/route.js';
import { whole } from '../lib/numbers.js';
import { say } from '../lib/say.js';
import { now } from '../lib/time.js';
import { language, name, t } from '../lib/words.js';
import { Tag } from '../ui/marks.js';
import { Page, Panel } from '../ui/page.js';
import { Labelled, TabPanel, Tabs, When, tabOf } from '../ui/parts.js';
import { Empty, Failure, Show } from '../ui/state.js';
import { List } from '../ui/table.js';
import { NextClock } from './reports/clocks.js';
import { Report } from './reports/one.js';
import { Write } from './reports/write.js';

const both = (list, word) => list?.find((x) => x.name === word)?.label?.[language.get()] ?? word;

function All() {
	const { params } = useRoute();
	const schema = useApi('reports/schema');
	const filter = { form: params.get('form'), stage: params.get('stage'), regime: params.get('regime'), q: params.get('q'), limit: 50 };
	const list = useList('reports', filter);
	useEvent(['report', 'due'], list.reload, [list.reload]);
	const columns = [
		{ key: 'clock', head: t('reports.next'), cell: (r) => html`<${NextClock} clocks=${r.clocks} />` },
		{ key: 'title', head: t('reports.what'), cell: (r) => html`<a href=${href('reports', r.id)}>${r.title}</a>${r.seen === 'gist' ? html` <${Tag}>${t('reports.gist.tag')}<//>` : ''}<br /><span class="note mono">${r.id.slice(0, 8)}</span>` },
		{ key: 'org', head: t('reports.org'), cell: (r) => r.org ?? html`<span class="none">${t('reports.gist.org')}</span>` },
		{ key: 'form', head: t('reports.form'), cell: (r) => both(schema.data?.forms, r.form) },
		{ key: 'stage', head: t('reports.stage.head'), cell: (r) => html`<${Tag} tone=${r.stage === 'final' ? 'good' : 'accent'}>${both(schema.data?.stages, r.stage)}<//> <span class="note nowrap">${t('reports.version', { n: r.version })}</span>` },
		{ key: 'aware', head: t('reports.aware'), class: 'nowrap', cell: (r) => html`<${When} at=${r.aware} />` },
		{ key: 'submitted', head: t('reports.submitted'), class: 'nowrap', cell: (r) => html`<${When} at=${r.submitted} />` },
		{ key: 'case', head: t('reports.case'), cell: (r) => (r.case ? html`<a class="nowrap" href=${href('cases', r.case)}>${r.case}</a>` : html`<span class="none">–</span>`) },
	];
	const select = (key, options, words) => html`<${Labelled} label=${t(`reports.by.${key}`)}>${(id) => html`<select id=${id} value=${params.get(key) ?? ''} onChange=${(e) => change({ [key]: e.target.value || null })}><option value="">${t('reports.by.all')}</option>${options.map((o) => html`<option value=${o} selected=${o === params.get(key)}>${words(o)}</option>`)}</select>`}<//>`;
	return html`<div class="row filter-row">${select('form', (schema.data?.forms ?? []).map((f) => f.name), (f) => both(schema.data?.forms, f))}${select('stage', (schema.data?.stages ?? []).map((s) => s.name), (s) => both(schema.data?.stages, s))}${select('regime', ['jp_act_art5', 'jp_personal_data', 'nis2', 'circia', 'switzerland', 'australia_soci'], (r) => t(`regime.${r}`))}
		<form role="search" aria-label=${t('reports.by.q')} onSubmit=${(e) => { e.preventDefault(); change({ q: e.target.elements.q.value.trim() || null }); }}><${Labelled} label=${t('reports.by.q')}>${(id) => html`<input id=${id} name="q" type="search" value=${params.get('q') ?? ''} />`}<//></form></div>
		<section class="panel"><${List} list=${list} caption=${t('nav.reports')} columns=${columns} id=${(r) => r.id} open=${(r) => go('reports', r.id, { form: null, stage: null, regime: null, q: null })} empty=${html`<${Empty} title=${t('reports.none')}>${may('incident.report') ? t('reports.none.write') : t('reports.none.do')}<//>`} /></section>`;
}

function Duplicates() {
	const pairs = useApi('reports/duplicates');
	const [error, setError] = useState(null);
	const merge = async (p) => {
		setError(null);
		try {
			await post('reports/merge', { id: [p.a, p.b] });
			say(t('reports.merged'));
			pairs.reload();
		} catch (e) {
			setError(e);
		}
	};
	return html`${error && html`<${Failure} error=${error} />`}<${Show} of=${pairs} lines=${4}>${(data) => {
		const rows = data.items ?? data;
		if (rows.length === 0) return html`<${Empty} title=${t('reports.duplicates.none')}>${t('reports.duplicates.none.do')}<//>`;
		return html`<p class="note">${t('reports.duplicates.help')}</p><ul class="plain stack">${rows.map((p) => html`<li class="panel duplicate"><div class="row"><a href=${href('reports', p.a)}>${p.title_a}</a><span aria-hidden="true">↔</span><span class="hidden">${t('reports.and')}</span><a href=${href('reports', p.b)}>${p.title_b}</a><${Tag} tone="accent">${t('reports.score', { n: Math.round(p.score ?? 0) })}<//></div>
			<p class="note">${p.why}</p>
			${p.case_a && p.case_a === p.case_b ? html`<p class="note">${t('reports.joined', { id: p.case_a })}</p>` : may('case.write') && html`<div class="buttons"><button type="button" onClick=${() => merge(p)}>${t('reports.merge')}</button></div>`}</li>`)}</ul>`;
	}}<//>`;
}

function Statistics() {
	const [year, setYear] = useState(new Date(now()).getUTCFullYear());
	const table = useApi('reports/statistics', { year });
	const schema = useApi('reports/schema');
	return html`<div class="row apart"><${Labelled} label=${t('annual.year')}>${(id) => html`<input id=${id} type="number" class="short" min="2025" max="2100" value=${year} onChange=${(e) => setYear(Number(e.target.value) || year)} />`}<//></div>
		<${Show} of=${table} empty=${(d) => d.rows.length <= 1 && d.rows.every((r) => r.counts.every((c) => c === 0))}>${(data) => html`<${Panel} title=${t('reports.statistics.title', { year: String(data.year) })} note=${t('reports.statistics.note', { k: data.k })} id="statistics"><div class="table-box" tabindex="0" role="region" aria-label=${t('reports.tab.statistics')}><table class="table"><caption class="hidden">${t('reports.statistics.title', { year: String(data.year) })}</caption>
			<thead><tr><th scope="col">${t('reports.sector')}</th>${data.columns.map((c) => html`<th scope="col" class="number">${c === 'total' ? t('reports.total') : both(schema.data?.forms, c)}</th>`)}</tr></thead>
			<tbody>${data.rows.map((r) => html`<tr class=${r.sector === 'total' ? 'total-row' : ''}><th scope="row">${r.sector === 'total' ? t('reports.total') : name('sector', r.sector)}</th>${r.counts.map((c) => html`<td class="number">${c === null ? html`<span class="suppressed" title=${t('reports.suppressed.why', { k: data.k })}>${t('reports.held')}</span>` : whole(c)}</td>`)}</tr>`)}</tbody></table></div>
			<p class="note">${t('reports.suppressed.why', { k: data.k })}</p><//>`}<//>`;
}

const TABS = { all: All, write: Write, duplicates: Duplicates, statistics: Statistics };
export default function View({ view, id }) {
	const { params } = useRoute();
	if (id) return html`<${Report} view=${view} id=${id} key=${id} />`;
	const ids = ['all', ...(may('incident.report') ? ['write'] : []), ...(may('incident.receive') ? ['duplicates'] : []), 'statistics'];
	const tab = tabOf(params, ids);
	const Shown = TABS[tab];
	return html`<${Page} view=${view} sub=${t('reports.sub')}>
		<${Tabs} label=${t('nav.reports')} tabs=${ids.map((one) => [one, t(`reports.tab.${one}`)])} />
		<${TabPanel} tab=${tab}><${Shown} /><//>
	<//>`;
}
