// SPDX-License-Identifier: Apache-2.0
// Asking for a basis: why somebody wants to look, at what, how long, what else was tried. With ?edit=ID another text of one that is asked for; votes on the old are void.
import { html, useLayoutEffect, useMemo, useState } from '../../lib/html.js';
import { argsOf } from '../../lib/acts.js';
import { may, useApi } from '../../lib/api.js';
import { dropDraft, fieldsToSend, keepDraft, nest, readDraft, validate } from '../../lib/form-model.js';
import { go, useRoute } from '../../lib/route.js';
import { name, t } from '../../lib/words.js';
import { Groups, Summary, pathWords, withPath } from '../../ui/form.js';
import { Icon } from '../../ui/icons.js';
import { Notice } from '../../ui/parts.js';
import { ActDialog } from '../../ui/sign.js';
import { Show } from '../../ui/state.js';

const KINDS = ['agreement', 'ff', 'fd', 'df', 'own_network', 'lab'];
const SELECTORS = ['address', 'prefix', 'domain', 'url', 'ja3', 'ja4', 'cert_sha256', 'command'];
const CLASSES = ['FF', 'FD', 'DF'];
/* name, type, group, need; lists that the command takes by commas are joined when they are sent. */
const FIELDS = [
	['id', 'id', 'what', 'known'], ['kind', 'enum', 'what', 'known'], ['target-act', 'lines', 'what', 'known'], ['partner', 'id', 'what', 'free'],
	['purpose', 'text', 'why', 'known'], ['other-means', 'text', 'why', 'known'],
	['kinds', 'enums', 'least', 'known'], ['max-entries', 'count', 'least', 'free'], ['min-prefix-v4', 'count', 'least', 'free'], ['min-prefix-v6', 'count', 'least', 'free'], ['classes', 'enums', 'least', 'free'],
	['link', 'lines', 'least', 'free'], ['detectors', 'lines', 'least', 'free'], ['names', 'flag', 'least', 'free'],
	['for', 'line', 'when', 'free'], ['until', 'time', 'when', 'free'],
];
const ENUMS = { kind: [KINDS, (k) => t(`basis.kind.${k}`)], kinds: [SELECTORS, (k) => t(`selector.${k}`)], classes: [CLASSES, (c) => name('class', c)] };
const schemaOf = () => nest({
	groups: ['what', 'why', 'least', 'when'].map((g) => ({ name: g, label: t(`request.group.${g}`) })),
	fields: FIELDS.map(([n, type, group, need]) => ({ name: n, type, group, need, label: t(`request.${n}`), help: t(`request.help.${n}`),
		...(ENUMS[n] ? { enum: ENUMS[n][0], words: Object.fromEntries(ENUMS[n][0].map((w) => [w, ENUMS[n][1](w)])) } : {}) })),
});

/** The words of a basis that is asked for, to be changed. */
function valuesOf(basis) {
	const said = [...(basis.acts ?? [])].reverse().find((a) => ['request', 'edit'].includes(a.event))?.said ?? {};
	const b = said.basis ?? {};
	return {
		id: basis.id, kind: basis.kind, 'target-act': b.target_acts ?? [], partner: said.partner || undefined, purpose: said.purpose, 'other-means': said.other_means, kinds: b.rule?.kinds ?? [],
		'max-entries': b.rule?.max_entries, 'min-prefix-v4': b.rule?.min_prefix_v4, 'min-prefix-v6': b.rule?.min_prefix_v6, classes: b.classes ?? [], link: (b.links ?? []).filter((l) => l !== '*'),
		names: b.names || undefined, until: b.until?.replace(/\.0+Z$/, 'Z'),
	};
}

export function Request() {
	const { params } = useRoute();
	const edit = params.get('edit');
	const there = useApi(edit ? `bases/${encodeURIComponent(edit)}` : null);
	if (!edit) return html`<${RequestForm} key="new" begin=${{}} />`;
	return html`<${Show} of=${there} lines=${10}>${(basis) => html`<${RequestForm} key=${basis.text} begin=${valuesOf(basis)} basis=${basis} />`}<//>`;
}

function RequestForm({ begin, basis }) {
	const command = basis ? 'basis.edit' : 'basis.request', kept = basis ? `basis.${basis.text}` : 'basis';
	const [values, setValues] = useState(() => readDraft(kept)?.values ?? begin);
	const [faults, setFaults] = useState([]);
	const [signing, setSigning] = useState(null);
	const schema = useMemo(schemaOf, []);
	useLayoutEffect(() => { keepDraft(kept, { values }); }, [values]);
	const form = { values, set: (path, value) => setValues((old) => withPath(old, path, value)), faults: new Map(faults.map((f) => [f.path, f])), final: false, plain: true };
	const submit = (e) => {
		e.preventDefault();
		const found = validate(schema, null, 'initial', values);
		if (values.kind === 'agreement' && !values.partner) found.push({ path: 'partner', code: 'needed' });
		if (basis && values.id !== basis.id) found.push({ path: 'id', code: 'choice' });
		setFaults(found);
		if (found.length > 0) return;
		const sent = argsOf(command, fieldsToSend(schema, null, values));
		for (const list of ['kinds', 'classes']) if (sent[list]) sent[list] = sent[list].join(',');
		setSigning(sent);
	};
	const { id, ...args } = signing ?? {};
	return html`<form class="long-form" onSubmit=${submit} noValidate>
		${basis ? html`<${Notice} tone="warn" title=${t('request.edit', { id: basis.id })}><p>${t('request.edit.help', { n: basis.votes.length })}</p><//>` : html`<p class="note">${t('request.help')}</p>`}
		<${Summary} faults=${faults} labels=${(path) => pathWords(schema, path)} />
		<${Groups} schema=${schema} form=${form} />
		<div class="buttons"><button type="submit" class="primary"><${Icon} name="key" /> ${t(`act.${command}`)}</button>
			<button type="button" onClick=${() => { dropDraft(kept); setValues(begin); setFaults([]); }}>${t('draft.empty')}</button></div>
		${signing && html`<${ActDialog} command=${command} id=${id} args=${args} title=${`${t(`act.${command}`)}: ${id}`} words=${`${t(`basis.kind.${args.kind}`)}. ${args.purpose}`} close=${() => setSigning(null)} done=${() => { dropDraft(kept); if (may('ledger.inspect')) go('decisions', `basis/${id}`, { tab: null, edit: null }); else setSigning(null); }} />`}
	</form>`;
}
