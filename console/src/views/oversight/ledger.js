// SPDX-License-Identifier: Apache-2.0
// A ledger, checked in this browser: key, signature, witnesses, tiles up to the root, going on from what was seen last, entries recomputed, the equation of each
// interval. The server only hands out files. What this browser saw last is kept (public data: a head and a key), so a ledger that is rewritten is noticed here.
import { html, useEffect, useMemo, useRef, useState } from '../../lib/html.js';
import { useApi } from '../../lib/api.js';
import { checkLeaf, checkLedger, remember } from '../../lib/ledger-check.js';
import { toBase64, toHex } from '../../lib/bytes.js';
import { proofText } from '../../lib/tlog.js';
import { change, useRoute } from '../../lib/route.js';
import { whole } from '../../lib/numbers.js';
import { say } from '../../lib/say.js';
import { clock, now } from '../../lib/time.js';
import { name as word, t } from '../../lib/words.js';
import { Icon } from '../../ui/icons.js';
import { Panel } from '../../ui/page.js';
import { Facts, Labelled } from '../../ui/parts.js';
import { Empty, Show } from '../../ui/state.js';
import { copy } from '../../ui/value.js';

const FILE_MAX = 256 * (65535 + 2);
const ENTRIES_AT_ONCE = 4096;
const KEY = 'sekisho.ledger.';

/** Files of a ledger of this server, bounded. */
const filesOf = (name) => async (path) => {
	const answer = await fetch(`/ledger/${encodeURIComponent(name)}/${path}`, { credentials: 'same-origin', cache: path === 'checkpoint' ? 'no-store' : 'default' });
	if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
	const bytes = new Uint8Array(await answer.arrayBuffer());
	if (bytes.length > FILE_MAX) throw new Error(`${path}: longer than any tile`);
	return bytes;
};
const read = (name) => { try { return JSON.parse(localStorage.getItem(KEY + name)); } catch { return null; } };
const keep = (name, value) => { try { value ? localStorage.setItem(KEY + name, JSON.stringify(value)) : localStorage.removeItem(KEY + name); } catch { /* a private window: nothing is kept */ } };

const ICONS = { good: 'check', bad: 'warn', skipped: 'minus' };
function Steps({ steps }) {
	return html`<ol class="plain ledger-steps">${steps.map((s) => html`<li class=${`step-${s.state}`}><span class="step-mark"><${Icon} name=${ICONS[s.state]} /><span class="hidden">${t(`ledger.mark.${s.state}`)}</span></span>
		<span><b>${t(`ledger.step.${s.id}`)}</b><br /><span class="note">${s.args.why ?? t(`ledger.${s.state}.${s.id}`, s.args)}</span></span></li>`)}</ol>`;
}

function Verdict({ result, checking, progress }) {
	if (checking) return html`<div class="verdict verdict-busy" role="status"><p class="verdict-title">${t('ledger.checking')}</p>${progress && html`<progress max=${progress[1]} value=${progress[0]} aria-label=${t('ledger.checking')}></progress><p class="note">${t('ledger.progress', { n: progress[0], of: progress[1] })}</p>`}</div>`;
	if (!result) return null;
	const count = (state) => result.steps.filter((s) => s.state === state).length;
	const title = !result.good ? t('ledger.bad') : result.whole ? t('ledger.good.whole', { size: whole(result.head.size) }) : t('ledger.good', { size: whole(result.head.size) });
	return html`<div class=${`verdict ${result.good ? 'verdict-good' : 'verdict-bad'}`} role=${result.good ? 'status' : 'alert'}>
		<p class="verdict-title"><${Icon} name=${result.good ? 'check' : 'warn'} size=${22} /> ${title}</p>
		<p>${result.good ? t('ledger.good.words', { n: count('good'), skipped: count('skipped') }) : t('ledger.bad.do')}</p>
		${result.head && html`<${Facts} facts=${[[t('ledger.origin'), html`<span class="mono">${result.head.origin}</span>`], [t('ledger.root'), html`<span class="mono">${toBase64(result.head.root)}</span>`], [t('ledger.at'), clock(result.at)]]} />`}
	</div>`;
}

