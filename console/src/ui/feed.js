// SPDX-License-Identifier: Apache-2.0
// How old what one sees is: always in sight, told aloud when a feed falls silent.
import { html, useEffect, useRef } from '../lib/html.js';
import { useApi } from '../lib/api.js';
import { name, t } from '../lib/words.js';
import { fromNow, length, moment } from '../lib/time.js';
import { say } from '../lib/say.js';
import { Popover } from './menu.js';

/** Silent for longer than this: stale. Intervals are 60 s, so two are missed. */
/** What a feed says of itself; else when it signed last. */
export const feedLine = (f) => f.line || (Number.isFinite(f.age_s) ? t('feed.signed', { when: fromNow(-f.age_s) }) : t('feed.never'));

export const STALE_S = 150;
export const MARK = { ok: '●', degraded: '◆', failing: '▲', unknown: '○' };
export const Health = ({ of }) => html`<span class=${'health health-' + of}><span aria-hidden="true">${MARK[of] ?? MARK.unknown}</span> ${name('health', of)}</span>`;

export function FeedAge() {
	const status = useApi('status', undefined, { every: 15 });
	const was = useRef(false);
	useEffect(() => moment.hear(status.reload), [status.reload]);
	const feeds = (status.data?.feeds ?? []).filter((f) => f.kind === 'sensor');
	const youngest = feeds.length ? Math.min(...feeds.map((f) => f.age_s ?? Infinity)) : null;
	const worst = [...feeds].sort((a, b) => (b.age_s ?? 1e12) - (a.age_s ?? 1e12))[0];
	const stale = Boolean(worst) && !(worst.age_s < STALE_S);
	useEffect(() => {
		if (stale && !was.current) say(t('feed.stale.say', { name: worst.name, age: length(worst.age_s) }), { alert: true });
		if (!stale && was.current) say(t('feed.back'));
		was.current = stale;
	}, [stale]);
	const state = status.error ? 'failing' : !status.data ? 'unknown' : youngest === null ? 'unknown' : stale ? 'degraded' : 'ok';
	const words = status.error ? t('feed.unreachable') : !status.data ? '…' : youngest === null ? t('feed.none') : stale ? t('feed.stale', { age: length(worst.age_s) }) : t('feed.fresh', { age: length(youngest) });
	return html`${status.data?.simulated && html`<span class="tag tag-warn" title=${t('app.simulated.help')}>${t('app.simulated')}</span>`}<${Popover} class="feed" align="right" label=${html`<span class=${'health health-' + state}><span aria-hidden="true">${MARK[state]}</span></span> <span class="feed-words">${words}</span>`} name=${`${t('feed.detail')}: ${words}`}>${() => html`<div class="feed-panel">
		<p class="popover-title">${t('feed.detail')}</p>
		${status.data?.feeds?.length ? html`<ul class="plain">${status.data.feeds.map((f) => html`<li><${Health} of=${f.age_s > STALE_S && f.health === 'ok' ? 'degraded' : f.health} /><span class="grow"><b>${f.name}</b><br /><small>${feedLine(f)}</small></span><span class="number">${length(f.age_s)}</span></li>`)}</ul>` : html`<p>${t('feed.none.do')}</p>`}
		${status.data?.ledger && html`<p class="feed-ledger">${t('feed.checkpoint')}<span class="number">${length(status.data.ledger.checkpoint_age_s)}</span></p>`}
	</div>`}<//>`;
}
