// SPDX-License-Identifier: Apache-2.0
// A form of a schema: fields by groups, with help, messages beside the field and a summary above. "Unknown" is an answer that each field offers, so that
// nobody has to invent a fact to be allowed to go on. The model is lib/form-model.js.
import { html, useEffect, useRef, useState } from '../lib/html.js';
import { LISTS, UNKNOWN, groupsOf, isUnknown, needOf } from '../lib/form-model.js';
import { fromInput, rfc, toInput, zoneName } from '../lib/time.js';
import { language, t } from '../lib/words.js';
import { Icon } from './icons.js';

const both = (words) => (typeof words === 'string' ? words : words?.[language.get()] ?? words?.en ?? '');
export const labelOf = (field) => both(field.label) || field.name;
export const choiceWords = (field, word) => both(field.words?.[word]) || word;
const idOf = (path) => `field-${path.replaceAll('.', '-')}`;

/** A copy of values with one path set. */
export function withPath(values, path, value) {
	const [head, ...rest] = path.split('.');
	const copy = Array.isArray(values) ? [...values] : { ...values };
	copy[head] = rest.length === 0 ? value : withPath(copy[head] === UNKNOWN || copy[head] === undefined ? (/^\d+$/.test(rest[0]) ? [] : {}) : copy[head], rest.join('.'), value);
	return copy;
}

const faultWords = (fault) => t(`form.fault.${fault.code}`, fault.args ?? {});

/* ---- inputs of one value ---- */

const common = (path, fault, help) => ({ id: idOf(path), 'aria-invalid': fault ? 'true' : undefined, 'aria-describedby': [help && `${idOf(path)}-help`, fault && `${idOf(path)}-fault`].filter(Boolean).join(' ') || undefined });

function Text({ field, path, value, set, attributes }) {
	if (field.type === 'text') return html`<textarea rows="3" ...${attributes} value=${value ?? ''} onInput=${(e) => set(path, e.target.value)}></textarea>`;
	const number = ['count', 'amount'].includes(field.type);
	return html`<input type="text" inputmode=${number ? 'decimal' : undefined} class=${number ? 'short' : ''} spellcheck=${['line', 'text'].includes(field.type) ? undefined : false} autocomplete="off" ...${attributes} value=${value ?? ''} onInput=${(e) => set(path, e.target.value)} />`;
}

function Select({ field, path, value, set, attributes }) {
	return html`<select ...${attributes} value=${value ?? ''} onChange=${(e) => set(path, e.target.value)}>
		<option value="">${t('form.choose')}</option>
		${field.enum.map((c) => html`<option value=${c} selected=${c === value}>${choiceWords(field, c)}</option>`)}
	</select>`;
}

/** One of a few, as buttons of a radio group: yes, no, unknown. */
function Radios({ path, value, set, options, label, fault }) {
	return html`<span class="radios" role="radiogroup" id=${idOf(path)} aria-label=${label} aria-invalid=${fault ? 'true' : undefined} tabindex="-1">
		${options.map(([v, words]) => html`<label class="radio"><input type="radio" name=${path} checked=${value === v} onChange=${() => set(path, v)} />${words}</label>`)}
		${value !== undefined && value !== '' && html`<button type="button" class="quiet small" onClick=${() => set(path, undefined)}>${t('form.clear')}</button>`}
	</span>`;
}

function Checks({ field, path, value, set, label }) {
	const chosen = Array.isArray(value) ? value : [];
	const turn = (word) => set(path, chosen.includes(word) ? chosen.filter((w) => w !== word) : [...chosen, word]);
	return html`<span class="checks" role="group" id=${idOf(path)} aria-label=${label} tabindex="-1">${field.enum.map((c) => html`<label class="radio"><input type="checkbox" checked=${chosen.includes(c)} onChange=${() => turn(c)} />${choiceWords(field, c)}</label>`)}</span>`;
}

function Range({ path, value, set, attributes, label }) {
	const now = value ?? {};
	const one = (end) => html`<label class="inline">${t(`form.range.${end}`)}<input type="text" inputmode="numeric" class="short" ...${end === 'min' ? attributes : {}} aria-label=${`${label}: ${t(`form.range.${end}`)}`} value=${now[end] ?? ''} onInput=${(e) => set(path, { ...now, [end]: e.target.value })} /></label>`;
	return html`<span class="row">${one('min')}${one('max')}</span>`;
}

/* ---- a time, and how sure it is ---- */

const AROUND = { exact: 0, m15: 900, h1: 3600, h6: 21600, d1: 86400 };
const ends = (value) => (typeof value === 'string' ? { earliest: value, latest: value } : value ?? {});
function aroundOf({ earliest, latest }) {
	if (!earliest || !latest) return 'exact';
	const half = (Date.parse(latest) - Date.parse(earliest)) / 2000;
	return Object.keys(AROUND).find((k) => AROUND[k] === half) ?? 'between';
}

