// SPDX-License-Identifier: Apache-2.0
// What ties findings: squares are findings, circles what they share, the larger the heavier. Arrows walk from node to node, Enter opens one.
import { html, useMemo, useRef, useState } from '../lib/html.js';
import { layout, towards } from '../lib/graph.js';
import { useWidth } from '../lib/size.js';
import { name, t } from '../lib/words.js';
import { kindWords } from './marks.js';
import { Empty } from './state.js';

const isFinding = (node) => node.type === 'finding' || node.id.startsWith('f-');
const MOST = 220;

/** @param {{graph: {nodes: any[], edges: any[]}, label: string, openFinding: (shortId: string) => void}} props */
export function Graph({ graph, label, openFinding }) {
	const box = useRef(null);
	const width = useWidth(box);
	const height = Math.max(340, Math.min(520, Math.round(width * 0.62)));
	const all = graph?.nodes ?? [];
	const nodes = useMemo(() => (all.length <= MOST ? all : [...all].sort((a, b) => (b.weight ?? 0) - (a.weight ?? 0)).slice(0, MOST)), [graph]);
	const edges = graph?.edges ?? [];
	const places = useMemo(() => (width ? layout(nodes, edges, width, height) : new Map()), [nodes, edges, width]);
	const [at, setAt] = useState(null);
	if (all.length === 0) return html`<${Empty} title=${t('graph.none')} />`;
	const here = at && places.has(at) ? at : nodes.find((n) => !isFinding(n))?.id ?? nodes[0].id;
	const near = new Set(edges.filter((e) => e.from === at || e.to === at).flatMap((e) => [e.from, e.to]));
	const most = width < 480 ? 12 : 24;
	const brief = (n) => { const text = n.text ?? n.label ?? ''; return text.length > most ? text.slice(0, most) + '…' : text; };
	const words = (n) => (isFinding(n) ? `${kindWords(n.kind)}: ${n.text ?? n.label}` : `${name('link', n.kind)}: ${n.text ?? n.label}`);
	const key = (e) => {
		if (e.key.startsWith('Arrow')) {
			const next = towards(places, here, e.key);
			if (next) { setAt(next); box.current.querySelector(`[data-node="${CSS.escape(next)}"]`)?.focus(); }
			e.preventDefault();
		} else if (e.key === 'Enter' || e.key === ' ') {
			const n = nodes.find((x) => x.id === here);
			if (isFinding(n)) openFinding(n.id.replace(/^f-/, ''));
			e.preventDefault();
		} else if (e.key === 'Escape' && at) { setAt(null); e.stopPropagation(); }
	};
	const chosen = nodes.find((n) => n.id === at);
	return html`<div ref=${box} class="graph">${width > 0 && html`<svg width=${width} height=${height} role="group" aria-label=${label} onKeyDown=${key}>
		<g>${edges.map((e) => { const a = places.get(e.from), b = places.get(e.to); return a && b && html`<line class=${'edge' + (at && (e.from === at || e.to === at) ? ' on' : '')} x1=${a.x} y1=${a.y} x2=${b.x} y2=${b.y} stroke-width=${Math.min(3, 0.6 + (e.weight ?? 1))} />`; })}</g>
		${nodes.map((n) => {
			const p = places.get(n.id);
			const finding = isFinding(n);
			const r = finding ? 6 : 6 + 5 * Math.min(2, n.weight ?? 1);
			const dim = at && at !== n.id && !near.has(n.id);
			return html`<g class=${'node' + (finding ? ` node-finding severity-${n.weight ?? 2}` : ' node-link') + (dim ? ' dim' : '') + (at === n.id ? ' on' : '')} data-node=${n.id} tabindex=${n.id === here ? 0 : -1} role="button" aria-label=${isFinding(n) ? words(n) : `${name('link', n.kind)}: ${brief(n)}`} transform=${`translate(${p.x.toFixed(1)},${p.y.toFixed(1)})`}
				onFocus=${() => setAt(n.id)} onPointerEnter=${() => setAt(n.id)} onPointerLeave=${() => setAt(null)} onClick=${() => finding && openFinding(n.id.replace(/^f-/, ''))}>
				${finding ? html`<rect x=${-r} y=${-r} width=${2 * r} height=${2 * r} rx="2" />` : html`<circle r=${r} />`}
				${!finding && html`<text y=${r + 12} text-anchor="middle" >${brief(n)}</text>`}
				<title>${words(n)}</title>
			</g>`;
		})}
	</svg>`}<p class="graph-words note" aria-hidden="true">${chosen ? words(chosen) : t('graph.keys')}</p>
	${all.length > MOST && html`<p class="note">${t('graph.more', { n: all.length - MOST })}</p>`}</div>`;
}
