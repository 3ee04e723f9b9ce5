// SPDX-License-Identifier: Apache-2.0
// Findings: what was concluded, the newest first; narrowed by chips, each value a way to go on.
import { html, useEffect, useMemo, useState } from '../../lib/html.js';
import { useApi, useList } from '../../lib/api.js';
import { useEvent } from '../../lib/events.js';
import { accepted, filtersOf, only, split } from '../../lib/filters.js';
import { useKeys } from '../../lib/keys.js';
import { whole } from '../../lib/numbers.js';
import { change, useRoute } from '../../lib/route.js';
import { brief, clock, rangeParams, refresh, setRange, useRange } from '../../lib/time.js';
import { t, useLanguage } from '../../lib/words.js';
import { Histogram, Sparkline } from '../../ui/histogram.js';
import { Icon } from '../../ui/icons.js';
import { ClassMark, Confidence, Severity, Tag, kindWords } from '../../ui/marks.js';
import { Page, Panel } from '../../ui/page.js';
import { Empty, Show } from '../../ui/state.js';
import { List } from '../../ui/table.js';
import { Value } from '../../ui/value.js';
import { href } from '../../lib/route.js';
import { Chips } from './chips.js';
import { Explanation, Lookup } from './pane.js';
import { Export, SavedViews } from './tools.js';