function Time({ path, value, set, attributes, label }) {
	const now = ends(value);
	const [way, setWay] = useState(aroundOf(now));
	const middle = now.earliest && now.latest ? (Date.parse(now.earliest) + Date.parse(now.latest)) / 2 : null;
	const put = (ms, how) => set(path, Number.isFinite(ms) ? { earliest: rfc(ms - AROUND[how] * 1000), latest: rfc(ms + AROUND[how] * 1000) } : undefined);
	const turn = (how) => {
		setWay(how);
		if (how !== 'between' && middle !== null) put(middle, how);
	};
	const box = (ms, on, more = {}) => html`<input type="datetime-local" ...${more} value=${ms === null || !Number.isFinite(ms) ? '' : toInput(ms)} onInput=${(e) => on(e.target.value ? fromInput(e.target.value) : NaN)} />`;
	const end = (which) => html`<label class="inline">${t(`form.time.${which}`)}${box(now[which] ? Date.parse(now[which]) : null, (ms) => set(path, { ...now, [which]: Number.isFinite(ms) ? rfc(ms) : undefined }), which === 'earliest' ? attributes : {})}</label>`;
	return html`<span class="row time-field">
		${way === 'between' ? html`${end('earliest')}${end('latest')}` : box(middle, (ms) => put(ms, way), attributes)}
		<label class="inline"><span class="hidden">${label}: </span>${t('form.time.sure')}<select value=${way} onChange=${(e) => turn(e.target.value)}>${[...Object.keys(AROUND), 'between'].map((k) => html`<option value=${k} selected=${k === way}>${t(`form.time.${k}`)}</option>`)}</select></label>
		<span class="field-zone">${zoneName()}</span>
	</span>`;
}

/* ---- several ---- */

function Rows({ field, path, value, set, form, label }) {
	const given = Array.isArray(value) ? value : [];
	const rows = given.length === 0 && field.type !== 'structs' ? [''] : given; // a box to write into at once
	const last = useRef(null);
	const [added, setAdded] = useState(0);
	useEffect(() => { if (added) last.current?.querySelector('input, select, textarea')?.focus(); }, [added]);
	const remove = (i) => set(path, rows.filter((_, at) => at !== i));
	const add = () => { set(path, [...rows, field.type === 'structs' ? {} : '']); setAdded(added + 1); };
	return html`<div class="form-rows" role="group" id=${idOf(path)} aria-label=${label} tabindex="-1">
		<ol class="plain">${rows.map((row, i) => html`<li class="form-row" key=${i} ref=${i === rows.length - 1 ? last : undefined}>
			${field.type === 'structs'
				? html`<fieldset class="form-part"><legend>${t('form.row', { label, n: i + 1 })}</legend>${field.parts.map((part) => html`<${Field} field=${part} path=${`${path}.${i}.${part.name}`} value=${row?.[part.name]} form=${form} inside />`)}</fieldset>`
				: html`<${One} field=${{ ...field, type: LISTS[field.type] }} path=${`${path}.${i}`} value=${row} form=${form} label=${t('form.row', { label, n: i + 1 })} bare />`}
			${given.length > 0 && html`<button type="button" class="quiet small" aria-label=${t('form.remove', { label: t('form.row', { label, n: i + 1 }) })} onClick=${() => remove(i)}><${Icon} name="close" /></button>`}
		</li>`)}</ol>
		<button type="button" class="small" onClick=${add}><${Icon} name="plus" /> ${t('form.add', { label })}</button>
	</div>`;
}

function One({ field, path, value, form, label, bare }) {
	const fault = form.faults.get(path);
	const attributes = common(path, fault, !bare && field.help);
	const props = { field, path, value, set: form.set, attributes: bare ? { ...attributes, 'aria-label': label } : attributes, label, fault };
	const input = {
		enum: Select, enums: Checks, time: Time, range: Range, structs: Rows,
		...Object.fromEntries(Object.keys(LISTS).map((k) => [k, Rows])),
	}[field.type];
	let shown;
	if (field.type === 'tri') shown = html`<${Radios} ...${props} options=${[['yes', t('form.yes')], ['no', t('form.no')], [UNKNOWN, t('form.unknown')]]} />`;
	else if (field.type === 'flag') shown = html`<${Radios} ...${props} options=${[[true, t('form.yes')], [false, t('form.no')]]} />`;
	else shown = html`<${input ?? Text} ...${props} form=${form} />`;
	return html`${shown}${bare && fault && html`<p class="wrong" id=${`${idOf(path)}-fault`}>${faultWords(fault)}</p>`}`;
}

const GROUPED = new Set(['tri', 'flag', 'enums', 'structs', ...Object.keys(LISTS)]);

