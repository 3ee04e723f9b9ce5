// SPDX-License-Identifier: Apache-2.0
// One basis: why somebody wants to look, at what, how long, what else was tried; the votes; what was done under it.
import { html } from '../../lib/html.js';
import { may, session, useApi } from '../../lib/api.js';
import { ACTS } from '../../lib/acts.js';
import { useActs } from '../../lib/events.js';
import { href } from '../../lib/route.js';
import { whole } from '../../lib/numbers.js';
import { known, name, t } from '../../lib/words.js';
import { Icon } from '../../ui/icons.js';
import { ClassMark, Tag } from '../../ui/marks.js';
import { Page, Panel } from '../../ui/page.js';
import { Countdown, Facts, Notice, When } from '../../ui/parts.js';
import { ActButton, Digest } from '../../ui/sign.js';
import { Show } from '../../ui/state.js';
import { Table } from '../../ui/table.js';
import { StageTag } from '../decisions.js';

/* docs/bases.md: out of which stages each step leads. The server judges; this is what to offer. */
const LIVE = ['approved', 'active', 'extending', 'extended'];
const FROM = {
	selectors: LIVE, review: ['draft'], approve: ['review', 'extending'], refuse: ['review', 'extending'], consent: ['review', ...LIVE], activate: ['approved'], extend: ['active', 'extending', 'extended'],
	suspend: [...LIVE, 'suspended'], resume: ['suspended'], terminate: ['draft', 'review', ...LIVE, 'suspended'],
};
const dutyOf = (basis, event) => {
	const party = basis.kind === 'agreement';
	if (event === 'suspend') return ['basis.suspend', 'basis.suspend.fault', ...(party ? ['basis.suspend.partner'] : [])];
	if (event === 'resume') return ['basis.resume', ...(party ? ['basis.resume.partner'] : [])];
	if (event === 'extend') return ['basis.extend.request'];
	if (event === 'selectors') return ['selector.change'];
	if (event === 'consent') return party ? ['basis.consent'] : [];
	if (['approve', 'refuse'].includes(event) && party) return [];
	return [`basis.${event}${party ? '.agreement' : ''}`];
};
const steps = (basis, me) => Object.keys(FROM).filter((e) => {
	const duties = dutyOf(basis, e);
	if (!FROM[e].includes(basis.stage) || duties.length === 0 || !may(...duties)) return false;
	if (['approve', 'refuse'].includes(e)) return basis.asker !== me.account && basis.asker_org !== me.org && !basis.votes.some((v) => v.account === me.account);
	return true;
});

/** The text that stands: the last request or edit. */
const textOf = (basis) => [...(basis.acts ?? [])].reverse().find((a) => ['request', 'edit'].includes(a.event))?.said ?? {};

function Votes({ basis }) {
	const [ayes, nays] = [basis.votes.filter((v) => v.aye), basis.votes.filter((v) => !v.aye)];
	const list = (votes, words, icon) => html`<li><${Icon} name=${icon} size=${14} /><span><b>${words}</b> ${votes.length === 0 ? '–' : votes.map((v) => `${v.account} (${t(`seat.${v.seat}`)})`).join(', ')}</span></li>`;
	return html`<section class="quorum"><h3>${t('basis.votes')}</h3><ul class="plain voices">${list(ayes, t('basis.for', { n: ayes.length }), 'check')}${list(nays, t('basis.against', { n: nays.length }), 'close')}</ul>
		<p class="note">${basis.kind === 'agreement' ? t('basis.rule.agreement') : t('basis.rule')}</p></section>`;
}

