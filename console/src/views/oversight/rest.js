// SPDX-License-Identifier: Apache-2.0
// What else an overseer has in hand: bases and what is done under them, who looked, urgent orders, remarks and their days, inspections.
import { html, useState } from '../../lib/html.js';
import { may, session, useApi, useList } from '../../lib/api.js';
import { ACTS } from '../../lib/acts.js';
import { useActs } from '../../lib/events.js';
import { go, href } from '../../lib/route.js';
import { whole } from '../../lib/numbers.js';
import { rangeParams, useRange } from '../../lib/time.js';
import { name, t } from '../../lib/words.js';
import { Icon } from '../../ui/icons.js';
import { Tag } from '../../ui/marks.js';
import { Panel } from '../../ui/page.js';
import { Ago, Countdown, Labelled, When } from '../../ui/parts.js';
import { ActButton, ActDialog } from '../../ui/sign.js';
import { Empty, Show } from '../../ui/state.js';
import { List, Table } from '../../ui/table.js';

const rowsOf = (data) => data.items ?? data;
export const leafLink = (leaf) => html`<a href=${href('oversight', null, { tab: null, leaf: String(leaf), ledger: null })}>${whole(leaf)}</a>`;

/* ---- bases ---- */

const TONE = { active: 'good', extending: 'good', extended: 'good', suspended: 'alarm', review: 'accent' };
export function Bases() {
	const bases = useApi('bases', { limit: 200 });
	useActs(bases.reload);
	const columns = [
		{ key: 'id', head: t('basis.id'), cell: (b) => html`<a href=${href('decisions', `basis/${b.id}`)}>${b.id}</a>` },
		{ key: 'stage', head: t('basis.stage'), cell: (b) => html`<${Tag} tone=${TONE[b.stage]}>${name('basis.stage', b.stage)}<//>${b.suspended_by?.length ? html` <span class="note">${b.suspended_by.map((w) => name('act.word', w)).join(', ')}</span>` : ''}` },
		{ key: 'kind', head: t('basis.kind'), cell: (b) => name('basis.kind', b.kind) },
		{ key: 'collects', head: t('oversight.collects'), cell: (b) => (b.collects ? html`<span class="good-line"><${Icon} name="check" size=${14} /> ${t('form.yes')}</span>` : t('form.no')) },
		{ key: 'asker', head: t('basis.asker'), cell: (b) => `${b.asker} (${b.asker_org})` },
		{ key: 'votes', head: t('basis.votes'), cell: (b) => (b.votes.length ? t('basis.count', { ayes: b.votes.filter((v) => v.aye).length, nays: b.votes.filter((v) => !v.aye).length }) : '–') },
		{ key: 'ext', head: t('basis.extensions'), number: true, cell: (b) => whole(b.extensions) },
		{ key: 'left', head: t('basis.left'), cell: (b) => (b.collects ? html`<${Countdown} until=${b.until} />` : html`<${When} at=${b.until} />`) },
	];
	return html`<${Show} of=${bases} lines=${6}>${(data) => (rowsOf(data).length === 0 ? html`<${Empty} title=${t('basis.none')}>${t('basis.none.do')}<//>` : html`<${Panel}><${Table} caption=${t('decisions.bases')} columns=${columns} rows=${rowsOf(data)} id=${(b) => b.id} open=${(b) => go('decisions', `basis/${b.id}`)} /><//>`)}<//>`;
}

/* ---- who looked ---- */

