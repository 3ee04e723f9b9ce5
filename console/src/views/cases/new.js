// SPDX-License-Identifier: Apache-2.0
import { html, useState } from '../../lib/html.js';
import { may, post } from '../../lib/api.js';
import { go, useRoute } from '../../lib/route.js';
import { say } from '../../lib/say.js';
import { t } from '../../lib/words.js';
import { Page, Panel } from '../../ui/page.js';
import { Empty, Failure } from '../../ui/state.js';

export const CASE_KINDS = ['malware', 'ransomware', 'ddos', 'c2', 'intrusion', 'credential', 'exchange', 'election', 'ai_misuse', 'espionage', 'supply_chain', 'vulnerability', 'other'];

/** A new case; what it came from (a finding, a campaign) is linked to it right away. */
export function NewCase({ view }) {
	const { params } = useRoute();
	const [error, setError] = useState(null);
	const [busy, setBusy] = useState(false);
	if (!may('case.write')) return html`<${Page} view=${view} title=${t('case.new')}><${Empty} title=${t('nav.closed')}>${t('nav.closed.do', { duties: 'case.write' })}<//><//>`;
	const submit = async (e) => {
		e.preventDefault();
		const form = new FormData(e.target);
		setBusy(true);
		setError(null);
		try {
			const made = await post('cases', { title: form.get('title').trim(), kind: form.get('kind'), severity: Number(form.get('severity')), summary: form.get('summary').trim() || undefined });
			for (const kind of ['finding', 'campaign']) if (params.get(kind)) await post(`cases/${encodeURIComponent(made.id)}/link`, { kind, ref: params.get(kind) });
			say(t('case.opened', { id: made.id }));
			go('cases', made.id, { finding: null, campaign: null, title: null });
		} catch (problem) { setError(problem); setBusy(false); }
	};
	return html`<${Page} view=${view} title=${t('case.new')}><${Panel} class="narrow"><form class="form" onSubmit=${submit}>
		<label>${t('case.title')}<input name="title" required maxlength="200" defaultValue=${params.get('title') ?? ''} /></label>
		<div class="form-row"><label>${t('findings.kind')}<select name="kind">${CASE_KINDS.map((k) => html`<option value=${k} selected=${k === 'other'}>${t('case.kind.' + k)}</option>`)}</select></label>
		<label>${t('findings.severity')}<select name="severity">${[2, 3, 1].map((s) => html`<option value=${s}>${t('severity.' + s)}</option>`)}</select></label></div>
		<label>${t('case.summary')}<textarea name="summary" rows="4"></textarea></label>
		${params.get('finding') && html`<p class="note">${t('case.will.link', { what: t('case.link.finding'), ref: params.get('finding').slice(0, 16) })}</p>`}
		${params.get('campaign') && html`<p class="note">${t('case.will.link', { what: t('case.link.campaign'), ref: params.get('campaign') })}</p>`}
		${error && html`<${Failure} error=${error} />`}
		<div class="buttons"><button type="submit" class="primary" disabled=${busy}>${t('case.create')}</button><button type="button" onClick=${() => history.back()}>${t('action.cancel')}</button></div>
	</form><//><//>`;
}
