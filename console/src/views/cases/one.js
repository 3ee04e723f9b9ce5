// SPDX-License-Identifier: Apache-2.0
// One case: what happened on one line of time, what is to be done, what was noted, what belongs to it. Only steps that its state allows are offered.
import { html, useState } from '../../lib/html.js';
import { may, post, session, useApi } from '../../lib/api.js';
import { useEvent } from '../../lib/events.js';
import { useKeys } from '../../lib/keys.js';
import { bytes } from '../../lib/numbers.js';
import { go, href } from '../../lib/route.js';
import { say } from '../../lib/say.js';
import { brief, clock } from '../../lib/time.js';
import { name, t } from '../../lib/words.js';
import { Icon } from '../../ui/icons.js';
import { Severity, Tag } from '../../ui/marks.js';
import { MenuItem, Popover } from '../../ui/menu.js';
import { Page, Panel } from '../../ui/page.js';
import { SafeHtml } from '../../ui/safe.js';
import { Failure, Loading } from '../../ui/state.js';
import { CaseState, Due } from './index.js';
import { Assign, Bundle, OversightBundle, LinkTo, Merge, Playbook, Reason, Split } from './steps.js';

const LIFE = ['triage', 'start', 'contain', 'resolve', 'close', 'dismiss', 'reopen'];
const NEEDS_REASON = ['dismiss', 'reopen'];
const ICON = { finding: 'findings', report: 'reports', note: 'save', task: 'check', order: 'decisions', measure: 'measures', state: 'right', link: 'link', evidence: 'key' };
const VIEW = { finding: 'findings', report: 'reports', campaign: 'campaigns', order: 'decisions', measure: 'measures', case: 'cases' };

export function Ref({ kind, of, text }) {
	const view = VIEW[kind];
	return view ? html`<a href=${href(view, of)}>${text ?? of}</a>` : html`<span class="mono">${text ?? of}</span>`;
}

function Timeline({ entries }) {
	const [only, setOnly] = useState('');
	const shown = [...entries].reverse().filter((e) => !only || e.kind === only);
	const kinds = [...new Set(entries.map((e) => e.kind))];
	let day = null;
	return html`<${Panel} id="timeline" class="case-timeline" title=${t('case.timeline')} tools=${html`<label class="inline">${t('case.timeline.only')}<select value=${only} onChange=${(e) => setOnly(e.target.value)}><option value="">${t('cases.any')}</option>${kinds.map((k) => html`<option value=${k}>${t('case.line.' + k)}</option>`)}</select></label>`}>
		<ol class="events plain">${shown.slice(0, 200).map((e) => {
			const d = clock(e.t).slice(0, 10);
			const head = d !== day && (day = d);
			return html`${head && html`<li class="day">${d}</li>`}<li class=${'event event-' + e.kind}><span class="event-mark"><${Icon} name=${ICON[e.kind] ?? 'right'} size=${13} /></span><time datetime=${e.t}>${clock(e.t).slice(11, 16)}</time><div class="grow"><span class="event-text">${e.text}</span> <small>${t('case.line.' + e.kind)} · ${e.by}${e.leaf ? ` · ${t('case.leaf', { leaf: String(e.leaf) })}` : ''}</small></div>${e.ref && VIEW[e.kind] && html`<${Ref} kind=${e.kind} of=${e.ref} text=${t('case.show')} />`}</li>`;
		})}</ol>
	<//>`;
}

