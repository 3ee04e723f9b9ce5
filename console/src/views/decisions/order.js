// SPDX-License-Identifier: Apache-2.0
// One order, for whoever must decide at night: what happens, to whom, for how long, how it is undone, how far it reaches, what narrower was refused and why,
// who signed and who is missing. The digests are computed here from what is shown, so that a signature is over nothing else.
import { html, useEffect, useState } from '../../lib/html.js';
import { may, session, useApi } from '../../lib/api.js';
import { ACTS, offered } from '../../lib/acts.js';
import { canonical, sha256, toHex, utf8 } from '../../lib/bytes.js';
import { useEvent } from '../../lib/events.js';
import { href } from '../../lib/route.js';
import { clock, length } from '../../lib/time.js';
import { name, t } from '../../lib/words.js';
import { orderDigest } from '../../lib/webauthn.js';
import { Icon } from '../../ui/icons.js';
import { Tag } from '../../ui/marks.js';
import { Page, Panel } from '../../ui/page.js';
import { Ago, Countdown, Facts, Notice, When } from '../../ui/parts.js';
import { ActButton, Digest } from '../../ui/sign.js';
import { Show } from '../../ui/state.js';
import { Blast } from './blast.js';
import { OrderState } from '../decisions.js';

/** Are order line and document what the digests say? null while it is computed. */
function useDigests(order) {
	const [state, set] = useState(null);
	useEffect(() => {
		let live = true;
		Promise.all([orderDigest(order.order), sha256(utf8(canonical(order.document ?? null))).then(toHex)]).then(([line, document]) => {
			if (live) set({ digest: line, order: line === order.digest, document: order.document ? document === order.order.document : null, id: order.order.id === order.id });
		});
		return () => { live = false; };
	}, [order.digest]);
	return state;
}

/** The steps of an order's life as a line: done, now, to come. */
const WAY = ['draft', 'evidence_ok', 'legal_ok', 'voting', 'approved', 'staged', 'active', 'notified', 'reviewed', 'closed'];
const PLACE = { foreign_consult: 'legal_ok', urgent_active: 'active', extended: 'active', expired: 'active', rolled_back: 'active', ended_early: 'active' };
function Way({ state }) {
	const at = WAY.indexOf(PLACE[state] ?? state);
	return html`<ol class="way" aria-label=${t('order.way')}>${WAY.map((one, i) => html`<li class=${i < at ? 'way-done' : i === at ? 'way-now' : ''} aria-current=${i === at ? 'step' : undefined}><span class="way-dot" aria-hidden="true">${i < at ? '●' : i === at ? '◉' : '○'}</span><span>${i === at ? name('order.state', state) : name('order.state', one)}</span></li>`)}</ol>`;
}

/** What the quorum lacks, in the page's language where the words are known. */
function missingWords(line) {
	const found = /(\d+) approvals? counts?, level (\w+) needs (\d+) besides the proposer/.exec(line);
	return found ? t('order.missing.words', { have: Number(found[1]), n: Number(found[3]), level: name('level', found[2]) }) : line.replace(/^warrant: /, '');
}

function Quorum({ order }) {
	const seats = Math.max(order.seats_needed ?? 0, order.seats);
	const people = [...new Set(order.could_sign ?? [])];
	return html`<section class="quorum" aria-labelledby="quorum-title"><h3 id="quorum-title">${t('order.quorum')}</h3>
		<p class="seats" role="img" aria-label=${t('order.seats.of', { n: order.seats, of: order.seats_needed })}>${Array.from({ length: seats }, (_, i) => html`<span class=${i < order.seats ? 'seat seat-taken' : 'seat'} aria-hidden="true">${i < order.seats ? html`<${Icon} name="check" size=${14} />` : ''}</span>`)}<span class="seats-words" aria-hidden="true">${t('order.seats.of', { n: order.seats, of: order.seats_needed })}</span></p>
		${order.voices.length > 0 && html`<ul class="plain voices">${order.voices.map((v) => html`<li><${Icon} name=${v.event === 'reject' ? 'close' : 'check'} size=${14} /><span><b>${v.account}</b> (${v.org}) ${name('act.order', v.event)}</span><${When} at=${v.time} /></li>`)}</ul>`}
		${order.missing && html`<p class="note"><b>${t('order.missing')}</b> ${missingWords(order.missing)}</p>`}
		${people.length > 0 && html`<p class="note"><b>${t('order.could')}</b> ${people.join(', ')}</p>`}
		<p class="note">${t('order.never', { who: `${order.proposer} (${order.proposer_org ?? ''})` })}</p>
	</section>`;
}

