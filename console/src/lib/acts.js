// SPDX-License-Identifier: Apache-2.0
// The steps that a page can sign, by matter: which words each takes besides, and which duty it needs. What is allowed is the server's to say (`next` of an
// answer, duties of the session); this is only what to ask for. Fields are those of a form (lib/form-model.js); their names are the command's options.
import { nest } from './form-model.js';

const why = { name: 'why', type: 'text', need: 'known' };
const text = { name: 'text', type: 'text', need: 'known' };
const due = { name: 'due', type: 'time', need: 'known' };
const ABOUT = ['basis', 'selectors', 'border', 'order', 'retention', 'reident', 'access', 'provision', 'record', 'other'];
const ROLES = ['analyst', 'approver', 'legal', 'privacy_officer', 'foreign_affairs', 'commander', 'operator', 'reporter', 'reader', 'administrator'];
const role = { name: 'role', type: 'enum', enum: ROLES, need: 'known' };
const handed = [{ name: 'day', type: 'line', need: 'known' }, { name: 'basis', type: 'id', need: 'free' }, { name: 'to', type: 'id', need: 'known' }];

/** tone: how the button looks; main: the step that a matter in this state waits for */
export const ACTS = {
	order: {
		evidence: { fields: [why], main: true },
		legal: { fields: [why], main: true },
		consult: { fields: [{ name: 'refuse', type: 'flag', need: 'free' }, why], main: true },
		submit: { fields: [], main: true },
		approve: { fields: [], main: true },
		reject: { fields: [why], tone: 'danger' },
		withdraw: { fields: [why], tone: 'danger' },
		urgent: { fields: [], main: true },
		ratify: { fields: [], main: true },
		stage: { fields: [], main: true },
		check: { fields: [{ name: 'hits', type: 'count', need: 'known' }, { name: 'false-hits', type: 'count', need: 'known' }, { name: 'not-needed', type: 'flag', need: 'free' }, { ...why, need: 'free' }] },
		extend: { fields: [{ name: 'with', type: 'id', need: 'known' }] },
		end: { fields: [why], tone: 'danger' },
		halt: { fields: [why], tone: 'danger' },
		notify: { fields: [{ name: 'told', type: 'line', need: 'free' }, { name: 'unknown', type: 'flag', need: 'free' }, { ...why, need: 'free' }], main: true },
		review: { fields: [{ name: 'recommend', type: 'flag', need: 'known' }, text, { ...due, need: 'free' }], main: true },
		answer: { fields: [why], main: true },
		close: { fields: [], main: true },
	},
	basis: {
		review: { fields: [], main: true },
		approve: { fields: [], main: true },
		refuse: { fields: [why], tone: 'danger' },
		consent: { fields: [{ name: 'to', type: 'enum', enum: ['provision'], need: 'free' }], main: true },
		activate: { fields: [], main: true },
		extend: { fields: [{ name: 'until', type: 'time', need: 'known' }, why] },
		suspend: { fields: [{ name: 'as', type: 'enum', enum: ['oversight', 'partner', 'fault'], need: 'known' }, why], tone: 'danger' },
		resume: { fields: [{ name: 'as', type: 'enum', enum: ['oversight', 'partner', 'fault'], need: 'known' }, why] },
		terminate: { fields: [why], tone: 'danger' },
		selectors: { fields: [] },
	},
	remark: {
		issue: { fields: [{ name: 'kind', type: 'enum', enum: ['notice', 'demand', 'recommendation'], need: 'known' }, { name: 'about', type: 'enum', enum: ABOUT, need: 'known' }, { name: 'to', type: 'id', need: 'known' }, text, due], main: true },
		answer: { fields: [text], main: true },
		insist: { fields: [text, due] },
		close: { fields: [text], main: true },
		withdraw: { fields: [text], tone: 'danger' },
		file: { fields: [{ name: 'about', type: 'enum', enum: ABOUT, need: 'known' }, text], main: true },
		amend: { fields: [text] },
		assess: { fields: [text], main: true },
	},
	inspect: {
		begin: { fields: [{ name: 'occasion', type: 'enum', enum: ['ongoing', 'occasional'], need: 'known' }], main: true },
		conclude: { fields: [{ name: 'result', type: 'enum', enum: ['in_order', 'remarks'], need: 'known' }, { ...text, need: 'free' }], main: true },
	},
	access: {
		'lease.request': { fields: [{ name: 'activity', type: 'enum', enum: ['g1.read', 'analysis.write', 'reident.request'], need: 'known' }, { name: 'scope', type: 'line', need: 'known' }, { name: 'for', type: 'line', need: 'known' }, why], main: true },
		'lease.grant': { fields: [], main: true },
		'lease.refuse': { fields: [why], tone: 'danger' },
		'lease.revoke': { fields: [why], tone: 'danger' },
		'role.grant': { fields: [role] },
		'role.revoke': { fields: [role], tone: 'danger' },
		'account.close': { fields: [why], tone: 'danger' },
		'key.revoke': { fields: [], tone: 'danger' },
		'key.add': { fields: [], main: true },
		'factor.remove': { fields: [{ name: 'factor', type: 'enum', enum: ['totp', 'password', 'webauthn'], need: 'known' }], tone: 'danger' },
		'lease.use': { fields: [{ name: 'what', type: 'line', need: 'known' }] },
		sign: { fields: [], main: true },
	},
	policy: { ack: { fields: [], main: true }, withdraw: { fields: [], tone: 'danger' } },
	reident: { refuse: { fields: [why], tone: 'danger' }, close: { fields: [why] } },
	retention: { provide: { fields: [...handed, { ...why, need: 'free' }], main: true }, confirm: { fields: handed, main: true } },
};

