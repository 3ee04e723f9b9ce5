// SPDX-License-Identifier: Apache-2.0
// Decisions: what waits for a signature, orders and bases; one of them; a new one.
import { html, useMemo } from '../lib/html.js';
import { may, session, useApi } from '../lib/api.js';
import { useActs, useEvent } from '../lib/events.js';
import { go, href, useRoute } from '../lib/route.js';
import { t, name } from '../lib/words.js';
import { Icon } from '../ui/icons.js';
import { Tag } from '../ui/marks.js';
import { Page } from '../ui/page.js';
import { Countdown, TabPanel, Tabs, When, tabOf } from '../ui/parts.js';
import { Empty, Show } from '../ui/state.js';
import { Table } from '../ui/table.js';
import { Basis } from './decisions/basis.js';
import { Draft } from './decisions/draft.js';
import { Order } from './decisions/order.js';
import { isBasisMine, isMine } from './decisions/queue.js';
import { Request } from './decisions/request.js';

export const STATE_TONE = { voting: 'accent', urgent_active: 'alarm', active: 'good', extended: 'good', staged: 'warn', rejected: 'alarm', rolled_back: 'warn', suspended: 'alarm', review: 'accent', extending: 'accent' };
export const OrderState = ({ of }) => html`<${Tag} tone=${STATE_TONE[of]}>${name('order.state', of)}<//>`;
export const StageTag = ({ of }) => html`<${Tag} tone=${STATE_TONE[of]}>${name('basis.stage', of)}<//>`;

const over = ['rejected', 'withdrawn', 'closed'];
const targets = (o) => html`<span class="mono">${o.targets[0]}</span>${o.targets.length > 1 ? html` <span class="note">${t('order.more', { n: o.targets.length - 1 })}</span>` : ''}`;