/** Of several sensors each row says whose it is. */
const columns = (several) => [
	{ key: 'severity', head: t('findings.severity'), cell: (f) => html`<${Severity} of=${f.severity} />`, class: 'nowrap' },
	{ key: 'last', head: t('findings.last'), cell: (f) => html`<time datetime=${f.last} title=${clock(f.last)}>${brief(f.last)}</time>`, class: 'nowrap' },
	{ key: 'kind', head: t('findings.kind'), cell: (f) => html`<${Value} field="kind" value=${f.kind} words=${kindWords(f.kind)} />`, class: 'kind col-beside' },
	{ key: 'class', head: t('findings.class'), cell: (f) => html`<${ClassMark} of=${f.class} brief />`, class: 'col-beside' },
	{ key: 'sentence', head: t('findings.sentence'), cell: (f) => html`<span class="sentence">${f.sentence}</span>${several && html` <${Value} field="workspace" value=${f.workspace} />`}${f.muted && html` <${Tag}>${t('findings.muted')}<//>`}${f.campaign && html` <a class="tag tag-accent" href=${href('campaigns', f.campaign, { workspace: f.workspace })}>${f.campaign}</a>`}${f.case && html` <a class="tag" href=${href('cases', f.case)}>${f.case}</a>`}` },
	{ key: 'count', head: t('findings.count'), number: true, cell: (f) => whole(f.count), class: 'col-beside' },
	{ key: 'confidence', head: t('findings.confidence'), cell: (f) => html`<${Confidence} of=${f.confidence} />`, class: 'col-confidence' },
];

/** The histogram without the kinds that are left out: the server counts kind by kind, so this is exact. */
function without(data, kinds) {
	const yes = kinds.filter((f) => !f.not).map((f) => f.value), no = kinds.filter((f) => f.not).map((f) => f.value);
	if (!data?.by_kind || kinds.length === 0) return data;
	const by_kind = Object.fromEntries(Object.entries(data.by_kind).filter(([k]) => (yes.length === 0 || yes.includes(k)) && !no.includes(k)));
	return { ...data, by_kind, counts: data.counts.map((_, i) => Object.values(by_kind).reduce((sum, c) => sum + c[i], 0)) };
}

/** Whether the charts are folded away; kept in this browser. */
const folded = () => { try { return localStorage.getItem('sekisho.folded') === '1'; } catch { return false; } };
const keepFolded = (shut) => { try { localStorage.setItem('sekisho.folded', shut ? '1' : '0'); } catch { /* a private window */ } };

function Timeline({ params, range, kinds: chosen, narrower }) {
	const [shut, setShut] = useState(folded);
	const raw = useApi(params && !shut ? 'findings/histogram' : null, { ...params, buckets: 96 });
	const answer = { ...raw, data: without(raw.data, chosen) };
	const [over, setOver] = useState(null);
	const fold = () => { keepFolded(!shut); setShut(!shut); };
	const kinds = useMemo(() => Object.entries(answer.data?.by_kind ?? {}).map(([kind, counts]) => ({ kind, counts, sum: counts.reduce((a, b) => a + b, 0) })).sort((a, b) => b.sum - a.sum), [raw.data, chosen.map((f) => f.text).join()]);
	return html`<${Panel} id="timeline" class="timeline" title=${t('findings.timeline')} note=${narrower ? t('findings.timeline.wider') : t('findings.timeline.note')} tools=${html`${!range.live || range.since.startsWith('-') === false ? html`<button type="button" class="quiet" onClick=${() => { const wide = range.to - range.from; setRange(range.from - wide / 2, Math.min(Date.now(), range.to + wide / 2)); }}>${t('findings.wider')}</button>` : null}<button type="button" class="quiet square" aria-expanded=${!shut} aria-label=${t('findings.fold')} title=${t('findings.fold')} onClick=${fold}><${Icon} name=${shut ? 'right' : 'down'} /></button>`}>
		${!shut && html`<${Show} of=${answer} lines=${4}>${(d) => d.counts.length === 0 || d.counts.every((c) => c === 0) ? html`<p class="note">${t('findings.timeline.none')}</p>` : html`
			<${Histogram} data=${d} overlay=${over && d.by_kind[over]} end=${d.bucket_s ? (d.t[d.t.length - 1] + d.bucket_s) * 1000 : range.to} brush=${setRange} label=${t('findings.timeline.label', { n: d.counts.reduce((a, b) => a + b, 0), from: clock(range.from, { seconds: false }), to: clock(range.to, { seconds: false }) })} />
			<ul class="kinds plain">${kinds.slice(0, 18).map((k) => html`<li onPointerEnter=${() => setOver(k.kind)} onPointerLeave=${() => setOver(null)} onFocusIn=${() => setOver(k.kind)} onFocusOut=${() => setOver(null)}>
				<button type="button" class="kind-button" title=${k.kind} onClick=${() => change({ f: [...filtersOf(new URLSearchParams(location.hash.split('?')[1])).filter((x) => x.field !== 'kind').map((x) => x.text), `kind:${k.kind}`] })}><span class="kind-name">${kindWords(k.kind)}</span><${Sparkline} counts=${k.counts} /><span class="number">${whole(k.sum)}</span></button></li>`)}</ul>`}<//>`}
	<//>`;
}

export default function Findings({ view, id }) {
	const { params } = useRoute();
	const lang = useLanguage();
	const range = useRange();
	const filters = filtersOf(params);
	const q = params.get('q');
	const [fresh, setFresh] = useState(0);
	useEvent('finding', (d) => setFresh((n) => n + (d?.new ?? d?.count ?? 1)), []);
	const [names, setNames] = useState();
	useEffect(() => { accepted().then(setNames); }, []);
	const asked = split(filters, names?.list ?? new Set());
	const common = { ...rangeParams(range), ...asked.params, q, muted: params.get('muted') === '1' ? 'true' : undefined };
	const sort = params.get('sort');
	const page = useList(names ? 'findings' : null, names ? only({ ...common, sort: sort ?? 'last', limit: 50, lang }, names.list) : {});
	const list = asked.test ? { ...page, items: page.items.filter(asked.test), total: null } : page;
	const hidden = page.items.length - list.items.length;
	const several = new Set(page.items.map((f) => f.workspace)).size > 1;
	const keyOf = (f) => `${f.id}@${f.workspace ?? ''}`;
	const others = () => Object.fromEntries([...new Set(params.keys())].filter((k) => k !== 'lookup' && k !== 'workspace').map((k) => [k, params.getAll(k)]));
	const open = (f) => { location.hash = href('findings', f.id, { ...others(), workspace: f.workspace }); };
	const shut = () => { location.hash = href('findings', null, others()); };
	const whose = params.get('workspace');
	const lookup = params.get('lookup');
	const pane = id || lookup;
	useKeys(pane ? [{ keys: 'Escape', words: 'help.escape', act: shut }] : [], [pane, params.toString()]);
	const show = () => { setFresh(0); refresh(); };
	return html`<${Page} view=${view} tools=${html`<${SavedViews} /><${Export} items=${list.items} />`}>
		<div class="stack">
			<${Chips} filters=${filters} q=${q} />
			<${Timeline} params=${names && only(common, names.histogram)} narrower=${Boolean(q || asked.params.value) && !names?.histogram.has('value')} range=${range} kinds=${filters.filter((f) => f.field === 'kind')} />
			<div class=${'split' + (pane ? ' with-pane' : '')}>
				<${Panel} class="findings-list" title=${t('findings.list')} id="list" note=${asked.test || !page.data ? '' : list.total === null ? t('findings.total.many') : page.data.total_is === 'at_least' ? t('findings.total.least', { n: list.total }) : page.data.total_is === 'at_most' ? t('findings.total.most', { n: list.total }) : t('findings.total', { n: list.total })}
					tools=${html`${fresh > 0 && range.live && html`<button type="button" class="fresh" onClick=${show}>${t('list.new', { n: fresh })}</button>`}
						<label class="inline">${t('findings.sort')}<select value=${sort ?? 'last'} onChange=${(e) => change({ sort: e.target.value === 'last' ? null : e.target.value })}>${['last', 'first', 'severity', 'count'].map((s) => html`<option value=${s}>${t('findings.sort.' + s)}</option>`)}</select></label>
						<label class="check"><input type="checkbox" checked=${params.get('muted') === '1'} onChange=${(e) => change({ muted: e.target.checked ? '1' : null })} />${t('findings.with.muted')}</label>`}>
					${hidden > 0 && html`<p class="note" role="status">${t('findings.hidden', { n: hidden })}</p>`}
					${page.data?.locked > 0 && html`<p class="note">${t('findings.locked', { n: page.data.locked })}</p>`}${page.data?.erased > 0 && html`<p class="note">${t('findings.erased', { n: page.data.erased })}</p>`}
					<${List} list=${list} columns=${columns(several)} id=${keyOf} open=${open} opened=${id && (whose ? `${id}@${whose}` : keyOf(list.items.find((f) => f.id === id) ?? { id }))} caption=${t('findings.list')}
						empty=${html`<${Empty} title=${t('findings.none')} action=${html`<div class="buttons">${(filters.length > 0 || q) && html`<button type="button" onClick=${() => change({ f: null, q: null })}>${t('findings.none.clear')}</button>`}<button type="button" onClick=${() => change({ since: '-90d', until: null })}>${t('findings.none.back')}</button></div>`}>${filters.length > 0 || q ? t('findings.none.filtered') : t('findings.none.do')}<//>`} />
				<//>
				${pane && (id ? html`<${Explanation} id=${id} workspace=${whose} close=${shut} />` : html`<${Lookup} value=${lookup} close=${shut} />`)}
			</div>
		</div>
	<//>`;
}
