// SPDX-License-Identifier: Apache-2.0
import { html } from '../../lib/html.js';
import { may, session, useList } from '../../lib/api.js';
import { useEvent } from '../../lib/events.js';
import { change, go, href, useRoute } from '../../lib/route.js';
import { brief, clock, fromNow, now } from '../../lib/time.js';
import { whole } from '../../lib/numbers.js';
import { name, t } from '../../lib/words.js';
import { Icon } from '../../ui/icons.js';
import { Severity, Tag } from '../../ui/marks.js';
import { Page, Panel } from '../../ui/page.js';
import { Choice } from '../../ui/switches.js';
import { Empty } from '../../ui/state.js';
import { List } from '../../ui/table.js';
import { One } from './one.js';
import { NewCase } from './new.js';

const TONE = { new: 'alarm', reopened: 'alarm', triaged: 'warn', active: 'accent', contained: 'accent', resolved: 'good' };
export const CaseState = ({ of }) => html`<${Tag} tone=${TONE[of]}>${name('case.state', of)}<//>`;
/** When something is due; past is told in words, not by colour alone. */
export function Due({ at }) {
	if (!at) return html`<span class="none">–</span>`;
	const left = (Date.parse(at) - now()) / 1000;
	return html`<span class=${left < 0 ? 'due due-late' : left < 86400 ? 'due due-soon' : 'due'} title=${clock(at)}>${left < 0 && html`<${Icon} name="warn" size=${12} /> `}${left < 0 ? t('case.late', { when: fromNow(left) }) : fromNow(left)}</span>`;
}
const STATES = ['open', '', 'new', 'triaged', 'active', 'contained', 'resolved', 'reopened', 'closed', 'false_alarm', 'merged'];

function All({ view }) {
	const { params } = useRoute();
	const state = params.get('state') ?? 'open';
	const mine = params.get('mine') === '1';
	const q = params.get('q');
	const list = useList('cases', { state: state === 'all' ? undefined : state, assignee: mine ? session.get().account : undefined, severity: params.get('severity'), q, limit: 50 });
	useEvent('case', list.reload, []);
	return html`<${Page} view=${view} tools=${may('case.write') && html`<a class="button" href=${href('cases', 'new')}><${Icon} name="plus" />${t('case.new')}</a>`}>
		<${Panel} id="cases" title=${t('cases.list')} note=${list.total !== null ? t('cases.total', { n: list.total }) : ''} tools=${html`
			<${Choice} label=${t('cases.whose')} value=${mine ? '1' : ''} options=${[['', t('cases.everybody')], ['1', t('cases.mine')]]} choose=${(v) => change({ mine: v || null })} />
			<label class="inline">${t('case.state')}<select value=${state} onChange=${(e) => change({ state: e.target.value === 'open' ? null : e.target.value })}>${STATES.map((s) => html`<option value=${s || 'all'}>${s === 'open' ? t('cases.open') : s === '' ? t('cases.all') : name('case.state', s)}</option>`)}</select></label>
			<label class="inline">${t('findings.severity')}<select value=${params.get('severity') ?? ''} onChange=${(e) => change({ severity: e.target.value || null })}><option value="">${t('cases.any')}</option>${[2, 3].map((s) => html`<option value=${s}>${t('cases.least.' + s)}</option>`)}</select></label>
			${q && html`<span class="chip"><span class="chip-turn"><${Icon} name="search" size=${12} />${q}</span><button type="button" class="chip-away" aria-label=${t('filter.away', { value: q })} onClick=${() => change({ q: null })}><${Icon} name="close" size=${12} /></button></span>`}`}>
			<${List} list=${list} id=${(c) => c.id} open=${(c) => go('cases', c.id)} caption=${t('cases.list')}
				empty=${html`<${Empty} title=${t('cases.none')}>${q || mine || params.get('severity') || state !== 'open' ? t('cases.none.filtered') : t('cases.none.do')}<//>`} columns=${[
				{ key: 'severity', head: t('findings.severity'), cell: (c) => html`<${Severity} of=${c.severity} />`, class: 'nowrap' },
				{ key: 'id', head: t('case.id'), cell: (c) => html`<a class="mono nowrap" href=${href('cases', c.id)}>${c.id}</a>` },
				{ key: 'title', head: t('case.title'), cell: (c) => html`<b>${c.title}</b><br /><small>${name('case.kind', c.kind)}${c.sectors?.length ? ` · ${c.sectors.map((s) => name('sector', s)).join(t('list.comma'))}` : ''}</small>` },
				{ key: 'state', head: t('case.state'), cell: (c) => html`<${CaseState} of=${c.state} />` },
				{ key: 'assignee', head: t('case.assignee'), cell: (c) => c.assignee || html`<span class="none">${t('case.nobody')}</span>` },
				{ key: 'grade', head: t('case.grade'), cell: (c) => html`<span title=${t('grade.' + c.grade)}>${c.grade}</span>` },
				{ key: 'findings', head: t('nav.findings'), number: true, cell: (c) => whole(c.findings) },
				{ key: 'reports', head: t('case.reports'), number: true, cell: (c) => whole(c.reports) },
				{ key: 'tasks', head: t('case.tasks.open'), number: true, cell: (c) => whole(c.tasks_open) },
				{ key: 'due', head: t('case.due'), cell: (c) => html`<${Due} at=${c.due} />`, class: 'nowrap' },
				{ key: 'last', head: t('case.last'), cell: (c) => html`<span title=${clock(c.last)}>${brief(c.last)}</span>`, class: 'nowrap' },
			]} /><//>
	<//>`;
}

export default function Cases({ view, id }) {
	if (id === 'new') return html`<${NewCase} view=${view} />`;
	return id ? html`<${One} view=${view} id=${id} key=${id} />` : html`<${All} view=${view} />`;
}
