// SPDX-License-Identifier: Apache-2.0
// Ten thousand cases; what is written to one lasts as long as the stand-in runs. Shapes and life of src/centre/case (state.def).
import { hash, part, pick, rfc, hex } from '../chance.mjs';
import { campaignOf, item, outside } from './findings.mjs';

const COUNT = 10_000, HOUR = 3600e3, NOW = Math.floor(Date.now() / 60000) * 60000;
const KINDS = ['c2', 'ransomware', 'ddos', 'intrusion', 'credential', 'malware', 'vulnerability', 'other'];
const TITLES = { c2: 'Beacon from a billing host', ransomware: 'Ransomware at a clinic', ddos: 'Flood against the grid operator', intrusion: 'Session after guessing at a jump host', credential: 'Sprayed logins at four operators', malware: 'Loader fetched from a listed name', vulnerability: 'Exposed controller at a pumping station', other: 'Strange answers from a resolver' };
const STEPS = { new: ['triage', 'dismiss'], triaged: ['triage', 'start', 'contain', 'dismiss'], active: ['contain', 'resolve', 'dismiss'], contained: ['start', 'resolve'], resolved: ['start', 'close'], reopened: ['triage', 'start', 'contain', 'dismiss'], closed: ['reopen'], false_alarm: ['reopen'], merged: [] };
const TO = { triage: 'triaged', start: 'active', contain: 'contained', resolve: 'resolved', close: 'closed', dismiss: 'false_alarm', reopen: 'reopened' };
const WORK = ['note', 'watch', 'unwatch', 'edit', 'task', 'done', 'link', 'unlink', 'assign', 'evidence', 'playbook', 'split', 'merge', 'lower', 'bundle'];
const over = (state) => ['closed', 'false_alarm', 'merged'].includes(state);
const next = (state) => [...STEPS[state], ...(state === 'merged' ? [] : over(state) ? ['note', 'watch', 'unwatch', 'bundle'] : WORK)];
const PHASES = [['triage', 'Confirm with the owner of the host that it is theirs'], ['contain', 'Take the host off the network, keep it powered'], ['contain', 'Propose a sinkhole order for the name'], ['remove', 'Image the disk before it is wiped'], ['recover', 'Watch the host for a week after it is back'], ['learn', 'Write down what would have told us sooner']];
const changed = new Map();

