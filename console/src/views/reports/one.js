// SPDX-License-Identifier: Apache-2.0
// One report: its clocks, what it says, its versions with their receipts, copies for others, attachments (kept, hashed, offered as files, never opened here).
import { html, useMemo, useRef, useState } from '../../lib/html.js';
import { ask, may, useApi } from '../../lib/api.js';
import { useEvent } from '../../lib/events.js';
import { nest } from '../../lib/form-model.js';
import { bytes as size, whole } from '../../lib/numbers.js';
import { change, href, useRoute } from '../../lib/route.js';
import { say } from '../../lib/say.js';
import { language, t } from '../../lib/words.js';
import { Icon } from '../../ui/icons.js';
import { Tag } from '../../ui/marks.js';
import { Page, Panel } from '../../ui/page.js';
import { Facts, Notice, When } from '../../ui/parts.js';
import { Failure, Show } from '../../ui/state.js';
import { Clocks } from './clocks.js';
import { Said } from './read.js';
import { Write } from './write.js';

const ATTACH_MAX = 8 << 20;
const COPIES = [['jp-csv', 'csv'], ['jp-json', 'json'], ['nis2', 'json'], ['circia', 'json'], ['stix', 'json']];
const leafLink = (leaf) => html`<a href=${href('oversight', null, { tab: null, leaf: String(leaf), ledger: null })}>${whole(leaf)}</a>`;

function offer(blob, file) {
	const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(blob), download: file });
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function Copies({ id }) {
	const [error, setError] = useState(null);
	const get = async (as, ending) => {
		setError(null);
		try {
			const answer = await ask('GET', `reports/${encodeURIComponent(id)}/export`, { params: { as }, as: 'response' });
			offer(await answer.blob(), `${id}.${as}.${ending}`);
			say(t('reports.copied', { what: t(`reports.copy.${as}`) }));
		} catch (e) {
			setError(e);
		}
	};
	return html`<${Panel} title=${t('reports.copies')} id="copies"><div class="row">${COPIES.map(([as, ending]) => html`<button type="button" class="small" onClick=${() => get(as, ending)}><${Icon} name="download" /> ${t(`reports.copy.${as}`)}</button>`)}</div>
		<p class="note">${t('reports.copies.help')}</p>${error && html`<${Failure} error=${error} />`}<//>`;
}

function Attachments({ report, reload }) {
	const input = useRef(null);
	const [error, setError] = useState(null);
	const [busy, setBusy] = useState(false);
	const send = async () => {
		const file = input.current.files[0];
		if (!file) return;
		setError(null);
		if (file.size > ATTACH_MAX) { setError({ code: 'SK_ETOOBIG', message: t('reports.attach.large', { size: size(ATTACH_MAX) }) }); return; }
		setBusy(true);
		try {
			await ask('POST', `reports/${encodeURIComponent(report.id)}/attachments`, { params: { name: file.name }, body: file, type: 'application/octet-stream' });
			say(t('reports.attached', { name: file.name }));
			input.current.value = '';
			reload();
		} catch (e) {
			setError(e);
		}
		setBusy(false);
	};
	const take = async (a) => {
		try { offer(await (await ask('GET', `reports/${encodeURIComponent(report.id)}/attachments/${a.number}`, { as: 'response' })).blob(), a.name); } catch (e) { setError(e); }
	};
	return html`<${Panel} title=${t('reports.attachments')} note=${t('reports.attachments.note')} id="attachments">
		${(report.attachments ?? []).length === 0 ? html`<p class="note">${t('reports.attachments.none')}</p>` : html`<ul class="plain attachments">${report.attachments.map((a) => html`<li><button type="button" class="quiet" onClick=${() => take(a)}><${Icon} name="download" /> ${a.name}</button><span class="note">${size(a.size)} · ${t('basis.leaf')} ${leafLink(a.leaf)}</span><br /><span class="mono note attachment-hash">${a.sha256}</span></li>`)}</ul>`}
		${may('incident.report') && html`<form class="row" onSubmit=${(e) => { e.preventDefault(); send(); }}><label class="hidden" for="attach-file">${t('reports.attach')}</label><input id="attach-file" type="file" ref=${input} /><button type="submit" disabled=${busy}>${t('reports.attach')}</button></form>`}
		${error && html`<${Failure} error=${error} />`}<//>`;
}

