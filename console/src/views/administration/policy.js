// SPDX-License-Identifier: Apache-2.0
// The law as data: which policy is in force, which one waits for oversight, and loading another out of a file that is checked first.
import { html, useState } from '../../lib/html.js';
import { may, post, useApi } from '../../lib/api.js';
import { useActs } from '../../lib/events.js';
import { name, t } from '../../lib/words.js';
import { Icon } from '../../ui/icons.js';
import { Tag } from '../../ui/marks.js';
import { Panel } from '../../ui/page.js';
import { Facts, Labelled, Notice, When } from '../../ui/parts.js';
import { ActButton, ActDialog } from '../../ui/sign.js';
import { Failure, Show } from '../../ui/state.js';
import { Table } from '../../ui/table.js';

const FILE_MAX = 1 << 18;
const rowsOf = (data) => data.items ?? data;

function Load({ done }) {
	const [file, setFile] = useState(null); // {name, text, said}
	const [error, setError] = useState(null);
	const [signing, setSigning] = useState(false);
	const take = async (e) => {
		const chosen = e.target.files[0];
		setError(null);
		setFile(null);
		if (!chosen) return;
		if (chosen.size > FILE_MAX) { setError({ status: 413, code: 'SK_ETOOBIG', message: t('policy.toobig') }); return; }
		const text = await chosen.text();
		try {
			const said = await post('policy/check', { file: text });
			setFile({ name: chosen.name, text, said: said.text ?? `${said.policy} ${said.version}` });
		} catch (problem) { setError(problem); }
	};
	return html`<${Panel} title=${t('policy.load')} note=${t('policy.load.note')} id="policy-load">
		<${Labelled} label=${t('policy.file')}>${(id) => html`<input id=${id} type="file" accept=".yaml,.yml,text/yaml" onChange=${take} />`}<//>
		${error && html`<${Failure} error=${error} />`}
		${file && html`<p class="good-line" role="status"><${Icon} name="check" /> ${t('policy.checked', { file: file.name })}</p><pre class="statement" tabindex="0">${file.said}</pre>
			<div class="buttons"><button type="button" class="primary" onClick=${() => setSigning(true)}><${Icon} name="key" /> ${t('act.policy.load')}</button></div>`}
		${signing && html`<${ActDialog} command="policy.load" args=${{ file: file.text }} title=${t('act.policy.load')} words=${file.said.split('\n')[0]} close=${() => setSigning(false)} done=${() => { setSigning(false); setFile(null); done(); }} />`}
	<//>`;
}

export function Policy() {
	const policy = useApi('policy');
	const list = useApi('policies', { limit: 200 });
	useActs(policy.reload, list.reload);
	const reload = () => { policy.reload(); list.reload(); };
	const columns = [
		{ key: 'kind', head: t('basis.kind'), cell: (b) => name('basis.kind', b.kind) },
		{ key: 'article', head: t('admin.article'), cell: (b) => b.article },
		{ key: 'approves', head: t('admin.approves'), cell: (b) => name('act.word', b.approves) },
		{ key: 'longest', head: t('admin.longest'), cell: (b) => b.longest },
		{ key: 'extension', head: t('admin.extension'), cell: (b) => b.extension },
		{ key: 'from', head: t('admin.effective'), cell: (b) => b.effective_from?.slice(0, 10) },
		{ key: 'evidence', head: t('admin.evidence'), cell: (b) => html`<span title=${name('clock.evidence', b.evidence)}>${b.evidence}</span>` },
	];
	const last = rowsOf(list.data ?? { items: [] }).at(-1);
	const waits = last?.state === 'waiting' ? last : null;
	const history = [
		{ key: 'time', head: t('basis.when'), cell: (p) => html`<${When} at=${p.time} />` },
		{ key: 'event', head: t('basis.step'), cell: (p) => name('policy.event', p.event) },
		{ key: 'name', head: t('admin.policy.name'), cell: (p) => html`<b>${p.name}</b> <span class="note">${p.version}</span>${p.in_force ? html` <${Tag} tone="good">${t('admin.inforce')}<//>` : ''}` },
		{ key: 'digest', head: t('admin.digest'), cell: (p) => html`<span class="mono note">${p.digest.slice(0, 16)}…</span>` },
	];
	return html`${waits && html`<${Notice} tone="warn" title=${t('policy.waits', { name: waits.name, version: waits.version })}><p class="mono note">${waits.digest}</p>
			<div class="buttons">${may('policy.ack') && html`<${ActButton} command="policy.ack" tone="primary" icon="key" words=${`${waits.name} ${waits.version} ${waits.digest}`} done=${reload} />`}${may('policy.load') && html`<${ActButton} command="policy.withdraw" tone="danger" done=${reload} />`}</div><//>`}
		${policy.error?.code === 'SK_ENOENT' ? html`<p class="note">${t('policy.none')}</p>` : html`<${Show} of=${policy} lines=${6}>${(data) => html`<${Panel} title=${t('admin.policy.title', { name: data.policy, version: data.version })} id="policy"><${Facts} facts=${[[t('admin.profile'), data.profile], [t('admin.digest'), html`<span class="mono">${data.digest}</span>`]]} /><br /><${Table} caption=${t('admin.policy')} columns=${columns} rows=${data.bases ?? []} id=${(b) => b.kind} /><//>`}<//>`}
		${may('policy.load') && html`<${Load} done=${reload} />`}
		<${Show} of=${list} lines=${3}>${(data) => (rowsOf(data).length === 0 ? '' : html`<${Panel} title=${t('policy.history')} id="policy-history"><${Table} caption=${t('policy.history')} columns=${history} rows=${rowsOf(data)} id=${(p) => `${p.time} ${p.event}`} dense /><//>`)}<//>`;
}