const LOOKS_MAX = 1000;
export function AccessLog() {
	const range = useRange();
	const [asked, setAsked] = useState(null);
	const [found, setFound] = useState(null);
	const [form, setForm] = useState({ account: '', org: '', what: '' });
	const columns = [
		{ key: 'time', head: t('basis.when'), class: 'nowrap', cell: (r) => html`<${When} at=${r.time} seconds />` },
		{ key: 'who', head: t('log.who'), cell: (r) => html`${r.account} <span class="note">(${r.org})</span>` },
		{ key: 'event', head: t('basis.step'), cell: (r) => name('log.event', r.event) },
		{ key: 'what', head: t('log.what'), cell: (r) => html`<span class="mono">${r.what}</span>` },
		{ key: 'purpose', head: t('log.purpose'), cell: (r) => (r.purpose ? name('log.purpose', r.purpose) : '–') },
		{ key: 'scope', head: t('act.field.scope'), cell: (r) => r.scope || '–' },
		{ key: 'leaf', head: t('basis.leaf'), number: true, cell: (r) => leafLink(r.leaf) },
	];
	const submit = (e) => {
		e.preventDefault();
		setAsked({ ...Object.fromEntries(Object.entries({ ...rangeParams(range), ...form }).filter(([, v]) => v)), limit: LOOKS_MAX });
	};
	const box = (key) => html`<${Labelled} label=${t(`log.by.${key}`)}>${(id) => html`<input id=${id} value=${form[key]} onInput=${(e) => setForm({ ...form, [key]: e.target.value.trim() })} autocomplete="off" spellcheck=${false} />`}<//>`;
	return html`<${Panel} title=${t('log.title')} note=${t('log.note')} id="log">
		<form class="row log-form" onSubmit=${submit} role="search" aria-label=${t('log.title')}>${box('account')}${box('org')}${box('what')}<button type="submit" class="primary"><${Icon} name="search" /> ${t('search.field')}</button></form>
		${asked && html`<${ActDialog} command="access.log" args=${asked} title=${t('act.access.log')} words=${t('log.sign')} close=${() => setAsked(null)} done=${(answer) => { setFound(rowsOf(answer)); setAsked(null); }} />`}
		${found && html`<${Looks} rows=${found} columns=${columns} />`}
	<//>`;
}
/** One page of what a search found at a time. */
function Looks({ rows, columns }) {
	const [page, setPage] = useState(0);
	const from = page * 50;
	const list = { items: rows.slice(from, from + 50), total: rows.length, from, data: rows, error: null, loading: false, next: from + 50 < rows.length ? () => setPage(page + 1) : null, back: page > 0 ? () => setPage(page - 1) : null };
	return html`<${List} list=${list} caption=${t('log.title')} columns=${columns} id=${(r) => `${r.leaf} ${r.time} ${r.what}`} empty=${html`<${Empty} title=${t('log.none')}>${t('log.none.do')}<//>`} dense />`;
}

/* ---- urgent orders ---- */

export function Urgent() {
	const list = useList('urgent', {});
	const mark = (good, yes, no) => (good ? html`<span class="good-line"><${Icon} name="check" size=${14} /> ${yes}</span>` : html`<span class="wrong"><${Icon} name="clock" size=${14} /> ${no}</span>`);
	useActs(list.reload);
	const columns = [
		{ key: 'id', head: t('order.id'), cell: (o) => html`<a href=${href('decisions', o.id)}>${o.id}</a>` },
		{ key: 'reviewed', head: t('urgent.reviewed'), cell: (o) => mark(o.reviewed, t('form.yes'), t('urgent.open')) },
		{ key: 'set', head: t('urgent.set'), cell: (o) => html`<${When} at=${o.urgent_set} />` },
		{ key: 'ratified', head: t('urgent.ratified'), cell: (o) => html`${mark(o.ratified, t('form.yes'), t('urgent.open'))}${o.ratify_until && html` <${Countdown} until=${o.ratify_until} />`}` },
		{ key: 'state', head: t('order.state'), cell: (o) => name('order.state', o.state) },
		{ key: 'measure', head: t('order.measure'), cell: (o) => html`${name('measure', o.measure)}: ${o.targets.join(', ')}<br /><small>${o.urgent_why}</small>` },
		{ key: 'proposer', head: t('order.proposer'), cell: (o) => o.proposer },
	];
	const open = list.items.filter((o) => !o.reviewed).length;
	return html`${open > 0 && html`<p class="note">${t('urgent.help', { n: open })}</p>`}<${Panel}><${List} list=${list} caption=${t('oversight.urgent')} columns=${columns} id=${(o) => o.id} open=${(o) => go('decisions', o.id)}
		empty=${html`<${Empty} title=${t('urgent.none')}>${t('urgent.none.do')}<//>`} /><//>`;
}

