// SPDX-License-Identifier: Apache-2.0
// Places the nodes of a small graph: springs along edges, a push between all, a pull to the middle. The same graph lies the same way each time.
/** @param {{id: string}[]} nodes @param {{from: string, to: string, weight?: number}[]} edges @returns {Map<string, {x: number, y: number}>} within width x height */
export function layout(nodes, edges, width, height) {
	const n = nodes.length;
	const at = nodes.map((_, i) => ({ x: Math.cos(i * 2.399963) * Math.sqrt(i + 0.5), y: Math.sin(i * 2.399963) * Math.sqrt(i + 0.5), dx: 0, dy: 0 }));
	const index = new Map(nodes.map((node, i) => [node.id, i]));
	const springs = edges.map((e) => [index.get(e.from), index.get(e.to), e.weight ?? 1]).filter(([a, b]) => a !== undefined && b !== undefined);
	const turns = n > 300 ? 60 : 220;
	for (let turn = 0; turn < turns; turn++) {
		const heat = 1 - turn / turns;
		for (let i = 0; i < n; i++)
			for (let j = i + 1; j < n; j++) {
				const x = at[i].x - at[j].x, y = at[i].y - at[j].y, d = Math.max(0.05, x * x + y * y);
				const push = 1.5 / d;
				at[i].dx += x * push; at[i].dy += y * push; at[j].dx -= x * push; at[j].dy -= y * push;
			}
		for (const [a, b, w] of springs) {
			const x = at[b].x - at[a].x, y = at[b].y - at[a].y, d = Math.hypot(x, y) || 0.01;
			const pull = 0.16 * Math.min(1.6, 0.4 + w) * (d - 1.5) / d;
			at[a].dx += x * pull; at[a].dy += y * pull; at[b].dx -= x * pull; at[b].dy -= y * pull;
		}
		for (const p of at) {
			p.dx -= p.x * 0.035; p.dy -= p.y * 0.06;
			const step = Math.hypot(p.dx, p.dy), most = 0.8 * heat + 0.02, k = step > most ? most / step : 1;
			p.x += p.dx * k; p.y += p.dy * k;
			p.dx = p.dy = 0;
		}
	}
	const xs = at.map((p) => p.x), ys = at.map((p) => p.y);
	const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
	return new Map(nodes.map((node, i) => [node.id, { x: 36 + (width - 72) * (x1 > x0 ? (at[i].x - x0) / (x1 - x0) : 0.5), y: 26 + (height - 52) * (y1 > y0 ? (at[i].y - y0) / (y1 - y0) : 0.5) }]));
}
/** The nearest node in a direction, for arrow keys. */
export function towards(places, from, key) {
	const here = places.get(from);
	const [dx, dy] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[key];
	let best = null, least = Infinity;
	for (const [id, p] of places) {
		if (id === from) continue;
		const x = p.x - here.x, y = p.y - here.y, along = x * dx + y * dy, across = Math.abs(x * dy - y * dx);
		if (along <= 0 || across > 2.2 * along) continue;
		const cost = along + 1.8 * across;
		if (cost < least) { least = cost; best = id; }
	}
	return best;
}
/** The graph of a campaign out of its links and findings, where the server did not draw one. */
export function graphOf(links, members) {
	const known = new Map(members.map((m) => [m.id, m]));
	const used = new Set(links.flatMap((l) => l.findings));
	return {
		nodes: [...[...used].filter((id) => known.has(id)).map((id) => ({ id: 'f-' + id.slice(0, 16), kind: known.get(id).kind, text: known.get(id).sentence, weight: known.get(id).severity })), ...links.map((l, i) => ({ id: 'l-' + i, kind: l.kind, text: l.value, weight: l.weight }))],
		edges: links.flatMap((l, i) => l.findings.map((id) => ({ from: 'f-' + id.slice(0, 16), to: 'l-' + i, kind: l.kind, weight: l.weight }))),
	};
}
