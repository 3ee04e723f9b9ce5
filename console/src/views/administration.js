// SPDX-License-Identifier: Apache-2.0
// Administration: who is who and may what, leases, the policy in force; and for everybody: one's own keys and factors.
import { createContext, html, useContext, useEffect, useState } from '../lib/html.js';
import { may, post, session, useApi } from '../lib/api.js';
import { useActs } from '../lib/events.js';
import { useRoute } from '../lib/route.js';
import { say } from '../lib/say.js';
import { name, t } from '../lib/words.js';
import { enrol, isThere } from '../lib/webauthn.js';
import { challengeOf } from './administration/enrol.js';
import { Policy } from './administration/policy.js';
import { AddKey, AddOrg, FoundPanel, OpenAccount, Waiting, administers, useWaiting } from './administration/register.js';
import { Icon } from '../ui/icons.js';
import { Tag } from '../ui/marks.js';
import { OwnFactors } from '../ui/own.js';
import { Page, Panel } from '../ui/page.js';
import { Countdown, Facts, Labelled, TabPanel, Tabs, When, tabOf } from '../ui/parts.js';
import { ActButton, ActDialog } from '../ui/sign.js';
import { copy } from '../ui/value.js';
import { Empty, Failure, Show } from '../ui/state.js';
import { Table } from '../ui/table.js';

const rowsOf = (data) => data.items ?? data;
/** What kind of key a verifier key's text is, in words. */
export function keyKind(text) {
	const encoded = /\+[0-9a-f]{8}\+(.*)$/.exec(text)?.[1];
	let data = '';
	try { data = atob(encoded ?? ''); } catch { return 'unknown'; }
	if (data.charCodeAt(0) === 1) return 'file';
	return /^\xff(sshsig-sk-ed25519|sshsig-ed25519|webauthn-ed25519|webauthn-es256)\n/.exec(data)?.[1] ?? 'unknown';
}
const bytesOf = (text) => text.replace(/^.*\+[0-9a-f]{8}\+/, ''); // the name of a key says nothing about whose it is
const keyName = (text) => text.replace(/\+[0-9a-f]{8}\+.*$/, '');

/* ---- one's own ---- */

function Mine() {
	const me = session.get();
	const keys = useApi('access/keys');
	const accounts = useApi(may('ledger.inspect') ? 'access/accounts' : null, { limit: 200 });
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState(null);
	const [error, setError] = useState(null);
	const [made, setMade] = useState(null);
	useActs(accounts.reload, keys.reload);
	const mine = rowsOf(accounts.data ?? { items: [] }).find((a) => a.id === me.account);
	const known = rowsOf(keys.data ?? { items: [] });
	const inRegister = (key) => mine?.keys.some((k) => !k.revoked && bytesOf(k.key) === bytesOf(key));
	const { waiting } = useRegister();
	const add = async () => {
		setBusy(true);
		setProblem(null);
		setError(null);
		try {
			const challenge = challengeOf(await post('access/factors/challenge', {}));
			setMade(await enrol({ challenge, account: me.account, title: me.title, exclude: known.map((k) => k.credential) }));
		} catch (e) {
			if (e.status === undefined) setProblem(e.code ?? 'failed');
			else setError(e);
		}
		setBusy(false);
	};
	return html`<${Panel} title=${t('admin.me')} id="me"><${Facts} facts=${[[t('admin.account'), me.account], [t('admin.org'), `${me.org} (${name('org', me.kind)})`], [t('admin.roles'), (me.roles ?? []).map((r) => name('role', r)).join(', ')], [t('admin.until'), html`<${When} at=${me.until} />`]]} />
			<details class="details"><summary>${t('admin.duties', { n: me.duties.length })}</summary><p class="mono note duties">${me.duties.join('  ')}</p></details><//>
		<${Panel} title=${t('own.title')} note=${t('admin.factors.note')} id="own"><${OwnFactors} /><//>
		<${Panel} title=${t('admin.factors')} note=${t('admin.factors.note')} id="factors">
			<${Show} of=${keys} lines=${2}>${(data) => (rowsOf(data).length === 0 ? html`<p class="note">${t('admin.factors.none')}</p>` : html`<ul class="plain factors">${rowsOf(data).map((k) => html`<li><${Icon} name="key" /><span><b>${k.key ? t(`keykind.${keyKind(k.key)}`) : t('factor.webauthn')}</b>${!k.key ? html` <span class="note">${t('admin.signin.only')}</span>` : ''}<br /><span class="mono note">${k.credential.slice(0, 24)}…</span></span><span class="row">${k.key && mine && inRegister(k.key) ? html`<span class="good-line"><${Icon} name="check" size=${14} /> ${t('admin.inregister')}</span>` : k.key && mine ? html`<${ActButton} command="access.key.add" id=${me.account} args=${{ key: k.key }} class="small" tone="primary" words=${t('register.key.both')} done=${() => { waiting.reload(); accounts.reload(); }} />` : ''}${k.key && html`<button type="button" class="small" onClick=${() => copy(k.key)}>${t('admin.copykey')}</button>`}</span></li>`)}</ul>`)}<//>
			<div class="buttons"><button type="button" class="primary" disabled=${busy || !isThere()} onClick=${add}><${Icon} name="key" /> ${busy ? t('act.touch') : t('admin.enrol')}</button></div>
			<p class="field-help" role="status">${!isThere() ? t('key.absent') : busy ? t('act.touch.help') : t('admin.enrol.help')}</p>
			${problem && html`<p class="wrong" role="alert"><${Icon} name="warn" /> ${t(`key.${problem}`)}</p>`}${error && html`<${Failure} error=${error} />`}<//>
		${made && html`<${ActDialog} command="access.factor.register" args=${{ response: made }} title=${t('admin.enrol')} words=${t('admin.enrol.sign')} close=${() => setMade(null)} done=${() => { setMade(null); say(t('admin.enrolled')); keys.reload(); }} />`}
		${mine && html`<${Panel} title=${t('admin.keys.mine')} note=${t('admin.keys.note')} id="keys"><${Keys} account=${mine} reload=${accounts.reload} /><//>`}`;
}