function head(n) {
	const kind = KINDS[hash(n, 101) % KINDS.length];
	const opened = NOW - (n * 1.7 + part(n, 102)) * HOUR, last = Math.min(NOW, opened + part(n, 103) * 60 * HOUR);
	const age = (NOW - opened) / 86400e3;
	const state = age < 0.3 ? 'new' : age < 2 ? pick(['triaged', 'active', 'active', 'contained'], n, 104) : age < 20 ? pick(['active', 'contained', 'resolved', 'closed', 'false_alarm'], n, 104) : pick(['closed', 'closed', 'closed', 'false_alarm', 'merged'], n, 104);
	return { id: 'case-' + (n + 1), title: TITLES[kind], state, kind, severity: 1 + hash(n, 105) % 3, grade: pick(['A', 'A', 'G2', 'G3'], n, 106), org: 'nco', assignee: over(state) ? '' : pick(['anna', 'ken', 'mio', ''], n, 107), opened: rfc(opened), last: rfc(last), due: over(state) || hash(n, 108) % 3 ? null : rfc(NOW + (hash(n, 109) % 80 - 8) * HOUR), triaged: null, contained: null, closed: null, entries: 8 + hash(n, 110) % 30, findings: 1 + hash(n, 111) % 40, reports: hash(n, 112) % 3, tasks_count: 6, tasks_open: over(state) ? 0 : hash(n, 113) % 6, notes_count: 2, watchers: ['anna', 'paul'].slice(0, hash(n, 114) % 3), sectors: [pick(['power', 'finance', 'medical', 'water', 'telecom'], n, 115)], norms: [] };
}
function whole(n) {
	if (changed.has(n)) return changed.get(n);
	const h = head(n);
	const at = (k, of = 12) => rfc(Date.parse(h.opened) + (k / of) * (Date.parse(h.last) - Date.parse(h.opened)));
	const f = [0, 1, 2].map((k) => item(n * 53 + k * 7));
	const timeline = [
		['state', 'open', 'anna', `opened (${h.kind}): ${h.title}`, ''], ['finding', 'link', 'anna', `finding ${f[0].id.slice(0, 12)} linked: ${f[0].sentence}`, f[0].id], ['state', 'triage', 'anna', 'triage: severity as told by the owner (triaged)', ''],
		['task', 'playbook', 'anna', `playbook ${h.kind}, version 3: 6 tasks`, ''], ['finding', 'link', 'ken', `finding ${f[1].id.slice(0, 12)} linked: ${f[1].sentence}`, f[1].id], ['note', 'note', 'ken', 'The owner confirms: **not** a monitor of theirs. The host ran unpatched since August.', ''],
		['report', 'link', 'omar', 'report r-2026-0113 linked: initial report by eastern power', 'r-2026-0113'], ['state', 'start', 'ken', 'start (active)', ''], ['order', 'link', 'anna', 'order o-18 linked: sinkhole for quiet.test, seven days', 'o-18'], ['task', 'done', 'ken', 'done: Take the host off the network, keep it powered; pulled at 14:20', ''],
		['measure', 'link', 'anna', 'measure m-18-1 linked: in force at two resolvers, effect read back', 'm-18-1'], ['evidence', 'evidence', 'ken', `evidence memory.img.sha256 (${hex(n, 120, 64)}) taken in`, hex(n, 120, 64)],
	].map(([kind, event, by, text, ref], k) => ({ n: k + 1, t: at(k), kind, event, by, text, ref, grade: kind === 'finding' ? 'A' : 'G2', leaf: 300000 + n * 12 + k }));
	const done = over(h.state) ? 6 : 6 - h.tasks_open;
	return {
		...h, summary: `${h.title}. Seen first by a detector at the border, confirmed by the owner.`, timeline,
		tasks: PHASES.map(([, text], k) => ({ id: 10 + k, text, done: k < done, by: k < done ? 'ken' : 'anna', done_at: k < done ? at(k + 4) : null, due: k < done ? null : rfc(NOW + (k * 9 - 6) * HOUR), from_playbook: h.kind, grade: 'G2' })),
		notes: [{ id: 30, by: 'ken', t: at(5), html: '<p>The owner confirms: <strong>not</strong> a monitor of theirs. The host ran unpatched since August.</p>', markdown: 'The owner confirms: **not** a monitor of theirs.', grade: 'G2' }, { id: 31, by: 'anna', t: at(9), html: '<p>Rhythm changed after the name was sinkholed:</p><ul><li>before: every <code>300 s</code></li><li>after: every <code>60 s</code>, then silence</li></ul>', markdown: '', grade: 'A' }],
		links: [{ id: 2, kind: 'finding', ref: f[0].id, text: f[0].sentence, by: 'anna', t: at(1), grade: 'A' }, { id: 3, kind: 'finding', ref: f[1].id, text: f[1].sentence, by: 'ken', t: at(4), grade: 'A' }, { id: 4, kind: 'campaign', ref: campaignOf(n % 12), text: `ties to ${outside(n % 12)}`, by: 'ken', t: at(4), grade: 'A' }, { id: 5, kind: 'report', ref: 'r-2026-0113', text: 'initial report by eastern power', by: 'omar', t: at(6), grade: 'G2' }, { id: 6, kind: 'order', ref: 'o-18', text: 'sinkhole for quiet.test, seven days', by: 'anna', t: at(8), grade: 'G2' }],
		evidence: [{ id: 40, ref: hex(n, 120, 64), text: 'memory.img, taken by the owner', by: 'ken', t: at(11), bytes: 4294967296, grade: 'A' }],
		playbooks: [{ name: h.kind, tasks: 6, done }], lowering: null, next: next(h.state),
	};
}
const G1 = { duty: ['case.read'] };
const find = (id) => { const n = Number(/^case-(\d+)$/.exec(id)?.[1] ?? 0) - 1; return n >= 0 && n < COUNT ? n : changed.has(id) ? id : null; };

