// SPDX-License-Identifier: Apache-2.0
// A form made of a schema (GET /api/v1/reports/schema): values, validation, what goes to the server. No element of a page is here, so it is tested by itself.
// A value is what its type says, UNKNOWN, or undefined (nobody answered). "Unknown" is an answer: it is sent, and only a final report refuses it where the law asks for the fact.

export const UNKNOWN = 'unknown';
const TEXT_MAX = 32768;
const LINE_MAX = 512;
const LIST_MAX = 256;

/** Types that are one text in one box, and how it is read. A reader answers undefined for what it cannot read. */
const matches = (pattern) => (text) => (pattern.test(text) ? text : undefined);
const whole = (text) => (/^[0-9]{1,16}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined);
const short = (text) => (text.length <= LINE_MAX && !text.includes('\n') ? text : undefined);
export const READERS = {
	text: (text) => (text.length <= TEXT_MAX ? text : undefined),
	line: short,
	word: matches(/^[a-z0-9_]{1,63}$/),
	id: matches(/^[\x21-\x7e]{1,63}$/),
	count: whole,
	amount: matches(/^[0-9]{1,15}(\.[0-9]{1,9})?$/), // stays a text, so that no cent is lost
	currency: matches(/^[A-Z]{3}$/),
	hash: matches(/^[0-9a-f]{64}$/),
	attack: matches(/^T[0-9]{4}(\.[0-9]{3})?$/),
	cve: matches(/^CVE-[0-9]{4}-[0-9]{4,7}$/),
};
/** Types that are a list of one of these. */
export const LISTS = { words: 'word', lines: 'line', counts: 'count', hashes: 'hash', attacks: 'attack', cves: 'cve' };

export const isUnknown = (value) => value === UNKNOWN;
const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
export function isEmpty(value) {
	if (value === undefined || value === null || value === '') return true;
	if (Array.isArray(value)) return value.every(isEmpty);
	if (isObject(value)) return Object.values(value).every(isEmpty);
	return false;
}

export const choicesOf = (field) => field.enum ?? [];
/** What the page asks for in its own way, above the form. */
const OWN = new Set(['report_id', 'form_kind', 'report_stage']);

/** A schema whose members lie inside their structures: the server names them by paths ("org.name"). Fields that the centre gives are left out. */
export function nest(raw) {
	const fields = [];
	const byPath = new Map();
	for (const one of raw.fields) {
		const cut = one.name.lastIndexOf('.');
		const field = { ...one, path: one.name, name: one.name.slice(cut + 1), type: one.type.toLowerCase(), parts: [] };
		byPath.set(one.name, field);
		if (one.need === 'centre' || OWN.has(one.name)) continue;
		if (cut < 0) fields.push(field);
		else byPath.get(one.name.slice(0, cut))?.parts.push(field);
	}
	return { ...raw, fields };
}

/** Fields that this form has, in the order of the schema, by groups: [{group, fields}]. */
export function groupsOf(schema, form) {
	const groups = new Map();
	for (const field of schema.fields) {
		if (field.forms?.length && form && !field.forms.includes(form)) continue;
		const group = field.group ?? '';
		if (!groups.has(group)) groups.set(group, []);
		groups.get(group).push(field);
	}
	return [...groups].map(([group, fields]) => ({ group, fields }));
}

/* ---- validation ---- */

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?Z$/;
const isTime = (text) => typeof text === 'string' && TIME.test(text) && Number.isFinite(Date.parse(text));

/** Is it needed now? In every stage what the rules cannot do without; in the final one what it must know. @returns {'no'|'given'|'known'} given: if only as "unknown" */
export function needOf(field, final) {
	if (field.need === 'known' || (final && (field.final === true || field.need === 'final'))) return 'known';
	return field.need === 'always' ? 'given' : 'no';
}

function judge(field, value, path, faults, final) {
	const add = (code, args) => faults.push({ path, code, ...(args ? { args } : {}) });
	const need = needOf(field, final);
	if (isUnknown(value)) return void (need === 'known' && add(field.need === 'known' ? 'needed_unknown' : 'final_unknown'));
	if (isEmpty(value)) return void (need !== 'no' && add(field.need === 'known' ? 'needed' : field.need === 'always' ? 'needed_given' : 'final_empty'));
	if (LISTS[field.type]) {
		if (!Array.isArray(value)) return void add('form');
		if (value.length > LIST_MAX) return void add('long', { n: LIST_MAX });
		value.forEach((row, i) => judge({ type: LISTS[field.type] }, row, `${path}.${i}`, faults, false));
	} else if (field.type === 'structs') {
		if (!Array.isArray(value)) return void add('form');
		if (value.length > LIST_MAX) return void add('long', { n: LIST_MAX });
		value.forEach((row, i) => isEmpty(row) || judgeParts(field.parts, row, `${path}.${i}`, faults, final));
	} else if (field.type === 'struct') judgeParts(field.parts, value, path, faults, final);
	else if (field.type === 'time') judgeTime(value, add);
	else if (field.type === 'range') judgeRange(value, add);
	else if (field.type === 'enum') choicesOf(field).includes(value) || add('choice');
	else if (field.type === 'enums') (Array.isArray(value) && value.every((v) => choicesOf(field).includes(v))) || add('choice');
	else if (field.type === 'tri') ['yes', 'no'].includes(value) || add('choice');
	else if (field.type === 'flag') typeof value === 'boolean' || add('choice');
	else if (READERS[field.type] && READERS[field.type](String(value).trim()) === undefined) add(`type_${field.type}`);
}