function Whole({ report, schema: raw, reload }) {
	const { params } = useRoute();
	const schema = useMemo(() => nest(raw), [raw]);
	const label = (list, word) => list?.find((x) => x.name === word)?.label?.[language.get()] ?? word;
	if (params.get('tab') === 'next') return html`<p><a class="button small" href=${href('reports', report.id)}><${Icon} name="left" /> ${t('reports.back')}</a></p><${Write} id=${report.id} before=${{ form: report.form, fields: report.fields }} />`;
	return html`<div class="order-top row"><${Tag} tone=${report.stage === 'final' ? 'good' : 'accent'}>${label(raw.stages, report.stage)}<//><b>${label(raw.forms, report.form)}</b><${Tag}>TLP:${report.tlp.toUpperCase().replace('_', '+')}<//>
			<span class="note">${report.org ?? t('reports.gist.org')} · ${t('reports.version', { n: report.version })}</span></div>
		${report.handling !== 'none' && html`<${Notice} tone="warn" title=${t(`reports.handling.${report.handling}`)} />`}
		${report.seen === 'gist' && html`<${Notice} tone="warn" title=${t('reports.gist')}><p>${t('reports.gist.why')}</p><//>`}
		<div class="order-grid"><div class="stack"><${Said} schema=${schema} kind=${report.form} fields=${report.fields} /></div>
			<aside class="stack" aria-label=${t('reports.side')}>
				<${Panel} title=${t('reports.clocks')} id="clocks"><${Clocks} clocks=${report.clocks} />
					${may('incident.report') && report.stage !== 'final' && html`<div class="buttons"><button type="button" class="primary" onClick=${() => change({ tab: 'next' })}>${t('reports.nextstage')}</button></div>`}<//>
				${report.seen !== 'gist' && html`<${Copies} id=${report.id} />`}
				${report.seen !== 'gist' && html`<${Attachments} report=${report} reload=${reload} />`}
				<${Panel} title=${t('reports.versions')} id="versions"><ol class="plain versions">${[...(report.versions ?? [])].reverse().map((v) => html`<li aria-current=${v.version === report.version ? 'true' : undefined}><a href=${href('reports', report.id, { version: String(v.version) })}>${t('reports.version', { n: v.version })}</a> ${label(raw.stages, v.stage)}<span class="note"><${When} at=${v.submitted} /> ${v.by ?? ''} · ${t('basis.leaf')} ${leafLink(v.leaf)}</span></li>`)}</ol>
					${report.case && html`<${Facts} facts=${[[t('reports.case'), html`<a href=${href('cases', report.case)}>${report.case}</a>`]]} />`}<//>
			</aside></div>`;
}

export function Report({ view, id }) {
	const { params } = useRoute();
	const report = useApi(`reports/${encodeURIComponent(id)}`, { version: params.get('version') });
	const schema = useApi('reports/schema');
	useEvent('report', (data) => data?.id === id && report.reload(), [id]);
	const title = report.data?.title ?? t('reports.title', { id: id.slice(0, 8) });
	return html`<${Page} view=${view} title=${title} sub=${html`<span class="mono">${id}</span>`} tools=${html`<a class="button" href=${href('reports', null, { version: null, tab: null })}><${Icon} name="left" /> ${t('nav.reports')}</a>`}>
		<${Show} of=${schema} lines=${2}>${(raw) => html`<${Show} of=${report} lines=${10}>${(data) => html`<${Whole} report=${data} schema=${raw} reload=${report.reload} />`}<//>`}<//>
	<//>`;
}