function Whole({ basis, reload }) {
	const me = session.get();
	const said = textOf(basis);
	const b = said.basis ?? {};
	const offered = steps(basis, me);
	const words = `${name('basis.kind', basis.kind)}. ${said.purpose ?? ''}`;
	const history = [
		{ key: 't', head: t('basis.when'), cell: (a) => html`<${When} at=${a.time} seconds />` },
		{ key: 'e', head: t('basis.step'), cell: (a) => (known(`act.basis.${a.event}`) ? t(`act.basis.${a.event}`) : name('basis.event', a.event)) },
		{ key: 'by', head: t('basis.by'), cell: (a) => (a.by === 'the centre' ? t('basis.centre') : a.by) },
		{ key: 'to', head: t('basis.stage'), cell: (a) => name('basis.stage', a.to) },
		{ key: 'why', head: t('act.field.why'), cell: (a) => a.said?.why ?? '' },
		{ key: 'leaf', head: t('basis.leaf'), number: true, cell: (a) => html`<a href=${href('oversight', null, { tab: null, leaf: String(a.leaf) })}>${whole(a.leaf)}</a>` },
	];
	return html`<div class="order-top row"><${StageTag} of=${basis.stage} /><b>${name('basis.kind', basis.kind)}</b>${basis.simulated && html`<${Tag} tone="warn">${t('basis.simulated')}<//>`}
			${basis.collects && html`<span class="row">${t('order.ends')} <${Countdown} until=${basis.until} /></span>`}</div>
		${basis.suspended_by?.length > 0 && html`<${Notice} tone="alarm" title=${t('basis.suspended', { who: basis.suspended_by.map((w) => name('act.word', w)).join(', ') })}><p>${t('basis.suspended.help')}</p><//>`}
		<div class="order-grid">
			<div class="stack">
				<${Panel} title=${t('basis.what')} id="what">
					<p class="order-plain">${said.purpose}</p>
					<${Facts} facts=${[
						[t('basis.othermeans'), said.other_means],
						[t('basis.classes'), (b.classes ?? []).map((c) => html`<${ClassMark} of=${c} long /> `)],
						[t('basis.targetacts'), (b.target_acts ?? []).join(', ')],
						[t('basis.links'), (b.links ?? []).map((l) => (l === '*' ? t('basis.links.all') : l)).join(', ')],
						[t('basis.selectors'), b.rule ? t('basis.selectors.words', { kinds: b.rule.kinds.join(', '), n: b.rule.max_entries, v4: b.rule.min_prefix_v4, v6: b.rule.min_prefix_v6 }) : null],
						[t('basis.names'), b.names === undefined ? null : b.names ? t('basis.names.full') : t('basis.names.reduced')],
						[t('basis.period'), html`<${When} at=${basis.from} /> – <${When} at=${basis.until} />`],
						[t('basis.asker'), `${basis.asker} (${basis.asker_org})`],
						[t('basis.partner'), basis.partner],
						[t('basis.provide'), basis.partner ? (basis.may_provide ? t('basis.provide.yes') : t('basis.provide.no')) : null],
						[t('basis.extensions'), basis.extensions ? String(basis.extensions) : null],
					]} />
				<//>
				<${Panel} title=${t('basis.history')} id="history"><${Table} caption=${t('basis.history')} columns=${history} rows=${basis.acts ?? []} id=${(a) => String(a.leaf)} dense /><//>
			</div>
			<aside class="order-side panel" aria-label=${t('order.decide')}>
				<h2>${t('order.decide')}</h2>
				${basis.asker === me.account && ['draft', 'review'].includes(basis.stage) && html`<div class="buttons"><a class="button" href=${href('decisions', null, { tab: 'request', edit: basis.id })}><${Icon} name="pen" size=${14} /> ${t('basis.edit')}</a></div>`}
				${offered.length === 0 ? html`<p class="note">${t('act.none')}</p>` : html`<div class="buttons decide-buttons">${offered.map((e) => html`<${ActButton} key=${e} command=${`basis.${e}`} id=${basis.id} words=${words} tone=${ACTS.basis[e].tone ?? (ACTS.basis[e].main ? 'primary' : '')} icon=${ACTS.basis[e].main ? 'key' : undefined} done=${reload} />`)}</div>`}
				<${Votes} basis=${basis} />
				<section><h3>${t('basis.digest')}</h3><${Digest} hex=${basis.text} label=${t('basis.digest')} /><p class="note">${t('basis.digest.help')}</p></section>
			</aside>
		</div>`;
}

export function Basis({ view, id }) {
	const basis = useApi(`bases/${encodeURIComponent(id)}`);
	useActs(basis.reload);
	return html`<${Page} view=${view} title=${t('basis.title', { id })} tools=${html`<a class="button" href=${href('decisions', null, { tab: 'bases' })}><${Icon} name="left" /> ${t('nav.decisions')}</a>`}>
		<${Show} of=${basis} lines=${10}>${(data) => html`<${Whole} basis=${data} reload=${basis.reload} />`}<//>
	<//>`;
}
