// SPDX-License-Identifier: Apache-2.0
// Orders, bases, acts. The steps that are signed change the stand-in's state as the tables of the law do, so that a page can be driven from end to end.
import { createHash, randomBytes } from 'node:crypto';
import { canonical } from '../../src/lib/bytes.js';
import { rfc } from '../chance.mjs';
import { judge, register } from '../webauthn.mjs';
import { isPassword } from './session.mjs';

const sha = (text) => createHash('sha256').update(text).digest('hex');
const zeros = '0'.repeat(64);
const start = Date.now();
const at = (hours) => rfc(start + hours * 3600e3);
const nano = (hours) => at(hours).replace('Z', '.000000000Z');

function makeOrder(id, o) {
	const document = {
		action: o.action, addressees: o.addressees ?? [], alternative: { narrower: o.narrower, refused_because: o.because }, blast: { ...o.blast, since: nano(-168), until: nano(-1) }, check_hours: 24,
		coordination: { commander: o.orgs[0], orgs: o.orgs, plan: o.plan }, evidence: o.evidence, extends: '', foreign: { effect: Boolean(o.addressees?.length), home: 'JP', why: o.home },
		format: 'sekisho-order-document/1', life_s: o.life, measure: o.measure, not_after: nano(o.until), not_before: nano(o.since ?? -2), other: o.other ?? '', protected: o.protected,
		rate_bytes_per_s: o.rate ?? 0, ratify_quorum: zeros, target_act: o.against, targets: o.targets, urgent: Boolean(o.urgent), urgent_why: o.urgent ?? '',
	};
	const order = {
		action: o.action, document: sha(canonical(document)), format: 'sekisho-order/2', id, life_s: o.life, measure: o.measure, not_after: nano(o.until), not_before: nano(o.since ?? -2),
		proposer: 'SHA256:qf9uvgKw0k_q91ewk2keLRqf8uvgz9hwzJN8uvjP1DM+216e9e14+/3NzaHNpZy1lZDI1NTE5CkBCdB0sAIZl24EmZynXmJlYM1a1jkSaWcTTo6HYVc2A', quorum: sha('quorum'),
		rate_bytes_per_s: o.rate ?? 0, targets: o.targets, urgent: Boolean(o.urgent),
	};
	return {
		id, state: o.state, stands: ['staged', 'active', 'extended', 'urgent_active'].includes(o.state), measure: o.measure, action: o.action, level: o.level ?? 'medium', urgent: Boolean(o.urgent), foreign: Boolean(o.addressees?.length),
		targets: o.targets, until: at(o.until), proposer: o.proposer ?? 'anna', seats: o.voices?.filter((v) => v.event !== 'reject').length ?? 0, missing: o.missing ?? '', receipts: o.receipts ?? 0, undone: false,
		digest: sha(`${canonical(order)}\n`), blast: o.blast, voices: o.voices ?? [], order, quorum: o.quorum ?? '', document, proposer_org: 'nco', proposed: at(o.since ?? -2), set: o.set ? at(o.set) : '-',
		evidence_by: o.evidence_by ?? '', legal_by: o.legal_by ?? '', consult_by: o.consult_by ?? '', consult_refused: Boolean(o.consult_refused), recommended: false, answered: false, answer_due: '-', seats_needed: o.needed ?? 2,
		could_sign: o.could ?? [],
	};
}
const evidence = (n) => [{ finding: sha(`finding ${n}`).slice(0, 32), leaf: 4211 + n, origin: 'sekisho.invalid/ix-tokyo', record: sha(`record ${n}`) }];
const common = { orgs: ['isp-east'], plan: 'isp-east sets it on both resolvers; npa is told by telephone when it stands.', home: 'the answer changes on our own resolvers alone', narrower: 'block the one name that was seen', because: 'three more names of the same family were resolved within an hour', life: 86400 };
export const orders = new Map([
	['o-114', makeOrder('o-114', { ...common, state: 'voting', measure: 'rpz', action: 'nxdomain', targets: ['*.update-cdn.example', 'telemetry.update-cdn.example'], until: 22, against: 'A command server answers beacons of eleven hosts of a water utility every 60 s.', protected: [{ important: true, name: 'waterworks control network' }, { important: false, name: 'office network of the utility' }],
		blast: { hosts: '10-99', flows: '1,000-9,999', organisations: 'unknown', counters: '100-999', warnings: '' }, evidence: [...evidence(1), ...evidence(2)], evidence_by: 'ben', legal_by: 'lena', voices: [{ account: 'lena', org: 'mod', event: 'approve', time: at(-0.4) }], missing: 'warrant: 1 approvals count, level medium needs 2 besides the proposer', could: ['npa/paul', 'isp-east/mia'] })],
	['o-115', makeOrder('o-115', { ...common, state: 'urgent_active', measure: 'nftables', action: 'drop', targets: ['198.51.100.9/32'], until: 5, urgent: 'The pumps answer to somebody else since 02:10; the next shift begins at 06:00.', against: 'Commands to a pump controller from abroad.', protected: [{ important: true, name: 'pumping station 3' }],
		blast: { hosts: '< 10', flows: '10-99', organisations: '< 10', counters: 'unknown', warnings: '' }, evidence: evidence(3), voices: [{ account: 'paul', org: 'npa', event: 'urgent', time: at(-1) }], missing: 'warrant: 1 approvals count, level medium needs 2 besides the proposer', could: ['mod/lena', 'isp-east/mia'], set: -1, receipts: 4 })],
	['o-112', makeOrder('o-112', { ...common, state: 'active', measure: 'sinkhole', action: 'redirect', targets: ['evil-panel.example'], until: 320, life: 1209600, against: 'A panel collects stolen credentials.', protected: [{ important: false, name: 'pensioners’ portal' }], blast: { hosts: '100-999', flows: '10,000-99,999', organisations: '10-99', counters: '10,000-99,999', warnings: '' }, evidence: evidence(4), evidence_by: 'ben', legal_by: 'lena', voices: [{ account: 'lena', org: 'mod', event: 'approve', time: at(-40) }, { account: 'paul', org: 'npa', event: 'approve', time: at(-39) }], set: -38, receipts: 12, since: -42 })],
	['o-116', makeOrder('o-116', { ...common, state: 'legal_ok', measure: 'takedown_notice', action: 'send', targets: ['registrar.example'], addressees: [{ jurisdiction: 'US', name: 'registrar.example' }], until: 300, life: 1209600, against: 'Phishing pages under six names of one registrar.', protected: [{ important: false, name: 'customers of two banks' }], blast: { hosts: 'unknown', flows: 'unknown', organisations: 'unknown', counters: 'unknown', warnings: '' }, evidence: evidence(5), evidence_by: 'ben', legal_by: 'lena', home: 'the registrar is abroad' })],
	['o-117', makeOrder('o-117', { ...common, state: 'draft', measure: 'flowspec', action: 'discard', level: 'high', needed: 3, targets: ['203.0.113.0/24'], until: 4, life: 14400, against: 'Flood against a name server.', protected: [{ important: true, name: 'name servers of the registry' }], blast: { hosts: '1,000,000 or more', flows: '1,000,000 or more', organisations: '100-999', counters: 'unknown', warnings: '203.0.113.0/24 is in the list “resolvers”' }, evidence: evidence(6) })],
	['o-098', makeOrder('o-098', { ...common, state: 'closed', measure: 'rpz', action: 'nodata', targets: ['old.example'], until: -400, since: -600, against: 'A loader.', protected: [{ important: false, name: 'schools' }], blast: { hosts: '< 10', flows: '< 10', organisations: 'unknown', counters: 'unknown', warnings: '' }, evidence: evidence(7) })],
]);

