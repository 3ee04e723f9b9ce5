// SPDX-License-Identifier: Apache-2.0
// A new order: the same words as `sekisho order draft`, with what the law asks for marked as such (LAW.md I5, I9). It is kept for this tab until it is proposed.
import { html, useLayoutEffect, useMemo, useState } from '../../lib/html.js';
import { argsOf } from '../../lib/acts.js';
import { useApi } from '../../lib/api.js';
import { dropDraft, fieldsToSend, keepDraft, nest, readDraft, validate } from '../../lib/form-model.js';
import { go, useRoute } from '../../lib/route.js';
import { t } from '../../lib/words.js';
import { Groups, Summary, pathWords, withPath } from '../../ui/form.js';
import { Icon } from '../../ui/icons.js';
import { Notice } from '../../ui/parts.js';
import { ActDialog } from '../../ui/sign.js';
import { Show } from '../../ui/state.js';

/* docs/formats/warrant.md: measures, their actions, what they act on. */
export const ACTIONS = {
	rpz: ['nxdomain', 'nodata'], flowspec: ['rate_limit', 'discard'], nftables: ['drop'], sinkhole: ['redirect'], rtbh: ['blackhole'],
	takedown_notice: ['send'], operator_advisory: ['send'], vendor_request: ['send'], public_notice: ['publish'],
};
const TARGETS = { rpz: 'domain', sinkhole: 'domain', flowspec: 'prefix', nftables: 'prefix', rtbh: 'prefix' };

const FIELDS = [
	['id', 'id', 'what', 'known'], ['measure', 'enum', 'what', 'known'], ['action', 'enum', 'what', 'known'], ['target', 'lines', 'what', 'known'], ['rate', 'line', 'what', 'free'],
	['for', 'line', 'when', 'known'], ['life', 'line', 'when', 'free'], ['check-every', 'line', 'when', 'free'],
	['against', 'text', 'why', 'known'], ['finding', 'lines', 'why', 'free'], ['evidence-file', 'text', 'why', 'free'], ['protect', 'lines', 'why', 'free'], ['important', 'lines', 'why', 'free'],
	['narrower', 'text', 'least', 'known'], ['not-enough', 'text', 'least', 'known'],
	['org', 'lines', 'who', 'known'], ['commander', 'id', 'who', 'free'], ['plan', 'text', 'who', 'known'],
	['addressee', 'lines', 'abroad', 'free'], ['foreign', 'text', 'abroad', 'free'], ['at-home', 'text', 'abroad', 'free'],
	['urgent', 'text', 'urgent', 'free'], ['other', 'text', 'urgent', 'free'],
];
function schemaFor(measure) {
	return nest({
		groups: ['what', 'when', 'why', 'least', 'who', 'abroad', 'urgent'].map((g) => ({ name: g, label: t(`draft.group.${g}`) })),
		fields: FIELDS.filter(([n]) => n !== 'rate' || measure === 'flowspec').map(([n, type, group, need]) => ({
			name: n, type, group, need, label: t(`draft.${n}`), help: n === 'target' && measure ? t(`draft.help.target.${TARGETS[measure] ?? 'party'}`) : t(`draft.help.${n}`),
			...(n === 'measure' ? { enum: Object.keys(ACTIONS), words: Object.fromEntries(Object.keys(ACTIONS).map((m) => [m, t(`measure.${m}`)])) } : {}),
			...(n === 'action' ? { enum: ACTIONS[measure] ?? [], words: Object.fromEntries((ACTIONS[measure] ?? []).map((a) => [a, t(`does.${a}`)])) } : {}),
		})),
	});
}

