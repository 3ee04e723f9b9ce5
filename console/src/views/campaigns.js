// SPDX-License-Identifier: Apache-2.0
// Campaigns: findings tied by what they share; the list, and one with its graph, the hours it keeps, whom it touched.
import { html, useMemo } from '../lib/html.js';
import { useApi, useList } from '../lib/api.js';
import { useKeys } from '../lib/keys.js';
import { graphOf } from '../lib/graph.js';
import { go, href, useRoute } from '../lib/route.js';
import { brief, clock } from '../lib/time.js';
import { whole } from '../lib/numbers.js';
import { name, t, useLanguage } from '../lib/words.js';
import { Hours } from '../ui/hours.js';
import { Graph } from '../ui/graph.js';
import { Severity, Tag, kindWords } from '../ui/marks.js';
import { Page, Panel } from '../ui/page.js';
import { Empty, Failure, Loading } from '../ui/state.js';
import { List, Table } from '../ui/table.js';
import { Value } from '../ui/value.js';

const TONE = { active: 'alarm', fading: 'warn', expired: undefined };
const State = ({ of }) => html`<${Tag} tone=${TONE[of]}>${name('campaign.state', of)}<//>`;

/** When it was active within a range, as a bar: many under each other show who came together. */
function Life({ first, last, from, to }) {
	const at = (time) => Math.max(0, Math.min(100, 100 * (Date.parse(time) - from) / (to - from)));
	const a = at(first), b = Math.max(a + 1, at(last));
	return html`<svg class="life" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label=${`${brief(first)} – ${brief(last)}`}><line x1="0" x2="100" y1="5" y2="5" /><rect x=${a} width=${b - a} y="2" height="6" /></svg>`;
}

function All({ view }) {
	const list = useList('campaigns', {});
	const times = list.items.flatMap((c) => [Date.parse(c.first), Date.parse(c.last)]);
	const from = Math.min(...times), to = Math.max(...times, from + 1);
	const hottest = Math.max(1, ...list.items.map((c) => c.heat));
	return html`<${Page} view=${view} sub=${t('campaigns.sub')}><${Panel}>
		<${List} list=${list} id=${(c) => `${c.id}@${c.workspace ?? ''}`} open=${(c) => go('campaigns', c.id, { workspace: c.workspace })} caption=${t('nav.campaigns')} empty=${html`<${Empty} title=${t('campaigns.none')}>${t('campaigns.none.do')}<//>`} columns=${[
			{ key: 'heat', head: t('campaigns.heat'), number: true, cell: (c) => html`<span class="bar-cell"><svg class="meter-bar heat" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect width=${100 * c.heat / hottest} height="6" /></svg><span class="bar-number">${c.heat.toFixed(1)}</span></span>` },
			{ key: 'id', head: t('campaigns.id'), cell: (c) => html`<a class="mono nowrap" href=${href('campaigns', c.id, { workspace: c.workspace })}>${c.id}</a><br /><${State} of=${c.state} />` },
			{ key: 'severity', head: t('findings.severity'), cell: (c) => html`<${Severity} of=${c.severity} />` },
			{ key: 'kinds', head: t('campaigns.kinds'), cell: (c) => c.kinds.map(kindWords).join(t('list.comma')) },
			{ key: 'link', head: t('campaigns.strongest'), cell: (c) => { const l = c.best_link ?? { kind: c.strongest?.kind, text: c.strongest?.value }; return l?.text ? html`<${Value} field="value" value=${l.text} /><br /><small>${name('link', l.kind)}</small>` : '–'; } },
			{ key: 'sectors', head: t('campaigns.sectors'), cell: (c) => (c.sectors?.length ? c.sectors.map((s) => name('sector', s)).join(t('list.comma')) : '–') },
			{ key: 'findings', head: t('nav.findings'), number: true, cell: (c) => whole(c.findings) },
			{ key: 'hosts', head: t('campaigns.hosts'), number: true, cell: (c) => whole(c.own_hosts) },
			{ key: 'life', head: html`${t('campaigns.life')} <small>${Number.isFinite(from) ? `${clock(from).slice(0, 10)} – ${clock(to).slice(5, 10)}` : ''}</small>`, cell: (c) => html`<${Life} first=${c.first} last=${c.last} from=${from} to=${to} />`, class: 'life-cell' },
		]} /><//><//>`;
}

function Lanes({ members, from, to }) {
	const kinds = [...new Set(members.map((m) => m.kind))];
	return html`<div class="lanes">${kinds.map((k) => html`<div class="lane"><span class="lane-name">${kindWords(k)}</span><svg viewBox="0 0 1000 16" preserveAspectRatio="none" aria-hidden="true"><line x1="0" x2="1000" y1="8" y2="8" />${members.filter((m) => m.kind === k).map((m) => {
		const a = 1000 * (Date.parse(m.first) - from) / (to - from), b = 1000 * (Date.parse(m.last) - from) / (to - from);
		return html`<rect class=${'severity-' + m.severity} x=${Math.max(0, a - 1)} width=${Math.max(3, b - a)} y="3" height="10" />`;
	})}</svg></div>`)}
	<div class="lane lane-axis"><span></span><span class="apart row"><small>${clock(from, { seconds: false })}</small><small>${clock(to, { seconds: false })}</small></span></div></div>`;
}