function Tasks({ c, act }) {
	const [text, setText] = useState('');
	const add = (e) => { e.preventDefault(); if (text.trim()) act('task', { text: text.trim() }).then((ok) => ok && setText('')); };
	const open = c.tasks.filter((x) => !x.done), done = c.tasks.filter((x) => x.done);
	const row = (x) => html`<li class=${x.done ? 'done' : ''}><label class="task"><input type="checkbox" checked=${x.done} disabled=${x.done || !c.next.includes('done') || !may('case.write')} onChange=${(e) => { e.target.checked = false; act('done', { item: x.id }); }} /><span class="grow">${x.text}</span></label>${x.done ? html`<small>${x.by}${x.done_at ? ' ' + brief(x.done_at) : ''}</small>` : html`<${Due} at=${x.due} />`}</li>`;
	return html`<${Panel} id="tasks" title=${t('case.tasks')} note=${t('case.tasks.note', { n: open.length })} tools=${c.next.includes('playbook') && may('case.write') && html`<${Playbook} act=${act} />`}>
		${c.tasks.length === 0 && html`<p class="note">${t('case.tasks.none')}</p>`}
		<ul class="plain tasks">${open.map(row)}</ul>
		${done.length > 0 && html`<details class="details"><summary>${t('case.tasks.done', { n: done.length })}</summary><ul class="plain tasks">${done.map(row)}</ul></details>`}
		${c.next.includes('task') && may('case.write') && html`<form class="one-line" onSubmit=${add}><input aria-label=${t('case.task.new')} placeholder=${t('case.task.new')} value=${text} onInput=${(e) => setText(e.target.value)} maxlength="500" /><button type="submit">${t('case.add')}</button></form>`}
		${c.playbooks.length > 0 && html`<p class="note">${c.playbooks.map((p) => t('case.playbook.how', { name: name('case.kind', p.name), done: p.done, tasks: p.tasks })).join(t('list.comma'))}</p>`}
	<//>`;
}

function Notes({ c, act }) {
	const [text, setText] = useState('');
	const add = (e) => { e.preventDefault(); if (text.trim()) act('note', { text }).then((ok) => ok && setText('')); };
	return html`<${Panel} id="notes" title=${t('case.notes')}>
		${c.notes.length === 0 && html`<p class="note">${t('case.notes.none')}</p>`}
		${[...c.notes].reverse().map((n) => html`<article class="case-note" key=${n.id}><header><b>${n.by}</b> <small>${brief(n.t)} · ${n.grade}</small></header><${SafeHtml} text=${n.html} /></article>`)}
		${c.next.includes('note') && may('case.note', 'case.write') && html`<form class="form" onSubmit=${add}><label>${t('case.note.new')}<textarea value=${text} rows="3" onInput=${(e) => setText(e.target.value)} required></textarea></label><p class="field-help">${t('case.note.help')}</p><div><button type="submit">${t('case.note.add')}</button></div></form>`}
	<//>`;
}

function Links({ c, act }) {
	const kinds = [...new Set(c.links.map((l) => l.kind))];
	return html`<${Panel} id="links" title=${t('case.links')} tools=${c.next.includes('link') && may('case.write') && html`<${LinkTo} act=${act} />`}>
		${c.links.length + (c.evidence?.length ?? 0) === 0 && html`<p class="note">${t('case.links.none')}</p>`}
		${kinds.map((k) => html`<h3>${t('case.link.' + k)}</h3><ul class="plain links">${c.links.filter((l) => l.kind === k).map((l) => html`<li><div class="grow"><${Ref} kind=${k} of=${l.ref} text=${k === 'finding' ? l.ref.slice(0, 12) : l.ref} /> <small>${l.grade}</small><br />${l.text}</div>${c.next.includes('unlink') && may('case.write') && html`<${Reason} title=${t('case.unlink.title')} label=${t('case.unlink')} icon="close" act=${(text) => act('unlink', { item: l.id, text })} />`}</li>`)}</ul>`)}
		${c.evidence?.length > 0 && html`<h3>${t('case.evidence')}</h3><ul class="plain links">${c.evidence.map((e) => html`<li><div class="grow">${e.text} <small>${bytes(e.bytes)} · ${e.grade}</small><br /><code class="digest">SHA-256 ${e.ref}</code></div></li>`)}</ul>`}
	<//>`;
}

