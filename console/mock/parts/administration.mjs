// SPDX-License-Identifier: Apache-2.0
// The register: accounts, organisations, rights, leases, the policy in force.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hex, rfc } from '../chance.mjs';
import { ACCOUNTS, passwords, waits as newCodes } from './session.mjs';
import { enrolHere, keyText, keys, onAct, wait, waiting } from './decisions.mjs';

const start = Date.now();
const at = (hours) => rfc(start + hours * 3600e3);
const KIND = ['\xff' + 'sshsig-ed25519\n', '\x01', '\xff' + 'webauthn-ed25519\n'];
const keyOf = (i) => `SHA256:${hex(i, 51, 40)}+${hex(i, 52, 8)}+${Buffer.from(KIND[i % 3] + 'k'.repeat(32), 'latin1').toString('base64')}`;
const closed = new Map(), roles = new Map();
const accounts = () => Object.entries(ACCOUNTS).map(([id, a], i) => ({ id, org: a.org, kind: a.kind, title: a.title, roles: roles.get(id) ?? a.roles, since: at(-9000), closed: closed.get(id) ?? null,
	keys: [{ key: keyOf(i), since: at(-9000), revoked: null }, ...(keys.get(id) ?? []).map((k) => ({ key: keyText(id, k), since: k.since, revoked: null }))] }));
const orgs = [['nco', 'nco', 'Central cybersecurity office', true], ['oversight', 'oversight', 'Oversight commission'], ['npa', 'npa', 'Police agency'], ['mod', 'mod', 'Defence ministry'], ['power-east', 'operator', 'Eastern Power'], ['isp-east', 'carrier', 'Eastern carrier'], ['mofa', 'mofa', 'Foreign ministry'], ['maker', 'vendor', 'Supplier']]
	.map(([id, kind, title, host]) => ({ id, kind, title, host: Boolean(host), member: kind === 'operator', may_hold_g1: !['mofa', 'vendor'].includes(kind), since: at(-9000) }));
const leases = [
	{ id: 'l-6', account: 'anna', activity: 'g1.read', scope: 'a-7', state: 'granted', granter: 'paul', seconds: 14400, granted: at(-1), until: at(2.6), uses: 12 },
	{ id: 'l-7', account: 'anna', activity: 'g1.read', scope: 'ff-7', state: 'requested', granter: '', seconds: 28800, granted: null, until: null, uses: 0 },
	{ id: 'l-5', account: 'anna', activity: 'analysis.write', scope: '*', state: 'expired', granter: 'paul', seconds: 7200, granted: at(-50), until: at(-48), uses: 3 },
];
onAct('access.lease.grant', ({ id, who }) => { Object.assign(leases.find((l) => l.id === id), { state: 'granted', granter: who.account, granted: rfc(Date.now()), until: rfc(Date.now() + 8 * 3600e3) }); return { id, event: 'grant', leaf: 7100 }; });
onAct('access.lease.refuse', ({ id }) => { Object.assign(leases.find((l) => l.id === id), { state: 'refused' }); return { id, event: 'refuse', leaf: 7101 }; });
onAct('access.lease.revoke', ({ id }) => { Object.assign(leases.find((l) => l.id === id), { state: 'revoked' }); return { id, event: 'revoke', leaf: 7102 }; });
onAct('access.lease.request', ({ id, args, who }) => { leases.unshift({ id, account: who.account, activity: args.activity, scope: args.scope, state: 'requested', granter: '', seconds: 14400, granted: null, until: null, uses: 0 }); return { id, event: 'request', leaf: 7103 }; });
onAct('access.account.close', ({ id }) => { closed.set(id, rfc(Date.now())); return { id, event: 'close', leaf: 7104 }; });
onAct('access.role.grant', ({ id, args }) => { roles.set(id, [...(roles.get(id) ?? ACCOUNTS[id].roles), args.role]); return { id, event: 'grant', leaf: 7105 }; });
onAct('access.role.revoke', ({ id, args }) => { roles.set(id, (roles.get(id) ?? ACCOUNTS[id].roles).filter((r) => r !== args.role)); return { id, event: 'revoke', leaf: 7106 }; });

