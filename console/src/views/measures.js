// SPDX-License-Identifier: Apache-2.0
// Measures: what stands on our own side now, how long still, what was seen at each place when it was read back, and how it is undone.
import { html, useState } from '../lib/html.js';
import { useApi } from '../lib/api.js';
import { offered } from '../lib/acts.js';
import { useEvent } from '../lib/events.js';
import { change, href, useRoute } from '../lib/route.js';
import { whole } from '../lib/numbers.js';
import { known, name, t } from '../lib/words.js';
import { Icon } from '../ui/icons.js';
import { Tag } from '../ui/marks.js';
import { Page, Panel } from '../ui/page.js';
import { Ago, Countdown, Facts, Notice, When } from '../ui/parts.js';
import { ActButton } from '../ui/sign.js';
import { Empty, Show } from '../ui/state.js';
import { Table } from '../ui/table.js';

const TONE = { active: 'good', canary: 'warn', rolling: 'warn', ending: 'warn', closed: '' };
const BAD = ['refused', 'conflict', 'unreachable'];

/** What was seen at each place when it was last read back: the newest receipt that says so, for each target. */
export function lastSeen(receipts) {
	const seen = new Map();
	for (const r of receipts) for (const e of r.effects ?? []) seen.set(`${r.target} ${e.place}`, { ...e, target: r.target, at: r.at, step: r.step });
	return [...seen.values()];
}

function Effects({ receipts }) {
	const rows = lastSeen(receipts);
	if (rows.length === 0) return html`<p class="note">${t('measures.effects.none')}</p>`;
	return html`<ul class="plain effects">${rows.map((e) => html`<li class=${e.good ? 'effect-good' : 'effect-bad'}>
		<span class="effect-mark"><${Icon} name=${e.good ? 'check' : 'warn'} /> ${e.good ? t('measures.effect.good') : t('measures.effect.bad')}</span>
		<span><b>${e.place}</b> ${e.target ? html`<span class="note">(${e.target})</span>` : ''}<br /><span class="mono effect-seen">${e.seen}</span></span>
		<span class="note nowrap"><${When} at=${e.at} seconds /><br /><${Ago} at=${e.at} /></span>
	</li>`)}</ul>`;
}

function History({ receipts }) {
	const [all, setAll] = useState(false);
	const rows = [...receipts].reverse();
	const columns = [
		{ key: 'n', head: '#', number: true, cell: (r) => whole(r.number) },
		{ key: 'at', head: t('measures.when'), cell: (r) => html`<${When} at=${r.at} seconds />` },
		{ key: 'step', head: t('measures.step'), cell: (r) => html`<${Tag} tone=${BAD.includes(r.step) ? 'alarm' : r.step === 'active' || r.step === 'watched' ? 'good' : ''}>${name('receipt', r.step)}<//>` },
		{ key: 'target', head: t('measures.target'), cell: (r) => r.target || '–' },
		{ key: 'detail', head: t('measures.detail'), cell: (r) => html`${known(`receipt.help.${r.step}`) ? t(`receipt.help.${r.step}`) : ''}${r.detail ? html` <span class="mono">${r.detail}</span>` : ''}` },
	];
	return html`<${Table} caption=${t('measures.history')} columns=${columns} rows=${all ? rows : rows.slice(0, 12)} id=${(r) => String(r.number)} keys=${false} dense />
		${rows.length > 12 && html`<button type="button" class="small" onClick=${() => setAll(!all)}>${all ? t('measures.fewer') : t('measures.more', { n: rows.length - 12 })}</button>`}`;
}

