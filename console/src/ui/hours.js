// SPDX-License-Identifier: Apache-2.0
// The hours wheel: how likely each offset from UTC is, around a dial whose top is UTC. The filled arc is the set that holds nine tenths. An offset is no country.
import { html } from '../lib/html.js';
import { t, known } from '../lib/words.js';
import { percent } from '../lib/numbers.js';

const R = 62, REACH = 46, C = 124;
const spot = (minutes, r) => { const a = minutes / 720 * Math.PI; return [C + r * Math.sin(a), C - r * Math.cos(a)]; };
/** A slice of the ring from one angle to another (minutes of offset). */
function slice(m0, m1, r0, r1) {
	const [a, b, c, d] = [spot(m0, r0), spot(m0, r1), spot(m1, r1), spot(m1, r0)].map((p) => p.map((v) => v.toFixed(1)).join(' '));
	return `M${a}L${b}A${r1} ${r1} 0 0 1 ${c}L${d}A${r0} ${r0} 0 0 0 ${a}Z`;
}

export function Hours({ of: h }) {
	if (!h) return html`<p class="note">${t('hours.unknown')}</p>`;
	if (!h.estimate) return html`<p><b>${t('hours.none')}</b></p><p class="note">${known('hours.cause.' + h.cause) ? t('hours.cause.' + h.cause) : h.reason}</p><p class="note">${t('hours.of', { n: h.moments, days: h.days })}</p>`;
	const most = Math.max(...h.posterior.map((p) => p.probability));
	const range = h.set.ranges.map((r) => (r.from === r.to ? `UTC${r.from}` : `UTC${r.from} – ${r.to}`)).join(', ');
	const ticks = [0, 180, 360, 540, 720, -540, -360, -180];
	return html`<div class="hours">
		<svg class="wheel" viewBox="0 0 248 248" width="248" height="248" role="img" aria-label=${t('hours.label', { best: h.best.offset, range })}>
			<circle class="wheel-ground" cx=${C} cy=${C} r=${R} /><circle class="wheel-edge" cx=${C} cy=${C} r=${R + REACH} />
			${ticks.map((m) => { const [x, y] = spot(m, R + REACH + 9); return html`<text x=${x} y=${y + 3.5} text-anchor="middle">${m === 0 ? 'UTC' : m === 720 ? '±12' : (m > 0 ? '+' : '−') + Math.abs(m / 60)}</text>`; })}
			${ticks.map((m) => { const [x0, y0] = spot(m, R), [x1, y1] = spot(m, R + REACH); return html`<line class="wheel-tick" x1=${x0} y1=${y0} x2=${x1} y2=${y1} />`; })}
			${h.posterior.filter((p) => p.minutes <= 720).map((p) => html`<path class=${p.in_set ? 'in' : 'out'} d=${slice(p.minutes - 22, p.minutes + 22, R, R + Math.max(1.5, REACH * p.probability / most))} />`)}
			<text class="wheel-best" x=${C} y=${C - 2} text-anchor="middle">${h.best.offset}</text><text x=${C} y=${C + 16} text-anchor="middle">${t('hours.best')}</text>
		</svg>
		<div><p><b>${range}</b><br /><small>${t('hours.set', { percent: percent(h.set.probability, 1, 0) })}</small></p>
			<p class="note">${t('hours.of', { n: h.moments, days: h.days })} ${t('hours.country')}</p>
			<table class="table table-dense"><caption class="hidden">${t('hours.evidence')}</caption><thead><tr><th scope="col">${t('hours.evidence')}</th><th scope="col" class="number">${t('campaigns.weight')}</th></tr></thead><tbody>${(h.evidence ?? []).map((e) => html`<tr><td><details class="details"><summary>${known('hours.line.' + e.line) ? t('hours.line.' + e.line) : e.line}</summary><small>${e.text}</small></details></td><td class="number">${e.weight > 0 ? '+' : ''}${e.weight.toFixed(1)}</td></tr>`)}</tbody></table></div>
	</div>`;
}
