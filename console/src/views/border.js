// SPDX-License-Identifier: Apache-2.0
// Border: what crosses it now, what became of each frame and why, how well the sensors are.
import { html, useEffect, useState } from '../lib/html.js';
import { useApi } from '../lib/api.js';
import { useEvent } from '../lib/events.js';
import { accepted } from '../lib/filters.js';
import { bits, bytes, percent, short, whole } from '../lib/numbers.js';
import { say } from '../lib/say.js';
import { brief, clock, fromNow, length, rangeParams, setRange, useRange } from '../lib/time.js';
import { known, name, t } from '../lib/words.js';
import { countryName, placeOf } from '../lib/places.js';
import { Health, feedLine } from '../ui/feed.js';
import { Icon } from '../ui/icons.js';
import { WorldMap } from '../ui/map.js';
import { CLASSES, ClassMark } from '../ui/marks.js';
import { Page, Panel } from '../ui/page.js';
import { Sankey } from '../ui/sankey.js';
import { Rate } from '../ui/spark.js';
import { Empty, Loading, Show } from '../ui/state.js';
import { Choice } from '../ui/switches.js';
import { Table } from '../ui/table.js';

/** What the equation leaves over: 0, or something is wrong. */
const rest = (e) => e.pending_before + e.received - e.gate_erased - e.select_erased - e.selected - e.capture_lost - e.pending_after;

function Equation({ live }) {
	const [unit, setUnit] = useState('frames');
	const e = unit === 'bytes' ? live.equation_bytes : live.equation;
	const reasons = unit === 'bytes' ? live.erased_bytes : live.erased;
	const format = unit === 'bytes' ? bytes : whole;
	const over = rest(e);
	const erased = e.gate_erased + e.select_erased;
	const words = ['received', 'gate_erased', 'select_erased', 'selected', 'capture_lost', 'pending_after'].map((k) => `${t('equation.' + k)}: ${format(e[k])}`).join('; ');
	return html`<${Panel} id="equation" title=${t('border.equation')} note=${t('border.equation.note', { length: length(live.interval_s) })} class="equation"
		tools=${live.equation_bytes && live.erased_bytes && html`<${Choice} label=${t('border.unit')} value=${unit} options=${[['frames', t('unit.frames')], ['bytes', t('unit.bytes')]]} choose=${setUnit} />`}>
		<p class="equation-lead"><strong>${percent(erased, e.received, 2)}</strong> ${t('border.erased.lead')} <strong class="lead-selected">${percent(e.selected, e.received, 2)}</strong> ${t('border.selected.lead')}</p>
		<${Sankey} equation=${e} erased=${reasons} format=${unit === 'bytes' ? bytes : short} label=${`${t('border.equation')}. ${words}`} />
		<p class=${'equation-line ' + (over === 0 ? 'closes' : 'open')}><${Icon} name=${over === 0 ? 'check' : 'warn'} /><span>${over === 0 ? t('border.closes') : t('border.open', { n: format(Math.abs(over)) })}</span>
			<span class="equation-sum mono">${format(e.pending_before)} + ${format(e.received)} = ${format(e.gate_erased)} + ${format(e.select_erased)} + ${format(e.selected)} + ${format(e.capture_lost)} + ${format(e.pending_after)}</span></p>
	<//>`;
}

/** Rates over the time that is chosen, out of signed intervals; of the last intervals where the server keeps no longer series. */
function Rates({ live }) {
	const range = useRange();
	const [ranged, setRanged] = useState(false);
	useEffect(() => { accepted().then((a) => setRanged(a.paths.has('/api/v1/border/series'))); }, []);
	const chosen = useApi(ranged ? 'border/series' : null, { ...rangeParams(range), points: 180 });
	const series = chosen.data?.series?.t?.length > 1 ? chosen.data.series : chosen.data?.t?.length > 1 ? chosen.data : live.series;
	const brush = (from, to) => { setRange(from, to); say(t('border.brushed', { from: clock(from, { seconds: false }), to: clock(to, { seconds: false }) })); };
	// Captures that were replayed have a time of their own: whoever looks at another one sees nothing move, and is shown the way.
	const still = chosen.data && CLASSES.every((c) => !series[c] || series[c].every((v) => v === 0));
	const last = Number.isFinite(live.age_s) ? Date.parse(live.now) - live.age_s * 1000 : NaN;
	const there = () => setRange(last - Math.max(3600, 2 * live.interval_s) * 1000, last + 60000);
	return html`<${Panel} id="rates" title=${t('border.rates')} note=${t('border.rates.note')}>${still && Number.isFinite(last) && html`<p class="note">${t('border.rates.still', { when: clock(last, { seconds: false }) })} <button type="button" class="small" onClick=${there}>${t('border.rates.there')}</button></p>`}<div class="rates">
		${CLASSES.filter((c) => series[c]).map((c) => {
			const values = series[c];
			const now = values[values.length - 1];
			const size = live.classes[c];
			return html`<div class="rate"><div class="rate-head"><${ClassMark} of=${c} /><span class="rate-now"><b>${short(now)}</b> ${t('border.per.second')}</span></div>
				<${Rate} t=${series.t} values=${values} cls=${c} brush=${brush} label=${t('border.rate.label', { cls: t('class.long.' + c), now: short(now), least: short(Math.min(...values)), most: short(Math.max(...values)) })} />
				${size && !still && html`<p class="rate-foot">${bits(size.bytes * 8 / live.interval_s)}</p>`}</div>`;
		})}</div><//>`;
}

