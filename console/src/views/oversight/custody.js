// SPDX-License-Identifier: Apache-2.0
// What is kept of selected information, until when, and who else has it; and who was turned back from a token into an address, by whose approval.
// Keys that open (a custodian's part, oversight's share) are their holders' and are used by command; what only ends something can be signed here.
import { html } from '../../lib/html.js';
import { may, useApi } from '../../lib/api.js';
import { useActs } from '../../lib/events.js';
import { whole } from '../../lib/numbers.js';
import { name, t } from '../../lib/words.js';
import { Tag } from '../../ui/marks.js';
import { Panel } from '../../ui/page.js';
import { When } from '../../ui/parts.js';
import { ActButton } from '../../ui/sign.js';
import { Empty, Show } from '../../ui/state.js';
import { Table } from '../../ui/table.js';

const rowsOf = (data) => data.items ?? data;
const OPEN = ['requested', 'granted'];

function Reidents() {
	const reidents = useApi('reidents', { limit: 200 });
	useActs(reidents.reload);
	const columns = [
		{ key: 'id', head: t('reident.id'), cell: (r) => html`<b class="mono">${r.id}</b>` },
		{ key: 'state', head: t('order.state'), cell: (r) => html`<${Tag} tone=${r.state === 'granted' ? 'warn' : r.state === 'requested' ? 'accent' : ''}>${name('reident.state', r.state)}<//>` },
		{ key: 'who', head: t('reident.asker'), cell: (r) => r.requester },
		{ key: 'why', head: t('act.field.why'), cell: (r) => html`${r.why}<br /><span class="note">${r.target}</span>` },
		{ key: 'by', head: t('reident.approvals'), cell: (r) => html`${t('reident.of', { n: r.approved_by.length, of: r.needed })}${r.approved_by.length ? html` <span class="note">${r.approved_by.join(', ')}</span>` : ''}` },
		{ key: 'looks', head: t('reident.looks'), number: true, cell: (r) => whole(r.looks) },
		{ key: 'until', head: t('order.until'), cell: (r) => html`<${When} at=${r.expires} />` },
		{ key: 'do', name: t('admin.do'), cell: (r) => (OPEN.includes(r.state) ? html`<span class="row">${r.state === 'requested' && may('reident.approve') && html`<${ActButton} command="reident.refuse" id=${r.id} class="small" tone="danger" done=${reidents.reload} />`}${r.state === 'granted' && may('reident.close') && html`<${ActButton} command="reident.close" id=${r.id} class="small" done=${reidents.reload} />`}</span>` : '') },
	];
	return html`<${Panel} title=${t('reident.title')} note=${t('reident.note')} id="reidents"><${Show} of=${reidents} lines=${3}>${(data) => (rowsOf(data).length === 0 ? html`<${Empty} title=${t('reident.none')}>${t('reident.none.do')}<//>` : html`<${Table} caption=${t('reident.title')} columns=${columns} rows=${rowsOf(data)} id=${(r) => r.id} />`)}<//>
		${may('reident.request', 'reident.approve') && html`<p class="note">${t('reident.command')} <code>sekisho reident request|approve|show --workspace DIR --key KEY</code></p>`}<//>`;
}

function Holders() {
	const holders = useApi('retention/holders', { limit: 200 });
	useActs(holders.reload);
	const columns = [
		{ key: 'day', head: t('act.field.day'), cell: (h) => h.day },
		{ key: 'basis', head: t('act.field.basis'), cell: (h) => h.basis },
		{ key: 'to', head: t('custody.holder'), cell: (h) => html`<b>${h.org}</b>` },
		{ key: 'state', head: t('order.state'), cell: (h) => name('custody.state', h.confirmed ? 'confirmed' : h.erased ? 'owes' : 'holds') },
	];
	return html`<${Panel} title=${t('custody.holders')} note=${t('custody.holders.note')} id="holders"><${Show} of=${holders} lines=${3}>${(data) => (rowsOf(data).length === 0 ? html`<${Empty} title=${t('custody.none')}>${t('custody.none.do')}<//>` : html`<${Table} caption=${t('custody.holders')} columns=${columns} rows=${rowsOf(data)} id=${(h) => `${h.day} ${h.basis} ${h.org}`} />`)}<//>
		<div class="buttons">${may('g1.provide') && html`<${ActButton} command="retention.provide" words=${t('custody.provide')} done=${holders.reload} />`}${may('retention.erase') && html`<${ActButton} command="retention.confirm" words=${t('custody.confirm')} done=${holders.reload} />`}</div><//>`;
}

export const Custody = () => html`<div class="stack"><${Reidents} /><${Holders} /></div>`;
