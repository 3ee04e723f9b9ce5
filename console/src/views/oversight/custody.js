// SPDX-License-Identifier: Apache-2.0
// What is kept of selected information, until when, and who else has it; and who was turned back from a token into an address, by whose approval.
// Keys that open (a custodian's part, oversight's share) are their holders' and are used at a terminal: the page says by which command; what only ends something can be signed here.
import { html, useState } from '../../lib/html.js';
import { may, session, useApi } from '../../lib/api.js';
import { useActs } from '../../lib/events.js';
import { useRoute } from '../../lib/route.js';
import { whole } from '../../lib/numbers.js';
import { name, t } from '../../lib/words.js';
import { Tag } from '../../ui/marks.js';
import { Panel } from '../../ui/page.js';
import { Labelled, Notice, When } from '../../ui/parts.js';
import { ActButton } from '../../ui/sign.js';
import { Empty, Show } from '../../ui/state.js';
import { Table } from '../../ui/table.js';
import { Terminal } from '../../ui/terminal.js';

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
		${reidents.data && html`<${Yours} reidents=${rowsOf(reidents.data)} />`}<//>`;
}

/* ---- what is done at a terminal ---- */

/** A word of a command line as a shell takes it. */
export const quoted = (text) => (/^[A-Za-z0-9._:@%+=,/-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`);
/** Where the commands find what they open: with one sensor its workspace has a name, otherwise whoever types it knows which. */
function usePlaces() {
	const ledgers = useApi('ledgers');
	const sensors = rowsOf(ledgers.data ?? { items: [] }).filter((l) => l.name !== 'centre');
	return `--workspace DIR/${sensors.length === 1 ? sensors[0].name : 'WORKSPACE'} --dir DIR --key KEY`;
}

/** What waits for whoever is signed in, each with the command that does it. */
function Yours({ reidents }) {
	const places = usePlaces();
	const me = session.get().account;
	const mine = reidents.flatMap((r) => {
		if (r.state === 'requested' && may('reident.approve') && r.requester !== me && !r.approved_by.includes(me)) return [[r.id, t('reident.do.approve', { id: r.id, who: r.requester }), `sekisho reident approve ${r.id} ${places}`]];
		if (r.state === 'granted' && r.requester === me) return [[r.id, t('reident.do.show', { id: r.id }), `sekisho reident show ${r.id} ${places}`]];
		return [];
	});
	if (mine.length === 0) return null;
	return html`<section class="stack yours"><h3>${t('custody.terminal')}</h3>${mine.map(([id, words, command]) => html`<div key=${id}><p>${words}</p><${Terminal} command=${command} /></div>`)}<p class="note">${t('custody.terminal.why')}</p></section>`;
}

const FIELDS = ['initiator', 'responder', 'dns_domain', 'sni_domain', 'http_host_domain'];
/** The command that asks, put together from a form: the request is sealed to the key of who asks, so it is made where that key is. */
function Ask() {
	const { params } = useRoute();
	const places = usePlaces();
	const [form, setForm] = useState({ observation: params.get('observation') ?? '', field: '', target: '', why: '', for: '24h' });
	const box = (key, more = {}) => html`<${Labelled} label=${t(`reident.ask.${key}`)}>${(id) => html`<input id=${id} value=${form[key]} onInput=${(e) => setForm({ ...form, [key]: e.target.value.trimStart() })} autocomplete="off" spellcheck=${false} ...${more} />`}<//>`;
	const whole = /^[0-9a-f]{32}$/.test(form.observation) && form.target.trim() !== '' && form.why.trim() !== '' && /^[0-9]+(s|m|h|d)$/.test(form.for);
	const command = `sekisho reident request --observation ${form.observation}${form.field ? ` --field ${form.field}` : ''} --target ${quoted(form.target.trim())} --why ${quoted(form.why.trim())} --for ${form.for} ${places}`;
	return html`<${Panel} title=${t('reident.ask')} note=${t('reident.ask.note')} id="ask"><div class="ask-form">
		${box('observation', { class: 'mono', maxLength: 32, placeholder: '41cc8076fe152155e4fb6c7a6e139596' })}
		<${Labelled} label=${t('reident.ask.field')}>${(id) => html`<select id=${id} value=${form.field} onChange=${(e) => setForm({ ...form, field: e.target.value })}><option value="">${t('reident.ask.all')}</option>${FIELDS.map((f) => html`<option value=${f}>${t(`reident.field.${f}`)}</option>`)}</select>`}<//>
		${box('target')}${box('why')}${box('for', { class: 'short' })}</div>
		${whole ? html`<p>${t('reident.ask.now')}</p><${Terminal} command=${command} /><p class="note">${t('custody.terminal.why')}</p>` : html`<p class="note">${t('reident.ask.fill')}</p>`}<//>`;
}

/** Days that are kept, until when; and for oversight, whose share of a day's keys lets it be read at all, how that is opened and shut. */
function Days() {
	const days = useApi('retention', { limit: 200 }, { every: 10 }); // that a share was shut is no act: the file is gone, and nothing tells it
	const places = usePlaces();
	const [open, setOpen] = useState(null);
	useActs(days.reload);
	const columns = [
		{ key: 'day', head: t('act.field.day'), cell: (d) => html`<b>${d.day}</b>` },
		{ key: 'basis', head: t('act.field.basis'), cell: (d) => d.basis },
		{ key: 'state', head: t('order.state'), cell: (d) => name('retention.state', d.state) },
		{ key: 'records', head: t('retention.records'), number: true, cell: (d) => whole(d.observations) },
		{ key: 'share', head: t('retention.share'), cell: (d) => (d.keys_split === 0 ? html`<span class="note">${t('retention.share.none')}</span>` : html`<${Tag} tone=${d.shares_open > 0 ? 'warn' : ''}>${t(d.shares_open > 0 ? 'retention.share.open' : 'retention.share.shut')}<//>`) },
		{ key: 'due', head: t('retention.due'), cell: (d) => html`<${When} at=${d.due} />` },
		{ key: 'do', name: t('admin.do'), cell: (d) => (may('retention.share') && d.keys_split > 0 && d.state === 'kept' ? html`<button type="button" class="small" aria-expanded=${open === `${d.day} ${d.basis}`} onClick=${() => setOpen(open === `${d.day} ${d.basis}` ? null : `${d.day} ${d.basis}`)}>${t(d.shares_open > 0 ? 'retention.close' : 'retention.open')}</button>` : '') },
	];
	return html`<${Panel} title=${t('retention.title')} note=${t('retention.note')} id="days"><${Show} of=${days} lines=${3}>${(data) => {
		const one = rowsOf(data).find((d) => `${d.day} ${d.basis}` === open);
		return rowsOf(data).length === 0 ? html`<${Empty} title=${t('retention.none')}>${t('retention.none.do')}<//>` : html`<${Table} caption=${t('retention.title')} columns=${columns} rows=${rowsOf(data)} id=${(d) => `${d.day} ${d.basis}`} />
		${one && html`<${Notice} title=${t('custody.terminal')}><p>${t(one.shares_open > 0 ? 'retention.close.words' : 'retention.open.words', { day: one.day })}</p><${Terminal} command=${one.shares_open > 0 ? `sekisho retention close --day ${one.day} ${places}` : `sekisho retention open --day ${one.day} --basis ${quoted(one.basis)} --for 2h --why 'WHY' ${places}`} /><p class="note">${t('custody.terminal.why')}</p><//>`}`;
	}}<//><//>`;
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

export const Custody = () => html`<div class="stack"><${Reidents} />${may('reident.request') && html`<${Ask} />`}<${Days} /><${Holders} /></div>`;
