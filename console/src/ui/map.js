// SPDX-License-Identifier: Apache-2.0
// A map of land alone: where borders run is not for this page to say. The table beside it has every figure.
import { geoNaturalEarth1, geoPath } from 'd3-geo';
import { feature } from 'topojson-client';
import { html, useEffect, useMemo, useRef, useState } from '../lib/html.js';
import { short } from '../lib/numbers.js';
import { countryName, placeOf } from '../lib/places.js';
import { useWidth } from '../lib/size.js';

let land = null;
const loadLand = () => (land ??= fetch('/land-110m.json').then((r) => r.json()).then((topology) => feature(topology, topology.objects.land)).catch((e) => { land = null; throw e; }));

/** @param {{points: {cc: string, value: number}[], label: string, chosen?: string|null, choose?: (cc: string) => void}} props */
export function WorldMap({ points, label, chosen, choose }) {
	const box = useRef(null);
	const width = useWidth(box);
	const [shape, set] = useState(null);
	useEffect(() => { loadLand().then(set, () => set(null)); }, []);
	const height = Math.round(width * 0.49);
	const projection = useMemo(() => geoNaturalEarth1().rotate([-150, 0]).fitExtent([[2, 2], [Math.max(10, width - 2), Math.max(10, height - 2)]], { type: 'Sphere' }), [width]);
	const outline = useMemo(() => shape && width ? geoPath(projection).digits(1)(shape) : '', [shape, projection]);
	const most = Math.max(1, ...points.map((p) => p.value));
	const placed = points.filter((p) => placeOf(p.cc)).sort((a, b) => b.value - a.value);
	const radius = (v) => Math.max(1.6, Math.sqrt(v / most) * Math.min(24, width / 28));
	return html`<div ref=${box} class="map">${width > 0 && html`<svg width=${width} height=${height} role="img" aria-label=${label}>
		<path class="map-land" d=${outline} />
		${placed.map((p) => {
			const [x, y] = projection(placeOf(p.cc));
			return html`<circle class=${'map-point' + (p.cc === chosen ? ' on' : '')} cx=${x} cy=${y} r=${radius(p.value)} onClick=${() => choose?.(p.cc)}><title>${countryName(p.cc) ?? p.cc}: ${short(p.value)}</title></circle>`;
		})}
		${placed.slice(0, 6).map((p) => {
			const [x, y] = projection(placeOf(p.cc));
			return html`<text class="map-name" x=${x} y=${y + 3.5} text-anchor="middle">${p.cc}</text>`;
		})}
	</svg>`}</div>`;
}
