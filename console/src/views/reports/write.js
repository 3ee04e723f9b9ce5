// SPDX-License-Identifier: Apache-2.0
// The statutory form: which form and stage, guidance for it, every field with its help. What one does not know yet is "unknown", and the report can go.
import { html, useEffect, useLayoutEffect, useMemo, useState } from '../../lib/html.js';
import { post, useApi } from '../../lib/api.js';
import { dropDraft, fieldsToSend, keepDraft, lackingForFinal, nest, readDraft, validate } from '../../lib/form-model.js';
import { go } from '../../lib/route.js';
import { say } from '../../lib/say.js';
import { language, name, t } from '../../lib/words.js';
import { Groups, Summary, pathWords, withPath } from '../../ui/form.js';
import { Icon } from '../../ui/icons.js';
import { Notice } from '../../ui/parts.js';
import { Failure, Show } from '../../ui/state.js';

/* Regimes that the policy's deadlines know; a list of words in the schema, because it is data. */
const REGIMES = ['jp_act_art5', 'jp_personal_data', 'nis2', 'circia', 'switzerland', 'australia_soci'];
const both = (words) => words?.[language.get()] ?? words?.en ?? '';

function prepared(raw) {
	const schema = nest(raw);
	for (const field of schema.fields)
		if (field.name === 'regime') Object.assign(field, { type: 'enums', enum: REGIMES, words: Object.fromEntries(REGIMES.map((r) => [r, t(`regime.${r}`)])) });
	return schema;
}

/** @param {{id?: string, before?: {form: string, fields: object}}} props id: a further stage of that report; before: what its last version says */
export function Write({ id, before }) {
	const raw = useApi('reports/schema');
	return html`<${Show} of=${raw} lines=${10}>${(data) => html`<${Form} raw=${data} id=${id} before=${before} />`}<//>`;
}

function Form({ raw, id, before }) {
	const key = id ?? 'new';
	const kept = useMemo(() => readDraft(`report.${key}`), [key]);
	const schema = useMemo(() => prepared(raw), [raw, language.get()]);
	const [kind, setKind] = useState(kept?.kind ?? before?.form ?? '');
	const [stage, setStage] = useState(kept?.stage ?? (id ? 'follow_up' : 'initial'));
	const [values, setValues] = useState(kept?.values ?? before?.fields ?? {});
	const [faults, setFaults] = useState([]);
	const [error, setError] = useState(null);
	const [busy, setBusy] = useState(false);
	const [saved, setSaved] = useState(true);
	useLayoutEffect(() => { setSaved(keepDraft(`report.${key}`, { kind, stage, values })); }, [kind, stage, values]);
	useEffect(() => {
		const leave = (e) => { if (Object.keys(values).length > 0 && !saved) e.preventDefault(); };
		addEventListener('beforeunload', leave);
		return () => removeEventListener('beforeunload', leave);
	}, [values, saved]);
	const set = (path, value) => setValues((old) => withPath(old, path, value));
	const form = { values, set, faults: new Map(faults.map((f) => [f.path, f])), final: stage === 'final' };
	const lacking = useMemo(() => lackingForFinal(schema, kind, values), [schema, kind, values]);
	const submit = async (e) => {
		e.preventDefault();
		const found = validate(schema, kind, stage, values);
		setFaults(found);
		setError(null);
		if (found.length > 0) return;
		setBusy(true);
		try {
			const answer = await post('reports', { ...(id ? { id } : {}), stage, fields: { form_kind: kind, report_stage: stage, ...fieldsToSend(schema, kind, values) } });
			dropDraft(`report.${key}`);
			say(t('reports.done', { id: answer.id, leaf: answer.receipt?.leaf ?? 0 }));
			go('reports', answer.id, { tab: null });
		} catch (e2) {
			setError(e2);
			setBusy(false);
		}
	};
	const stages = (raw.stages ?? []).filter((s) => id || !['follow_up', 'interim', 'supplemental'].includes(s.name));
	return html`<form class="long-form" onSubmit=${submit} noValidate>
		<section class="panel form-head">
			<div class="form-choice" role="radiogroup" aria-labelledby="which-form"><h2 id="which-form">${t('reports.which')}</h2>
				<div class="cards">${(raw.forms ?? []).map((f) => html`<label class=${`card ${kind === f.name ? 'card-on' : ''}`}><input type="radio" name="form_kind" checked=${kind === f.name} disabled=${Boolean(before)} onChange=${() => setKind(f.name)} /><span><b>${both(f.label)}</b><br /><span class="note">${t(`reports.form.${f.name}`)}</span></span></label>`)}</div></div>
			<div class="form-choice" role="radiogroup" aria-labelledby="which-stage"><h2 id="which-stage">${t('reports.stage')}</h2>
				<div class="cards">${stages.map((s) => html`<label class=${`card ${stage === s.name ? 'card-on' : ''}`}><input type="radio" name="report_stage" checked=${stage === s.name} onChange=${() => setStage(s.name)} /><span><b>${both(s.label)}</b><br /><span class="note">${name('reports.stage.help', s.name)}</span></span></label>`)}</div></div>
			<p class="note">${saved ? t('reports.kept') : html`<b class="wrong">${t('reports.notkept')}</b>`}</p>
		</section>
		${kind === '' ? html`<p class="note">${t('reports.choose')}</p>` : html`
			<${Notice} tone=${stage === 'final' ? 'warn' : 'good'} title=${stage === 'final' ? t('reports.guide.final') : t('reports.guide.first')}><p>${stage === 'final' ? t('reports.guide.final.words') : t('reports.guide.first.words')}</p><//>
			<${Summary} faults=${faults} labels=${(path) => pathWords(schema, path)} />
			<${Groups} schema=${schema} form=${form} kind=${kind} />
			${error && html`<${Failure} error=${error} />`}
			<div class="form-foot panel"><p>${lacking.length === 0 ? html`<span class="good-line"><${Icon} name="check" /> ${t('reports.lacking.none')}</span>` : html`<details class="details"><summary>${t('reports.lacking', { n: lacking.length })}</summary><ul>${lacking.map((path) => html`<li>${pathWords(schema, path)}</li>`)}</ul></details>`}</p>
				<div class="buttons"><button type="submit" class="primary" disabled=${busy}>${t('reports.submit', { stage: both((raw.stages ?? []).find((s) => s.name === stage)?.label) })}</button>
				<button type="button" onClick=${() => { dropDraft(`report.${key}`); setValues(before?.fields ?? {}); setFaults([]); setError(null); }}>${t('draft.empty')}</button></div></div>`}
	</form>`;
}