export function Field({ field, path, value, form, inside }) {
	const label = labelOf(field);
	const help = both(field.help);
	const fault = form.faults.get(path);
	const unknown = isUnknown(value) && field.type !== 'tri';
	const need = needOf(field, form.final);
	const later = !form.plain && need !== 'known' && needOf(field, true) === 'known';
	const mark = need !== 'no' ? html` <span class="needed">${t(field.need === 'known' ? 'form.needed' : need === 'given' ? 'form.needed.given' : 'form.needed.final')}</span>` : later ? html` <span class="needed-later">${t('form.needed.later')}</span>` : '';
	const foot = html`${help && html`<p class="field-help" id=${`${idOf(path)}-help`}>${help}</p>`}${fault && html`<p class="wrong" id=${`${idOf(path)}-fault`}><${Icon} name="warn" /> ${faultWords(fault)}</p>`}`;
	if (field.type === 'struct' && !unknown)
		return html`<fieldset class=${`form-struct ${fault ? 'has-fault' : ''}`} id=${idOf(path)} tabindex="-1"><legend>${label}${mark}</legend>${foot}
			<${Unknown} field=${field} path=${path} value=${value} form=${form} label=${label} />
			${field.parts.map((part) => html`<${Field} field=${part} path=${`${path}.${part.name}`} value=${value?.[part.name]} form=${form} inside />`)}</fieldset>`;
	const head = GROUPED.has(field.type) || unknown ? html`<span class="label">${label}${mark}</span>` : html`<label class="label" for=${idOf(path)}>${label}${mark}</label>`;
	return html`<div class=${`field ${inside ? 'field-inside' : ''} ${fault ? 'has-fault' : ''}`}>
		${head}
		<div class="field-body">${unknown ? html`<p class="field-unknown" id=${idOf(path)} tabindex="-1">${t('form.unknown.said')}</p>` : html`<${One} field=${field} path=${path} value=${value} form=${form} label=${label} />`}
		<${Unknown} field=${field} path=${path} value=${value} form=${form} label=${label} /></div>
		${foot}
	</div>`;
}

function Unknown({ field, path, value, form, label }) {
	if (form.plain || field.type === 'tri' || field.need === 'known') return null;
	return html`<label class="unknown-switch"><input type="checkbox" checked=${isUnknown(value)} aria-label=${t('form.unknown.of', { label })} onChange=${(e) => form.set(path, e.target.checked ? UNKNOWN : undefined)} />${t('form.unknown')}</label>`;
}

/** Above the form once it was refused: what is wrong, each a link to its field. Takes the focus. */
export function Summary({ faults, labels }) {
	const box = useRef(null);
	useEffect(() => { box.current?.focus(); }, [faults]);
	if (faults.length === 0) return null;
	const to = (path) => (e) => {
		e.preventDefault();
		let el = document.getElementById(idOf(path));
		for (let cut = path; !el && cut.includes('.'); ) { cut = cut.slice(0, cut.lastIndexOf('.')); el = document.getElementById(idOf(cut)); }
		el?.scrollIntoView({ block: 'center' });
		(el?.matches('input, select, textarea') ? el : el?.querySelector('input, select, textarea') ?? el)?.focus();
	};
	return html`<div class="failure form-summary" role="alert" tabindex="-1" ref=${box}>
		<p class="failure-title"><${Icon} name="warn" /> ${t('form.refused', { n: faults.length })}</p>
		<ul>${faults.map((fault) => html`<li><a href=${`#${idOf(fault.path)}`} onClick=${to(fault.path)}>${labels(fault.path)}</a>: ${faultWords(fault)}</li>`)}</ul>
	</div>`;
}

/** The words of a path: "Timeline 2: When". */
export function pathWords(schema, path) {
	const out = [];
	let [parts, row] = [schema.fields, ''];
	for (const step of path.split('.')) {
		if (/^\d+$/.test(step)) { row = ` ${Number(step) + 1}`; out[out.length - 1] += row; continue; }
		const field = parts.find((f) => f.name === step);
		if (!field) break;
		out.push(labelOf(field));
		parts = field.parts;
	}
	return out.join(': ');
}

export function Groups({ schema, form, kind }) {
	const names = new Map((schema.groups ?? []).map((g) => [g.name ?? g.group, both(g.label ?? g)]));
	return html`${groupsOf(schema, kind).map(({ group, fields }, i) => html`<section class="form-group panel" aria-labelledby=${`group-${group}`}>
		<header class="panel-head"><h2 id=${`group-${group}`}><span class="group-number">${i + 1}</span> ${names.get(group) || group}</h2></header>
		${fields.map((field) => html`<${Field} field=${field} path=${field.name} value=${form.values[field.name]} form=${form} />`)}
	</section>`)}`;
}