function Detail({ row, reload }) {
	const receipts = useApi(`measures/${encodeURIComponent(row.order)}`);
	const order = useApi(`orders/${encodeURIComponent(row.order)}`);
	const can = (event) => row.stage !== 'closed' && row.stage !== 'ending' && offered(order.data).some((s) => s.event === event);
	useEvent('measure', receipts.reload, [row.order]);
	useEvent('order', order.reload, [row.order]);
	const list = (data) => (Array.isArray(data) ? data : data.items ?? data.receipts ?? []);
	return html`<aside class="pane panel stack" aria-label=${t('measures.of', { id: row.order })}>
		<header class="row apart"><h2>${t('measures.of', { id: row.order })}</h2><button type="button" class="quiet square" aria-label=${t('action.close')} onClick=${() => change({ order: null })}><${Icon} name="close" /></button></header>
		<p class="order-plain">${name('does', row.action)}</p>
		<ul class="plain targets">${row.targets.map((one) => html`<li class="mono">${one}</li>`)}</ul>
		${row.why && BAD.some((b) => row.why.includes(b)) && html`<${Notice} tone="alarm" title=${row.why} />`}
		<${Facts} facts=${[[t('measures.ends'), html`<${Countdown} until=${row.until} /> (${html`<${When} at=${row.until} seconds />`})`], [t('order.undone'), name('undone', row.action)], [t('measures.accepted'), html`<${When} at=${row.accepted} seconds />`], [t('measures.warrant'), html`<span class="mono">${row.warrant.slice(0, 16)}…</span>`]]} />
		<div class="buttons">
			${can('end') && html`<${ActButton} command="order.end" id=${row.order} label=${t('measures.undo')} tone="danger" words=${t('measures.undo.words', { id: row.order })} done=${reload} />`}
			${can('halt') && html`<${ActButton} command="order.halt" id=${row.order} tone="danger" words=${t('measures.undo.words', { id: row.order })} done=${reload} />`}
			<a class="button" href=${href('decisions', row.order)}>${t('measures.order')}</a>
		</div>
		<section><h3>${t('measures.effects')}</h3><${Show} of=${receipts} lines=${3}>${(data) => html`<${Effects} receipts=${list(data)} />`}<//></section>
		<section><h3>${t('measures.history')}</h3><${Show} of=${receipts} lines=${4}>${(data) => html`<${History} receipts=${list(data)} />`}<//></section>
	</aside>`;
}

export default function View({ view }) {
	const { params } = useRoute();
	const measures = useApi('measures', undefined, { every: 30 });
	useEvent(['measure', 'order'], measures.reload, [measures.reload]);
	const opened = params.get('order');
	const stands = (m) => !['closed'].includes(m.stage);
	const columns = [
		{ key: 'order', head: t('order.id'), cell: (m) => html`<span class="mono">${m.order}</span>` },
		{ key: 'stage', head: t('order.state'), cell: (m) => html`<${Tag} tone=${TONE[m.stage]}>${name('measures.stage', m.stage)}<//>` },
		{ key: 'measure', head: t('order.measure'), cell: (m) => name('measure', m.measure) },
		{ key: 'targets', head: t('order.targets'), cell: (m) => html`<span class="mono">${m.targets[0]}</span>${m.targets.length > 1 ? html` <span class="note">${t('order.more', { n: m.targets.length - 1 })}</span>` : ''}` },
		{ key: 'left', head: t('measures.left'), cell: (m) => (stands(m) ? html`<${Countdown} until=${m.until} />` : html`<span class="none">–</span>`) },
		{ key: 'why', head: t('measures.note'), cell: (m) => m.why },
	];
	return html`<${Page} view=${view} sub=${t('measures.sub')}>
		${measures.error?.code === 'SK_ENOENT' && !measures.data ? html`<${Empty} title=${t('measures.none')}>${t('measures.noenforcer')}<//>` : html`<${Show} of=${measures} lines=${8}>${(data) => {
			const rows = [...(data.items ?? data)].sort((a, b) => Number(stands(b)) - Number(stands(a)) || a.until.localeCompare(b.until));
			if (rows.length === 0) return html`<${Empty} title=${t('measures.none')}>${t('measures.none.do')}<//>`;
			const row = rows.find((m) => m.order === opened);
			return html`<p class="note measures-count" role="status">${t('measures.count', { n: rows.filter(stands).length })}</p>
			<div class=${`split ${row ? 'with-pane' : ''}`}>
				<${Panel}><${Table} caption=${t('nav.measures')} columns=${columns} rows=${rows} id=${(m) => m.order} opened=${opened} open=${(m) => change({ order: m.order })} /><//>
				${row && html`<${Detail} row=${row} key=${row.order} reload=${measures.reload} />`}
			</div>`;
		}}<//>`}
	<//>`;
}
