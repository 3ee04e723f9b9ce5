// SPDX-License-Identifier: Apache-2.0
// A report as it was handed in: the fields of the schema that were answered, in its order, in the reader's language. Only text nodes: nothing of it is ever markup.
import { html } from '../../lib/html.js';
import { UNKNOWN, groupsOf, isEmpty, isUnknown } from '../../lib/form-model.js';
import { whole } from '../../lib/numbers.js';
import { clock, zoneName } from '../../lib/time.js';
import { language, t } from '../../lib/words.js';
import { choiceWords, labelOf } from '../../ui/form.js';

const both = (words) => (typeof words === 'string' ? words : words?.[language.get()] ?? words?.en ?? '');

function Value({ field, value }) {
	if (isUnknown(value) && !field.enum?.includes(UNKNOWN)) return html`<span class="said-unknown">${t('form.unknown')}</span>`;
	switch (field.type) {
	case 'enum': return choiceWords(field, value);
	case 'enums': return value.map((v) => choiceWords(field, v)).join(', ');
	case 'tri': return t(value === 'yes' ? 'form.yes' : 'form.no');
	case 'flag': return t(value ? 'form.yes' : 'form.no');
	case 'count': return whole(value);
	case 'range': return `${value.min === undefined ? '' : `${t('form.range.min')} ${whole(value.min)}`} ${value.max === undefined ? '' : `${t('form.range.max')} ${whole(value.max)}`}`.trim();
	case 'time': return typeof value === 'string' ? `${clock(value, { seconds: false })} ${zoneName()}` : `${clock(value.earliest, { seconds: false })} – ${clock(value.latest, { seconds: false })} ${zoneName()}`;
	case 'text': return html`<span class="said-text">${value}</span>`;
	case 'struct': return html`<${Members} parts=${field.parts} value=${value} />`;
	case 'structs': return html`<ol class="said-rows">${value.map((row) => html`<li><${Members} parts=${field.parts} value=${row} /></li>`)}</ol>`;
	default: return Array.isArray(value) ? value.map((v) => html`<span class="mono said-item">${String(v)}</span> `) : String(value);
	}
}
const Members = ({ parts, value }) => html`<dl class="facts said-members">${parts.filter((p) => !isEmpty(value?.[p.name])).map((p) => html`<dt>${labelOf(p)}</dt><dd><${Value} field=${p} value=${value[p.name]} /></dd>`)}</dl>`;

export function Said({ schema, kind, fields }) {
	const names = new Map((schema.groups ?? []).map((g) => [g.name, both(g.label)]));
	return groupsOf(schema, kind).map(({ group, fields: ones }) => {
		const shown = ones.filter((f) => !isEmpty(fields[f.name]));
		return shown.length === 0 ? '' : html`<section class="panel" aria-labelledby=${`said-${group}`}><header class="panel-head"><h2 id=${`said-${group}`}>${names.get(group) || group}</h2></header>
			<dl class="facts told">${shown.map((f) => html`<dt title=${both(f.help)}>${labelOf(f)}</dt><dd><${Value} field=${f} value=${fields[f.name]} /></dd>`)}</dl></section>`;
	});
}
