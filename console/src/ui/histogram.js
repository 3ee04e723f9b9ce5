// SPDX-License-Identifier: Apache-2.0
// Counts over time with a brush: drag to choose a range; with the keyboard, Left and Right move a mark, Shift widens, Enter takes it.
import { html, useRef, useState } from '../lib/html.js';
import { short, whole } from '../lib/numbers.js';
import { useWidth } from '../lib/size.js';
import { clock } from '../lib/time.js';
import { t } from '../lib/words.js';

/** Heights as one path, for many small pictures. */
export function Sparkline({ counts, width = 120, height = 22 }) {
	const most = Math.max(1, ...counts);
	const step = width / counts.length;
	const d = counts.map((c, i) => `M${(i * step).toFixed(1)} ${height}v${(-c / most * (height - 1)).toFixed(1)}`).join('');
	return html`<svg class="sparkline" viewBox=${`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true"><path d=${d} stroke-width=${Math.max(0.8, step * 0.72)} /></svg>`;
}

/** @param {{data: {t: number[], counts: number[]}, overlay?: number[], brush: (from: number, to: number) => void, label: string, end: number}} props end: of the last bucket, ms */
export function Histogram({ data, overlay, brush, label, end }) {
	const box = useRef(null);
	const width = useWidth(box);
	const [drag, setDrag] = useState(null);
	const height = 108, foot = 18, head = 12;
	const n = data.counts.length;
	const from = data.t[0] * 1000;
	const most = Math.max(1, ...data.counts);
	const plot = Math.max(10, width - 44);
	const step = plot / n;
	const y = (v) => head + (height - head - foot) * (1 - v / most);
	const timeAt = (x) => from + Math.max(0, Math.min(1, (x - 44) / plot)) * (end - from);
	const bucket = (i) => from + i * (end - from) / n;
	const x = (e) => e.clientX - box.current.getBoundingClientRect().left;
	const down = (e) => { if (e.button === 0) { e.currentTarget.setPointerCapture(e.pointerId); setDrag({ a: x(e), b: x(e) }); } };
	const move = (e) => drag && !drag.keys && setDrag({ ...drag, b: x(e) });
	const take = (d) => {
		setDrag(null);
		const a = Math.min(d.a, d.b), b = Math.max(d.a, d.b);
		if (b - a >= Math.max(4, d.keys ? 1 : 4)) brush(timeAt(a), timeAt(b));
	};
	const key = (e) => {
		const now = drag?.keys ? drag : { keys: true, a: 44 + plot - step, b: 44 + plot };
		const by = { ArrowLeft: -step, ArrowRight: step }[e.key];
		if (by) {
			const next = e.shiftKey ? { ...now, a: Math.max(44, now.a + by) } : { ...now, a: Math.max(44, now.a + by), b: Math.min(44 + plot, Math.max(44 + step, now.b + by)) };
			if (next.a < next.b) setDrag(next);
			e.preventDefault();
		} else if (e.key === 'Enter' && drag) { take(drag); e.preventDefault(); } else if (e.key === 'Escape' && drag) { setDrag(null); e.stopPropagation(); }
	};
	const marks = [0, 1, 2, 3, 4, 5, 6].map((i) => ({ x: 44 + i * plot / 6, at: from + i * (end - from) / 6 }));
	const says = drag ? t('histogram.chosen', { from: clock(timeAt(Math.min(drag.a, drag.b)), { seconds: false }), to: clock(timeAt(Math.max(drag.a, drag.b)), { seconds: false }) }) : '';
	return html`<div ref=${box} class="histogram">${width > 0 && html`<svg width=${width} height=${height} tabindex="0" role="application" aria-label=${`${label} ${t('histogram.keys')}`} onPointerDown=${down} onPointerMove=${move} onPointerUp=${() => drag && !drag.keys && take(drag)} onPointerCancel=${() => setDrag(null)} onKeyDown=${key} onBlur=${() => setDrag(null)}>
		${[0.5, 1].map((f) => html`<g><line class="grid" x1="44" x2=${width} y1=${y(most * f)} y2=${y(most * f)} /><text class="axis" x="38" y=${y(most * f) + 4} text-anchor="end">${short(most * f)}</text></g>`)}
		${data.counts.map((c, i) => c > 0 && html`<rect class="bucket" x=${44 + i * step + 0.5} y=${y(c)} width=${Math.max(1, step - 1)} height=${height - foot - y(c)}><title>${clock(bucket(i), { seconds: false })}: ${whole(c)}</title></rect>`)}
		${overlay?.map((c, i) => c > 0 && html`<rect class="bucket-over" x=${44 + i * step + 0.5} y=${y(c)} width=${Math.max(1, step - 1)} height=${height - foot - y(c)} />`)}
		<line class="base" x1="44" x2=${width} y1=${height - foot} y2=${height - foot} />
		${marks.map((m, i) => html`<text class="axis" x=${m.x} y=${height - 4} text-anchor=${i === 0 ? 'start' : i === 6 ? 'end' : 'middle'}>${end - from > 3 * 86400e3 ? clock(m.at).slice(i === 0 ? 0 : 5, 10) : clock(m.at).slice(i === 0 && plot > 6 * 140 ? 0 : 11, 16)}</text>`)}
		${drag && html`<rect class="brush" x=${Math.min(drag.a, drag.b)} y="0" width=${Math.abs(drag.b - drag.a)} height=${height - foot} />`}
	</svg>`}<span class="hidden" role="status">${says}</span></div>`;
}
