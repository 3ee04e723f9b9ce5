// SPDX-License-Identifier: Apache-2.0
// What waits for a signature, and whose: read off the state of an order, so that the one who opens the page sees first what is his to do.
// The table of the law is the server's; these are only hints for the order of a list. What may really be done stands in `next` of each order.
const WAITS = {
	draft: (o) => (o.urgent ? ['order.urgent', 'order.evidence'] : ['order.evidence']),
	evidence_ok: () => ['order.legal'],
	legal_ok: (o) => (o.foreign ? ['order.consult'] : ['order.submit']),
	foreign_consult: () => ['order.submit'],
	voting: () => ['order.approve'],
	approved: () => ['order.stage'],
	urgent_active: () => ['order.ratify'],
	expired: () => ['order.notify'],
	rolled_back: () => ['order.notify'],
	ended_early: () => ['order.notify'],
	notified: () => ['order.review'],
	reviewed: () => ['order.close'],
};
const BASIS_WAITS = { draft: ['basis.review', 'basis.review.agreement'], review: ['basis.approve', 'basis.approve.agreement', 'basis.consent'], extending: ['basis.extend', 'basis.extend.agreement'], approved: ['basis.activate', 'basis.activate.agreement'] };

/** Steps that the order waits for. */
export const waitsFor = (order) => WAITS[order.state]?.(order) ?? [];
export const basisWaitsFor = (basis) => BASIS_WAITS[basis.stage] ?? [];
/** Is it for somebody with these duties? Who proposed it never decides, except on what is the proposer's. */
export const isMine = (order, me) => waitsFor(order).some((d) => me.duties.includes(d) && (order.proposer !== me.account || ['order.submit', 'order.stage', 'order.notify', 'order.close'].includes(d)));
export const isBasisMine = (basis, me) => basisWaitsFor(basis).some((d) => me.duties.includes(d)) && basis.asker !== me.account;
