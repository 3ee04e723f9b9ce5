// SPDX-License-Identifier: Apache-2.0
// The enforcer's side: what stands, and its receipts.
import { rfc, hex } from '../chance.mjs';
import { orders, onAct } from './decisions.mjs';

const start = Date.now();
const at = (hours) => rfc(start + hours * 3600e3);
const stages = new Map([['o-112', ['active', '']], ['o-115', ['active', '']], ['o-098', ['closed', 'expired']], ['o-101', ['rolling', 'unreachable: gw-west does not answer; it is tried again']]]);
const extra = { 'o-101': { measure: 'nftables', action: 'drop', targets: ['203.0.113.77/32', '2001:db8:2::77/128'], until: at(3.2) } };
const rowOf = (id) => {
	const o = orders.get(id) ?? extra[id], [stage, why] = stages.get(id);
	return { order: id, warrant: hex(Number(id.slice(2)), 5, 64), measure: o.measure, action: o.action, stage, why, accepted: at(-38), until: o.until, targets: o.targets };
};
const receipt = (id, number, hours, step, target, effects = [], detail = '') => ({ order: id, warrant: hex(Number(id.slice(2)), 5, 64), number, at: at(hours), step, target, items: effects.length, detail, before: '0'.repeat(64), after: hex(number, 6, 64), effects, text: '' });
const dns = (place, good = true) => ({ place, seen: good ? 'evil-panel.example A 192.0.2.53 (our sinkhole)' : 'evil-panel.example A 198.51.100.20', items: 1, good });
const receipts = {
	'o-112': [receipt('o-112', 0, -38, 'accepted', ''), receipt('o-112', 1, -38, 'dry_run', 'resolver-east'), receipt('o-112', 2, -37.99, 'canary', 'resolver-east', [dns('probe-tokyo')]), receipt('o-112', 3, -37.9, 'active', 'resolver-east', [dns('probe-tokyo'), dns('probe-osaka')]), receipt('o-112', 4, -37.9, 'active', 'resolver-west', [dns('probe-fukuoka')]),
		...Array.from({ length: 14 }, (_, i) => receipt('o-112', 5 + i, -36 + 2.5 * i, 'watched', i % 2 ? 'resolver-west' : 'resolver-east', i % 2 ? [dns('probe-fukuoka')] : [dns('probe-tokyo'), dns('probe-osaka')]))],
	'o-115': [receipt('o-115', 0, -1, 'accepted', ''), receipt('o-115', 1, -0.99, 'canary', 'gw-east', [{ place: 'gw-east', seen: 'ping 198.51.100.9: no answer', items: 1, good: true }]), receipt('o-115', 2, -0.98, 'active', 'gw-west', [{ place: 'gw-west', seen: 'ping 198.51.100.9: no answer', items: 1, good: true }])],
	'o-101': [receipt('o-101', 0, -0.2, 'accepted', ''), receipt('o-101', 1, -0.19, 'active', 'gw-east', [{ place: 'gw-east', seen: 'connect 203.0.113.77:443: refused', items: 1, good: true }]), receipt('o-101', 2, -0.15, 'unreachable', 'gw-west', [{ place: 'gw-west', seen: 'connect 203.0.113.77:443: answered', items: 1, good: false }], 'no route')],
	'o-098': [receipt('o-098', 0, -600, 'accepted', ''), receipt('o-098', 1, -599, 'active', 'resolver-east', [dns('probe-tokyo')]), receipt('o-098', 2, -400, 'undone', 'resolver-east'), receipt('o-098', 3, -400, 'closed', '')],
};
const end = (event) => ({ id, emit }) => {
	stages.set(id, ['ending', 'withdrawn']);
	const list = receipts[id] ??= [];
	list.push(receipt(id, list.length, 0, 'undone', 'resolver-east'));
	const o = orders.get(id);
	if (o) Object.assign(o, { state: event === 'end' ? 'ended_early' : 'rolled_back', stands: false });
	emit('measure', { id });
	return { id, event, state: 'ended_early', leaf: 7004 };
};
onAct('order.end', end('end'));
onAct('order.halt', end('halt'));
export const routes = [
	['GET', '/api/v1/measures', ({ json }) => json({ items: [...stages.keys()].map(rowOf), next: null, total: stages.size, age_s: 12 }), { duty: 'g2.read' }],
	['GET', '/api/v1/measures/{id}', ({ params, json, fail }) => (receipts[params.id] ? json(receipts[params.id]) : fail(404, 'SK_ENOENT', 4, `${params.id}: there is none`)), { duty: 'g2.read' }],
];
