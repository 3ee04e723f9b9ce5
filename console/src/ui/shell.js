// SPDX-License-Identifier: Apache-2.0
// The shell around every view: sign-in, navigation, range, search, help, feed age, live regions.
import { html, useEffect, useRef, useState } from '../lib/html.js';
import { ask, may, purpose, session } from '../lib/api.js';
import { closeStream, openStream, useEvent } from '../lib/events.js';
import { useKeys } from '../lib/keys.js';
import { go, href, useRoute } from '../lib/route.js';
import { useSignal } from '../lib/signal.js';
import { brief, refresh } from '../lib/time.js';
import { say } from '../lib/say.js';
import { name, t, useLanguage } from '../lib/words.js';
import { VIEWS } from '../views/index.js';
import { FeedAge } from './feed.js';
import { Help } from './help.js';
import { Icon } from './icons.js';
import { LiveRegion } from './live.js';
import { Popover } from './menu.js';
import { Page } from './page.js';
import { PurposeDialog } from './purpose.js';
import { RangeControl } from './range.js';
import { SignIn, Wordmark } from './signin.js';
import { Empty, Failure, Loading } from './state.js';
import { LanguageSwitch, ThemeSwitch } from './switches.js';

/** Loads a view's module when it is first wanted. */
function View({ view }) {
	const { id } = useRoute();
	const [state, set] = useState({ view: null });
	const wanted = useRef(null);
	wanted.current = view.id;
	// A module that comes after one has gone on to another view is not shown.
	const load = () => view.load?.().then((m) => ({ view: view.id, Component: m.default }), () => ({ view: view.id, error: { code: 'UNREACHABLE', message: '' } })).then((s) => wanted.current === s.view && set(s));
	useEffect(() => { load(); }, [view.id]);
	if (!may(...view.duties)) return html`<${Page} view=${view}><${Empty} title=${t('nav.closed')}>${t('nav.closed.do', { duties: view.duties.join(', ') })}<//><//>`;
	if (!view.load) return html`<${Page} view=${view}><${Empty} title=${t('nav.building')}>${t('nav.building.do')}<//><//>`;
	if (state.view !== view.id) return html`<${Page} view=${view}><${Loading} lines=${6} /><//>`;
	if (state.error) return html`<${Page} view=${view}><${Failure} error=${state.error} retry=${load} /><//>`;
	return html`<${state.Component} view=${view} id=${id} key=${view.id} />`;
}

function Navigation({ current }) {
	return html`<nav class="nav" aria-label=${t('nav.label')}>
		<a class="brand" href=${href('border')} aria-label=${t('app.name')}><${Wordmark} /></a>
		<ul>${VIEWS.filter((v) => may(...v.duties)).map((v) => html`<li><a href=${href(v.id)} aria-current=${v.id === current ? 'page' : undefined} aria-keyshortcuts=${'g ' + v.key}><${Icon} name=${v.id} /><span>${t('nav.' + v.id)}</span><kbd aria-hidden="true">g ${v.key}</kbd></a></li>`)}</ul>
	</nav>`;
}

function Search({ input }) {
	const submit = (e) => {
		e.preventDefault();
		const q = input.current.value.trim();
		if (q) go(may('g1.read', 'inspect.query') ? 'findings' : 'cases', null, { q });
	};
	return html`<form class="search" role="search" onSubmit=${submit}><${Icon} name="search" /><input ref=${input} type="search" aria-label=${t('search.label')} placeholder=${t('search.label')} onKeyDown=${(e) => e.key === 'Escape' && e.target.blur()} /><kbd aria-hidden="true">/</kbd></form>`;
}

