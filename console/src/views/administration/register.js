// SPDX-License-Identifier: Apache-2.0
// What changes the register: organisations, accounts with their first security key, oversight's panel; and what waits until others have signed it too.
import { html, useState } from '../../lib/html.js';
import { may, post, session, useApi } from '../../lib/api.js';
import { useActs } from '../../lib/events.js';
import { argsOf } from '../../lib/acts.js';
import { fieldsToSend, nest, validate } from '../../lib/form-model.js';
import { name, t } from '../../lib/words.js';
import { Field, Summary, pathWords, withPath } from '../../ui/form.js';
import { Icon } from '../../ui/icons.js';
import { Tag } from '../../ui/marks.js';
import { Panel } from '../../ui/page.js';
import { Facts, When } from '../../ui/parts.js';
import { ActButton, ActDialog } from '../../ui/sign.js';
import { say } from '../../lib/say.js';
import { Empty, Show } from '../../ui/state.js';
import { EnrolHere } from './enrol.js';

const rowsOf = (data) => data.items ?? data;
const ID = /^[A-Za-z0-9][A-Za-z0-9._:@+-]{0,62}$/;
export const KINDS = ['nco', 'npa', 'mod', 'council', 'operator', 'carrier', 'mofa', 'ally', 'vendor', 'researcher', 'ministry', 'nss', 'outsourced_body', 'own_network'];
const ROLES = ['analyst', 'approver', 'legal', 'privacy_officer', 'foreign_affairs', 'commander', 'operator', 'reporter', 'reader', 'administrator'];
const SEATS = ['oversight_chair', 'oversight_deputy', 'oversight_member', 'oversight_expert', 'oversight_inspector'];
/** Administrators change everybody but oversight; oversight's panel itself. */
export const administers = (kind) => (kind === 'oversight' ? session.get()?.kind === 'oversight' : may('access.grant'));

/** A form whose fields are a table, then the dialog of the act. more: what is asked for besides the fields, {args, faults} */
function RegisterForm({ id, title, note, fields, command, more, children, done, before }) {
	const [values, setValues] = useState({});
	const [faults, setFaults] = useState([]);
	const [signing, setSigning] = useState(null);
	const schema = nest({ fields: fields.map((f) => ({ ...f, group: id, label: t(`register.${f.label}`), help: f.help ? t(`register.help.${f.name}`) : undefined })) });
	const set = (path, value) => setValues((old) => withPath(old, path, value));
	const form = { values, set, faults: new Map(faults.map((f) => [f.path, f])), final: false, plain: true };
	const submit = (e) => {
		e.preventDefault();
		const found = [...validate(schema, null, 'initial', values), ...(more?.faults(values) ?? [])];
		setFaults(found);
		if (found.length === 0) setSigning({ ...argsOf(command, fieldsToSend(schema, null, values)), ...more?.args(values) });
	};
	const { id: matter, ...args } = signing ?? {};
	return html`<${Panel} title=${title} note=${note} id=${id}><form class="act-form" onSubmit=${submit} noValidate>
		<${Summary} faults=${faults} labels=${(path) => (path === 'account-key' ? t('admin.keys') : pathWords(schema, path))} />
		${before}
		${schema.fields.map((field) => html`<${Field} field=${field} path=${field.name} value=${values[field.name]} form=${form} />`)}
		${children?.(values, faults)}
		<div class="buttons"><button type="submit" class="primary"><${Icon} name="key" /> ${name('act', command)}</button></div>
		${signing && html`<${ActDialog} command=${command} id=${matter} args=${args} title=${matter ? `${name('act', command)}: ${matter}` : name('act', command)} close=${() => setSigning(null)} done=${(answer) => { setSigning(null); setValues({}); setFaults([]); done?.(answer); }} />`}
	</form><//>`;
}

/* ---- organisations ---- */