/* Out of docs/orders.md: state, event, duty. */
const NEXT = {
	draft: [['edit', 'order.propose'], ['evidence', 'order.evidence'], ['withdraw', 'order.withdraw']],
	evidence_ok: [['legal', 'order.legal'], ['reject', 'order.reject'], ['withdraw', 'order.withdraw']],
	legal_ok: [['consult', 'order.consult'], ['submit', 'order.submit'], ['withdraw', 'order.withdraw']],
	voting: [['approve', 'order.approve'], ['reject', 'order.reject'], ['withdraw', 'order.withdraw']],
	approved: [['stage', 'order.stage'], ['withdraw', 'order.withdraw']],
	urgent_active: [['ratify', 'order.ratify'], ['end', 'order.end'], ['halt', 'order.review']],
	active: [['check', 'order.notify'], ['extend', 'order.extend'], ['end', 'order.end'], ['halt', 'order.review']],
	ended_early: [['notify', 'order.notify']], rolled_back: [['notify', 'order.notify']],
	notified: [['review', 'order.review']], reviewed: [['answer', 'remark.answer'], ['close', 'order.close']],
};
const TO = { evidence: 'evidence_ok', legal: 'legal_ok', consult: 'foreign_consult', submit: 'voting', withdraw: 'withdrawn', stage: 'staged', end: 'ended_early', halt: 'rolled_back', notify: 'notified', review: 'reviewed', close: 'closed' };
const nextOf = (o) => (NEXT[o.state] ?? []).filter(([e]) => e !== 'submit' || !o.foreign || o.state === 'foreign_consult').map(([event, duty]) => ({ event, duty }));
/* As the server: the duty, and whose step the order itself says it is. */
const VOTES = { voting: 'approve', urgent_active: 'ratify' };
function isMine(o, event, duty, who) {
	const own = o.proposer === who.account;
	if (!who.duties.includes(duty)) return false;
	if (['edit', 'submit', 'withdraw'].includes(event)) return own;
	if (['evidence', 'legal', 'consult'].includes(event)) return !own;
	if (['approve', 'ratify', 'urgent', 'reject'].includes(event)) return !own && !o.voices.some((v) => v.account === who.account && v.event === event) && (VOTES[o.state] !== event || o.could_sign.includes(`${who.org}/${who.account}`));
	return !['halt', 'review'].includes(event) || (who.kind === 'oversight' && !own);
}