function One({ view, id }) {
	const answer = useApi('campaigns/' + encodeURIComponent(id), { lang: useLanguage(), workspace: useRoute().params.get('workspace') });
	useKeys([{ keys: 'Escape', words: 'help.escape', act: () => go('campaigns') }], []);
	const c = answer.data;
	const best = c?.strongest?.value ?? c?.best_link?.text ?? [...(c?.links ?? [])].sort((a, b) => b.weight - a.weight)[0]?.value;
	const graph = useMemo(() => c && (c.graph ?? graphOf(c.links ?? [], c.members ?? [])), [c]);
	if (!c) return html`<${Page} view=${view} title=${id}>${answer.error ? html`<${Failure} error=${answer.error} retry=${answer.reload} />` : html`<${Loading} lines=${10} />`}<//>`;
	const from = Date.parse(c.first), to = Math.max(Date.parse(c.last), from + 1);
	const members = c.members ?? [];
	return html`<${Page} view=${view} title=${html`<span class="mono">${c.id}</span>`} sub=${html`<${State} of=${c.state} /> ${t('campaigns.one', { heat: c.heat.toFixed(1), n: c.findings })}`} tools=${html`${best && html`<a class="button" href=${href('findings', null, { f: `value:${best}`, since: c.first, until: null })}>${t('campaigns.findings')}</a>`}<a class="button" href=${href('cases', 'new', { campaign: c.id, title: c.kinds.map(kindWords).join(', ') })}>${t('explain.case')}</a>`}>
		<p class="back"><a href=${href('campaigns')}>← ${t('campaigns.back')}</a></p>
		${answer.error && html`<${Failure} error=${answer.error} retry=${answer.reload} />`}
		<div class="campaign-grid">
			<${Panel} id="graph" class="campaign-graph" title=${t('campaigns.graph')} note=${t('campaigns.graph.note')}><${Graph} graph=${graph} label=${t('campaigns.graph.label', { n: graph.nodes.length })} openFinding=${(short) => { const m = members.find((x) => x.id.startsWith(short)); if (m) location.hash = href('findings', m.id); }} /><//>
			<div class="stack">
				<${Panel} id="facts"><dl class="facts">
					<dt>${t('findings.severity')}</dt><dd><${Severity} of=${c.severity} /></dd>
					<dt>${t('campaigns.kinds')}</dt><dd>${c.kinds.map(kindWords).join(t('list.comma'))}</dd>
					<dt>ATT&CK</dt><dd>${c.attack?.length ? c.attack.map((a) => html`<${Value} field="technique" value=${a} /> `) : '–'}</dd>
					<dt>${t('campaigns.hosts')}</dt><dd>${whole(c.own_hosts)}</dd>
					<dt>${t('campaigns.sectors')}</dt><dd>${c.sectors?.length ? c.sectors.map((s) => html`<${Tag}>${name('sector', s)}<//> `) : t('campaigns.sectors.none')}</dd>
					<dt>${t('explain.first')}</dt><dd>${clock(c.first)}</dd><dt>${t('explain.last')}</dt><dd>${clock(c.last)}</dd>
					${c.held_by !== undefined && html`<dt>${t('campaigns.held')}</dt><dd>${c.held_by.toFixed(2)} ${c.held_by <= 1.05 && html`<${Tag} tone="warn">${t('campaigns.thread')}<//>`}</dd>`}
				</dl><//>
				<${Panel} id="hours" title=${t('hours.title')} note=${t('hours.note')}><${Hours} of=${c.hours} /><//>
			</div>
		</div>
		<div class="stack campaign-rest">
			<${Panel} id="lanes" title=${t('campaigns.lanes')} note=${t('campaigns.lanes.note')}><${Lanes} members=${members} from=${from} to=${to} /><//>
			${c.links?.length > 0 && html`<${Panel} id="links" title=${t('campaigns.links')} note=${t('campaigns.links.note')}><${Table} dense keys=${false} caption=${t('campaigns.links')} rows=${c.links} id=${(l) => l.kind + l.value} columns=${[
				{ key: 'weight', head: t('campaigns.weight'), number: true, cell: (l) => l.weight.toFixed(2) },
				{ key: 'kind', head: t('findings.kind'), cell: (l) => name('link', l.kind), class: 'nowrap' },
				{ key: 'value', head: t('filter.value'), cell: (l) => html`<${Value} field="value" value=${l.value} />` },
				{ key: 'unrelated', head: t('campaigns.unrelated'), number: true, cell: (l) => whole(l.unrelated) },
				{ key: 'n', head: t('nav.findings'), number: true, cell: (l) => whole(l.count) },
			]} /><//>`}
			<${Panel} id="members" title=${t('campaigns.members')}><${Table} caption=${t('campaigns.members')} rows=${members.slice(0, 50)} id=${(m) => m.id} open=${(m) => { location.hash = href('findings', m.id); }} columns=${[
				{ key: 'severity', head: t('findings.severity'), cell: (m) => html`<${Severity} of=${m.severity} />` },
				{ key: 'last', head: t('findings.last'), cell: (m) => brief(m.last), class: 'nowrap' },
				{ key: 'kind', head: t('findings.kind'), cell: (m) => kindWords(m.kind), class: 'nowrap' },
				{ key: 'sentence', head: t('findings.sentence'), cell: (m) => m.sentence },
				{ key: 'count', head: t('findings.count'), number: true, cell: (m) => whole(m.count) },
			]} />${members.length > 50 && html`<p class="note">${t('campaigns.members.more', { n: members.length - 50 })}</p>`}<//>
		</div>
	<//>`;
}

export default function Campaigns({ view, id }) {
	return id ? html`<${One} view=${view} id=${id} key=${id} />` : html`<${All} view=${view} />`;
}