function Decide({ order, digests, reload }) {
	const me = session.get();
	const shown = offered(order).filter((s) => ACTS.order[s.event]);
	const signed = order.voices.some((v) => v.account === me.account && v.event !== 'reject');
	const sound = digests && digests.order && digests.id && digests.document !== false;
	const words = `${name('measure', order.measure)}: ${order.targets.join(', ')}. ${name('does', order.action)}`;
	const edits = offered(order).some((s) => s.event === 'edit');
	if (digests && !sound) return html`<${Notice} tone="alarm" title=${t('order.bent')}><p>${t('order.bent.do')}</p><//>`;
	return html`<div class="decide">
		${edits && html`<div class="buttons"><a class="button" href=${href('decisions', null, { tab: 'draft', edit: order.id })}><${Icon} name="pen" size=${14} /> ${t('order.edit')}</a></div>`}
		${shown.length === 0 ? edits ? '' : html`<p class="note">${signed ? t('order.signed') : order.proposer === me.account ? t('order.yours') : t('act.none')}</p>` : html`<div class="buttons decide-buttons">${[...shown].sort((a, b) => Number(Boolean(ACTS.order[b.event].main)) - Number(Boolean(ACTS.order[a.event].main))).map((s) => html`<${ActButton} key=${s.event} command=${`order.${s.event}`} id=${order.id} order=${order.digest} words=${words} tone=${ACTS.order[s.event].tone ?? (ACTS.order[s.event].main ? 'primary' : '')} icon=${ACTS.order[s.event].main ? 'key' : undefined} done=${reload} />`)}</div>`}
	</div>`;
}

function Said({ order }) {
	const d = order.document ?? {};
	const o = order.order;
	return html`<${Panel} title=${t('order.what')} id="what">
		<p class="order-plain">${name('does', order.action)}</p>
		<ul class="plain targets">${order.targets.map((one) => html`<li class="mono">${one}</li>`)}</ul>
		<${Facts} facts=${[
			[t('order.howlong'), t('order.life', { life: length(o.life_s), from: clock(o.not_before, { seconds: false }), until: clock(o.not_after, { seconds: false }) })],
			[t('order.undone'), name('undone', order.action)],
			[t('order.rate'), o.rate_bytes_per_s ? t('order.rate.words', { n: o.rate_bytes_per_s }) : null],
			[t('order.against'), d.target_act],
			[t('order.protects'), (d.protected ?? []).map((p) => html`<div>${p.name}${p.important ? html` <${Tag} tone="warn">${t('order.important')}<//>` : ''}</div>`)],
			[t('order.together'), d.coordination ? t('order.together.words', { orgs: d.coordination.orgs.join(', '), commander: d.coordination.commander, plan: d.coordination.plan }) : null],
			[t('order.again'), d.check_hours ? t('order.again.words', { n: d.check_hours }) : null],
			[t('order.other'), d.other],
		]} />
	<//>`;
}

export function Order({ view, id }) {
	const order = useApi(`orders/${encodeURIComponent(id)}`);
	useEvent('order', (data) => data?.id === id && order.reload(), [id]);
	const title = t('order.title', { id });
	return html`<${Page} view=${view} title=${title} tools=${html`<a class="button" href=${href('decisions')}><${Icon} name="left" /> ${t('nav.decisions')}</a>`}>
		<${Show} of=${order} lines=${10}>${(data) => html`<${Whole} order=${data} reload=${order.reload} />`}<//>
	<//>`;
}

