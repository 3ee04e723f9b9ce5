// SPDX-License-Identifier: Apache-2.0
// A new order: the same words as `sekisho order draft`, with what the law asks for marked as such (LAW.md I5, I9). It is kept for this tab until it is proposed.
import { html, useLayoutEffect, useMemo, useState } from '../../lib/html.js';
import { argsOf } from '../../lib/acts.js';
import { dropDraft, fieldsToSend, keepDraft, nest, readDraft, validate } from '../../lib/form-model.js';
import { go, useRoute } from '../../lib/route.js';
import { t } from '../../lib/words.js';
import { Groups, Summary, pathWords, withPath } from '../../ui/form.js';
import { Icon } from '../../ui/icons.js';
import { ActDialog } from '../../ui/sign.js';

/* docs/formats/warrant.md: measures, their actions, what they act on. */
export const ACTIONS = {
	rpz: ['nxdomain', 'nodata'], flowspec: ['rate_limit', 'discard'], nftables: ['drop'], sinkhole: ['redirect'], rtbh: ['blackhole'],
	takedown_notice: ['send'], operator_advisory: ['send'], vendor_request: ['send'], public_notice: ['publish'],
};
const TARGETS = { rpz: 'domain', sinkhole: 'domain', flowspec: 'prefix', nftables: 'prefix', rtbh: 'prefix' };

const FIELDS = [
	['id', 'id', 'what', 'known'], ['measure', 'enum', 'what', 'known'], ['action', 'enum', 'what', 'known'], ['target', 'lines', 'what', 'known'], ['rate', 'line', 'what', 'free'],
	['for', 'line', 'when', 'known'], ['life', 'line', 'when', 'free'], ['check-every', 'line', 'when', 'free'],
	['against', 'text', 'why', 'known'], ['finding', 'lines', 'why', 'known'], ['protect', 'lines', 'why', 'free'], ['important', 'lines', 'why', 'free'],
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

export function Draft() {
	const { params } = useRoute();
	const [values, setValues] = useState(() => readDraft('order')?.values ?? { target: params.getAll('target'), finding: params.getAll('finding') });
	const [faults, setFaults] = useState([]);
	const [signing, setSigning] = useState(null);
	const schema = useMemo(() => schemaFor(values.measure), [values.measure]);
	useLayoutEffect(() => { keepDraft('order', { values }); }, [values]);
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
		setFaults(found);
		if (found.length === 0) setSigning(argsOf('order.draft', fieldsToSend(schema, null, values)));
	};
	const { id, ...args } = signing ?? {};
	return html`<form class="long-form" onSubmit=${submit} noValidate>
		<p class="note">${t('draft.help')}</p>
		<${Summary} faults=${faults} labels=${(path) => pathWords(schema, path)} />
		<${Groups} schema=${schema} form=${form} />
		<div class="buttons"><button type="submit" class="primary"><${Icon} name="key" /> ${t('act.order.draft')}</button>
			<button type="button" onClick=${() => { dropDraft('order'); setValues({}); setFaults([]); }}>${t('draft.empty')}</button></div>
		${signing && html`<${ActDialog} command="order.draft" id=${id} args=${args} title=${`${t('act.order.draft')}: ${id}`} words=${`${t(`measure.${args.measure}`)}: ${args.target.join(', ')}`} close=${() => setSigning(null)} done=${() => { dropDraft('order'); go('decisions', id, { tab: null }); }} />`}
	</form>`;
}