const basisText = (id, kind, classes, more) => ({ basis: { classes, format: 'sekisho-basis/1', from: nano(-72), id, kind, links: ['*'], names: false, profile: 'lab', role: 'none', rule: { kinds: ['address', 'command'], max_entries: 5000, min_prefix_v4: 32, min_prefix_v6: 128 }, self_approved: false, simulated: true, target_acts: ['intrusion'], until: nano(4000) }, ...more });
const makeBasis = (id, kind, stage, more, said) => ({ id, stage, kind, asker: 'anna', asker_org: 'nco', partner: '', from: at(-72), until: at(4000), extensions: 0, collects: ['active', 'extending', 'extended'].includes(stage), simulated: true, may_provide: false, text: sha(`text ${id}`), digest: sha(`digest ${id}`), suspended_by: [], votes: [],
	acts: [{ time: nano(-80), event: 'request', by: 'anna', to: 'draft', leaf: 211, policy: zeros, said }, { time: nano(-78), event: 'review', by: 'lena', to: 'review', leaf: 214, policy: zeros, said: { why: '' } }], ...more });
export const bases = new Map([
	['ff-7', makeBasis('ff-7', 'ff', 'review', { votes: [{ account: 'member-1', seat: 'member', aye: true }, { account: 'member-2', seat: 'member', aye: false }] }, basisText('ff-7', 'ff', ['FF'], { other_means: 'The implants’ hosts are abroad and cannot be examined; their operators do not answer.', purpose: 'Find out who controls the implants that were found in two power companies.' }))],
	['a-7', makeBasis('a-7', 'agreement', 'active', { partner: 'power-east', until: at(61) }, basisText('a-7', 'agreement', ['FD'], { other_means: 'Logs of the partner begin behind the firewall.', partner: 'power-east', purpose: 'See attacks on the partner’s substations as they arrive.' }))],
	['fd-3', makeBasis('fd-3', 'fd', 'suspended', { suspended_by: ['oversight'] }, basisText('fd-3', 'fd', ['FD'], { other_means: 'No other link carries it.', purpose: 'One foreign command server.' }))],
]);

