// SPDX-License-Identifier: Apache-2.0
// After esbuild: index.html with the hashed names and their digests, the map's land, the licences of what is inside, and a manifest of every file.
import { createHash } from 'node:crypto';
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';

const out = process.argv[2];
const here = new URL('.', import.meta.url).pathname;
const meta = JSON.parse(readFileSync(join(out, 'meta.json')));
rmSync(join(out, 'meta.json'));

const digest = (file, algorithm, encoding) => createHash(algorithm).update(readFileSync(join(out, file))).digest(encoding);
const entry = (source) => {
	const found = Object.entries(meta.outputs).find(([, o]) => o.entryPoint === source);
	if (!found) throw new Error(`esbuild made nothing of ${source}`);
	return found[0].split('/').pop();
};
const fill = { SCRIPT: entry('src/main.js'), STYLE: entry('src/style/app.css') };
fill.SCRIPT_DIGEST = 'sha384-' + digest(fill.SCRIPT, 'sha384', 'base64');
fill.STYLE_DIGEST = 'sha384-' + digest(fill.STYLE, 'sha384', 'base64');
writeFileSync(join(out, 'index.html'), readFileSync(join(here, 'index.html'), 'utf8').replace(/%([A-Z_]+)%/g, (all, name) => fill[name] ?? all));
cpSync(join(here, 'node_modules/world-atlas/land-110m.json'), join(out, 'land-110m.json'));
cpSync(join(here, 'src/icon.svg'), join(out, 'icon.svg'));

const inside = new Set(Object.values(meta.outputs).flatMap((o) => Object.keys(o.inputs)).map((i) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(i)?.[1]).filter(Boolean));
inside.add('world-atlas');
let notices = 'The page contains these works, each under its own licence.\n';
for (const name of [...inside].sort()) {
	const folder = join(here, 'node_modules', name);
	const { version } = JSON.parse(readFileSync(join(folder, 'package.json')));
	const file = readdirSync(folder).find((f) => /^licen[cs]e/i.test(f));
	notices += `\n== ${name} ${version}\n\n${file && existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8') : 'see its package.json'}\n`;
}
writeFileSync(join(out, 'NOTICES.txt'), notices);

const files = readdirSync(out).filter((f) => f !== 'manifest.json').sort();
writeFileSync(join(out, 'manifest.json'), JSON.stringify(Object.fromEntries(files.map((f) => [f, digest(f, 'sha256', 'hex')])), null, '\t') + '\n');
