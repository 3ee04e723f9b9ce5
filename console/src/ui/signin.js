// SPDX-License-Identifier: Apache-2.0
import { html, useEffect, useId, useRef, useState } from '../lib/html.js';
import { t } from '../lib/words.js';
import { get, post, session } from '../lib/api.js';
import { possible, sign } from '../lib/webauthn_login.js';
import { Icon } from './icons.js';
import { arrive } from './page.js';
import { Failure } from './state.js';
import { LanguageSwitch } from './switches.js';
import { WayBack } from './terminal.js';

export function Wordmark() {
	return html`<span class="wordmark"><svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true"><path class="gate" d="M3 8.5h26M7 14h18M9.5 8.5V28M22.5 8.5V28" /><circle class="dot" cx="16" cy="22" r="2.4" /></svg><span>${t('app.name')}</span></span>`;
}

export function SignIn({ unreachable, ended }) {
	const [error, setError] = useState(null);
	const [busy, setBusy] = useState(false);
	const [need, setNeed] = useState(null);
	const form = useRef(null);
	const id = useId();
	useEffect(() => {
		document.title = `${t('sign.title')} – ${t('app.name')}`;
		form.current?.elements.account.focus();
	}, []);
	const retry = () => get('session').then((s) => session.set(s), (e) => session.set(e.status === 401 ? null : { unreachable: e }));
	const run = async (act) => {
		setBusy(true);
		setError(null);
		setNeed(null);
		try { const who = await act(); if (who) { arrive(); session.set(who); } } catch (e) { e.name === 'NotAllowedError' ? setNeed(t('sign.key.cancelled')) : setError(e); }
		setBusy(false);
	};
	const password = (e) => {
		e.preventDefault();
		const { account, password: word, code } = form.current.elements;
		run(() => post('session', { account: account.value.trim(), password: word.value, code: code.value.replace(/\s/g, '') || undefined }));
	};
	const key = () => {
		const account = form.current.elements.account.value.trim();
		if (!account) { setNeed(t('sign.account.need')); form.current.elements.account.focus(); return; }
		if (!possible()) { setNeed(t('sign.key.absent')); return; }
		run(async () => {
			const { challenge, credentials } = await post('session', { account });
			if (credentials.length === 0) { setNeed(t('sign.key.none')); return null; }
			return post('session/webauthn', { account, response: await sign(challenge, credentials) });
		});
	};
	return html`<main class="signin" id="content">
		<div class="signin-card">
			<${Wordmark} />
			<h1>${t('sign.title')}</h1>
			${ended && html`<p role="status" class="note">${t('sign.ended')}</p>`}
			${unreachable ? html`<${Failure} error=${unreachable} retry=${retry} />` : html`
			<form ref=${form} onSubmit=${password}>
				<label>${t('sign.account')}<input name="account" autocomplete="username" autocapitalize="none" spellcheck=${false} required /></label>
				<label>${t('sign.password')}<input name="password" type="password" autocomplete="current-password" required /></label>
				<label>${t('sign.code')}<input name="code" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9 ]{6,8}" aria-describedby=${id} /></label>
				<p class="field-help" id=${id}>${t('sign.code.help')}</p>
				<button type="submit" class="primary" disabled=${busy}>${t('sign.go')}</button>
				<p class="signin-or"></p>
				<button type="button" onClick=${key} disabled=${busy} aria-describedby=${id + 'k'}><${Icon} name="key" /> ${t('sign.key')}</button>
				<p class="field-help" id=${id + 'k'}>${t('sign.key.help')}</p>
				${need && html`<p class="wrong" role="alert">${need}</p>`}
			</form>
			<${WayBack} />
			${error && html`<${Failure} error=${error} />`}`}
			<footer class="signin-foot"><p>${t('sign.promise')}</p><${LanguageSwitch} /></footer>
		</div>
	</main>`;
}
