// SPDX-License-Identifier: Apache-2.0
// One's own password and one-time codes. Who changes what a session was begun with gives the password that is in force, and signs: an open session alone is not enough.
import { html, useEffect, useId, useRef, useState } from '../lib/html.js';
import { post, session, useApi } from '../lib/api.js';
import { say } from '../lib/say.js';
import { t } from '../lib/words.js';
import { Dialog } from './dialog.js';
import { Icon } from './icons.js';
import { Sign } from './sign.js';
import { Failure, Loading, Show } from './state.js';
import { When } from './parts.js';
import { WayBack } from './terminal.js';

const LEAST = 12, MOST = 1024; // access/factor.h
const bytes = (text) => new TextEncoder().encode(text).length;
/** What is wrong with a new password, as a word of the catalogue; null: nothing that is known here. The server judges again. */
export function faultOf(account, word, again) {
	if (bytes(word) < LEAST || bytes(word) > MOST) return 'own.password.length';
	if (word.includes(account)) return 'own.password.name';
	return word === again ? null : 'own.password.again.wrong';
}

function Input({ label, name, help, ...more }) {
	const id = useId();
	return html`<div class="field"><label class="label" for=${id}>${label}</label><input id=${id} name=${name} autocapitalize="none" spellcheck=${false} aria-describedby=${help ? `${id}-help` : undefined} required ...${more} />${help && html`<p class="field-help" id=${`${id}-help`}>${help}</p>`}</div>`;
}

/** The first step of either change, then the signature. @param {{command: string, account: string, had: boolean, fields?: any, check?: (e: HTMLFormElement) => string|null, args: (e: object) => object, words: string, done: (answer: any) => void, close: () => void}} props */
function Asked({ command, account, had, fields, check, args: argsOf, words, done, close }) {
	const [args, setArgs] = useState(null);
	const [fault, setFault] = useState(null);
	const [error, setError] = useState(null);
	const form = useRef(null);
	useEffect(() => { if (args === null) form.current?.querySelector('input:not([readonly])')?.focus(); }, [args]);
	const submit = (e) => {
		e.preventDefault();
		const found = check?.(form.current.elements) ?? null;
		setFault(found);
		setError(null);
		if (found) form.current.elements.password?.focus();
		else setArgs({ ...(had ? { 'old-password': form.current.elements.old.value } : {}), ...argsOf(form.current.elements) });
	};
	if (args) return html`<p class="act-about">${words}</p><${Sign} command=${command} args=${args} done=${done} close=${close} refused=${(e) => { setArgs(null); setError(e); }} />`;
	return html`<form class="act-form" ref=${form} onSubmit=${submit}>
		<input class="hidden" name="username" autocomplete="username" value=${account} readonly tabindex="-1" aria-hidden="true" />
		${error && html`<${Failure} error=${error} />`}
		${had && html`<${Input} name="old" type="password" autocomplete="current-password" label=${t('own.password.old')} help=${t('own.password.old.help')} />`}
		${fields}
		${fault && html`<p class="wrong" role="alert"><${Icon} name="warn" /> ${t(fault)}</p>`}
		<p class="field-help">${t('own.sign')}</p>
		<div class="buttons"><button type="submit" class="primary">${t('act.next')}</button><button type="button" onClick=${close}>${t('action.cancel')}</button></div>
		<${WayBack} account=${account} />
	</form>`;
}

const hasIn = (data, factor) => (data.items ?? data).some((f) => f.factor === factor);

export function PasswordDialog({ close, done }) {
	const { account } = session.get();
	const factors = useApi('access/factors/mine');
	const ended = () => { say(t('own.password.done')); done?.(); close(); };
	return html`<${Dialog} title=${t('own.password')} close=${close} wide><${Show} of=${factors} lines=${4}>${(data) => html`<${Asked} command="access.factor.password" account=${account} had=${hasIn(data, 'password')} words=${t('own.password.words')}
		fields=${html`<${Input} name="password" type="password" autocomplete="new-password" label=${t('own.password.new')} help=${t('own.password.new.help')} /><${Input} name="again" type="password" autocomplete="new-password" label=${t('own.password.again')} />`}
		check=${(e) => faultOf(account, e.password.value, e.again.value)} args=${(e) => ({ password: e.password.value })} done=${ended} close=${close} />`}<//><//>`;
}