/** "86400" as "24h", so that a window reads as it was written. */
const spanOf = (s) => (s % 86400 === 0 && s > 86400 ? `${s / 86400}d` : s % 3600 === 0 ? `${s / 3600}h` : s % 60 === 0 ? `${s / 60}m` : `${s}s`);
/** The words of an order that is there, to be changed. What it stands on besides findings is given anew: the order has its digest alone. */
export function valuesOf(order) {
	const [d, o] = [order.document ?? {}, order.order];
	return {
		id: order.id, measure: order.measure, action: order.action, target: order.targets, rate: o.rate_bytes_per_s ? String(o.rate_bytes_per_s) : undefined,
		for: spanOf(Math.round((Date.parse(o.not_after) - Date.parse(o.not_before)) / 1000)), life: spanOf(o.life_s), 'check-every': d.check_hours ? `${d.check_hours}h` : undefined,
		against: d.target_act, finding: (d.evidence ?? []).filter((e) => e.leaf > 0).map((e) => e.finding),
		protect: (d.protected ?? []).filter((p) => !p.important).map((p) => p.name), important: (d.protected ?? []).filter((p) => p.important).map((p) => p.name),
		narrower: d.alternative?.narrower, 'not-enough': d.alternative?.refused_because, org: d.coordination?.orgs ?? [], commander: d.coordination?.commander, plan: d.coordination?.plan,
		addressee: (d.addressees ?? []).map((a) => (a.jurisdiction && a.jurisdiction !== d.foreign?.home ? `${a.name}:${a.jurisdiction}` : a.name)),
		[d.foreign?.effect ? 'foreign' : 'at-home']: d.foreign?.why, urgent: d.urgent_why || undefined, other: d.other || undefined,
	};
}

/** A new order, or with ?edit=ID another text of one that is there. */
export function Draft() {
	const { params } = useRoute();
	const edit = params.get('edit');
	const there = useApi(edit ? `orders/${encodeURIComponent(edit)}` : null);
	if (!edit) return html`<${DraftForm} key="new" begin=${{ target: params.getAll('target'), finding: params.getAll('finding') }} />`;
	return html`<${Show} of=${there} lines=${10}>${(order) => html`<${DraftForm} key=${order.digest} begin=${valuesOf(order)} order=${order} />`}<//>`;
}

function DraftForm({ begin, order }) {
	const command = order ? 'order.edit' : 'order.draft', kept = order ? `order.${order.digest}` : 'order';
	const [values, setValues] = useState(() => readDraft(kept)?.values ?? begin);
	const [faults, setFaults] = useState([]);
	const [signing, setSigning] = useState(null);
	const schema = useMemo(() => schemaFor(values.measure), [values.measure]);
	useLayoutEffect(() => { keepDraft(kept, { values }); }, [values]);
	const set = (path, value) => setValues((old) => {
		const next = withPath(old, path, value);
		if (path === 'measure' && !(ACTIONS[value] ?? []).includes(next.action)) next.action = ACTIONS[value]?.length === 1 ? ACTIONS[value][0] : undefined;
		return next;
	});
	const form = { values, set, faults: new Map(faults.map((f) => [f.path, f])), final: false, plain: true };
	const submit = (e) => {
		e.preventDefault();
		const found = validate(schema, null, 'initial', values);
		if (!(values.protect?.length || values.important?.length)) found.push({ path: 'protect', code: 'needed' });
		if (!values.foreign && !values['at-home']) found.push({ path: 'at-home', code: 'needed' });
		if (!values.finding?.some((f) => f) && !values['evidence-file']) found.push({ path: 'finding', code: 'needed' });
		if (order && values.id !== order.id) found.push({ path: 'id', code: 'choice' });
		setFaults(found);
		if (found.length === 0) {
			const sent = argsOf(command, fieldsToSend(schema, null, values));
			setSigning({ ...sent, ...(sent['evidence-file'] ? { 'evidence-file': [sent['evidence-file']] } : {}) });
		}
	};
	const { id, ...args } = signing ?? {};
	const voices = order?.voices.filter((v) => v.event !== 'reject').length ?? 0;
	return html`<form class="long-form" onSubmit=${submit} noValidate>
		${order ? html`<${Notice} tone="warn" title=${t('draft.edit', { id: order.id })}><p>${t('draft.edit.help', { n: voices })}</p><//>` : html`<p class="note">${t('draft.help')}</p>`}
		<${Summary} faults=${faults} labels=${(path) => pathWords(schema, path)} />
		<${Groups} schema=${schema} form=${form} />
		<div class="buttons"><button type="submit" class="primary"><${Icon} name="key" /> ${t(`act.${command}`)}</button>
			<button type="button" onClick=${() => { dropDraft(kept); setValues(order ? begin : {}); setFaults([]); }}>${t('draft.empty')}</button></div>
		${signing && html`<${ActDialog} command=${command} id=${id} args=${args} title=${`${t(`act.${command}`)}: ${id}`} words=${`${t(`measure.${args.measure}`)}: ${args.target.join(', ')}`} close=${() => setSigning(null)} done=${() => { dropDraft(kept); go('decisions', id, { tab: null, edit: null }); }} />`}
	</form>`;
}
