// SPDX-License-Identifier: Apache-2.0
// Accounts of the stand-in: the password is "correct horse " and the account, the code 123456.
import { randomBytes } from 'node:crypto';

const READ = ['case.read', 'g2.read', 'g3.read', 'ledger.inspect', 'report.make'];
const OVERSEE = [...READ, 'g1.read', 'inspect.query', 'access.log', 'remark.issue', 'remark.close', 'retention.share', 'basis.approve', 'basis.refuse', 'basis.suspend', 'basis.resume', 'order.approve', 'order.reject', 'order.review', 'order.ratify', 'policy.ack'];
export const ACCOUNTS = {
	anna: { org: 'nco', kind: 'nco', title: 'Analyst, central cybersecurity office', roles: ['analyst'], duties: [...READ, 'g1.read', 'analysis.write', 'case.write', 'case.note', 'case.read.analysis', 'incident.receive', 'selector.change', 'basis.request', 'order.propose', 'order.evidence', 'order.submit', 'order.withdraw', 'order.notify', 'reident.request', 'vulnerability.request', 'ally.share', 'authenticity.case', 'basis.suspend.fault'] },
	paul: { org: 'npa', kind: 'npa', title: 'Approver, police agency', roles: ['approver'], duties: [...READ, 'case.write', 'case.note', 'case.review', 'case.read.analysis', 'g1.provide', 'analysis.review', 'incident.receive', 'order.propose', 'order.approve', 'order.reject', 'order.urgent', 'order.ratify', 'order.end', 'order.extend', 'order.close', 'order.review', 'lease.grant', 'reident.approve'] },
	lena: { org: 'mod', kind: 'mod', title: 'Legal review, ministry of defence', roles: ['legal'], duties: [...READ, 'case.write', 'case.note', 'case.review', 'case.read.analysis', 'analysis.review', 'basis.review', 'policy.load', 'order.legal', 'order.approve', 'order.reject', 'order.ratify', 'reident.approve'] },
	omar: { org: 'power-east', kind: 'operator', title: 'Operator, eastern power', roles: ['operator', 'reporter', 'commander'], duties: [...READ, 'incident.report', 'asset.register', 'baseline.assess', 'feed.stop', 'order.propose', 'order.stage', 'order.activate', 'order.execute', 'order.end', 'order.notify', 'basis.activate'] },
	ines: { org: 'oversight', kind: 'oversight', title: 'Inspector, oversight commission', roles: ['oversight_inspector'], duties: OVERSEE.filter((d) => !/^order\.|approve|resume|policy/.test(d)) },
	chie: { org: 'oversight', kind: 'oversight', title: 'Chair, oversight commission', roles: ['oversight_chair'], duties: OVERSEE },
	adam: { org: 'nco', kind: 'nco', title: 'Administrator', roles: ['administrator'], duties: [...READ, 'access.grant'] },
	vera: { org: 'maker', kind: 'vendor', title: 'Supplier', roles: ['reader', 'reporter'], duties: ['g3.read', 'vulnerability.respond'] },
};
const sessions = new Map();
/** Passwords that were changed on the page, and accounts whose new codes wait for their first one. */
export const passwords = new Map(), waits = new Set();
/** The first one stays right beside the new one: tests share their people. */
export const isPassword = (account, word) => word === `correct horse ${account}` || (passwords.has(account) && word === passwords.get(account));
export function sessionOf(req) {
	const token = /(?:^|;\s*)sekisho=([0-9a-f]+)/.exec(req.headers.cookie ?? '')?.[1];
	return sessions.get(token) ?? null;
}
const start = Date.now();
const rfc = (ms) => new Date(ms).toISOString().replace(/\.\d+Z/, 'Z');
const tell = (s) => ({ account: s.account, org: s.org, kind: s.kind, title: s.title, roles: s.roles, duties: s.duties, csrf: s.csrf, since: s.since, until: s.until, stepped_up: false });

function open(account, json) {
	const token = randomBytes(32).toString('hex');
	const s = { account, ...ACCOUNTS[account], csrf: randomBytes(16).toString('hex'), since: rfc(Date.now()), until: rfc(Date.now() + 8 * 3600e3) };
	sessions.set(token, s);
	return json(tell(s), 200, { 'Set-Cookie': `sekisho=${token}; Path=/; HttpOnly; SameSite=Strict` });
}
export const routes = [
	['GET', '/api/v1/session', ({ who, json, fail }) => (who ? json(tell(who)) : fail(401, 'SK_EPERMIT', 29, 'no session: sign in')), { open: true }],
	['POST', '/api/v1/session', ({ body, json, fail }) => {
		if (body.password === undefined) return json({ challenge: randomBytes(32).toString('base64url'), credentials: [randomBytes(16).toString('base64url')] });
		if (!Object.hasOwn(ACCOUNTS, body.account) || !isPassword(body.account, body.password) || body.code !== '123456') return fail(401, 'SK_EFACTOR', 37, 'account, password or code is wrong, missing or paused');
		return open(body.account, json);
	}, { open: true }],
	['POST', '/api/v1/session/webauthn', ({ fail }) => fail(401, 'SK_EFACTOR', 37, 'the stand-in knows no security key'), { open: true }],
	['DELETE', '/api/v1/session', ({ req, res }) => { sessions.delete(/sekisho=([0-9a-f]+)/.exec(req.headers.cookie ?? '')?.[1]); res.writeHead(204).end(); }],
	['GET', '/api/v1/access/factors/mine', ({ json }) => json({ items: [{ factor: 'password', since: rfc(start - 9e8) }, { factor: 'totp', since: rfc(start - 9e8) }], next: null, total: 2 })],
	['POST', '/api/v1/access/factors/code', ({ body, who, json, fail }) => (waits.has(who.account) && body.code === '654321' ? (waits.delete(who.account), json({})) : fail(403, 'SK_EFACTOR', 37, `${who.account}: this is no code of the new secret`))],
	['GET', '/api/v1/events', ({ res, streams }) => {
		res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
		res.write(': here\n\n');
		streams.add(res);
		res.on('close', () => streams.delete(res));
	}],
	['GET', '/api/v1/status', ({ json, now }) => json({ version: '0.1.0', origin: 'sekisho.invalid/demo', profile: 'lab', simulated: true, now: rfc(now), ledger: { size: 418233, checkpoint_age_s: Math.floor(now / 1000) % 60 },
		feeds: [{ name: 'ix-tokyo', kind: 'sensor', age_s: Math.floor(now / 1000) % 60, health: 'ok', line: 'collecting under agreement a-7, 2 links' },
			{ name: 'cable-north', kind: 'sensor', age_s: 20 + Math.floor(now / 1000) % 60, health: 'degraded', line: 'link north-2 lost more frames than health.loss in the last interval' },
			{ name: 'enforcer-east', kind: 'enforcer', age_s: Math.floor(now / 1000) % 30, health: 'ok', line: '3 measures in force, all read back' }] })],
];