function Keys({ account, reload }) {
	return html`<ul class="plain factors">${account.keys.map((k) => html`<li><${Icon} name="key" /><span><b>${t(`keykind.${keyKind(k.key)}`)}</b><br /><span class="mono note">${keyName(k.key)}</span></span><span class="note">${k.revoked ? html`<span class="wrong">${t('admin.revoked')}</span> <${When} at=${k.revoked} />` : html`<${When} at=${k.since} />`}${!k.revoked && (administers(account.kind) || account.id === session.get().account) ? html` <${ActButton} command="access.key.revoke" id=${account.id} class="small" tone="danger" label=${t('act.access.key.revoke')} args=${{ key: k.key }} done=${reload} />` : ''}</span></li>`)}</ul>`;
}

/* ---- everybody ---- */

function Accounts() {
	const accounts = useApi('access/accounts', { limit: 200 });
	const orgs = useApi('access/orgs', { limit: 200 });
	const { waiting } = useRegister();
	const [words, setWords] = useState('');
	const [open, setOpen] = useState(null);
	useActs(accounts.reload);
	const changed = () => { accounts.reload(); waiting.reload(); };
	const columns = [
		{ key: 'id', head: t('admin.account'), cell: (a) => html`<b>${a.id}</b>${a.title && a.title !== a.id ? html` <span class="note">${a.title}</span>` : ''}` },
		{ key: 'org', head: t('admin.org'), cell: (a) => html`${a.org} <span class="note">${name('org', a.kind)}</span>` },
		{ key: 'roles', head: t('admin.roles'), cell: (a) => a.roles.map((r) => html`<${Tag}>${name('role', r)}<//> `) },
		{ key: 'keys', head: t('admin.keys'), cell: (a) => [...new Set(a.keys.filter((k) => !k.revoked).map((k) => t(`keykind.${keyKind(k.key)}`)))].join(', ') || html`<span class="wrong">${t('admin.nokey')}</span>` },
		{ key: 'since', head: t('admin.since'), cell: (a) => html`<${When} at=${a.since} />` },
		{ key: 'closed', head: t('admin.state'), cell: (a) => (a.closed ? html`<${Tag} tone="alarm">${t('admin.closed')}<//>` : html`<${Tag} tone="good">${t('admin.inforce')}<//>`) },
	];
	return html`<div class="row"><${Labelled} label=${t('admin.search')}>${(id) => html`<input id=${id} type="search" value=${words} onInput=${(e) => setWords(e.target.value.toLowerCase())} />`}<//></div>
		<${Show} of=${accounts} lines=${8}>${(data) => {
			const rows = rowsOf(data).filter((a) => !words || `${a.id} ${a.title} ${a.org} ${a.roles.join(' ')}`.toLowerCase().includes(words));
			const one = rows.find((a) => a.id === open);
			return html`<div class=${`split ${one ? 'with-pane' : ''}`}><${Panel}>${rows.length === 0 ? html`<${Empty} />` : html`<${Table} caption=${t('admin.accounts')} columns=${one ? columns.slice(0, 3) : columns} rows=${rows} id=${(a) => a.id} opened=${open} open=${(a) => setOpen(a.id)} />`}<//>
				${one && html`<aside class="pane panel stack" aria-label=${one.id}><header class="row apart"><h2>${one.id}</h2><button type="button" class="quiet square" aria-label=${t('action.close')} onClick=${() => setOpen(null)}><${Icon} name="close" /></button></header>
					<${Facts} facts=${[[t('admin.title'), one.title], [t('admin.org'), `${one.org} (${name('org', one.kind)})`], [t('admin.roles'), one.roles.map((r) => name('role', r)).join(', ')], [t('admin.since'), html`<${When} at=${one.since} />`], [t('admin.closed'), one.closed && html`<${When} at=${one.closed} />`]]} />
					<h3>${t('admin.keys')}</h3><${Keys} account=${one} reload=${changed} />
					${administers(one.kind) && !one.closed && html`<${AddKey} account=${one} key=${one.id} done=${changed} /><div class="buttons"><${ActButton} command="access.role.grant" id=${one.id} done=${changed} /><${ActButton} command="access.role.revoke" id=${one.id} tone="danger" done=${changed} /><${ActButton} command="access.factor.remove" id=${one.id} tone="danger" words=${t('own.remove.words')} done=${changed} /><${ActButton} command="access.account.close" id=${one.id} tone="danger" done=${changed} /></div>`}
					${one.kind === 'oversight' && html`<p class="note">${t('admin.oversight')}</p>`}</aside>`}</div>
			${(may('access.grant') || session.get().kind === 'oversight') && orgs.data && html`<${OpenAccount} orgs=${rowsOf(orgs.data)} done=${changed} />`}`;
		}}<//>`;
}

