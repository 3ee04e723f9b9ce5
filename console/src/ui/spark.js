// SPDX-License-Identifier: Apache-2.0
// Rates over time: one small uPlot for each class, cursors together, the same look in both shades. Drawn on a canvas, so what it shows is also said in words.
import uPlot from 'uplot';
import { html, useEffect, useRef } from '../lib/html.js';
import { short } from '../lib/numbers.js';
import { useSignal } from '../lib/signal.js';
import { useWidth } from '../lib/size.js';
import { shade, token } from '../lib/theme.js';
import { clock } from '../lib/time.js';
import { useRoute } from '../lib/route.js';

const DASH = { FD: [], DF: [7, 3], FF: [2, 2], DD: [], UNKNOWN: [1, 3] };

/** @param {{t: number[], values: number[], cls: string, height?: number, label: string, brush?: (from: number, to: number) => void, words: (i: number|null) => void}} props */
export function Rate({ t, values, cls, height = 92, label, brush, group = 'rates' }) {
	const box = useRef(null);
	const plot = useRef(null);
	const width = useWidth(box);
	const dark = useSignal(shade);
	const { params } = useRoute();
	const zone = params.get('tz');
	useEffect(() => {
		if (!width) return undefined;
		const ink = token('ink-3'), rule = token('rule'), line = token('class-' + cls);
		const font = `11px ${getComputedStyle(document.body).fontFamily}`;
		plot.current = new uPlot({
			width, height, padding: [6, 4, 0, 0], legend: { show: false },
			cursor: { sync: { key: group }, y: false, points: { size: 6 }, drag: { x: Boolean(brush), y: false, setScale: false } },
			scales: { x: { time: true }, y: { range: (u, low, high) => [0, high > 0 ? high * 1.08 : 1] } },
			axes: [
				{ stroke: ink, font, size: 22, grid: { show: false }, ticks: { stroke: rule, size: 4 }, space: 64, values: (u, at) => at.map((s) => (u.data[0][u.data[0].length - 1] - u.data[0][0] > 172800 ? clock(s * 1000).slice(5, 10) : clock(s * 1000).slice(11, 16))) },
				{ stroke: ink, font, size: 44, gap: 4, grid: { stroke: rule, width: 1 }, ticks: { show: false }, space: 28, values: (u, at) => at.map((v) => short(v)) },
			],
			series: [{}, { stroke: line, width: 1.5, dash: DASH[cls], fill: line + '1c', points: { show: false } }],
			hooks: brush && { setSelect: [(u) => {
				if (u.select.width < 6) return;
				brush(u.posToVal(u.select.left, 'x') * 1000, u.posToVal(u.select.left + u.select.width, 'x') * 1000);
				u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
			}] },
		}, [t, values], box.current);
		return () => plot.current.destroy();
	}, [width, dark, zone, cls]);
	useEffect(() => plot.current?.setData([t, values]), [t, values]);
	return html`<div ref=${box} class="rate-plot" role="img" aria-label=${label}></div>`;
}
