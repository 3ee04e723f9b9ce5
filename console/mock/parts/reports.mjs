// SPDX-License-Identifier: Apache-2.0
// Damage reports: list, one, what is handed in, copies, attachments, duplicates, numbers.
import { createHash } from 'node:crypto';
import { hash, hex, pick, rfc } from '../chance.mjs';
import { reportSchema } from '../schema.mjs';

const start = Date.now();
const at = (hours) => rfc(start + hours * 3600e3);
const schema = reportSchema();
const DEADLINES = { jp_act_art5: [['first', null, ['sector_minister', 'prime_minister'], 'P'], ['final', 720, ['sector_minister', 'prime_minister'], 'P']], jp_personal_data: [['first', 120, ['ppc'], 'B'], ['final', 720, ['ppc'], 'B']], nis2: [['early_warning', 24, ['csirt'], 'S'], ['second', 72, ['csirt'], 'S']], circia: [['first', 72, ['cisa'], 'S']] };

function clocksOf(report) {
	return report.regimes.flatMap((regime) => (DEADLINES[regime] ?? []).map(([what, hours, to, evidence]) => {
		const done = what === 'final' ? (report.stage === 'final' ? report.submitted : undefined) : report.versions[0].submitted;
		const due = hours === null ? report.aware : rfc(Date.parse(report.aware) + hours * 3600e3);
		return { regime, what, since: report.aware, due, promptly: hours === null, state: done ? 'done' : Date.parse(due) < Date.now() ? 'late' : 'due', ...(done ? { done } : {}), ...(done && hours !== null ? { in_time: done <= due } : {}), to, evidence };
	}));
}
const TITLES = ['File server of the billing office encrypted', 'Flood against the outage map', 'Maintenance account used from abroad', 'Traces of a loader on two workstations', 'Customers’ portal unreachable for an hour', 'Supplier’s update carried a second program'];
const ORGS = [['Eastern Power K.K.', 'power-east'], ['Waterworks of the bay', 'bay-water'], ['Northern Railways', 'rail-north'], ['Card Services', 'card']];
const reports = new Map();
for (let i = 0; i < 73; i++) {
	const form = pick(['ransomware', 'ddos', 'other', 'other'], i, 3), [org, orgId] = pick(ORGS, i, 5), id = `${hex(i, 8, 8)}-${hex(i, 9, 4)}-4${hex(i, 10, 3)}-8${hex(i, 11, 3)}-${hex(i, 12, 12)}`;
	const aware = at(-3 - i * 11 - (hash(i, 6) % 9)), stage = i % 5 === 4 ? 'final' : i % 3 === 2 ? 'follow_up' : 'initial';
	const fields = { org: { name: org, id: orgId, sector: pick(['power', 'water', 'railway', 'credit'], i, 5), address: 'unknown' }, contact: { role: 'CSIRT', phone: '+81 3 0000 0000' }, regime: i % 4 === 1 ? ['jp_act_art5', 'nis2'] : ['jp_act_art5', 'jp_personal_data'], aware_at: aware, occurred_at: { earliest: at(-30 - i * 11), latest: at(-6 - i * 11) }, detection_source: pick(['self', 'vendor', 'police'], i, 7), status: pick(['ongoing', 'contained'], i, 13), summary: `${pick(TITLES, i, 2)}.\nIt was noticed by the night shift; two services were stopped by hand, and copies of the logs were kept.`,
		consent_share_nco: true, consent_share_npa: i % 2 === 0, tlp: 'amber', malicious_suspected: 'yes', cross_border: 'unknown', impact: { confidentiality: 'suspected', integrity: 'limited', availability: 'serious' }, users_affected: { min: 1200, max: 4000 }, timeline: [{ ts: at(-6 - i * 11), text: 'First alarm' }, { ts: { earliest: at(-5 - i * 11), latest: at(-4 - i * 11) }, text: 'Services stopped' }], affected_assets: [{ class: 'access_control_server', product: 'FileServ', version: '2.1', is_registered: 'yes' }], root_cause: 'unknown',
		...(form === 'ransomware' ? { ransom: { kind: 'both', family: 'Exampleware', demand: { amount: '250000', currency: 'USD' }, payment: { made: 'no' } }, backup_state: 'partial', intrusion_vector: ['vpn', 'credential'] } : form === 'ddos' ? { ddos: { kind: ['T1498.002'], peak_bps: 41000000000, mitigation: ['isp', 'scrub'] } } : { intrusion_vector: 'unknown' }) };
	const versions = [{ version: 1, stage: 'initial', submitted: rfc(Date.parse(aware) + 2 * 3600e3), by: 'omar', leaf: 2100 + i }, ...(stage !== 'initial' ? [{ version: 2, supersedes: 1, stage, submitted: rfc(Date.parse(aware) + 40 * 3600e3), by: 'omar', leaf: 2200 + i }] : [])];
	reports.set(id, { id, version: versions.length, stage, state: stage === 'final' ? 'final' : 'open', form, regimes: fields.regime, sector: fields.org.sector, tlp: 'amber', handling: i % 9 === 4 ? 'no_statistics' : 'none', org, title: pick(TITLES, i, 2), submitted: versions.at(-1).submitted, aware, case: i % 6 === 0 ? `c-${100 + i}` : null, seen: i % 10 === 7 ? 'gist' : 'full', fields, versions, attachments: i % 4 === 0 ? [{ number: 1, name: 'ransom-note.png', size: 81234, sha256: hex(i, 21, 64), attached: aware, leaf: 2300 + i, bytes: Buffer.from('not a picture') }] : [] });
}
/** Id of the nth report. */
export const reportOf = (n) => [...reports.keys()][n];
const item = ({ fields, versions, attachments, ...r }, who) => ({ ...r, ...(r.seen === 'gist' && who.kind !== 'nco' ? { org: null } : {}), clocks: clocksOf({ ...r, versions }), attachments_count: attachments.length });
const one = (make) => (call) => (reports.has(call.params.id) ? make(reports.get(call.params.id), call) : call.fail(404, 'SK_ENOENT', 4, `report ${call.params.id}: there is none`));
export const routes = [
	['GET', '/api/v1/reports/schema', ({ json }) => json(schema), { open: true }],
	['GET', '/api/v1/reports/duplicates', ({ json }) => {
		const [a, , b, , , c] = [...reports.values()];
		json({ items: [{ a: a.id, b: b.id, score: 82, why: 'same organisation; times overlap; two indicators in common', title_a: a.title, title_b: b.title, case_a: a.case ?? '', case_b: b.case ?? '' }, { a: b.id, b: c.id, score: 55, why: 'same program; the same day', title_a: b.title, title_b: c.title, case_a: '', case_b: '' }], next: null, total: 2, age_s: 0 });
	}, { duty: 'incident.receive' }],
	['GET', '/api/v1/reports/statistics', ({ query, json }) => json({ year: Number(query.get('year') ?? 2026), k: 10, columns: ['ddos', 'ransomware', 'other', 'total'], rows: [{ sector: 'power', counts: [18, 24, null, null] }, { sector: 'water', counts: [0, 11, 0, 11] }, { sector: 'railway', counts: [null, 0, null, 21] }, { sector: 'total', counts: [29, 35, 31, 95] }] })],
	['GET', '/api/v1/reports', ({ query, json, who }) => {
		const q = query.get('q')?.toLowerCase();
		const found = [...reports.values()].reverse().filter((r) => (!query.get('form') || r.form === query.get('form')) && (!query.get('stage') || r.stage === query.get('stage')) && (!query.get('regime') || r.regimes.includes(query.get('regime'))) && (!q || r.title.toLowerCase().includes(q))).sort((a, b) => b.submitted.localeCompare(a.submitted));
		const from = Number(query.get('cursor') ?? 0), limit = Number(query.get('limit') ?? 50);
		json({ items: found.slice(from, from + limit).map((r) => item(r, who)), next: from + limit < found.length ? String(from + limit) : null, total: found.length, age_s: 3 });
	}],
	['GET', '/api/v1/reports/{id}', one((r, { json, who, query }) => json({ ...item(r, who), version: Number(query.get('version') ?? r.version), fields: { form_kind: r.form, report_stage: r.stage, ...r.fields }, versions: r.versions, attachments: r.attachments.map(({ bytes, ...a }) => a) }))],
	['POST', '/api/v1/reports', ({ body, json, fail, who, emit }) => {
		const { form_kind: form, report_stage: stage, ...fields } = body.fields ?? {};
		const top = (name) => schema.fields.find((f) => f.name === name);
		for (const name of Object.keys(fields)) if (!top(name) || top(name).of) return fail(422, 'SK_EINPUT', 10, `report: ${name}: there is no such field; sekisho report schema lists them`);
		for (const name of ['org', 'contact', 'aware_at']) if (fields[name] === undefined || fields[name] === 'unknown') return fail(422, 'SK_EINPUT', 10, `report: ${name}: it is missing; every report says it`);
		const id = body.id ?? `${hex(reports.size, 77, 8)}-0000-4000-8000-${hex(reports.size, 78, 12)}`, old = reports.get(body.id);
		const aware = typeof fields.aware_at === 'string' ? fields.aware_at : fields.aware_at.earliest, submitted = rfc(Date.now());
		const versions = [...(old?.versions ?? []), { version: (old?.version ?? 0) + 1, stage, submitted, by: who.account, leaf: 7340 }];
		reports.set(id, { id, version: versions.length, stage, state: stage === 'final' ? 'final' : 'open', form, regimes: Array.isArray(fields.regime) ? fields.regime : [], sector: fields.org.sector ?? '', tlp: typeof fields.tlp === 'string' && fields.tlp !== 'unknown' ? fields.tlp : 'amber', handling: 'none', org: fields.org.name, title: (typeof fields.summary === 'string' && fields.summary !== 'unknown' ? fields.summary.split('\n')[0] : fields.org.name).slice(0, 80), submitted, aware, case: null, seen: 'full', fields, versions, attachments: old?.attachments ?? [] });
		emit('report', { id });
		json({ id, version: versions.length, stage, state: 'open', receipt: { origin: 'sekisho.invalid/centre-demo', leaf: 7340, checkpoint: '' }, clocks: clocksOf(reports.get(id)), duplicates: [] });
	}, { duty: 'incident.report' }],
	['POST', '/api/v1/reports/merge', ({ body, json }) => { for (const id of body.id) if (reports.has(id)) reports.get(id).case = 'c-901'; json({ case: 'c-901' }); }, {}],
	['GET', '/api/v1/reports/{id}/export', one((r, { query, res }) => { res.writeHead(200, { 'Content-Type': query.get('as') === 'jp-csv' ? 'text/csv' : 'application/json', 'Content-Disposition': 'attachment' }); res.end(query.get('as') === 'jp-csv' ? 'item,value\n' : '{}'); })],
	['POST', '/api/v1/reports/{id}/attachments', one((r, { query, body, json }) => { r.attachments.push({ number: r.attachments.length + 1, name: query.get('name'), size: body.length, sha256: createHash('sha256').update(body).digest('hex'), attached: rfc(Date.now()), leaf: 7341, bytes: body }); json({ number: r.attachments.length }); }), { duty: 'incident.report' }],
	['GET', '/api/v1/reports/{id}/attachments/{number}', one((r, { params, res, fail }) => { const a = r.attachments.find((x) => String(x.number) === params.number); if (!a) return fail(404, 'SK_ENOENT', 4, 'there is no such attachment'); res.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Disposition': 'attachment' }); return res.end(a.bytes); })],
];