function judgeParts(parts, value, path, faults, final) {
	if (!isObject(value)) return void faults.push({ path, code: 'form' });
	for (const part of parts) judge(part, value[part.name], `${path}.${part.name}`, faults, final);
}

function judgeTime(value, add) {
	const { earliest, latest } = typeof value === 'string' ? { earliest: value, latest: value } : value;
	if (!isTime(earliest) || !isTime(latest)) add('type_time');
	else if (Date.parse(earliest) > Date.parse(latest)) add('time_order');
}

function judgeRange(value, add) {
	const [min, max] = [value.min, value.max].map((v) => (isEmpty(v) ? null : READERS.count(String(v).trim())));
	if (min === undefined || max === undefined) add('type_range');
	else if (min !== null && max !== null && min > max) add('range_order');
}

/** Faults as [{path, code, args?}] in the order of the form. @param {string} stage of these "final" alone refuses "unknown" where the rules ask for the fact */
export function validate(schema, form, stage, values) {
	const faults = [];
	for (const { fields } of groupsOf(schema, form)) for (const field of fields) judge(field, values[field.name], field.name, faults, stage === 'final');
	return faults;
}

/** Which fields the final report still lacks: what somebody filling in the first one may want to know. */
export const lackingForFinal = (schema, form, values) => [...new Set(validate(schema, form, 'final', values).filter((f) => /^(final|needed)/.test(f.code)).map((f) => f.path))];

/* ---- to the server ---- */

const typed = (type, value) => (['string', 'number'].includes(typeof value) && READERS[type] ? READERS[type](String(value).trim()) : value);
function cleanOf(field, value) {
	if (isUnknown(value)) return value;
	if (LISTS[field.type]) return value.filter((row) => !isEmpty(row)).map((row) => typed(LISTS[field.type], row));
	if (field.type === 'structs') return value.filter((row) => !isEmpty(row)).map((row) => cleanParts(field.parts, row));
	if (field.type === 'struct') return cleanParts(field.parts, value);
	if (field.type === 'time') return typeof value === 'object' && value.earliest === value.latest ? value.earliest : value;
	if (field.type === 'range') return Object.fromEntries(['max', 'min'].filter((k) => !isEmpty(value[k])).map((k) => [k, typed('count', value[k])]));
	return typed(field.type, value);
}
function cleanParts(parts, value) {
	const out = {};
	for (const part of parts) if (!isEmpty(value[part.name])) out[part.name] = cleanOf(part, value[part.name]);
	return out;
}

/** What is sent: fields of this form that somebody answered, in their types. Call it after validate() found nothing. */
export function fieldsToSend(schema, form, values) {
	const out = {};
	for (const { fields } of groupsOf(schema, form)) for (const field of fields) if (!isEmpty(values[field.name])) out[field.name] = cleanOf(field, values[field.name]);
	return out;
}

/* ---- drafts: for this tab alone, gone with it ---- */

const KEY = 'sekisho.draft.';
export function keepDraft(id, draft, storage = globalThis.sessionStorage) {
	try {
		storage.setItem(KEY + id, JSON.stringify(draft));
		return true;
	} catch {
		return false; // full, or a private window: the page says that nothing is kept
	}
}
export function readDraft(id, storage = globalThis.sessionStorage) {
	try {
		const draft = JSON.parse(storage.getItem(KEY + id) ?? 'null');
		return isObject(draft) && isObject(draft.values) ? draft : null;
	} catch {
		return null;
	}
}
export const dropDraft = (id, storage = globalThis.sessionStorage) => { try { storage.removeItem(KEY + id); } catch { /* there is none */ } };
export function draftIds(storage = globalThis.sessionStorage) {
	try {
		return Object.keys(storage).filter((k) => k.startsWith(KEY)).map((k) => k.slice(KEY.length));
	} catch {
		return [];
	}
}
