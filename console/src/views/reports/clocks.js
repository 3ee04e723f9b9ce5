// SPDX-License-Identifier: Apache-2.0
// What is due when, and to whom, by the policy's data. A deadline whose source is not the law's own text says so.
import { html } from '../../lib/html.js';
import { name, t } from '../../lib/words.js';
import { Icon } from '../../ui/icons.js';
import { Ago, Countdown, When } from '../../ui/parts.js';

const ORDER = { late: 0, due: 1, done: 2 };
const inOrder = (clocks) => [...clocks].sort((a, b) => ORDER[a.state] - ORDER[b.state] || a.due.localeCompare(b.due));

/** The most pressing clock, for a row of a list. */
export function NextClock({ clocks }) {
	const [first] = inOrder(clocks ?? []);
	const late = (clocks ?? []).filter((c) => c.state === 'late').length;
	if (!first) return html`<span class="none">${t('clock.none')}</span>`;
	if (first.state === 'done') return html`<span class="good-line"><${Icon} name="check" size=${14} /> ${t('clock.alldone')}</span>`;
	return html`<span class=${`clock-brief clock-${first.state}`}>${first.state === 'late' ? html`<b class="wrong"><${Icon} name="warn" size=${14} /> ${t('clock.late', { n: late })}</b>` : first.promptly ? html`<b>${t('clock.promptly')}</b>` : html`<${Countdown} until=${first.due} coarse />`}<span class="note">${name('regime', first.regime)}: ${name('clock.step', first.what)}</span></span>`;
}

export function Clocks({ clocks }) {
	if (!clocks?.length) return html`<p class="note">${t('clock.none.why')}</p>`;
	return html`<ol class="plain clocks">${inOrder(clocks).map((c) => html`<li class=${`clock clock-${c.state}`}>
		<span class="clock-mark"><${Icon} name=${c.state === 'done' ? 'check' : c.state === 'late' ? 'warn' : 'clock'} /> ${t(`clock.state.${c.state}`)}</span>
		<span><b>${name('regime', c.regime)}</b> ${name('clock.step', c.what)}<br /><span class="note">${t('clock.to', { who: [c.to].flat().map((w) => name('recipient', w)).join(', ') })}${c.evidence && c.evidence !== 'P' ? html` · <span title=${t(`clock.evidence.${c.evidence}`)}>${t('clock.unsure')}</span>` : ''}</span></span>
		<span class="clock-when">${c.state === 'done' ? html`<${When} at=${c.done} />${c.in_time === false ? html` <span class="wrong">${t('clock.toolate')}</span>` : ''}` : c.promptly ? html`<b>${t('clock.promptly')}</b><br /><span class="note">${t('clock.since')} <${When} at=${c.since} /></span>` : c.state === 'late' ? html`<b class="wrong"><${Ago} at=${c.due} /></b><br /><${When} at=${c.due} />` : html`<${Countdown} until=${c.due} /><br /><${When} at=${c.due} />`}</span>
	</li>`)}</ol>`;
}
