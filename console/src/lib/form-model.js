// SPDX-License-Identifier: Apache-2.0
// A form made of a schema (GET /api/v1/reports/schema): values, validation, what goes to the server. No element of a page is here, so it is tested by itself.
// A value is what its type says, UNKNOWN, or undefined (nobody answered). "Unknown" is an answer: it is sent, and only a final report refuses it where the law asks for the fact.

export const UNKNOWN = 'unknown';
const TEXT_MAX = 16384;
const LIST_MAX = 256;

/** Types that are one value in one box, and how such a text is read. A reader answers undefined for what it cannot read. */
const whole = (text) => (/^[0-9]{1,16}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined);
const number = (text) => (/^-?[0-9]{1,15}(\.[0-9]{1,9})?$/.test(text) ? Number(text) : undefined);
const matches = (pattern) => (text) => (pattern.test(text) ? text : undefined);
export const READERS = {
	text: (text) => (text.length <= TEXT_MAX ? text : undefined),
	long: (text) => (text.length <= TEXT_MAX ? text : undefined),
	count: whole,
	int: whole,
	number,
	hash: matches(/^[0-9a-f]{64}$/),
	uuid: matches(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
	mail: matches(/^[^\s@]{1,64}@[^\s@]{1,190}$/),
	technique: matches(/^T[0-9]{4}(\.[0-9]{3})?$/),
	cve: matches(/^CVE-[0-9]{4}-[0-9]{4,7}$/),
};

export const isUnknown = (value) => value === UNKNOWN;
const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
export function isEmpty(value) {
	if (value === undefined || value === null || value === '') return true;
	if (Array.isArray(value)) return value.every(isEmpty);
	if (isObject(value)) return Object.values(value).every(isEmpty);
	return false;
}

/** The fields of a struct, or of a list's rows; null: rows are of one simple type. */
export const partsOf = (field) => (Array.isArray(field.of) ? field.of : Array.isArray(field.fields) ? field.fields : null);
/** The type of a list's rows where they have one box each. */
export const rowType = (field) => (typeof field.of === 'string' ? { ...field, type: field.of, of: undefined } : { ...field, type: 'text', of: undefined });

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
const isTime = (text) => TIME.test(text) && Number.isFinite(Date.parse(text));

function judge(field, value, path, faults, final) {
	if (isUnknown(value)) {
		if (final && field.final) faults.push({ path, code: 'final_unknown' });
		return;
	}
	if (isEmpty(value)) {
		if (final && field.final) faults.push({ path, code: 'final_empty' });
		return;
	}
	const parts = partsOf(field);
	if (field.type === 'list') {
		if (!Array.isArray(value)) faults.push({ path, code: 'form' });
		else if (value.length > LIST_MAX) faults.push({ path, code: 'long', args: { n: LIST_MAX } });
		else value.forEach((row, i) => (parts ? judgeParts(parts, row, `${path}.${i}`, faults) : judge({ ...rowType(field), final: false }, row, `${path}.${i}`, faults, false)));
	} else if (field.type === 'struct' || parts) judgeParts(parts ?? [], value, path, faults);
	else if (field.type === 'time') judgeTime(value, path, faults);
	else if (field.enum?.length) {
		if (!(field.type === 'enums' ? [value].flat() : [value]).every((v) => field.enum.includes(v))) faults.push({ path, code: 'choice' });
	} else if (field.type === 'tri' && !['yes', 'no'].includes(value)) faults.push({ path, code: 'choice' });
	else if (READERS[field.type] && typeof value === 'string' && READERS[field.type](value.trim()) === undefined) faults.push({ path, code: `type_${field.type}` });
	if (field.type === 'count' && typeof value === 'number' && !(Number.isSafeInteger(value) && value >= 0)) faults.push({ path, code: 'type_count' });
}

function judgeParts(parts, value, path, faults) {
	if (!isObject(value)) return void faults.push({ path, code: 'form' });
	for (const part of parts) judge({ ...part, final: false }, value[part.name], `${path}.${part.name}`, faults, false);
}

function judgeTime(value, path, faults) {
	const { at, give_or_take_s: around } = typeof value === 'string' ? { at: value } : value;
	if (!isTime(at ?? '')) faults.push({ path, code: 'type_time' });
	else if (around !== undefined && !(Number.isSafeInteger(around) && around >= 0)) faults.push({ path, code: 'uncertainty' });
}

/** Faults as [{path, code, args?}] in the order of the form. @param {'initial'|'final'|string} stage "unknown" is refused in the final one alone */
export function validate(schema, form, stage, values) {
	const faults = [];
	for (const { fields } of groupsOf(schema, form)) for (const field of fields) judge(field, values[field.name], field.name, faults, stage === 'final');
	return faults;
}

/** Which fields the final report still lacks: what somebody filling in the first one may want to know. */
export const lackingForFinal = (schema, form, values) =>
	groupsOf(schema, form).flatMap(({ fields }) => fields.filter((f) => f.final && (isEmpty(values[f.name]) || isUnknown(values[f.name]))).map((f) => f.name));

/* ---- to the server ---- */

function cleanOf(field, value) {
	if (isUnknown(value) || value === undefined) return value;
	const parts = partsOf(field);
	if (field.type === 'list') return value.filter((row) => !isEmpty(row)).map((row) => (parts ? cleanParts(parts, row) : cleanOf(rowType(field), row)));
	if (parts) return cleanParts(parts, value);
	if (typeof value === 'string' && READERS[field.type]) return READERS[field.type](['text', 'long'].includes(field.type) ? value : value.trim());
	return value;
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