function Leaf({ result, given }) {
	const [index, setIndex] = useState(given ?? '');
	const [found, setFound] = useState(null);
	const [wrong, setWrong] = useState(null);
	const look = async (text) => {
		setWrong(null);
		setFound(null);
		const n = Number(text);
		if (!/^\d{1,15}$/.test(text) || n >= result.head.size) return setWrong(t('ledger.leaf.wrong', { last: whole(result.head.size - 1) }));
		try {
			setFound(await checkLeaf(result, n));
			say(t('ledger.leaf.good', { n: whole(n) }));
		} catch (e) {
			setWrong(e.message);
		}
		return undefined;
	};
	useEffect(() => { if (given) look(given); }, [result]);
	const save = () => {
		const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(new Blob([proofText(found.index, found.proof, result.checkpoint)])), download: `leaf-${found.index}.tlog-proof` });
		link.click();
		setTimeout(() => URL.revokeObjectURL(link.href), 1000);
	};
	return html`<${Panel} title=${t('ledger.leaf')} note=${t('ledger.leaf.note')} id="leaf">
		<form class="row" onSubmit=${(e) => { e.preventDefault(); change({ leaf: index || null }, true); look(index); }}>
			<${Labelled} label=${t('ledger.leaf.number')}>${(id) => html`<input id=${id} class="short" inputmode="numeric" value=${index} onInput=${(e) => setIndex(e.target.value.trim())} />`}<//>
			<button type="submit">${t('ledger.leaf.go')}</button></form>
		${wrong && html`<p class="wrong" role="alert"><${Icon} name="warn" /> ${wrong}</p>`}
		${found && html`<div class="leaf-found"><p class="good-line"><${Icon} name="check" /> ${t('ledger.leaf.good', { n: whole(found.index) })} ${t('ledger.leaf.proof', { n: found.proof.length })}</p>
			<${Facts} facts=${[[t('ledger.leaf.hash'), html`<span class="mono">${toHex(found.leaf)}</span>`], ...Object.entries(found.record).map(([k, v]) => [k, html`<span class="mono">${typeof v === 'object' ? JSON.stringify(v) : /_ns$/.test(k) && Number(v) > 0 ? `${v} = ${clock(Number(BigInt(v) / 1000000n))}` : String(v)}</span>`])]} />
			<div class="buttons"><button type="button" class="small" onClick=${save}><${Icon} name="download" /> ${t('ledger.leaf.save')}</button></div></div>`}
	<//>`;
}