function Orders({ orders, me, reload }) {
	const { params } = useRoute();
	const all = params.get('all') === '1';
	const shown = useMemo(() => {
		const rows = orders.items.filter((o) => all || !over.includes(o.state));
		return [...rows].sort((a, b) => Number(isMine(b, me)) - Number(isMine(a, me)) || Number(b.urgent) - Number(a.urgent) || a.until.localeCompare(b.until));
	}, [orders, all, me]);
	const columns = [
		{ key: 'mine', head: t('order.for'), cell: (o) => (isMine(o, me) ? html`<span class="mine"><${Icon} name="right" size=${12} /> ${t('order.mine')}</span>` : '') },
		{ key: 'id', head: t('order.id'), cell: (o) => html`<a href=${href('decisions', o.id)}>${o.id}</a>` },
		{ key: 'state', head: t('order.state'), cell: (o) => html`<${OrderState} of=${o.state} />${o.urgent ? html` <${Tag} tone="alarm">${t('order.urgent')}<//>` : ''}${o.foreign ? html` <${Tag}>${t('order.foreign')}<//>` : ''}` },
		{ key: 'measure', head: t('order.measure'), cell: (o) => name('measure', o.measure) },
		{ key: 'targets', head: t('order.targets'), cell: targets },
		{ key: 'level', head: t('order.level'), cell: (o) => name('level', o.level) },
		{ key: 'seats', head: t('order.seats'), number: true, cell: (o) => o.seats },
		{ key: 'until', head: t('order.until'), cell: (o) => html`<${When} at=${o.until} />` },
		{ key: 'proposer', head: t('order.proposer'), cell: (o) => o.proposer },
	];
	return html`<div class="row apart"><p class="note">${t('decisions.help')}</p>
		<a class="button small" href=${href('decisions', null, { all: all ? null : '1' })}>${all ? t('decisions.open') : t('decisions.all')}</a></div>
		${shown.length === 0 ? html`<${Empty} title=${t('decisions.none')}>${may('order.propose') ? t('decisions.none.propose') : t('decisions.none.do')}<//>` : html`<section class="panel"><${Table} caption=${t('decisions.orders')} columns=${columns} rows=${shown} id=${(o) => o.id} open=${(o) => go('decisions', o.id)} /></section>`}`;
}

function Bases({ bases, me }) {
	const rows = [...bases.items].sort((a, b) => Number(isBasisMine(b, me)) - Number(isBasisMine(a, me)) || a.until.localeCompare(b.until));
	const columns = [
		{ key: 'mine', head: t('order.for'), cell: (b) => (isBasisMine(b, me) ? html`<span class="mine"><${Icon} name="right" size=${12} /> ${t('order.mine')}</span>` : '') },
		{ key: 'id', head: t('basis.id'), cell: (b) => html`<a href=${href('decisions', `basis/${b.id}`)}>${b.id}</a>` },
		{ key: 'stage', head: t('basis.stage'), cell: (b) => html`<${StageTag} of=${b.stage} />${b.simulated ? html` <${Tag}>${t('basis.simulated')}<//>` : ''}` },
		{ key: 'kind', head: t('basis.kind'), cell: (b) => name('basis.kind', b.kind) },
		{ key: 'asker', head: t('basis.asker'), cell: (b) => `${b.asker} (${b.asker_org})` },
		{ key: 'votes', head: t('basis.votes'), cell: (b) => t('basis.count', { ayes: b.votes.filter((v) => v.aye).length, nays: b.votes.filter((v) => !v.aye).length }) },
		{ key: 'until', head: t('order.until'), cell: (b) => html`<${When} at=${b.until} />` },
		{ key: 'left', head: t('basis.left'), cell: (b) => (b.collects ? html`<${Countdown} until=${b.until} />` : html`<span class="none">–</span>`) },
	];
	if (rows.length === 0) return html`<${Empty} title=${t('basis.none')}>${t('basis.none.do')}<//>`;
	return html`<section class="panel"><${Table} caption=${t('decisions.bases')} columns=${columns} rows=${rows} id=${(b) => b.id} open=${(b) => go('decisions', `basis/${b.id}`)} /></section>`;
}

function Queue({ view }) {
	const { params } = useRoute();
	const me = session.get();
	const orders = useApi('orders', { all: true, limit: 200 });
	const bases = useApi(may('ledger.inspect') ? 'bases' : null, { limit: 200 });
	useEvent(['order', 'due'], orders.reload, [orders.reload]);
	useActs(bases.reload);
	const asks = may('basis.request', 'basis.request.agreement');
	const ids = ['orders', ...(may('ledger.inspect') ? ['bases'] : []), ...(may('order.propose') ? ['draft'] : []), ...(asks ? ['request'] : [])];
	const tab = tabOf(params, ids);
	const mine = orders.data?.items.filter((o) => isMine(o, me)).length;
	const mineBases = bases.data?.items.filter((b) => isBasisMine(b, me)).length;
	return html`<${Page} view=${view} sub=${mine === undefined ? '' : t('decisions.sub', { n: mine + (mineBases ?? 0) })}>
		<${Tabs} label=${t('nav.decisions')} tabs=${[['orders', t('decisions.orders'), mine || undefined], ...(may('ledger.inspect') ? [['bases', t('decisions.bases'), mineBases || undefined]] : []), ...(may('order.propose') ? [['draft', t('decisions.draft')]] : []), ...(asks ? [['request', t('decisions.request')]] : [])]} />
		<${TabPanel} tab=${tab}>
			${tab === 'orders' && html`<${Show} of=${orders} lines=${8}>${(data) => html`<${Orders} orders=${data} me=${me} />`}<//>`}
			${tab === 'bases' && html`<${Show} of=${bases} lines=${8}>${(data) => html`<${Bases} bases=${data} me=${me} />`}<//>`}
			${tab === 'draft' && html`<${Draft} />`}
			${tab === 'request' && html`<${Request} />`}
		<//>
	<//>`;
}

export default function View({ view, id }) {
	if (id?.startsWith('basis/')) return html`<${Basis} view=${view} id=${id.slice(6)} key=${id} />`;
	if (id) return html`<${Order} view=${view} id=${id} key=${id} />`;
	return html`<${Queue} view=${view} />`;
}
