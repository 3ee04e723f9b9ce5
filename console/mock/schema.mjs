// SPDX-License-Identifier: Apache-2.0
// The schema of reports as the server tells it (GET /api/v1/reports/schema), made of the same table as the server's: src/centre/report/*.def.
import { readFileSync } from 'node:fs';

const folder = process.env.SEKISHO_REPORT_TABLES ?? new URL('../../src/centre/report/', import.meta.url).pathname;
const FORMS = { D: ['ddos'], R: ['ransomware'], O: ['other'], RO: ['ransomware', 'other'], ALL: ['ddos', 'ransomware', 'other'] };
const text = (word) => JSON.parse(word);

/** The arguments of each row NAME(...) of a table. */
function rows(file, macro) {
	const out = [];
	for (const line of readFileSync(folder + file, 'utf8').split('\n')) {
		const found = new RegExp(`^${macro}\\((.*)\\)$`).exec(line);
		if (found) out.push([...found[1].matchAll(/"(?:[^"\\]|\\.)*"|[^,\s][^,]*/g)].map((m) => m[0].trim()));
	}
	return out;
}

export function reportSchema() {
	const words = rows('words.def', 'SK_REPORT_WORD').map(([set, word, en, ja]) => ({ set, word: text(word), label: { en: text(en), ja: text(ja) } }));
	const groups = new Map(rows('fields.def', 'SK_REPORT_GROUP').map(([symbol, name, en, ja]) => [symbol, { name: text(name), label: { en: text(en), ja: text(ja) } }]));
	const fields = rows('fields.def', 'SK_REPORT_FIELD').map(([path, type, set, forms, group, item, need, source, en, ja, helpEn, helpJa]) => {
		const of = words.filter((w) => w.set === set), name = text(path);
		return {
			name, of: name.slice(0, Math.max(0, name.lastIndexOf('.'))), type: type.toLowerCase(), ...(of.length ? { enum: of.map((w) => w.word), words: Object.fromEntries(of.map((w) => [w.word, w.label])) } : {}),
			label: { en: text(en), ja: text(ja) }, help: { en: text(helpEn), ja: text(helpJa) }, group: groups.get(group).name, forms: forms.split('|').flatMap((f) => FORMS[f.trim()]), item: Number(item), need: need.toLowerCase(),
			final: need === 'KNOWN' || (Number(item) !== 0 && !['FREE', 'CENTRE'].includes(need)), source: text(source),
		};
	});
	const list = (set) => words.filter((w) => w.set === set).map(({ word, label }) => ({ name: word, label }));
	return { fields, groups: [...groups.values()], forms: list('FORM'), stages: list('STAGE') };
}