export function One({ view, id }) {
	const answer = useApi('cases/' + encodeURIComponent(id));
	const [error, setError] = useState(null);
	const [dialog, setDialog] = useState(null);
	useEvent('case', (d) => d?.id === id && answer.reload(), [id]);
	useKeys([{ keys: 'Escape', words: 'help.escape', act: () => !dialog && go('cases') }], [dialog]);
	const act = async (event, body = {}) => {
		setError(null);
		try {
			await post(`cases/${encodeURIComponent(id)}/${event}`, body);
			say(t('case.did', { what: t('case.event.' + event) }));
			answer.reload();
			return true;
		} catch (problem) { setError(problem); return false; }
	};
	const c = answer.data;
	if (!c) return html`<${Page} view=${view} title=${id}>${answer.error ? html`<${Failure} error=${answer.error} retry=${answer.reload} />` : html`<${Loading} lines=${12} />`}<//>`;
	const steps = may('case.write') ? LIFE.filter((e) => c.next.includes(e)) : [];
	const watching = c.watchers.includes(session.get()?.account);
	const step = (e) => (NEEDS_REASON.includes(e) ? html`<${Reason} key=${e} title=${t('case.event.' + e)} label=${t('case.event.' + e)} act=${(text) => act(e, { text })} />` : html`<button type="button" key=${e} class=${e === steps[0] ? 'primary' : ''} onClick=${() => act(e)}>${t('case.event.' + e)}</button>`);
	return html`<${Page} view=${view} title=${c.title} sub=${html`<span class="mono">${c.id}</span> · <${Severity} of=${c.severity} /> · <${CaseState} of=${c.state} /> · ${name('case.kind', c.kind)} · <span title=${t('grade.' + c.grade)}>${t('case.grade.is', { grade: c.grade })}</span>`}
		tools=${html`${steps.map(step)}<${Popover} menu align="right" label=${html`<${Icon} name="more" />`} name=${t('action.more')}>${(close) => html`
			${c.next.includes('assign') && may('case.write') && html`<${MenuItem} onClick=${() => { close(); setDialog('assign'); }}>${t('case.event.assign')}<//>`}
			${c.next.includes(watching ? 'unwatch' : 'watch') && html`<${MenuItem} onClick=${() => { close(); act(watching ? 'unwatch' : 'watch'); }}>${t(watching ? 'case.event.unwatch' : 'case.event.watch')}<//>`}
			${c.next.includes('merge') && may('case.write') && html`<${MenuItem} onClick=${() => { close(); setDialog('merge'); }}>${t('case.event.merge')}<//>`}
			${c.next.includes('split') && may('case.write') && html`<${MenuItem} onClick=${() => { close(); setDialog('split'); }}>${t('case.event.split')}<//>`}
			${c.next.includes('bundle') && may('case.write') && html`<${MenuItem} onClick=${() => { close(); setDialog('bundle'); }}>${t('case.event.bundle')}<//>`}
			${c.next.includes('bundle') && session.get()?.kind === 'oversight' && may('inspect.query') && html`<${MenuItem} onClick=${() => { close(); setDialog('oversight'); }}>${t('case.event.bundle')}<//>`}`}<//>`}>
		<p class="back"><a href=${href('cases')}>← ${t('cases.back')}</a></p>
		${error && html`<${Failure} error=${error} />`}${answer.error && html`<${Failure} error=${answer.error} retry=${answer.reload} />`}
		${c.state === 'merged' && html`<p class="note"><${Tag}>${t('case.state.merged')}<//></p>`}
		<div class="case-grid">
			<div class="stack">
				<${Panel} id="about"><p class="case-summary">${c.summary || html`<span class="none">${t('case.summary.none')}</span>`}</p><dl class="facts facts-wide">
					<div><dt>${t('case.assignee')}</dt><dd>${c.assignee || t('case.nobody')}</dd></div><div><dt>${t('case.watchers')}</dt><dd>${c.watchers.join(t('list.comma')) || '–'}</dd></div>
					<div><dt>${t('case.opened.at')}</dt><dd>${clock(c.opened, { seconds: false })}</dd></div><div><dt>${t('case.due')}</dt><dd><${Due} at=${c.due} /></dd></div><div><dt>${t('campaigns.sectors')}</dt><dd>${c.sectors?.map((s) => name('sector', s)).join(t('list.comma')) || '–'}</dd></div><div><dt>${t('case.org')}</dt><dd>${c.org}</dd></div></dl><//>
				<${Timeline} entries=${c.timeline} />
			</div>
			<div class="stack"><${Tasks} c=${c} act=${act} /><${Notes} c=${c} act=${act} /><${Links} c=${c} act=${act} /></div>
		</div>
		${dialog === 'assign' && html`<${Assign} c=${c} act=${act} close=${() => setDialog(null)} />`}
		${dialog === 'merge' && html`<${Merge} c=${c} act=${act} close=${() => setDialog(null)} />`}
		${dialog === 'oversight' && html`<${OversightBundle} c=${c} reload=${answer.reload} close=${() => setDialog(null)} />`}
		${dialog === 'bundle' && html`<${Bundle} c=${c} reload=${answer.reload} close=${() => setDialog(null)} />`}
		${dialog === 'split' && html`<${Split} c=${c} act=${act} close=${() => setDialog(null)} />`}
	<//>`;
}