/* ---- remarks ---- */

const over = (r) => Number(['closed', 'withdrawn'].includes(r.state));
function remarkSteps(r, me) {
	if (r.state === 'issued' && r.to === me.org && may('remark.answer')) return ['answer'];
	if (!may('remark.close')) return [];
	return r.state === 'answered' ? ['close', 'insist', 'withdraw'] : r.state === 'issued' ? ['withdraw'] : [];
}
export function Remarks() {
	const me = session.get();
	const remarks = useApi('remarks');
	useActs(remarks.reload);
	return html`${may('remark.issue') && html`<${Issue} kind="remark" done=${remarks.reload} />`}
		<${Show} of=${remarks} lines=${5}>${(data) => {
			const rows = [...rowsOf(data)].filter((r) => r.matter !== 'selfreport').sort((a, b) => over(a) - over(b) || Number(b.overdue) - Number(a.overdue) || (a.due ?? '').localeCompare(b.due ?? ''));
			if (rows.length === 0) return html`<${Empty} title=${t('remarks.none')}>${t('remarks.none.do')}<//>`;
			return html`<ul class="plain stack">${rows.map((r) => html`<li class="panel remark ${r.overdue ? 'remark-late' : ''}">
				<header class="row apart"><span class="row"><b>${r.id}</b><${Tag} tone=${r.kind === 'demand' ? 'alarm' : r.kind === 'recommendation' ? 'accent' : ''}>${name('act.word', r.kind)}<//><span>${t('remarks.about', { what: name('act.word', r.about) })}</span><${Tag} tone=${r.state === 'closed' ? 'good' : r.overdue ? 'alarm' : ''}>${name('remark.state', r.state)}<//></span>
				<span class="row note">${r.due && ['issued', 'answered'].includes(r.state) ? html`${r.overdue ? html`<b class="wrong"><${Icon} name="warn" /> ${t('remarks.overdue')}</b>` : t('remarks.due')} <${When} at=${r.due} /> <${Ago} at=${r.due} />` : ''}</span></header>
				<p class="remark-text">${r.text}</p>
				<p class="note">${t('remarks.from', { by: r.by, to: r.to ?? '' })} <${When} at=${r.opened} />${r.suspends ? html`; ${t('remarks.suspends', { basis: r.suspends })}` : ''}; ${t('basis.leaf')} ${leafLink(r.leaf)}</p>
				${r.answer && html`<blockquote class="remark-answer"><b>${t('remarks.answer')}</b> ${r.answer}</blockquote>`}
				${remarkSteps(r, me).length > 0 && html`<div class="buttons">${remarkSteps(r, me).map((e) => html`<${ActButton} key=${e} command=${`remark.${e}`} id=${r.id} words=${r.text} tone=${ACTS.remark[e].tone ?? (ACTS.remark[e].main ? 'primary' : '')} done=${remarks.reload} />`)}</div>`}
			</li>`)}</ul>`;
		}}<//><${SelfReports} />`;
}

