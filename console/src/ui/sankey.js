// SPDX-License-Identifier: Apache-2.0
// The conservation equation as a picture: what came in on the left, where each frame went on the right, and why. Heights are to scale but for a least height,
// without which what was selected could not be seen at all; the numbers say how much it was.
import { html, useRef } from '../lib/html.js';
import { percent } from '../lib/numbers.js';
import { useWidth } from '../lib/size.js';
import { name, t } from '../lib/words.js';

const LEAST = 3, GAP = 10, ROW = 19;

/** Bands of one column from the top on: each at least LEAST high, with room for its label. */
function place(parts, scale, gap, row) {
	let y = 0;
	return parts.map((p) => {
		const height = p.value > 0 ? Math.max(LEAST, p.value * scale) : 0;
		const band = { ...p, y, height };
		y += Math.max(height, row) + gap;
		return band;
	});
}
const flow = (x0, y0, h0, x1, y1, h1) => {
	const m = (x0 + x1) / 2;
	return `M${x0} ${y0}C${m} ${y0} ${m} ${y1} ${x1} ${y1}V${y1 + h1}C${m} ${y1 + h1} ${m} ${y0 + h0} ${x0} ${y0 + h0}Z`;
};

/** @param {{equation: Record<string, number>, erased: {gate: object, select: object}, format: (n: number) => string, label: string}} props */
export function Sankey({ equation, erased, format, label, reasons = true }) {
	const box = useRef(null);
	const width = useWidth(box);
	const all = equation.received + equation.pending_before;
	const fates = [
		{ id: 'gate', value: equation.gate_erased, reasons: erased.gate },
		{ id: 'select', value: equation.select_erased, reasons: erased.select },
		{ id: 'selected', value: equation.selected },
		{ id: 'lost', value: equation.capture_lost },
		{ id: 'pending', value: equation.pending_after },
	];
	const wide = width > 760 && reasons;
	const tall = 220;
	const scale = tall / Math.max(1, all);
	const left = place([{ id: 'received', value: equation.received }, { id: 'pending_before', value: equation.pending_before }], scale, 6, 34);
	const middle = place(fates, scale, GAP, 34);
	const whys = wide ? place(fates.flatMap((f) => Object.entries(f.reasons ?? {}).filter(([, v]) => v > 0).sort((a, b) => b[1] - a[1]).map(([id, value]) => ({ id, value, of: f.id }))), scale, 1, ROW) : [];
	const end = (list) => (list.length ? list[list.length - 1].y + Math.max(list[list.length - 1].height, 34) : 0);
	const height = Math.max(end(left), end(middle), end(whys)) + 4;
	const bar = 14;
	const x0 = width < 480 ? 96 : 130, x1 = wide ? Math.round(width * 0.42) : width - (width < 480 ? 150 : 200), x2 = width - 250;
	let from = 0;
	return html`<div ref=${box} class="sankey">${width > 0 && html`<svg width=${width} height=${height} role="img" aria-label=${label}>
		${middle.filter((f) => f.value > 0).map((f) => {
			const h = Math.max(1, f.value * scale);
			const d = flow(x0 + bar, from, Math.max(1, h), x1, f.y, f.height);
			from += h;
			return html`<path class=${'flow fate-' + f.id} d=${d} />`;
		})}
		${middle.flatMap((f) => {
			let at = f.y;
			return whys.filter((w) => w.of === f.id).map((w) => {
				const h = Math.max(0.75, f.value ? w.value / f.value * f.height : 0);
				const d = flow(x1 + bar, at, h, x2, w.y, w.height);
				at += h;
				return html`<path class=${'flow fate-' + f.id} d=${d} />`;
			});
		})}
		${left.map((p) => html`<g><rect class=${'fate-' + p.id} x=${x0} y=${p.y} width=${bar} height=${p.height} rx="2" /><text x=${x0 - 8} y=${p.y + 12} text-anchor="end" class="sankey-name">${t('equation.' + p.id)}</text><text x=${x0 - 8} y=${p.y + 28} text-anchor="end" class="sankey-number">${format(p.value)}</text></g>`)}
		${middle.map((f) => html`<g><rect class=${'fate-' + f.id} x=${x1} y=${f.y} width=${bar} height=${f.height} rx="2" /><text x=${x1 + bar + 8} y=${f.y + 12} class="sankey-name">${t('equation.' + f.id)}</text><text x=${x1 + bar + 8} y=${f.y + 28} class="sankey-number">${format(f.value)} <tspan class="sankey-share" dx="6">${percent(f.value, all, 2)}</tspan></text></g>`)}
		${whys.map((w) => html`<g><rect class=${'fate-' + w.of} x=${x2} y=${w.y} width="8" height=${w.height} rx="1" /><text x=${x2 + 15} y=${w.y + 12} class="sankey-why">${name('reason', w.id)} <tspan class="sankey-share" dx="6">${format(w.value)}</tspan></text></g>`)}
	</svg>`}</div>`;
}