function Erased({ live }) {
	const rows = [...Object.entries(live.erased.gate).map(([id, frames]) => ({ at: 'gate', id, frames })), ...Object.entries(live.erased.select).map(([id, frames]) => ({ at: 'select', id, frames }))].filter((r) => r.frames > 0).sort((a, b) => b.frames - a.frames);
	const most = Math.max(1, ...rows.map((r) => r.frames));
	return html`<${Panel} id="erased" title=${t('border.why')} note=${t('border.why.note')}>
		<${Table} dense keys=${false} caption=${t('border.why')} rows=${rows} id=${(r) => r.at + r.id} columns=${[
			{ key: 'where', head: t('border.where'), cell: (r) => html`<span class=${'fate-word fate-' + r.at}>${t('border.at.' + r.at)}</span>`, class: 'nowrap' },
			{ key: 'why', head: t('border.reason'), cell: (r) => html`<b>${name('reason', r.id)}</b> ${known('reason.long.' + r.id) && html`<small>${t('reason.long.' + r.id)}</small>`}` },
			{ key: 'n', head: t('unit.frames'), number: true, cell: (r) => whole(r.frames) },
			{ key: 'share', head: t('border.share'), number: true, cell: (r) => html`<span class="bar-cell"><svg class="meter-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect class=${'fate-' + r.at} width=${100 * r.frames / most} height="6" /></svg>${percent(r.frames, live.equation.received, 2)}</span>` },
		]} /><//>`;
}

function Links({ live }) {
	return html`<${Panel} id="links" title=${t('border.links')} note=${t('border.links.note')}>
		${live.links.length === 0 ? html`<${Empty} title=${t('border.links.none')}>${t('border.links.none.do')}<//>` : html`<${Table} dense keys=${false} caption=${t('border.links')} rows=${live.links} id=${(l) => l.name} columns=${[
			{ key: 'name', head: t('border.link'), cell: (l) => html`<b>${l.name}</b><br /><small>${Number.isFinite(l.age_s) ? t('border.link.ended', { when: fromNow(-l.age_s) }) : l.line}</small>` },
			{ key: 'health', head: t('border.health'), cell: (l) => html`<${Health} of=${l.health} />` },
			...CLASSES.map((c) => ({ key: c, head: html`<${ClassMark} of=${c} brief />`, number: true, cell: (l) => (l.rates[c] ? short(l.rates[c].frames_s) : '–') })),
			{ key: 'bits', head: t('border.load'), number: true, cell: (l) => bits(8 * Object.values(l.rates).reduce((sum, r) => sum + r.bytes_s, 0)) },
		]} />`}<//>`;
}

function Sensors() {
	const status = useApi('status', undefined, { every: 15 });
	return html`<${Panel} id="sensors" title=${t('border.sensors')}><${Show} of=${status} lines=${3}>${(s) => s.feeds.length === 0 ? html`<${Empty} title=${t('feed.none')}>${t('feed.none.do')}<//>` : html`<ul class="plain sensors">${s.feeds.map((f) => html`<li>
		<${Health} of=${f.health} /><span class="grow"><b>${f.name}</b> <small>${name('border.kind', f.kind)}</small><br /><small>${feedLine(f)}</small></span><span class="number">${length(f.age_s)}</span></li>`)}</ul>`}<//><//>`;
}