/** The secret as squares, for the camera of a telephone. The library is loaded when it is wanted. */
function Squares({ uri }) {
	const [path, setPath] = useState(null);
	useEffect(() => {
		import('qrcode-generator').then(({ default: qrcode }) => {
			const code = qrcode(0, 'M');
			code.addData(uri, 'Byte');
			code.make();
			const n = code.getModuleCount();
			let d = '';
			for (let y = 0; y < n; y++) for (let x = 0; x < n; x++) if (code.isDark(y, x)) d += `M${x + 4} ${y + 4}h1v1h-1z`;
			setPath({ d, size: n + 8 }); // four modules of quiet around it: ISO/IEC 18004
		}, () => setPath({}));
	}, [uri]);
	if (path === null) return html`<${Loading} lines=${3} />`;
	return path.d ? html`<svg class="squares" viewBox=${`0 0 ${path.size} ${path.size}`} role="img" aria-label=${t('own.codes.squares')}><rect class="squares-ground" width=${path.size} height=${path.size} /><path class="squares-ink" d=${path.d} /></svg>` : null;
}

function Confirm({ uri, close, done }) {
	const [error, setError] = useState(null);
	const [busy, setBusy] = useState(false);
	const input = useRef(null);
	const secret = /[?&]secret=([A-Z2-7]+)/.exec(uri)?.[1] ?? '';
	useEffect(() => { input.current?.querySelector('input')?.focus(); }, []);
	const submit = async (e) => {
		e.preventDefault();
		setBusy(true);
		setError(null);
		try {
			await post('access/factors/code', { code: e.target.elements.code.value.replace(/\s/g, '') });
			say(t('own.codes.done'));
			done?.();
			close();
		} catch (failed) {
			setError(failed);
			setBusy(false);
		}
	};
	return html`<div class="codes"><${Squares} uri=${uri} /><div class="stack">
		<p>${t('own.codes.scan')}</p><p class="mono codes-secret">${secret.match(/.{1,4}/g)?.join(' ')}</p><p class="note">${t('own.codes.once')}</p>
		<form class="act-form" onSubmit=${submit} ref=${input}><${Input} name="code" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9 ]{6,8}" label=${t('own.codes.first')} help=${t('own.codes.first.help')} />
		${error && html`<${Failure} error=${error} />`}
		<div class="buttons"><button type="submit" class="primary" disabled=${busy}>${t('own.codes.confirm')}</button><button type="button" onClick=${close}>${t('own.codes.later')}</button></div></form></div></div>`;
}

export function CodesDialog({ close, done }) {
	const { account } = session.get();
	const factors = useApi('access/factors/mine');
	const [uri, setUri] = useState(null);
	return html`<${Dialog} title=${t('own.codes')} close=${close} wide>${uri ? html`<${Confirm} uri=${uri} close=${close} done=${done} />` : html`<${Show} of=${factors} lines=${4}>${(data) => html`<p>${t(hasIn(data, 'totp') ? 'own.codes.new.help' : 'own.codes.help')}</p>
		<${Asked} command="access.factor.totp" account=${account} had=${hasIn(data, 'password')} words=${t('own.codes.words')} args=${() => ({})} done=${(answer) => { setUri((answer.text ?? '').trim()); done?.(); }} close=${close} />`}<//>`}<//>`;
}

/** In Administration: since when there are which, and the two changes. */
export function OwnFactors() {
	const factors = useApi('access/factors/mine');
	const [open, set] = useState(null);
	const line = (data, factor, words) => {
		const found = (data.items ?? data).find((f) => f.factor === factor);
		return html`<li><${Icon} name=${found ? 'check' : 'warn'} /><span><b>${words}</b><br />${found ? html`<span class="note">${t('own.since')} <${When} at=${found.since} /></span>` : html`<span class="note">${t('own.none')}</span>`}</span>
			<button type="button" class="small" onClick=${() => set(factor)}>${t(found ? 'own.change' : 'own.set')}</button></li>`;
	};
	return html`<${Show} of=${factors} lines=${2}>${(data) => html`<ul class="plain factors">${line(data, 'password', t('sign.password'))}${line(data, 'totp', t('own.codes.name'))}</ul>`}<//>
		${open === 'password' && html`<${PasswordDialog} close=${() => set(null)} done=${factors.reload} />`}${open === 'totp' && html`<${CodesDialog} close=${() => set(null)} done=${factors.reload} />`}`;
}
