// SPDX-License-Identifier: Apache-2.0
// One act, from what it says to a signature: the statement comes from the server, its digest is computed here, words and digest are shown, and a security key
// signs exactly that. Where no key is at hand the same statement can be signed with an SSH key elsewhere. docs/centre.md "Acts from a page"
import { html, useEffect, useId, useRef, useState } from '../lib/html.js';
import { post } from '../lib/api.js';
import { argsOf, schemaOf, statementOf } from '../lib/acts.js';
import { fieldsToSend, validate } from '../lib/form-model.js';
import { checkPrepared, isThere, signDigest } from '../lib/webauthn.js';
import { say } from '../lib/say.js';
import { brief } from '../lib/time.js';
import { known, language, name, t } from '../lib/words.js';
import { Dialog } from './dialog.js';
import { Field, Summary, pathWords, withPath } from './form.js';
import { Icon } from './icons.js';
import { Failure, Loading } from './state.js';
import { copy } from './value.js';

/** A digest that people can compare: eight groups of eight. */
export const Digest = ({ hex, label }) => html`<span class="digest-groups mono" role="group" aria-label=${label}>${hex.match(/.{1,8}/g).map((part) => html`<span>${part}</span>`)}</span>`;

/** @param {{command: string, id: string, title: string, order?: string, args?: object, words?: any, done: (answer: any) => void, close: () => void}} props
 *  order: digest of the order that the page shows; the statement must be about it. wanted: {matter, event, id, digest} where it is known beforehand what the statement is */
export function ActDialog({ command, id, title, order, wanted, args: given, words: about, done, close }) {
	const [matter, ...rest] = command.split('.');
	const schema = schemaOf(matter, rest.join('.'), t, known);
	const [args, setArgs] = useState(schema.fields.length === 0 ? given ?? {} : null);
	return html`<${Dialog} title=${title} close=${close} wide>
		${about && html`<p class="act-about">${about}</p>`}
		${args === null ? html`<${ActForm} schema=${schema} next=${(fields) => setArgs({ ...given, ...argsOf(command, fields) })} close=${close} />` : html`<${Sign} command=${command} id=${id} args=${args} order=${order} wanted=${wanted} done=${done} close=${close} />`}
	<//>`;
}

function ActForm({ schema, next, close }) {
	const [values, setValues] = useState({});
	const [faults, setFaults] = useState([]);
	const set = (path, value) => setValues((v) => withPath(v, path, value));
	const form = { values, set, faults: new Map(faults.map((f) => [f.path, f])), final: false, plain: true };
	const submit = (e) => {
		e.preventDefault();
		const found = validate(schema, null, 'initial', values);
		setFaults(found);
		if (found.length === 0) next(fieldsToSend(schema, null, values));
	};
	return html`<form class="act-form" onSubmit=${submit} noValidate>
		<${Summary} faults=${faults} labels=${(path) => pathWords(schema, path)} />
		${schema.fields.map((field) => html`<${Field} field=${field} path=${field.name} value=${values[field.name]} form=${form} />`)}
		<div class="buttons"><button type="submit" class="primary">${t('act.next')}</button><button type="button" onClick=${close}>${t('action.cancel')}</button></div>
	</form>`;
}