/* ---- acts ---- */

/** A security key as the register has it. */
export const keyText = (account, k) => `${account}.webauthn.${sha(k.id).slice(0, 16)}+00000000+${Buffer.from(`\xff${k.alg === -8 ? 'webauthn-ed25519' : 'webauthn-es256'}\nk`, 'latin1').toString('base64')}`;

export const keys = new Map(); // account: [{id, alg, key, since}]
const challenges = new Map();
/** What waits for signatures of others: id (the beginning of its digest) to {act, statement, signed}. */
export const waiting = new Map();
export const wait = (statement, account) => { const id = sha(statement).slice(0, 16); waiting.set(id, { act: JSON.parse(statement), statement, signed: [account] }); return { waits: id, missing: 'others must sign the same statement' }; };
export const enrolHere = (account, response, who, rpId) => { const key = register(response, challenges.get(who), rpId); challenges.delete(who); return keyText(account, key); };
const prepared = new Map();
const hooks = new Map();
/** Other parts say what a command of theirs does: onAct('remark.answer', ({id, args, who}) => answer). */
export const onAct = (command, act) => hooks.set(command, act);

const WORDS = {
	'order.approve': { en: (id) => `I approve exactly this order: ${id}. It may then be handed to the enforcer.`, ja: (id) => `措置命令 ${id} を、この内容のとおり承認します。承認後は執行に移されます。` },
};
function prepare({ req, body, who, json, fail }) {
	const [matter, ...rest] = body.command.split('.');
	const order = matter === 'order' ? orders.get(body.id) : null;
	if (/^access\.factor\.(password|totp)$/.test(body.command) && !isPassword(who.account, body.args['old-password'])) return fail(403, 'SK_EFACTOR', 37, `${who.account}: wrong password, none set, or too many wrong ones just now`);
	if (matter === 'order' && rest[0] !== 'draft' && !order) return fail(404, 'SK_ENOENT', 4, `order ${body.id}: there is none`);
	const event = { 'order.draft': 'propose' }[body.command] ?? rest[rest.length - 1];
	const pending = body.command === 'access.sign' ? waiting.get(body.id) : null;
	const act = pending?.act ?? { body: body.command.startsWith('access.factor') ? {} : order ? { order: order.digest, ...(body.args.why ? { why: body.args.why } : {}) } : body.args, event: { 'access.log': 'search', 'access.factor.register': 'set', 'access.factor.password': 'set', 'access.factor.totp': 'set', 'access.account.add': 'open', 'access.account.close': 'close' }[body.command] ?? (/^access\.(role|key)\./.test(body.command) ? body.command.slice(7) : event), format: 'sekisho-act/1', id: body.id ?? who.account, matter: { inspect: 'inspection', access: { role: 'account', key: 'account', log: 'access' }[rest[0]] ?? rest[0] }[matter] ?? matter, policy: sha('policy'), previous: sha(`previous ${body.id}`), time: new Date().toISOString().replace('Z', '000000Z') };
	const statement = `${canonical(act)}\n`;
	prepared.set(sha(statement), { command: body.command, id: body.id, args: body.args, account: who.account });
	const words = WORDS[body.command];
	json({ statement, digest: sha(statement), words: { en: words?.en(body.id) ?? `I sign the step “${event}”${body.id ? ` of ${body.id}` : ''}.`, ja: words?.ja(body.id) ?? `${body.id ? `${body.id} の` : ''}手続「${event}」に署名します。` }, expires: rfc(Date.now() + 86400e3), rp_id: new URL(`http://${req.headers.host}`).hostname, credentials: (keys.get(who.account) ?? []).map((k) => k.id) });
}
function submit({ req, body, who, json, fail, emit }) {
	const made = prepared.get(sha(body.statement ?? ''));
	if (!made || made.account !== who.account || made.command !== body.command || made.id !== body.id || canonical(made.args) !== canonical(body.args)) return fail(409, 'SK_ESTALE', 6, 'this statement was not prepared for you, or something changed since');
	const rpId = new URL(`http://${req.headers.host}`).hostname;
	try {
		if (body.signature?.kind === 'ssh') {
			if (!body.signature.text.startsWith('-----BEGIN SSH SIGNATURE-----')) throw new Error('no SSH signature');
		} else {
			const credential = (keys.get(who.account) ?? []).find((k) => k.id === body.signature.response.id);
			if (!credential) throw new Error('a key that is not enrolled');
			judge(body.signature.response, body.statement, credential, rpId);
		}
	} catch (e) {
		return fail(422, 'SK_ESIGNATURE', 9, `the signature: ${e.message}`);
	}
	prepared.delete(sha(body.statement));
	const hook = hooks.get(body.command);
	try {
		if (hook) return json(hook({ id: body.id, args: body.args, who, emit, rpId, statement: body.statement }));
	} catch (e) {
		return fail(422, 'SK_EFACTOR', 37, e.message);
	}
	const [matter, event] = body.command.split('.');
	if (matter !== 'order') return json({ id: body.id, event, leaf: 7001 });
	const o = orders.get(body.id);
	if (['approve', 'ratify', 'urgent', 'reject'].includes(event)) {
		o.voices.push({ account: who.account, org: who.org, event, time: rfc(Date.now()) });
		o.seats = new Set(o.voices.filter((v) => v.event !== 'reject').map((v) => v.org)).size;
		o.could_sign = o.could_sign.filter((n) => n !== `${who.org}/${who.account}`);
		if (event !== 'reject' && o.seats >= o.seats_needed) Object.assign(o, { state: event === 'approve' ? 'approved' : 'active', missing: '', could_sign: [] });
	} else if (TO[event]) {
		Object.assign(o, { state: TO[event], stands: TO[event] === 'staged' });
		if (event === 'evidence') o.evidence_by = who.account;
		if (event === 'legal') o.legal_by = who.account;
		if (event === 'consult') Object.assign(o, { consult_by: who.account, consult_refused: body.args.refuse === true });
	}
	emit('order', { id: o.id });
	return json({ id: o.id, event, state: o.state, leaf: 7001, seats: o.seats });
}
onAct('access.factor.register', ({ args, who, rpId }) => {
	const credential = register(args.response, challenges.get(who.account), rpId);
	challenges.delete(who.account);
	keys.set(who.account, [...(keys.get(who.account) ?? []), { ...credential, since: rfc(Date.now()) }]);
	return { account: who.account, credential: credential.id };
});
onAct('order.draft', ({ id, args, who, emit }) => {
	orders.set(id, makeOrder(id, { ...common, state: 'draft', measure: args.measure, action: args.action, targets: args.target, until: 24, against: args.against, narrower: args.narrower, because: args['not-enough'], orgs: args.org, plan: args.plan, home: args['at-home'] ?? args.foreign, protected: [...(args.protect ?? []).map((name) => ({ important: false, name })), ...(args.important ?? []).map((name) => ({ important: true, name }))], blast: { hosts: '10-99', flows: '100-999', organisations: 'unknown', counters: 'unknown', warnings: '' }, evidence: (args.finding ?? []).map((finding) => ({ finding, leaf: 0, origin: 'file', record: zeros })), proposer: who.account }));
	emit('order', { id });
	return { id, event: 'propose', state: 'draft', leaf: 7002, seats: 0 };
});
onAct('order.edit', ({ id, args, emit }) => { Object.assign(orders.get(id), { state: 'draft', voices: [], seats: 0, targets: args.target }); emit('order', { id }); return { id, event: 'edit', state: 'draft', leaf: 7004 }; });
onAct('basis.request', ({ id, args, who }) => { bases.set(id, makeBasis(id, args.kind, 'draft', { asker: who.account, asker_org: who.org, acts: [{ time: rfc(Date.now()), event: 'request', by: who.account, to: 'draft', leaf: 7005, policy: zeros, said: basisText(id, args.kind, ['DF'], { purpose: args.purpose, other_means: args['other-means'] }) }] })); return { id, event: 'request', to: 'draft', leaf: 7005 }; });
for (const [command, stage] of [['basis.approve', null], ['basis.refuse', null], ['basis.review', 'review'], ['basis.activate', 'active'], ['basis.suspend', 'suspended'], ['basis.resume', 'approved'], ['basis.terminate', 'terminated']])
	onAct(command, ({ id, args, who }) => {
		const b = bases.get(id), event = command.slice(6);
		if (stage) Object.assign(b, { stage, collects: stage === 'active', suspended_by: event === 'suspend' ? [args.as] : [] });
		else b.votes.push({ account: who.account, seat: who.roles.includes('oversight_chair') ? 'chair' : 'member', aye: event === 'approve' });
		if (!stage && b.votes.length >= 3) b.stage = b.votes.filter((v) => v.aye).length * 2 > b.votes.length ? 'approved' : 'refused';
		b.acts.push({ time: rfc(Date.now()), event, by: who.account, to: b.stage, leaf: 7003, policy: zeros, said: args });
		return { id, event, stage: b.stage, leaf: 7003 };
	});