/** Counterparts over the time that is chosen. Where nothing was signed in it (captures that were replayed have a time of their own), those of the last intervals, and it says so. */
function Countries({ live: last }) {
	const [chosen, choose] = useState(null);
	const [all, showAll] = useState(false);
	const range = useRange();
	const sums = useApi('border/countries', rangeParams(range));
	useEvent('border', sums.reload, []);
	if (!sums.data && !sums.error) return html`<${Panel} id="countries" title=${t('border.countries')}><${Loading} lines=${6} /><//>`;
	const summed = sums.data?.intervals > 0 && sums.data.countries !== null;
	const live = summed ? sums.data : last;
	const when = summed ? t('border.countries.when', { from: clock(sums.data.from, { seconds: false }), to: clock(sums.data.to, { seconds: false }), n: sums.data.intervals }) : t('border.countries.last', { length: length(last.interval_s) });
	if (live.countries === null) return html`<${Panel} id="countries" title=${t('border.countries')}><${Empty} title=${t('border.countries.none')}>${t('border.countries.none.do')}<//><//>`;
	const rows = [...live.countries].sort((a, b) => b.frames - a.frames);
	const rest = live.countries_rest;
	const sum = rest?.settled.frames ?? rows.reduce((n, r) => n + r.frames, 0);
	const note = html`${sums.data?.older && html`<p class="note"><${Icon} name="warn" size=${14} /> ${t('border.countries.older')}</p>`}<p class="note">${when}</p>${rest && html`<p class="note">${t('border.countries.rest', { few: percent(rest.few.frames, rest.settled.frames), unnamed: percent(rest.unnamed.frames, rest.settled.frames), error: percent(live.hosts_error, 1) })}${summed && sums.data.intervals > 1 ? ` ${t('border.countries.hosts')}` : ''}</p>`}`;
	if (rows.length === 0) return html`<${Panel} id="countries" title=${t('border.countries')}><${Empty} title=${t('border.countries.small')}>${note}<//><//>`;
	const shown = all ? rows : rows.slice(0, 10);
	const lost = rows.filter((r) => !placeOf(r.cc)).length;
	return html`<${Panel} id="countries" title=${t('border.countries')} note=${t('border.countries.note')}><div class="countries">
		<div><${WorldMap} points=${rows.map((r) => ({ cc: r.cc, value: r.frames }))} chosen=${chosen} choose=${choose} label=${t('border.map.label', { n: rows.length, first: countryName(rows[0]?.cc) ?? rows[0]?.cc ?? '' })} />
			<p class="note">${t('border.map.note')}${lost > 0 ? ' ' + t('border.map.lost', { n: lost }) : ''}</p></div>
		<div><${Table} dense keys=${false} caption=${t('border.countries')} rows=${shown} id=${(r) => r.cc} rowClass=${(r) => (r.cc === chosen ? 'chosen' : '')} columns=${[
			{ key: 'cc', head: t('border.country'), cell: (r) => html`<span class="mono cc">${r.cc}</span> ${countryName(r.cc) ?? t('border.country.unknown')}` },
			{ key: 'frames', head: t('unit.frames'), number: true, cell: (r) => short(r.frames) },
			{ key: 'share', head: t('border.share'), number: true, cell: (r) => percent(r.frames, sum) },
			{ key: 'bytes', head: t('unit.bytes'), number: true, cell: (r) => bytes(r.bytes) },
			{ key: 'hosts', head: t('border.hosts'), number: true, cell: (r) => whole(r.hosts) },
		]} />${note}${rows.length > 10 && html`<button type="button" class="quiet" aria-expanded=${all} onClick=${() => showAll(!all)}>${all ? t('border.countries.less') : t('border.countries.all', { n: rows.length })}</button>`}</div>
	</div><//>`;
}

export default function Border({ view }) {
	const live = useApi('border/live', undefined, { every: 30 });
	useEvent('border', live.reload, []);
	const d = live.data;
	return html`<${Page} view=${view} sub=${d ? t('border.sub', { when: brief(d.now), length: length(d.interval_s) }) : null}>
		<${Show} of=${live} lines=${12}>${(l) => l.links.length === 0 && !l.equation?.received ? html`<div class="stack"><${Empty} title=${t('border.none')}>${t('border.none.do')}<//><${Sensors} /></div>` : html`<div class="border-grid">
			<${Equation} live=${l} /><${Rates} live=${l} />
			<div class="border-two"><${Links} live=${l} /><${Sensors} /></div>
			<${Erased} live=${l} />
			<${Countries} live=${l} />
		</div>`}<//>
	<//>`;
}