export function AddOrg({ done }) {
	const kinds = Object.fromEntries(KINDS.map((k) => [k, t(`org.${k}`)]));
	return html`<${RegisterForm} id="org-add" title=${t('register.org.new')} command="access.org.add" done=${done} fields=${[
		{ name: 'id', type: 'id', need: 'known', label: 'org.id', help: true }, { name: 'kind', type: 'enum', enum: KINDS, words: kinds, need: 'known', label: 'org.kind' },
		{ name: 'title', type: 'line', need: 'free', label: 'title' }, { name: 'member', type: 'flag', need: 'free', label: 'org.member' }]} />`;
}

/** Oversight is founded once, with the keys of those who sit on it: chair first. */
export function FoundPanel({ done }) {
	const [keys, setKeys] = useState([null, null, null]);
	const [signing, setSigning] = useState(false);
	const seat = (i) => (i === 0 ? t('seat.chair') : `${t('seat.member')} ${i}`);
	const account = (i) => (i === 0 ? 'oversight.chair' : `oversight.member-${i}`);
	return html`<${Panel} title=${t('register.panel')} note=${t('register.panel.note')} id="panel-found"><p class="note">${t('register.panel.help')}</p>
		<ol class="plain seats-list">${keys.map((key, i) => html`<li class="row" key=${i}><b class="seat-name">${seat(i)}</b> <span class="mono note">${account(i)}</span>
			<${EnrolHere} account=${account(i)} title=${seat(i)} taken=${Boolean(key)} label=${key ? undefined : t('enrol.here')} done=${(k) => setKeys((all) => all.map((old, at) => (at === i ? k : old)))} /></li>`)}</ol>
		<div class="buttons"><button type="button" class="small" onClick=${() => setKeys([...keys, null])}><${Icon} name="plus" /> ${t('register.panel.more')}</button>
			<button type="button" class="primary" disabled=${keys.some((k) => !k)} onClick=${() => setSigning(true)}><${Icon} name="key" /> ${t('act.access.panel')}</button></div>
		${signing && html`<${ActDialog} command="access.panel" args=${{ 'oversight-key': keys }} title=${t('act.access.panel')} words=${t('register.panel.help')} close=${() => setSigning(false)} done=${(a) => { setSigning(false); done?.(a); }} />`}<//>`;
}

/* ---- accounts ---- */

export function OpenAccount({ orgs, done }) {
	const own = session.get();
	const oversight = own.kind === 'oversight';
	const ids = orgs.filter((o) => (o.kind === 'oversight') === oversight).map((o) => o.id);
	const [key, setKey] = useState(null); // {account, text}
	const [pasted, setPasted] = useState('');
	const roles = oversight ? SEATS : ROLES;
	const keyOf = (values) => (key && key.account === values.id?.trim() ? key.text : pasted.trim());
	const more = {
		args: (values) => ({ 'account-key': [keyOf(values)] }),
		faults: (values) => (keyOf(values) ? [] : [{ path: 'account-key', code: 'needed' }]),
	};
	return html`<${RegisterForm} id="account-add" title=${t('register.account.new')} command="access.account.add" more=${more} done=${(a) => { setKey(null); setPasted(''); done?.(a); }} fields=${[
		{ name: 'id', type: 'id', need: 'known', label: 'account.id', help: true }, { name: 'title', type: 'line', need: 'free', label: 'account.title' },
		{ name: 'org', type: 'enum', enum: ids, need: 'known', label: 'account.org' }, { name: 'role', type: 'enums', enum: roles, words: Object.fromEntries(roles.map((r) => [r, t(`role.${r}`)])), need: 'free', label: 'account.roles' }]}>${(values, faults) => html`
		<div class=${`field ${faults.some((f) => f.path === 'account-key') ? 'has-fault' : ''}`} id="field-account-key" tabindex="-1"><span class="label">${t('admin.keys')}</span><div class="field-body">
			<${EnrolHere} account=${ID.test(values.id?.trim() ?? '') ? values.id.trim() : ''} title=${values.title} taken=${Boolean(key) && key.account === values.id?.trim()} done=${(text) => setKey({ account: values.id.trim(), text })} />
			<details class="details"><summary>${t('register.account.paste')}</summary><textarea rows="2" class="mono" aria-label=${t('register.account.paste')} spellcheck=${false} value=${pasted} onInput=${(e) => setPasted(e.target.value)}></textarea></details></div>
			<p class="field-help">${t('register.account.key')}</p></div>`}<//>`;
}