function Orgs() {
	const orgs = useApi('access/orgs', { limit: 200 });
	const columns = [
		{ key: 'id', head: t('admin.org'), cell: (o) => html`<b>${o.id}</b>${o.title && o.title !== o.id ? html` <span class="note">${o.title}</span>` : ''}${o.host ? html` <${Tag} tone="accent">${t('admin.host')}<//>` : ''}${o.member ? html` <${Tag}>${t('admin.member')}<//>` : ''}` },
		{ key: 'kind', head: t('basis.kind'), cell: (o) => name('org', o.kind) },
		{ key: 'g1', head: t('admin.g1'), cell: (o) => (o.may_hold_g1 ? t('admin.g1.may') : html`<b>${t('admin.g1.never')}</b>`) },
		{ key: 'since', head: t('admin.since'), cell: (o) => html`<${When} at=${o.since} />` },
	];
	return html`<${Show} of=${orgs} lines=${6}>${(data) => html`<${Panel}><${Table} caption=${t('admin.orgs')} columns=${columns} rows=${rowsOf(data)} id=${(o) => o.id} /><//>
		${may('access.grant') && html`<div class="register-forms"><${AddOrg} done=${orgs.reload} />${!rowsOf(data).some((o) => o.kind === 'oversight') && html`<${FoundPanel} done=${orgs.reload} />`}</div>`}`}<//>`;
}

/** Organisations by activities, in the law's letters: R responsible, A approves, C consulted, I informed. */
function Rights() {
	const activities = useApi('access/activities');
	return html`<${Show} of=${activities} lines=${10}>${(data) => {
		const rows = [...new Map(rowsOf(data).map((a) => [a.row, a.cells]))];
		const kinds = Object.keys(rows[0]?.[1] ?? {});
		return html`<p class="note">${t('admin.rights.help')}</p><${Panel} class="rights-panel"><div class="table-box" tabindex="0" role="region" aria-label=${t('admin.rights')}><table class="table table-dense rights"><caption class="hidden">${t('admin.rights')}</caption>
			<thead><tr><th scope="col">${t('admin.activity')}</th>${kinds.map((k) => html`<th scope="col"><abbr title=${name('org', k)}>${k}</abbr></th>`)}</tr></thead>
			<tbody>${rows.map(([row, cells]) => html`<tr><th scope="row">${row}</th>${kinds.map((k) => html`<td class=${cells[k] === '-' ? 'none' : /^A|\/A/.test(cells[k]) ? 'cell-a' : /^R/.test(cells[k]) ? 'cell-r' : ''}>${cells[k]}</td>`)}</tr>`)}</tbody></table></div><//>`;
	}}<//>`;
}