function Account({ who }) {
	const asked = useSignal(purpose);
	const [own, setOwn] = useState(null); // a dialog of its own: the menu closes when the focus leaves it
	const change = (close, which) => { close(); import('./own.js').then((m) => setOwn({ Dialog: m[which] }), () => say(t('error.UNREACHABLE'), { alert: true })); };
	const out = async () => {
		try { await ask('DELETE', 'session'); } finally {
			purpose.set(null);
			session.set(null);
		}
	};
	return html`<${Popover} class="account" align="right" label=${html`<${Icon} name="user" /><span>${who.account}</span>`} name=${`${t('session.menu')}: ${who.account}`}>${(close) => html`<div class="account-panel">
		<p><b>${who.account}</b><br />${who.title && who.title !== who.account ? who.title : who.org}<br /><small>${who.roles?.join(', ')}</small></p>
		<p class="note">${t('session.until', { when: brief(who.until) })}</p>
		${asked && html`<p class="purpose-chip" title=${t('purpose.active.help')}>${t('purpose.active')}</p>`}
		<${LanguageSwitch} /><${ThemeSwitch} />
		<div class="account-own"><button type="button" onClick=${() => change(close, 'PasswordDialog')}>${t('own.password')}</button><button type="button" onClick=${() => change(close, 'CodesDialog')}>${t('own.codes')}</button></div>
		<button type="button" onClick=${out}>${t('sign.out')}</button>
	</div>`}<//>${own && html`<${own.Dialog} close=${() => setOwn(null)} />`}`;
}

function Inside({ who }) {
	const { view: current } = useRoute();
	const [help, setHelp] = useState(false);
	const input = useRef(null);
	const main = useRef(null);
	const view = location.hash === '' ? VIEWS.find((v) => may(...v.duties)) : VIEWS.find((v) => v.id === current);
	useEffect(() => {
		openStream();
		return closeStream;
	}, [who.account]);
	useEvent('lost', refresh, []);
	useEvent('due', (d) => say(t('due.said', { what: name('due', d?.kind), id: d?.id ?? '' }), { alert: true }), []);
	useEffect(() => { main.current?.scrollTo?.(0, 0); scrollTo(0, 0); }, [current]);
	useKeys([
		{ keys: '/', words: 'help.search', act: () => { input.current.focus(); input.current.select(); } },
		{ keys: '?', words: 'help.help', act: () => setHelp((h) => !h) },
		{ keys: 'r', words: 'help.refresh', act: refresh },
		...VIEWS.filter((v) => may(...v.duties)).map((v) => ({ keys: 'g ' + v.key, words: () => t('help.go', { view: t('nav.' + v.id) }), act: () => go(v.id) })),
	], [who]);
	return html`<a class="skip" href="#content" onClick=${(e) => { e.preventDefault(); main.current.querySelector('h1')?.focus(); }}>${t('app.skip')}</a>
	<div class="shell">
		<${Navigation} current=${view?.id} />
		<div class="bar">
			<${Search} input=${input} />
			<${RangeControl} />
			<${FeedAge} />
			<button type="button" class="quiet square" title=${`${t('help.open')} (?)`} aria-label=${t('help.open')} onClick=${() => setHelp(true)}><${Icon} name="help" /></button>
			<${Account} who=${who} />
		</div>
		<main class="main" id="content" ref=${main}>${view ? html`<${View} view=${view} />` : html`<${Page} view=${{ id: 'unknown' }}><${Empty}>${t('nav.unknown.do')}<//><//>`}</main>
	</div>
	${help && html`<${Help} close=${() => setHelp(false)} view=${view?.id ?? 'findings'} />`}`;
}

export function Shell() {
	const who = useSignal(session);
	const lang = useLanguage();
	const had = useRef(false);
	if (who?.account) had.current = true;
	return html`<div class="root" key=${lang}>
		${who === undefined ? html`<div class="boot"><${Loading} lines=${1} /></div>` : who?.account ? html`<${Inside} who=${who} />` : html`<${SignIn} unreachable=${who?.unreachable} ended=${had.current} />`}
		<${PurposeDialog} />
		<${LiveRegion} />
	</div>`;
}
