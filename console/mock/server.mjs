// SPDX-License-Identifier: Apache-2.0
// A stand-in for `sekisho serve` to build and test the page with: the same addresses and shapes, made-up data that is the same each time, nothing kept.
// usage: node console/mock/server.mjs [--port 8080] [--console build/console] [--quiet]     accounts: see parts/session.mjs
// Parts: parts/NAME.mjs exports `routes`: [[method, pattern, handler]]; a handler takes ({params, query, body, who, now, json, fail, res, emit}).
import { createServer } from 'node:http';
import { readFileSync, readdirSync, existsSync, statSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { sessionOf } from './parts/session.mjs';

const option = (name, otherwise) => { const at = process.argv.indexOf('--' + name); return at < 0 ? otherwise : process.argv[at + 1]; };
const here = new URL('.', import.meta.url).pathname;
const folder = resolve(option('console', join(here, '../../build/console')));
const quiet = process.argv.includes('--quiet');

/** The strictest policy under which the page works; the real server sends the same. */
export const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types sekisho";

const routes = [];
for (const file of readdirSync(join(here, 'parts')).sort()) {
	const part = await import(join(here, 'parts', file));
	for (const [method, pattern, handler, needs] of part.routes ?? [])
		routes.push({ method, names: [...pattern.matchAll(/\{(\w+)\}/g)].map((m) => m[1]), test: new RegExp('^' + pattern.replace(/\{\w+\}/g, '([^/]+)') + '$'), handler, needs: needs ?? {} });
}

const streams = new Set();
export function emit(type, data) {
	for (const res of streams) res.write(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
}
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.json': 'application/json', '.svg': 'image/svg+xml', '.map': 'application/json', '.txt': 'text/plain; charset=utf-8' };

function page(req, res, path) {
	const file = join(folder, path === '/' ? 'index.html' : path);
	if (!file.startsWith(folder) || !existsSync(file) || !statSync(file).isFile()) { res.writeHead(404).end('not found'); return; }
	res.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream', 'Content-Security-Policy': CSP, 'X-Content-Type-Options': 'nosniff',
		'Cache-Control': path === '/' || path === '/index.html' ? 'no-cache' : 'public, max-age=31536000, immutable' });
	res.end(readFileSync(file));
}

async function api(req, res, url) {
	const json = (data, status = 200, headers = {}) => { res.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers }); res.end(JSON.stringify(data)); };
	const fail = (status, code, exit, line) => json({ error: { code, exit, line } }, status);
	const found = routes.map((r) => ({ r, m: r.method === req.method && r.test.exec(url.pathname) })).find((x) => x.m);
	if (!found) return fail(404, 'SK_ENOENT', 4, `${req.method} ${url.pathname}: there is no such address`);
	const { needs, names, handler } = found.r;
	const chunks = [];
	for await (const chunk of req) chunks.push(chunk);
	let body = Buffer.concat(chunks);
	if ((req.headers['content-type'] ?? '').startsWith('application/json')) {
		try { body = JSON.parse(body.toString('utf8') || '{}'); } catch { return fail(400, 'SK_EMALFORMED', 3, 'the body is no JSON'); }
	}
	const who = sessionOf(req);
	if (!needs.open) {
		if (!who) return fail(401, 'SK_EPERMIT', 29, 'no session: sign in');
		if (req.method !== 'GET' && req.headers['x-sekisho-csrf'] !== who.csrf) return fail(403, 'SK_EPERMIT', 29, 'the token of the session is missing (X-Sekisho-CSRF)');
		if (needs.duty && ![needs.duty].flat().some((d) => who.duties.includes(d))) return fail(403, 'SK_EPERMIT', 29, `${who.account} may not: ${[needs.duty].flat().join(' or ')} is needed`);
		if (needs.g1 && req.headers['x-sekisho-purpose'] !== 'damage_prevention') return fail(403, 'SK_EPURPOSE', 38, 'selected information is read for a purpose: X-Sekisho-Purpose: damage_prevention');
	}
	const params = Object.fromEntries(names.map((n, i) => [n, decodeURIComponent(found.m[i + 1])]));
	return handler({ req, res, params, query: url.searchParams, body, who, now: Date.now(), json, fail, emit, streams });
}

const server = createServer((req, res) => {
	const url = new URL(req.url, 'http://127.0.0.1');
	if (!quiet) console.log(req.method, req.url);
	const work = url.pathname.startsWith('/api/') || url.pathname.startsWith('/ledger/') ? api(req, res, url) : page(req, res, url.pathname);
	Promise.resolve(work).catch((e) => { console.error(e); if (!res.headersSent) res.writeHead(500, { 'Content-Type': 'application/json' }); res.end('{"error":{"code":"SK_EBUG","exit":70,"line":"the stand-in fell over"}}'); });
});
server.keepAliveTimeout = 2000;
server.listen(Number(option('port', 8080)), '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
const tick = setInterval(() => { emit('border', { interval: Math.floor(Date.now() / 5000) }); emit('finding', { new: 1 }); }, 5000);
for (const s of ['SIGTERM', 'SIGINT']) process.on(s, () => { clearInterval(tick); for (const r of streams) r.end(); server.closeAllConnections(); server.close(() => process.exit(0)); });