const row = ({ id, state, stands, measure, action, level, urgent, foreign, targets, until, proposer, seats, missing, receipts, undone }) => ({ id, state, stands, measure, action, level, urgent, foreign, targets, until, proposer, seats, missing, receipts, undone });
const list = (json, items) => json({ items, next: null, total: items.length, age_s: 0 });
const one = (map, make) => ({ params, json, fail, who }) => (map.has(params.id) ? json(make(map.get(params.id), who)) : fail(404, 'SK_ENOENT', 4, `${params.id}: there is none`));
export const routes = [
	['GET', '/api/v1/orders', ({ json, query }) => list(json, [...orders.values()].filter((o) => !query.get('state') || o.state === query.get('state')).map(row)), { duty: 'g2.read' }],
	['GET', '/api/v1/urgent', ({ json }) => list(json, [...orders.values()].filter((o) => o.urgent && o.set !== '-').map((o) => ({ ...row(o), urgent_set: o.set, urgent_why: o.document.urgent_why, listed: o.set, ...(o.state === 'urgent_active' && { ratify_until: o.until }), ratified: o.state !== 'urgent_active', reviewed: ['reviewed', 'closed'].includes(o.state) }))), { duty: 'g2.read' }],
	['GET', '/api/v1/orders/{id}', one(orders, (o, who) => ({ ...o, next: nextOf(o).map((s) => ({ ...s, mine: isMine(o, s.event, s.duty, who) })) })), { duty: 'g2.read' }],
	['GET', '/api/v1/bases', ({ json }) => list(json, [...bases.values()].map(({ acts, ...b }) => b)), { duty: 'g2.read' }],
	['GET', '/api/v1/bases/{id}', one(bases, (b) => b), { duty: 'g2.read' }],
	['POST', '/api/v1/acts/prepare', prepare],
	['POST', '/api/v1/acts/submit', submit],
	['POST', '/api/v1/access/factors/challenge', ({ who, json }) => {
		challenges.set(who.account, randomBytes(32));
		json({ challenge: challenges.get(who.account).toString('base64url') });
	}],
	['GET', '/api/v1/access/keys', ({ who, json }) => list(json, (keys.get(who.account) ?? []).map((k) => ({ credential: k.id, key: keyText(who.account, k) })))],
];