/** Steps that the server would take from who is signed in: it says of each whether it is his. @param {{next?: {event: string, mine?: boolean}[]}} order */
export const offered = (order) => (order?.next ?? []).filter((s) => s.mine);

/** What the statement of a command must be: {matter, event, id}; undefined: not known here, so not compared. */
export function statementOf(command, id) {
	const [first, second, third] = command.split('.');
	if (command in OWN) return OWN[command](id);
	if (first === 'access') return { matter: { role: 'account', key: 'account' }[second] ?? second, event: ['role', 'key'].includes(second) ? `${second}.${third}` : third, id };
	if (first === 'inspect') return { matter: 'inspection', event: second, id };
	if (first === 'policy') return { matter: 'policy', event: second };
	if (first === 'retention') return { matter: 'retention' };
	if (command.startsWith('order.count.')) return { matter: 'access', event: third === 'end' ? 'count_end' : 'count', id };
	return { matter: first, event: second, id };
}
/* Commands whose statement is called otherwise. What is signed with others is compared with what waits (ui/sign.js). */
const OWN = {
	'access.log': () => ({ matter: 'access' }), 'access.sign': () => ({}), 'access.panel': () => ({ matter: 'org', event: 'panel', id: 'oversight' }),
	'access.account.add': (id) => ({ matter: 'account', event: 'open', id }), 'access.account.close': (id) => ({ matter: 'account', event: 'close', id }), 'access.org.add': (id) => ({ matter: 'org', event: 'add', id }),
	'access.factor.register': () => ({ matter: 'factor' }), 'access.factor.password': () => ({ matter: 'factor', event: 'set' }), 'access.factor.totp': () => ({ matter: 'factor', event: 'set' }), 'access.factor.remove': (id) => ({ matter: 'factor', event: 'remove', id }),
	'order.draft': (id) => ({ matter: 'order', event: 'propose', id }),
	...Object.fromEntries(['file', 'amend', 'assess'].map((e) => [`remark.${e}`, (id) => ({ matter: 'selfreport', event: e, id })])),
};

/** The form of a step: its fields with words from the catalogue. @param {(key: string) => string} t @param {(key: string) => boolean} known */
export function schemaOf(matter, event, t, known) {
	const step = ACTS[matter]?.[event] ?? { fields: [] };
	return nest({
		fields: step.fields.map((f) => ({
			...f, group: 'act', label: t(`act.field.${f.name}`), help: known(`act.help.${f.name}`) ? t(`act.help.${f.name}`) : undefined,
			words: Object.fromEntries((f.enum ?? []).map((w) => [w, known(`act.word.${w}`) ? t(`act.word.${w}`) : known(`role.${w}`) ? t(`role.${w}`) : w])),
		})),
	});
}

/** What stands in a request: times as RFC 3339, flags where they are true; a review says outright that it confirms. */
export function argsOf(command, fields) {
	const out = {};
	for (const [key, value] of Object.entries(fields)) if (value !== false) out[key] = typeof value === 'object' && value?.earliest ? value.earliest : value;
	if (command === 'order.review' && !out.recommend) out.confirm = true;
	return out;
}
