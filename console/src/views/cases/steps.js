// SPDX-License-Identifier: Apache-2.0
// Steps of a case that need something said first: a reason, whom, into which, which parts.
import { html, useState } from '../../lib/html.js';
import { get, post, session } from '../../lib/api.js';
import { language, name, t } from '../../lib/words.js';
import { Dialog } from '../../ui/dialog.js';
import { Icon } from '../../ui/icons.js';
import { Popover } from '../../ui/menu.js';
import { Failure } from '../../ui/state.js';

const LINKS = ['finding', 'campaign', 'report', 'order', 'measure', 'indicator', 'case', 'external'];

export function Reason({ title, label, icon, act }) {
	return html`<${Popover} align="right" class=${icon ? 'reason-icon' : ''} label=${icon ? html`<${Icon} name=${icon} size=${12} />` : label} name=${icon ? label : undefined}>${(close) => html`<form class="form" onSubmit=${(e) => { e.preventDefault(); act(new FormData(e.target).get('text').trim()); close(); }}>
		<label>${title}<input name="text" required maxlength="500" placeholder=${t('case.reason')} /></label><div><button type="submit" class="primary">${label}</button></div></form>`}<//>`;
}
export function LinkTo({ act }) {
	return html`<${Popover} align="right" label=${html`<${Icon} name="plus" size=${13} />${t('case.link.add')}`} name=${t('case.link.add')}>${(close) => html`<form class="form" onSubmit=${(e) => { e.preventDefault(); const f = new FormData(e.target); act('link', { kind: f.get('kind'), ref: f.get('ref').trim(), text: f.get('text').trim() || undefined }); close(); }}>
		<label>${t('findings.kind')}<select name="kind">${LINKS.map((k) => html`<option value=${k}>${t('case.link.' + k)}</option>`)}</select></label>
		<label>${t('case.ref')}<input name="ref" required maxlength="200" spellcheck=${false} /></label><label>${t('case.text')}<input name="text" maxlength="300" /></label><div><button type="submit" class="primary">${t('case.link.add')}</button></div></form>`}<//>`;
}
/** Checklists that come with Sekisho; a centre's own is asked for by its name. */
const PLAYBOOKS = ['c2', 'credential', 'ddos', 'election', 'exchange', 'ransomware'];
export function Playbook({ act }) {
	return html`<${Popover} align="right" label=${html`<${Icon} name="plus" size=${13} />${t('case.playbook')}`} name=${t('case.playbook')}>${(close) => {
		const take = (name) => { act('playbook', { name, lang: language.get() }); close(); };
		return html`<p class="popover-title">${t('case.playbook.help')}</p>${PLAYBOOKS.map((p) => html`<button type="button" class="menu-item" onClick=${() => take(p)}>${name('case.kind', p)}</button>`)}
			<form class="saved-form" onSubmit=${(e) => { e.preventDefault(); take(new FormData(e.target).get('name').trim()); }}><label>${t('case.playbook.own')}<input name="name" required pattern="[A-Za-z0-9][A-Za-z0-9._-]*" spellcheck=${false} /></label><button type="submit">${t('case.add')}</button></form>`;
	}}<//>`;
}
const AUDIENCES = ['court', 'partner'];
/** Oversight takes the evidence with what was selected in it: for a purpose, and each look is on record; so the file is asked for like anything else that is. */
export function OversightBundle({ c, close, reload }) {
	const [made, setMade] = useState(null);
	const [error, setError] = useState(null);
	const path = `cases/${encodeURIComponent(c.id)}/bundle/oversight`;
	const run = (act) => async () => { setError(null); try { await act(); } catch (problem) { setError(problem); } };
	const make = run(async () => { setMade(await post(path, {})); reload(); });
	const save = run(async () => {
		const bytes = await (await get(path, { digest: made.digest }, { as: 'response' })).blob();
		const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(bytes), download: `${c.id}-oversight.tar` });
		link.click();
		setTimeout(() => URL.revokeObjectURL(link.href), 1000);
	});
	return html`<${Dialog} title=${t('case.event.bundle')} close=${close}><p>${made ? t('case.bundle.made') : t('case.bundle.oversight')}</p>${made && html`<p class="digest">SHA-256 ${made.digest}</p>`}${error && html`<${Failure} error=${error} />`}
		<div class="buttons">${made ? html`<button type="button" class="primary" onClick=${save}>${t('case.bundle.fetch')}</button>` : html`<button type="button" class="primary" onClick=${make}>${t('case.bundle.make')}</button>`}<button type="button" onClick=${close}>${t('action.cancel')}</button></div><//>`;
}
/** A bundle of evidence: made for somebody at a grade that he may have, then fetched by its digest. Selected information is in none. */
export function Bundle({ c, close, reload }) {
	const [made, setMade] = useState(null);
	const [error, setError] = useState(null);
	const make = async (e) => {
		e.preventDefault();
		const f = new FormData(e.target);
		setError(null);
		try {
			setMade(await post(`cases/${encodeURIComponent(c.id)}/bundle`, { for: f.get('for'), grade: f.get('grade') }));
			reload();
		} catch (problem) { setError(problem); }
	};
	return html`<${Dialog} title=${t('case.event.bundle')} close=${close}>${made ? html`<p>${t('case.bundle.made')}</p><p class="digest">SHA-256 ${made.digest}</p><div class="buttons"><a class="button" href=${`/api/v1/cases/${encodeURIComponent(c.id)}/bundle?digest=${made.digest}`} download>${t('case.bundle.fetch')}</a></div>` : html`<form class="form" onSubmit=${make}>
		<p>${t('case.bundle.words')}</p>
		<div class="form-row"><label>${t('case.bundle.for')}<select name="for">${AUDIENCES.map((a) => html`<option value=${a}>${t('case.audience.' + a)}</option>`)}</select></label>
		<label>${t('case.grade')}<select name="grade">${['G2', 'G3'].map((g) => html`<option value=${g}>${t('grade.' + g)}</option>`)}</select></label></div>
		${error && html`<${Failure} error=${error} />`}
		<div class="buttons"><button type="submit" class="primary">${t('case.bundle.make')}</button><button type="button" onClick=${close}>${t('action.cancel')}</button></div></form>`}<//>`;
}
export function Assign({ c, act, close }) {
	return html`<${Dialog} title=${t('case.event.assign')} close=${close}><form class="form" onSubmit=${(e) => { e.preventDefault(); act('assign', { to: new FormData(e.target).get('to').trim() }).then((ok) => ok && close()); }}>
		<label>${t('case.assign.to')}<input name="to" defaultValue=${c.assignee} required autocapitalize="none" spellcheck=${false} /></label>
		<div class="buttons"><button type="submit" class="primary">${t('case.event.assign')}</button><button type="button" onClick=${() => act('assign', { to: session.get().account }).then((ok) => ok && close())}>${t('case.assign.me')}</button></div></form><//>`;
}
export function Merge({ c, act, close }) {
	return html`<${Dialog} title=${t('case.event.merge')} close=${close}><form class="form" onSubmit=${(e) => { e.preventDefault(); act('merge', { into: new FormData(e.target).get('into').trim() }).then((ok) => ok && close()); }}>
		<p>${t('case.merge.words', { id: c.id })}</p><label>${t('case.merge.into')}<input name="into" required pattern="[a-z0-9.-]+" spellcheck=${false} autocapitalize="none" /></label>
		<div class="buttons"><button type="submit" class="primary">${t('case.event.merge')}</button><button type="button" onClick=${close}>${t('action.cancel')}</button></div></form><//>`;
}
export function Split({ c, act, close }) {
	const items = [...c.links.map((l) => [l.id, `${t('case.link.' + l.kind)} ${l.text || l.ref}`]), ...c.notes.map((n) => [n.id, `${t('case.line.note')} ${n.markdown || n.by}`]), ...c.tasks.filter((x) => !x.done).map((x) => [x.id, `${t('case.line.task')} ${x.text}`])];
	const [chosen, setChosen] = useState([]);
	const turn = (id) => setChosen((now) => (now.includes(id) ? now.filter((x) => x !== id) : [...now, id]));
	return html`<${Dialog} title=${t('case.event.split')} close=${close} wide><form class="form" onSubmit=${(e) => { e.preventDefault(); act('split', { title: new FormData(e.target).get('title').trim(), item: chosen }).then((ok) => ok && close()); }}>
		<p>${t('case.split.words')}</p><label>${t('case.split.title')}<input name="title" required maxlength="200" /></label>
		<fieldset class="split-items"><legend>${t('case.split.items')}</legend>${items.map(([id, words]) => html`<label class="task"><input type="checkbox" checked=${chosen.includes(id)} onChange=${() => turn(id)} /><span class="grow">${words}</span></label>`)}</fieldset>
		<div class="buttons"><button type="submit" class="primary" disabled=${chosen.length === 0}>${t('case.event.split')}</button><button type="button" onClick=${close}>${t('action.cancel')}</button></div></form><//>`;
}