const opened = [], added = [], policies = [{ time: at(-900), event: 'load', state: 'settled', name: 'lab', version: '2026-11-30.1', digest: hex(1, 61, 64), in_force: true, leaf: 3 }];
onAct('access.account.add', ({ id, args }) => { opened.push({ id, org: args.org, kind: 'nco', title: args.title ?? id, roles: [args.role ?? []].flat(), since: rfc(Date.now()), closed: null, keys: args['account-key'].map((key) => ({ key, since: rfc(Date.now()), revoked: null })) }); return { id, event: 'open', leaf: 7107 }; });
onAct('access.org.add', ({ id, args }) => { orgs.push({ id, kind: args.kind, title: args.title ?? id, host: false, member: Boolean(args.member), may_hold_g1: true, since: rfc(Date.now()) }); return { id, event: 'add', leaf: 7108 }; });
onAct('access.factor.password', ({ args, who }) => { passwords.set(who.account, args.password); return { text: `${who.account}: password set` }; });
onAct('access.factor.totp', ({ who }) => { newCodes.add(who.account); return { text: `otpauth://totp/sekisho.invalid%2Fdemo:${who.account}?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=sekisho.invalid%2Fdemo&algorithm=SHA1&digits=6&period=30` }; });
onAct('access.key.add', ({ statement, who }) => wait(statement, who.account));
onAct('access.sign', ({ id, who }) => { const w = waiting.get(id); waiting.delete(id); added.push(w.act.id); return { id: w.act.id, event: w.act.event, leaf: 7109, by: who.account }; });
onAct('policy.load', ({ args }) => { policies.push({ time: rfc(Date.now()), event: 'load', state: 'waiting', name: /^policy: *(\S+)/m.exec(args.file)?.[1] ?? 'lab', version: '2', digest: hex(2, 61, 64), in_force: false, leaf: 7110 }); return { waiting: true }; });
/** Somebody of oversight has begun to open an account. */
wait(`{"body":{"keys":["ines2.webauthn.0123456789abcdef+00000000+${Buffer.from('\xffwebauthn-ed25519\nk', 'latin1').toString('base64')}"],"org":"oversight","roles":["oversight_inspector"],"title":"Inspector"},"event":"open","format":"sekisho-act/1","id":"ines2","matter":"account","policy":"${hex(1, 61, 64)}","previous":"${'0'.repeat(64)}","time":"${new Date().toISOString().replace('Z', '000000Z')}"}\n`, 'member-1');
const waits = ({ who, json }) => list(json, [...waiting].filter(([, w]) => who.kind === 'oversight' || w.act.body.org !== 'oversight').map(([id, w]) => ({ id, digest: createHash('sha256').update(w.statement).digest('hex'), matter: w.act.matter, of: w.act.id, event: w.act.event, body: w.act.body, time: w.act.time, until: at(23), signed: w.signed, stale: false, missing: 'oversight changes by its own panel alone' })));

/* The table of the law as the server has it: src/centre/access/activities.def. */
const KINDS = ['nco', 'npa', 'mod', 'oversight', 'council', 'operator', 'carrier', 'mofa', 'ally', 'vendor', 'researcher', 'ministry', 'nss', 'outsourced_body', 'own_network'];
const activities = readFileSync(new URL('../../../src/centre/access/activities.def', import.meta.url), 'utf8').split('\n').filter((l) => l.startsWith('SK_ACTIVITY(')).map((l) => {
	const [row, ...cells] = [...l.matchAll(/"([^"]*)"/g)].map((m) => m[1]);
	return { activity: row, row, cells: Object.fromEntries(KINDS.map((k, i) => [k, cells[i]])) };
});
const list = (json, items) => json({ items, next: null, total: items.length, age_s: 0 });
export const routes = [
	['GET', '/api/v1/access/accounts', ({ json }) => list(json, [...accounts(), ...opened]), { duty: 'ledger.inspect' }],
	['GET', '/api/v1/access/waiting', waits],
	['POST', '/api/v1/access/waiting/{id}/drop', ({ params, json }) => { waiting.delete(params.id); json({ id: params.id }); }],
	['POST', '/api/v1/access/enrol', ({ body, who, json, req }) => json({ account: body.account, key: enrolHere(body.account, body.response, who.account, new URL(`http://${req.headers.host}`).hostname) })],
	['GET', '/api/v1/policies', ({ json }) => list(json, policies), { duty: 'ledger.inspect' }],
	['POST', '/api/v1/policy/check', ({ json }) => json({ text: 'policy   lab, version 2, profile lab' }), { duty: 'policy.load' }],
	['GET', '/api/v1/access/orgs', ({ json }) => list(json, orgs), { duty: 'g3.read' }],
	['GET', '/api/v1/access/leases', ({ json }) => list(json, leases), { duty: 'g3.read' }],
	['GET', '/api/v1/access/activities', ({ json }) => json(activities), { duty: 'g3.read' }],
	['GET', '/api/v1/policy', ({ json }) => json({ policy: 'lab', version: '2026-11-30.1', profile: 'lab', digest: hex(1, 61, 64), bases: [['agreement', 'simulates Act 42/2025 arts 11-16', 'partner', '12mo'], ['df', 'simulates Act 42/2025 art 33', 'oversight', '3mo'], ['fd', 'simulates Act 42/2025 art 32', 'oversight', '3mo'], ['ff', 'simulates Act 42/2025 arts 17-20', 'oversight', '6mo'], ['lab', 'no statute: a laboratory', 'own', '12mo']].map(([kind, article, approves, longest]) => ({ kind, article, approves, longest, extension: longest, effective_from: '2026-11-22T00:00:00Z', evidence: 'own' })) }), { duty: 'g3.read' }],
];
