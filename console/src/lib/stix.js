// SPDX-License-Identifier: Apache-2.0
// Findings as a STIX 2.1 bundle: observed data, what it is about, and a note in words. Marked TLP:RED, as selected information is handed to nobody by copying.
const CYBER = '00abedb4-aa42-466c-9c01-fed23315a9b7'; // STIX 2.1, 2.9: namespace of deterministic ids
const OWN = '5e1d9c1a-7d0b-5d53-9a52-53454b495348';
const RED = 'marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed';

async function uuid5(space, name) {
	const bytes = new Uint8Array([...space.replace(/-/g, '').match(/../g).map((h) => parseInt(h, 16)), ...new TextEncoder().encode(name)]);
	const hash = new Uint8Array(await crypto.subtle.digest('SHA-1', bytes)).slice(0, 16);
	hash[6] = (hash[6] & 0x0f) | 0x50;
	hash[8] = (hash[8] & 0x3f) | 0x80;
	const h = [...hash].map((b) => b.toString(16).padStart(2, '0')).join('');
	return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`;
}
async function observable(value) {
	const type = /^\d+(\.\d+){3}(\/\d+)?$/.test(value) ? 'ipv4-addr' : /^[0-9a-f:.]*:[0-9a-f:.]*(\/\d+)?$/i.test(value) ? 'ipv6-addr' : /^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/i.test(value) ? 'domain-name' : null;
	return type && { type, spec_version: '2.1', id: `${type}--${await uuid5(CYBER, JSON.stringify({ value }))}`, value };
}
const stamp = (text) => new Date(text).toISOString();

/** @param {object[]} findings as the list has them */
export async function stixBundle(findings) {
	const objects = new Map();
	for (const f of findings) {
		const about = [];
		for (const value of new Set([f.subject, f.counterpart, f.matched].filter(Boolean))) {
			const o = await observable(value);
			if (o) { objects.set(o.id, o); about.push(o.id); }
		}
		if (about.length === 0) continue;
		const seen = `observed-data--${await uuid5(OWN, f.id)}`;
		const common = { spec_version: '2.1', created: stamp(f.first), modified: stamp(f.last), object_marking_refs: [RED] };
		objects.set(seen, { type: 'observed-data', id: seen, ...common, first_observed: stamp(f.first), last_observed: stamp(f.last), number_observed: Math.min(999999999, Math.max(1, f.count)), object_refs: about, labels: [f.kind] });
		const note = `note--${await uuid5(OWN, f.id + '/note')}`;
		objects.set(note, { type: 'note', id: note, ...common, abstract: f.sentence, content: [f.why, ...(f.else ?? [])].filter(Boolean).join('\n'), object_refs: [seen] });
	}
	return { type: 'bundle', id: `bundle--${await uuid5(OWN, findings.map((f) => f.id).join())}`, objects: [...objects.values()] };
}
/** RFC 4180; a cell that a spreadsheet would take for a formula gets a quote before it. */
export function csv(rows, columns) {
	const cell = (v) => {
		let text = Array.isArray(v) ? v.join(' ') : String(v ?? '');
		if (/^[=+\-@\t\r]/.test(text)) text = "'" + text;
		return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
	};
	return [columns.join(','), ...rows.map((r) => columns.map((c) => cell(r[c])).join(','))].join('\r\n') + '\r\n';
}