/** A further key: its holder and an administrator sign; whoever comes first starts it. */
export function AddKey({ account, done }) {
	const [key, setKey] = useState(null);
	return html`<div class="row add-key"><${EnrolHere} account=${account.id} title=${account.title} taken=${Boolean(key)} label=${key ? undefined : t('enrol.further')} done=${setKey} />
		${key && html`<${ActDialog} command="access.key.add" id=${account.id} args=${{ key }} title=${`${t('act.access.key.add')}: ${account.id}`} words=${t('register.key.both')} close=${() => setKey(null)} done=${(a) => { setKey(null); done?.(a); }} />`}</div>`;
}

/* ---- what waits for signatures ---- */

const BODY = { open: ['org', 'roles', 'title', 'keys'], 'key.add': ['key'], 'key.revoke': ['key'], 'role.grant': ['role'], 'role.revoke': ['role'], close: ['why'] };
const short = (key) => String(key).replace(/\+[A-Za-z0-9+/=]{20,}$/, '');
const factOf = (k, v) => [t(`register.body.${k}`), k === 'roles' ? v.map((r) => name('role', r)).join(', ') : k === 'role' ? name('role', v) : k === 'keys' ? v.map(short).join(', ') : k === 'key' ? html`<span class="mono">${short(v)}</span>` : v];
const commandOf = (w) => `access.${{ open: 'account.add', close: 'account.close' }[w.event] ?? w.event}`;

export const useWaiting = () => {
	const waiting = useApi('access/waiting', undefined, { every: 15 });
	useActs(waiting.reload);
	return waiting;
};

export function Waiting({ waiting, done }) {
	const me = session.get();
	const [error, setError] = useState(null);
	const reload = (a) => { waiting.reload(); done?.(a); };
	const drop = async (id) => {
		setError(null);
		try { await post(`access/waiting/${id}/drop`, {}); say(t('waiting.dropped')); waiting.reload(); } catch (e) { setError(e); }
	};
	return html`<${Show} of=${waiting} lines=${4}>${(data) => (rowsOf(data).length === 0 ? html`<${Empty} title=${t('waiting.none')}>${t('waiting.none.do')}<//>` : html`<p class="note">${t('waiting.help')}</p>${error && html`<p class="wrong" role="alert">${error.message}</p>`}<ul class="plain stack">${rowsOf(data).map((w) => html`<li class="panel waiting" key=${w.id}>
			<header class="row apart"><span class="row"><b>${name('act', commandOf(w))}: ${w.of}</b>${w.stale && html`<${Tag} tone="alarm">${t('waiting.stale')}<//>`}</span><span class="note">${t('waiting.until')} <${When} at=${w.until} /></span></header>
			<${Facts} facts=${[...(BODY[w.event] ?? []).filter((k) => w.body[k] !== undefined).map((k) => factOf(k, w.body[k])), [t('waiting.signed'), w.signed.join(', ')]]} />
			<div class="buttons">${!w.stale && !w.signed.includes(me.account) && html`<${ActButton} command="access.sign" id=${w.id} wanted=${{ matter: w.matter, event: w.event, id: w.of, digest: w.digest }} tone="primary" icon="key" words=${`${name('act', commandOf(w))}: ${w.of}`} done=${reload} />`}
				${w.signed.includes(me.account) && html`<span class="note">${t('waiting.mine')}</span>`}
				<button type="button" class="small" onClick=${() => drop(w.id)}>${t('waiting.drop')}</button></div>
		</li>`)}</ul>`)}<//>`;
}
