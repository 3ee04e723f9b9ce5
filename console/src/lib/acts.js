// SPDX-License-Identifier: Apache-2.0
// The steps that a page can sign, by matter: which words each takes besides, and which duty it needs. What is allowed is the server's to say (`next` of an
// answer, duties of the session); this is only what to ask for. Fields are those of a form (lib/form-model.js); their names are the command's options.
import { nest } from './form-model.js';

const why = { name: 'why', type: 'text', need: 'known' };
const text = { name: 'text', type: 'text', need: 'known' };
const due = { name: 'due', type: 'time', need: 'known' };

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
		check: { fields: [{ name: 'hits', type: 'count', need: 'known' }, { name: 'false_hits', type: 'count', need: 'known' }, { name: 'not_needed', type: 'flag', need: 'free' }, { ...why, need: 'free' }] },
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
		extend: { fields: [{ name: 'for', type: 'line', need: 'known' }, why] },
		suspend: { fields: [{ name: 'as', type: 'enum', enum: ['oversight', 'partner', 'fault'], need: 'known' }, why], tone: 'danger' },
		resume: { fields: [{ name: 'as', type: 'enum', enum: ['oversight', 'partner', 'fault'], need: 'known' }, why] },
		terminate: { fields: [why], tone: 'danger' },
	},
	remark: {
		issue: { fields: [{ name: 'kind', type: 'enum', enum: ['notice', 'demand', 'recommendation'], need: 'known' }, { name: 'about', type: 'enum', enum: ['basis', 'selectors', 'border', 'order', 'retention', 'reident', 'access', 'provision', 'record', 'other'], need: 'known' }, { name: 'to', type: 'id', need: 'known' }, text, due], main: true },
		answer: { fields: [text], main: true },
		insist: { fields: [text, due] },
		close: { fields: [text], main: true },
		withdraw: { fields: [text], tone: 'danger' },
	},
	inspect: {
		begin: { fields: [{ name: 'occasion', type: 'enum', enum: ['ongoing', 'occasional'], need: 'known' }, { ...text, need: 'free' }], main: true },
		conclude: { fields: [{ name: 'result', type: 'enum', enum: ['in_order', 'remarks'], need: 'known' }, { ...text, need: 'free' }], main: true },
	},
	access: {
		'lease.request': { fields: [{ name: 'activity', type: 'enum', enum: ['g1.read', 'analysis.write', 'reident.request'], need: 'known' }, { name: 'scope', type: 'line', need: 'known' }, { name: 'for', type: 'line', need: 'known' }, why], main: true },
		'lease.grant': { fields: [], main: true },
		'lease.refuse': { fields: [why], tone: 'danger' },
		'lease.revoke': { fields: [why], tone: 'danger' },
		'role.grant': { fields: [{ name: 'role', type: 'enum', enum: ['analyst', 'approver', 'legal', 'privacy_officer', 'foreign_affairs', 'commander', 'operator', 'reporter', 'reader', 'administrator'], need: 'known' }] },
		'role.revoke': { fields: [{ name: 'role', type: 'enum', enum: ['analyst', 'approver', 'legal', 'privacy_officer', 'foreign_affairs', 'commander', 'operator', 'reporter', 'reader', 'administrator'], need: 'known' }], tone: 'danger' },
		'account.close': { fields: [why], tone: 'danger' },
		'key.revoke': { fields: [{ name: 'key', type: 'line', need: 'known' }], tone: 'danger' },
	},
};

/** Matter, event of the act's statement for a command such as "access.lease.grant". */
export function statementOf(command) {
	const [matter, ...rest] = command.split('.');
	const event = rest.join('.');
	if (matter === 'access') return { matter: rest[0] === 'role' || rest[0] === 'key' ? 'account' : rest[0], event: undefined };
	if (matter === 'inspect') return { matter: 'inspection', event };
	if (command === 'order.draft') return { matter: 'order', event: 'propose' };
	return { matter, event };
}

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

/** What stands in a request: times as RFC 3339, everything else as it is. */
export const argsOf = (fields) => Object.fromEntries(Object.entries(fields).map(([k, v]) => [k, typeof v === 'object' && v?.earliest ? v.earliest : v]));