/** refused: who asked takes it back into his own hands when the server does not prepare it */
export function Sign({ command, id, args, order, wanted, done, close, refused }) {
	const [prepared, setPrepared] = useState(null);
	const [error, setError] = useState(null);
	const [keyError, setKeyError] = useState(null);
	const [busy, setBusy] = useState(null);
	const button = useRef(null);
	const request = { command, ...(id ? { id } : {}), args };
	const prepare = () => {
		setError(null);
		setPrepared(null);
		post('acts/prepare', request)
			.then(async (answer) => setPrepared({ ...answer, ...(await checkPrepared(answer, { ...statementOf(command, id), ...wanted, order })) }))
			.catch((e) => (e.status === undefined ? setKeyError(e.code ?? 'failed') : refused ? refused(e) : setError(e)));
	};
	useEffect(prepare, []);
	useEffect(() => { if (prepared) button.current?.focus(); }, [prepared]);
	const submit = async (signature) => {
		const answer = await post('acts/submit', { ...request, statement: prepared.statement, signature });
		say(answer?.waits ? t('act.waits', { what: name('act', command) }) : t(wanted?.id ?? id ? 'act.done' : 'act.done.plain', { what: name('act', command), id: wanted?.id ?? id }));
		done(answer);
	};
	const run = (what, act) => async () => {
		setBusy(what);
		setKeyError(null);
		setError(null);
		try {
			await act();
		} catch (e) {
			if (e.status === undefined) setKeyError(e.code ?? 'failed');
			else setError(e);
		}
		setBusy(null);
	};
	const touch = run('key', async () => submit({ kind: 'webauthn', response: await signDigest(prepared.digest, prepared.credentials, { rpId: prepared.rp_id }) }));
	if (error && !prepared) return html`<${Failure} error=${error} retry=${prepare} />`;
	if (keyError && !prepared) return html`<div class="failure" role="alert"><p class="failure-title"><${Icon} name="warn" /> ${t('act.refused')}</p><p>${t(`key.${keyError}`)}</p></div>`;
	if (!prepared) return html`<${Loading} lines=${5} />`;
	const said = prepared.words?.[language.get()] ?? prepared.words?.en ?? '';
	return html`<div class="sign">
		<section class="sign-words" aria-label=${t('act.says')}><h3>${t('act.says')}</h3>${said.split('\n').map((line) => html`<p>${line}</p>`)}
			<${Said} said=${wanted?.digest ? prepared.act.body : args} />
		</section>
		<section class="sign-digest"><h3>${t('act.digest')}</h3><${Digest} hex=${prepared.digest} label=${t('act.digest')} />
			<ul class="plain checks-made">
				<li><${Icon} name="check" /> ${t('act.checked.digest')}</li>
				<li><${Icon} name="check" /> ${wanted?.digest ? t('act.checked.waits') : id ? t('act.checked.act', { what: name('act', command), id }) : t('act.checked.only', { what: name('act', command) })}</li>
				${order && html`<li><${Icon} name="check" /> ${t('act.checked.order')}</li>`}
			</ul>
			<details class="details"><summary>${t('act.statement')}</summary><pre class="statement" tabindex="0">${prepared.statement}</pre></details>
		</section>
		${keyError && html`<p class="wrong" role="alert"><${Icon} name="warn" /> ${t(`key.${keyError}`)}</p>`}
		${error && html`<${Failure} error=${error} retry=${error.code === 'SK_ESTALE' ? prepare : undefined} />`}
		<div class="buttons">
			<button type="button" class="primary" ref=${button} disabled=${busy !== null || !isThere()} onClick=${touch}><${Icon} name="key" /> ${busy === 'key' ? t('act.touch') : t('act.sign')}</button>
			<button type="button" onClick=${close}>${t('action.cancel')}</button>
		</div>
		<p class="field-help" role="status">${busy === 'key' ? t('act.touch.help') : !isThere() ? t('key.absent') : prepared.expires ? t('act.expires', { when: brief(prepared.expires) }) : ''}</p>
		<${Elsewhere} prepared=${prepared} busy=${busy} submit=${(text) => run('ssh', () => submit({ kind: text.startsWith('\u2014 ') ? 'note' : 'ssh', text }))()} />
	</div>`;
}

/** What is said besides, as it is sent; of what others began, as it stands in the statement itself. Files are told by their beginning, secrets not at all. */
const LONG = 300;
function Said({ said }) {
	const words = (v) => (v === true ? t('form.yes') : v === false ? t('form.no') : typeof v === 'string' && known(`act.word.${v}`) ? t(`act.word.${v}`) : [v].flat().join(', '));
	const rows = Object.entries(said).filter(([k, v]) => !/password$/.test(k) && v !== '' && (Array.isArray(v) || !(v instanceof Object)));
	if (rows.length === 0) return null;
	return html`<dl class="facts">${rows.map(([k, v]) => html`<dt>${name('act.field', k)}</dt><dd class=${/keys?$|file$/.test(k) ? 'mono act-long' : ''}>${words(v).length > LONG ? `${words(v).slice(0, LONG)} …` : words(v)}</dd>`)}</dl>`;
}

function Elsewhere({ prepared, busy, submit }) {
	const [text, setText] = useState('');
	const id = useId();
	const download = () => {
		const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(new Blob([prepared.statement])), download: 'statement' });
		link.click();
		setTimeout(() => URL.revokeObjectURL(link.href), 1000);
	};
	return html`<details class="details sign-elsewhere"><summary>${t('act.ssh')}</summary>
		<ol><li>${t('act.ssh.1')} <button type="button" class="small" onClick=${download}><${Icon} name="download" /> ${t('act.ssh.download')}</button></li>
		<li>${t('act.ssh.2')} <code>ssh-keygen -Y sign -n sekisho-act -f KEY statement</code> <button type="button" class="quiet small" onClick=${() => copy('ssh-keygen -Y sign -n sekisho-act -f KEY statement')}>${t('pivot.copy')}</button></li>
		<li><label for=${id}>${t('act.ssh.3')}</label><textarea id=${id} rows="4" class="mono" spellcheck=${false} value=${text} onInput=${(e) => setText(e.target.value)} placeholder="-----BEGIN SSH SIGNATURE-----"></textarea></li></ol>
		<button type="button" disabled=${busy !== null || !/^(-----BEGIN SSH SIGNATURE|\u2014 )/.test(text)} onClick=${() => submit(text)}>${t('act.ssh.submit')}</button>
	</details>`;
}

/** A button that opens the dialog of one act. Renders nothing for who may not. */
export function ActButton({ command, id, label, order, wanted, args, words, done, tone, icon, disabled, class: cls = '' }) {
	const [open, set] = useState(false);
	const title = label ?? name('act', command);
	return html`<button type="button" class=${`${tone ?? ''} ${cls}`} disabled=${disabled} onClick=${() => set(true)}>${icon && html`<${Icon} name=${icon} />`}${title}</button>
		${open && html`<${ActDialog} command=${command} id=${id} title=${id ? `${title}: ${wanted?.id ?? id}` : title} order=${order} wanted=${wanted} args=${args} words=${words} close=${() => set(false)} done=${(answer) => { set(false); done?.(answer); }} />`}`;
}