function list({ query, json, who }) {
	const limit = Math.min(200, Number(query.get('limit') ?? 50)), q = (query.get('q') ?? '').toLowerCase(), state = query.get('state'), mine = query.get('assignee');
	const items = [];
	let n = query.get('cursor') ? Number(Buffer.from(query.get('cursor'), 'base64url')) : 0;
	for (; n < COUNT && items.length < limit; n++) {
		const h = changed.get(n) ?? head(n);
		if (state && (state === 'open' ? over(h.state) : h.state !== state)) continue;
		if (query.get('severity') && h.severity < Number(query.get('severity'))) continue;
		if (mine && h.assignee !== mine) continue;
		if (q && !h.title.toLowerCase().includes(q) && h.id !== q && h.kind !== q) continue;
		items.push(h);
	}
	json({ items: items.map(({ timeline, tasks, notes, links, evidence, ...h }) => h), next: n < COUNT ? Buffer.from(String(n)).toString('base64url') : null, total: state || q || mine || query.get('severity') ? null : COUNT, age_s: 31, who: who.account });
}
function act({ params, body, who, json, fail, emit }) {
	const n = find(params.id);
	if (n === null) return fail(404, 'SK_ENOENT', 4, `there is no case ${params.id}`);
	const c = structuredClone(whole(n)), t = rfc(Date.now()), event = params.event;
	if (!c.next.includes(event)) return fail(409, 'SK_ESTAGE', 34, `case ${c.id} is ${c.state}: ${event} is not possible (allowed: ${c.next.join(', ')})`);
	const say = (kind, text, ref = '') => c.timeline.push({ n: c.timeline.length + 1, t, kind, event, by: who.account, text, ref, grade: 'G2', leaf: 418300 + c.timeline.length });
	const id = 100 + c.timeline.length;
	if (TO[event]) { if (['dismiss', 'reopen'].includes(event) && !body.text) return fail(400, 'SK_EUSAGE', 2, `${event} needs a reason (text)`); if (event === 'close' && c.tasks.some((x) => !x.done)) return fail(409, 'SK_ESTAGE', 34, `case ${c.id} has ${c.tasks.filter((x) => !x.done).length} open tasks: finish them first`); c.state = TO[event]; say('state', `${event}${body.text ? ': ' + body.text : ''} (${c.state})`); }
	if (event === 'note') { const safe = String(body.text).replace(/[&<>]/g, (x) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[x]); c.notes.push({ id, by: who.account, t, html: `<p>${safe}</p>`, markdown: body.text, grade: 'G2' }); say('note', body.text); }
	if (event === 'task') { c.tasks.push({ id, text: body.text, done: false, by: who.account, due: body.due ?? null, from_playbook: null, grade: 'G2' }); say('task', 'to do: ' + body.text); }
	if (event === 'done') { const x = c.tasks.find((k) => k.id === Number(body.item)); if (!x) return fail(404, 'SK_ENOENT', 4, 'there is no such task'); x.done = true; x.by = who.account; x.done_at = t; say('task', 'done: ' + x.text); }
	if (event === 'link') { c.links.push({ id, kind: body.kind, ref: body.ref, text: body.text ?? '', by: who.account, t, grade: 'G2' }); say(body.kind, `${body.kind} ${body.ref} linked`, body.ref); }
	if (event === 'unlink') { c.links = c.links.filter((l) => l.id !== Number(body.item)); say('link', `item ${body.item} taken out: ${body.text ?? ''}`); }
	if (event === 'assign') { c.assignee = body.to ?? ''; say('state', `assigned to ${body.to || 'nobody'}`); }
	if (event === 'watch') { c.watchers = [...new Set([...c.watchers, who.account])]; say('state', `${who.account} watches`); }
	if (event === 'unwatch') { c.watchers = c.watchers.filter((w) => w !== who.account); say('state', `${who.account} watches no longer`); }
	if (event === 'playbook') { c.playbooks.push({ name: body.name, tasks: 2, done: 0 }); c.tasks.push({ id, text: 'Confirm with the owner', done: false, by: who.account, due: null, from_playbook: body.name, grade: 'G2' }); say('task', `playbook ${body.name}, version 1: 1 tasks`); }
	if (event === 'merge') { if (find(body.into) === null) return fail(404, 'SK_ENOENT', 4, `there is no case ${body.into}`); c.state = 'merged'; say('link', `merged into ${body.into}: ${c.links.length} items went there`, body.into); }
	if (event === 'split') { say('link', `${[body.item].flat().length} items split off into case-10001`, 'case-10001'); }
	if (event === 'bundle') { say('evidence', `bundle ${hex(id, 1, 64)} made for ${body.for}, at most ${body.grade}`); changed.set(n, c); return json({ id: c.id, event, state: c.state, digest: hex(id, 1, 64) }); }
	c.last = t; c.next = next(c.state); c.tasks_open = c.tasks.filter((x) => !x.done).length;
	changed.set(n, c);
	emit('case', { id: c.id });
	json(c);
}
export const routes = [
	['GET', '/api/v1/cases', list, G1],
	['GET', '/api/v1/cases/{id}', ({ params, json, fail }) => { const n = find(params.id); return n === null ? fail(404, 'SK_ENOENT', 4, `there is no case ${params.id}`) : json(whole(n)); }, G1],
	['GET', '/api/v1/cases/{id}/bundle', ({ params, res }) => { res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Disposition': `attachment; filename="${params.id}.bundle.json"` }).end('{}\n'); }, G1],
	['POST', '/api/v1/cases', ({ body, who, json, fail, emit }) => {
		if (!body.title) return fail(400, 'SK_EUSAGE', 2, 'a case needs a title');
		const t = rfc(Date.now());
		const c = { ...structuredClone(whole(0)), title: body.title, kind: body.kind ?? 'other', severity: Number(body.severity ?? 2), state: 'new', assignee: '', opened: t, last: t, due: null, summary: body.summary ?? '', timeline: [{ n: 1, t, kind: 'state', event: 'open', by: who.account, text: `opened (${body.kind}): ${body.title}`, ref: '', grade: 'G2', leaf: 1 }], tasks: [], notes: [], links: [], evidence: [], playbooks: [], next: next('new'), findings: 0, reports: 0, tasks_open: 0, watchers: [] };
		changed.set(0, c);
		emit('case', { id: c.id });
		return json(c, 201);
	}, { duty: 'case.write' }],
	['POST', '/api/v1/cases/{id}/{event}', act, { duty: ['case.write', 'case.note', 'case.read'] }],
];