function Whole({ order, reload }) {
	const digests = useDigests(order);
	const d = order.document ?? {};
	return html`<div class="order-top row"><${OrderState} of=${order.state} /> <${Tag}>${t('order.level.words', { level: name('level', order.level) })}<//> <b>${name('measure', order.measure)}</b>
		${order.stands && html`<span class="row">${t('order.ends')} <${Countdown} until=${order.until} /></span>`}
		<span class="note">${t('order.proposed', { who: `${order.proposer} (${order.proposer_org ?? ''})` })} <${Ago} at=${order.proposed} /></span></div>
	<${Way} state=${order.state} />
	${order.urgent && html`<${Notice} tone="alarm" title=${t('order.urgent.title')}><p>${d.urgent_why}</p><p class="note">${t('order.urgent.help')}</p><//>`}
	${order.foreign && html`<${Notice} tone="warn" title=${t('order.abroad')}><p>${(d.addressees ?? []).map((a) => `${a.name}${a.jurisdiction ? ` (${a.jurisdiction})` : ''}`).join(', ')} ${d.foreign?.why ?? ''}</p><p><b>${order.consult_refused ? t('order.abroad.refused', { who: order.consult_by }) : order.consult_by ? t('order.abroad.ack', { who: order.consult_by }) : t('order.abroad.not')}</b></p><//>`}
	<div class="order-grid">
		<div class="stack">
			<${Said} order=${order} />
			<${Panel} title=${t('order.reach')} note=${d.blast ? t('order.reach.note', { from: clock(d.blast.since, { seconds: false }), until: clock(d.blast.until, { seconds: false }) }) : ''} id="reach"><${Blast} blast=${order.blast} /><//>
			<${Panel} title=${t('order.narrower')} id="narrower"><${Facts} facts=${[[t('order.narrower.way'), d.alternative?.narrower], [t('order.narrower.why'), d.alternative?.refused_because]]} /><//>
			<${Panel} title=${t('order.evidence')} id="evidence">
				<ul class="plain evidence">${(d.evidence ?? []).map((e) => html`<li>${e.leaf > 0 && may('g1.read') ? html`<a class="mono" href=${href('findings', null, { f: `id:${e.finding}` })}>${e.finding}</a>` : html`<span class="mono">${e.finding}</span>`}<span class="note">${e.leaf > 0 ? t('order.evidence.leaf', { leaf: e.leaf - 1, origin: e.origin }) : t('order.evidence.file')}</span></li>`)}</ul>
				<${Facts} facts=${[[t('order.evidence.by'), order.evidence_by || t('order.notyet')], [t('order.legal.by'), order.legal_by || t('order.notyet')]]} />
			<//>
		</div>
		<aside class="order-side panel" aria-label=${t('order.decide')}>
			<h2>${t('order.decide')}</h2>
			<${Decide} order=${order} digests=${digests} reload=${reload} />
			<${Quorum} order=${order} />
			<section><h3>${t('order.digest')}</h3><${Digest} hex=${order.digest} label=${t('order.digest')} />
				<ul class="plain checks-made">${[['order', digests?.order && digests?.id], ['document', digests?.document]].map(([k, good]) => (good === null ? '' : html`<li class=${good === false ? 'wrong' : ''}><${Icon} name=${good === undefined ? 'clock' : good ? 'check' : 'warn'} /> ${t(`order.check.${k}${good === false ? '.bad' : ''}`)}</li>`))}</ul></section>
			${order.recommended && html`<p class="note">${order.answered ? t('order.answered') : t('order.unanswered')} <${When} at=${order.answer_due} /></p>`}
		</aside>
	</div>`;
}