function Leases() {
	const leases = useApi('access/leases', { limit: 200 });
	useActs(leases.reload);
	const [id, setId] = useState('');
	const columns = [
		{ key: 'id', head: t('admin.lease'), cell: (l) => html`<b>${l.id}</b>` },
		{ key: 'account', head: t('admin.account'), cell: (l) => l.account },
		{ key: 'activity', head: t('act.field.activity'), cell: (l) => name('act.word', l.activity) },
		{ key: 'scope', head: t('act.field.scope'), cell: (l) => html`<span class="mono">${l.scope}</span>` },
		{ key: 'state', head: t('admin.state'), cell: (l) => html`<${Tag} tone=${l.state === 'granted' ? 'good' : l.state === 'requested' ? 'accent' : ''}>${name('lease.state', l.state)}<//>` },
		{ key: 'left', head: t('basis.left'), cell: (l) => (l.state === 'granted' && l.until ? html`<${Countdown} until=${l.until} />` : html`<span class="none">–</span>`) },
		{ key: 'granter', head: t('admin.granter'), cell: (l) => l.granter || '–' },
		{ key: 'uses', head: t('admin.uses'), number: true, cell: (l) => l.uses },
		{ key: 'do', name: t('admin.do'), cell: (l) => (l.state === 'requested' && may('lease.grant') ? html`<span class="row"><${ActButton} command="access.lease.grant" id=${l.id} class="small" tone="primary" done=${leases.reload} /><${ActButton} command="access.lease.refuse" id=${l.id} class="small" done=${leases.reload} /></span>` : l.state === 'granted' && may('lease.grant') ? html`<${ActButton} command="access.lease.revoke" id=${l.id} class="small" tone="danger" done=${leases.reload} />` : l.state === 'granted' && l.account === session.get().account ? html`<${ActButton} command="access.lease.use" id=${l.id} class="small" done=${leases.reload} />` : '') },
	];
	return html`<div class="row issue"><${Labelled} label=${t('admin.lease.new')}>${(box) => html`<input id=${box} class="short" value=${id} placeholder="l-7" onInput=${(e) => setId(e.target.value.trim())} />`}<//><${ActButton} command="access.lease.request" id=${id} disabled=${!/^[A-Za-z0-9][A-Za-z0-9._-]{0,40}$/.test(id)} done=${() => { setId(''); leases.reload(); }} args=${{ purpose: 'damage_prevention' }} /></div>
		<${Show} of=${leases} lines=${5}>${(data) => (rowsOf(data).length === 0 ? html`<${Empty} title=${t('admin.lease.none')}>${t('admin.lease.none.do')}<//>` : html`<${Panel}><${Table} caption=${t('admin.leases')} columns=${columns} rows=${rowsOf(data)} id=${(l) => l.id} /><//>`)}<//>`;
}

/* What waits is counted on its tab and changed by what the other tabs do, so it is asked for once. */
const Register = createContext(null);
const useRegister = () => useContext(Register);
const Waits = () => html`<${Waiting} waiting=${useRegister().waiting} />`;

const TABS = { mine: Mine, waiting: Waits, accounts: Accounts, orgs: Orgs, rights: Rights, leases: Leases, policy: Policy };
const DUTY = { accounts: 'ledger.inspect', orgs: 'ledger.inspect', rights: 'g3.read', leases: 'ledger.inspect', policy: 'ledger.inspect' };
export default function View({ view }) {
	const { params } = useRoute();
	const waiting = useWaiting();
	const me = session.get();
	const waits = rowsOf(waiting.data ?? { items: [] });
	const mine = waits.filter((w) => !w.stale && !w.signed.includes(me.account)).length;
	const ids = Object.keys(TABS).filter((id) => (!DUTY[id] || may(DUTY[id])) && (id !== 'waiting' || waits.length > 0 || may('access.grant') || me.kind === 'oversight'));
	const tab = tabOf(params, ids);
	useEffect(waiting.reload, [params.get('tab')]); // what waits is no act yet, so no event tells it
	const Shown = TABS[tab];
	return html`<${Page} view=${view}><${Register.Provider} value=${{ waiting }}><${Tabs} label=${t('nav.administration')} tabs=${ids.map((id) => [id, t(`admin.tab.${id}`), id === 'waiting' && mine ? mine : undefined])} /><${TabPanel} tab=${tab}><${Shown} /><//><//><//>`;
}