/** Errors that organisations report of themselves: filed and added to by whose they are, assessed and closed by oversight. */
export function SelfReports() {
	const me = session.get();
	const reports = useApi('remarks', { self: true, limit: 200 });
	useActs(reports.reload);
	const overseer = me.kind === 'oversight';
	const steps = (r) => (overseer ? { filed: ['assess'], assessed: ['close'] }[r.state] ?? [] : r.state === 'filed' && r.by === me.org && may('report.make') ? ['amend'] : []);
	return html`<${Panel} title=${t('selfreport.title')} note=${t('selfreport.note')} id="selfreports">
		${!overseer && may('report.make') && html`<${Issue} kind="selfreport" done=${reports.reload} />`}
		<${Show} of=${reports} lines=${2}>${(data) => (rowsOf(data).length === 0 ? html`<p class="note">${t('selfreport.none')}</p>` : html`<ul class="plain stack">${rowsOf(data).map((r) => html`<li class="remark"><header class="row"><b>${r.id}</b><span>${t('remarks.about', { what: name('act.word', r.about) })}</span><${Tag}>${name('selfreport.state', r.state)}<//></header>
			<p class="remark-text">${r.text}</p><p class="note">${r.by}, <${When} at=${r.opened} />; ${t('basis.leaf')} ${leafLink(r.leaf)}</p>
			${steps(r).length > 0 && html`<div class="buttons">${steps(r).map((e) => html`<${ActButton} key=${e} command=${`remark.${e}`} id=${r.id} args=${e === 'close' ? { self: true } : {}} wanted=${e === 'close' ? { matter: 'selfreport', event: 'close', id: r.id } : undefined} words=${r.text} tone="primary" done=${reports.reload} />`)}</div>`}</li>`)}</ul>`)}<//>
	<//>`;
}

/** A new remark, report of oneself, or inspection: its name first, then the act. */
function Issue({ kind, done }) {
	const [id, setId] = useState('');
	const good = /^[A-Za-z0-9][A-Za-z0-9._:@+-]{0,62}$/.test(id);
	return html`<div class="row issue"><${Labelled} label=${t({ remark: 'remark.new', selfreport: 'selfreport.new', inspection: 'inspection.new' }[kind])}>${(box) => html`<input id=${box} class="short" value=${id} placeholder=${{ remark: 'r-12', selfreport: 's-3', inspection: 'i-4' }[kind]} onInput=${(e) => setId(e.target.value.trim())} />`}<//>
		<${ActButton} command=${{ remark: 'remark.issue', selfreport: 'remark.file', inspection: 'inspect.begin' }[kind]} id=${id} disabled=${!good} tone="primary" done=${() => { setId(''); done(); }} /></div>`;
}

/* ---- inspections ---- */

export function Inspections() {
	const inspections = useApi('inspections');
	useActs(inspections.reload);
	const columns = (reload) => [
		{ key: 'id', head: t('inspection.id'), cell: (i) => html`<b>${i.id}</b>` },
		{ key: 'state', head: t('order.state'), cell: (i) => html`<${Tag} tone=${i.state === 'running' ? 'accent' : ''}>${name('inspection.state', i.state)}<//>` },
		{ key: 'occasion', head: t('act.field.occasion'), cell: (i) => name('act.word', i.occasion) },
		{ key: 'begun', head: t('inspection.begun'), cell: (i) => html`<${When} at=${i.begun} />` },
		{ key: 'acts', head: t('inspection.acts'), number: true, cell: (i) => whole(i.acts) },
		{ key: 'result', head: t('act.field.result'), cell: (i) => (i.result ? name('act.word', i.result) : '–') },
		{ key: 'text', head: t('act.field.text'), cell: (i) => i.text },
		...(may('inspect.query') ? [{ key: 'do', name: t('act.inspect.conclude'), cell: (i) => (i.state === 'running' ? html`<${ActButton} command="inspect.conclude" id=${i.id} class="small" done=${reload} />` : '') }] : []),
	];
	return html`${may('inspect.query') && html`<${Issue} kind="inspection" done=${inspections.reload} />`}
		<${Show} of=${inspections} lines=${5}>${(data) => (rowsOf(data).length === 0 ? html`<${Empty} title=${t('inspection.none')}>${t('inspection.none.do')}<//>` : html`<${Panel}><${Table} caption=${t('oversight.inspections')} columns=${columns(inspections.reload)} rows=${rowsOf(data)} id=${(i) => i.id} /><//>`)}<//>`;
}