function One({ ledger }) {
	const { params } = useRoute();
	const [memory, setMemory] = useState(() => read(ledger.name));
	const [key, setKey] = useState(memory?.vkey ?? ledger.vkey);
	const [witnesses, setWitnesses] = useState(memory?.witnesses ?? '');
	const [result, setResult] = useState(null);
	const [checking, setChecking] = useState(false);
	const [progress, setProgress] = useState(null);
	const [from, setFrom] = useState('');
	const files = useMemo(() => filesOf(ledger.name), [ledger.name]);
	const live = useRef(true);
	useEffect(() => () => { live.current = false; }, []);
	const check = async (range) => {
		setChecking(true);
		setProgress(null);
		let last = 0;
		const got = await checkLedger({ files, vkey: key, witnesses: witnesses.split('\n').filter((l) => l.trim()), memory, range, progress: (n, of) => {
			if (performance.now() - last < 120) return;
			last = performance.now();
			if (live.current) setProgress([n, of]);
		} });
		if (!live.current) return;
		setResult({ ...got, at: now(), whole: range !== 'head' && range.from === 0 && range.to >= (got.head?.size ?? Infinity) });
		setChecking(false);
		say(got.good ? t('ledger.good', { size: whole(got.head.size) }) : t('ledger.bad'), { alert: !got.good });
		if (got.good) {
			const kept = { ...remember(got.head, key.trim()), witnesses, at: now() };
			keep(ledger.name, kept);
			setMemory(kept);
		}
	};
	useEffect(() => { check('head'); }, [ledger.name]);
	const size = result?.head?.size ?? 0;
	const start = Math.max(0, from === '' ? size - ENTRIES_AT_ONCE : Math.min(Number(from) || 0, size));
	return html`<${Verdict} result=${result} checking=${checking} progress=${progress} />
		<div class="ledger-grid">
			<${Panel} title=${t('ledger.steps')} note=${t('ledger.steps.note')} id="steps" tools=${html`<button type="button" disabled=${checking} onClick=${() => check('head')}><${Icon} name="refresh" /> ${t('ledger.again')}</button>`}>${result && html`<${Steps} steps=${result.steps} />`}
				${result?.kinds.size > 0 && html`<p class="note kinds">${[...result.kinds].map(([k, n]) => `${word('ledger.kind', k)} ${whole(n)}`).join('  ·  ')}</p>`}<//>
			<div class="stack">
				<${Panel} title=${t('ledger.entries')} note=${t('ledger.entries.note')} id="entries">
					<form class="row" onSubmit=${(e) => { e.preventDefault(); check({ from: start, to: Math.min(size, start + ENTRIES_AT_ONCE) }); }}>
						<${Labelled} label=${t('ledger.from')}>${(id) => html`<input id=${id} class="short" inputmode="numeric" placeholder=${String(Math.max(0, size - ENTRIES_AT_ONCE))} value=${from} onInput=${(e) => setFrom(e.target.value.trim())} />`}<//>
						<button type="submit" disabled=${checking || size === 0}>${t('ledger.range', { n: whole(Math.min(ENTRIES_AT_ONCE, size - start)) })}</button>
						<button type="button" disabled=${checking || size === 0} onClick=${() => check({ from: 0, to: size })}>${t('ledger.all', { n: whole(size) })}</button></form>
				<//>
				${result?.tree && html`<${Leaf} result=${result} given=${params.get('leaf')} key=${params.get('leaf') ?? ''} />`}
				<${Panel} title=${t('ledger.trust')} note=${t('ledger.trust.note')} id="trust">
					<div class="stack">
						<${Labelled} label=${t('ledger.key')} help=${key.trim() === ledger.vkey ? t('ledger.key.same') : t('ledger.key.other')}>${(id) => html`<textarea id=${id} rows="2" class="mono" spellcheck=${false} value=${key} onInput=${(e) => setKey(e.target.value)}></textarea>`}<//>
						<${Labelled} label=${t('ledger.witnesses')} help=${t('ledger.witnesses.help')}>${(id) => html`<textarea id=${id} rows="2" class="mono" spellcheck=${false} value=${witnesses} onInput=${(e) => setWitnesses(e.target.value)}></textarea>`}<//>
						<p class="note">${memory ? t('ledger.memory', { size: whole(memory.size), when: clock(memory.at) }) : t('ledger.memory.none')}</p>
						<div class="row"><button type="button" class="small" disabled=${!memory} onClick=${() => { keep(ledger.name, null); setMemory(null); say(t('ledger.forgotten')); }}>${t('ledger.forget')}</button>
						${result?.checkpoint && html`<button type="button" class="small" onClick=${() => copy(result.checkpoint)}>${t('ledger.copy')}</button>`}</div>
					</div>
				<//>
			</div>
		</div>`;
}

export function Ledger() {
	const { params } = useRoute();
	const ledgers = useApi('ledgers');
	return html`<${Show} of=${ledgers} empty=${(d) => (d.items ?? d).length === 0} lines=${5}>${(data) => {
		const list = data.items ?? data;
		const chosen = list.find((l) => l.name === params.get('ledger')) ?? list[0];
		if (!chosen) return html`<${Empty} title=${t('ledger.none')} />`;
		return html`${list.length > 1 && html`<div class="row"><${Labelled} label=${t('ledger.which')}>${(id) => html`<select id=${id} value=${chosen.name} onChange=${(e) => change({ ledger: e.target.value, leaf: null })}>${list.map((l) => html`<option value=${l.name} selected=${l.name === chosen.name}>${l.name} (${l.origin})</option>`)}</select>`}<//></div>`}
			<${One} ledger=${chosen} key=${chosen.name} />`;
	}}<//>`;
}
