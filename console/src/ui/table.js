// SPDX-License-Identifier: Apache-2.0
// A list: one page of it, rows by j and k, opened by e or Enter. One row alone can be reached by Tab, the others by arrows.
import { html, useEffect, useRef, useState } from '../lib/html.js';
import { useKeys } from '../lib/keys.js';
import { whole } from '../lib/numbers.js';
import { t } from '../lib/words.js';
import { Icon } from './icons.js';
import { Failure, Loading } from './state.js';

/** @typedef {{key: string, head: any, cell: (row: any) => any, number?: boolean, class?: string, name?: string}} Column name: of a column without a visible head */
/** @param {{columns: Column[], rows: any[], id: (row: any) => string, open?: (row: any) => void, opened?: string|null, caption: string, next?: () => void, back?: () => void, keys?: boolean, rowName?: (row: any) => string}} props */
export function Table({ columns, rows, id, open, opened, caption, keys = true, next, back, dense, rowClass }) {
	const [at, setAt] = useState(0);
	const body = useRef(null);
	const want = useRef(null);
	const here = Math.min(at, Math.max(0, rows.length - 1));
	const focus = (i) => {
		setAt(i);
		body.current?.rows[i]?.focus();
		body.current?.rows[i]?.scrollIntoView({ block: 'nearest' });
	};
	useEffect(() => {
		if (want.current === null || rows.length === 0) return;
		focus(want.current === 'last' ? rows.length - 1 : 0);
		want.current = null;
	}, [rows]);
	// Where the focus is, not where it was when this was rendered: keys can come faster than renderings.
	const current = () => { const row = document.activeElement?.closest?.('tr'); return row && body.current?.contains(row) ? row.sectionRowIndex : -1; };
	const move = (by) => {
		const inside = current();
		const to = inside >= 0 ? inside + by : here;
		if (to >= rows.length) { if (next) { want.current = 0; next(); } return; }
		if (to < 0) { if (back) { want.current = 'last'; back(); } return; }
		focus(to);
	};
	useKeys(keys ? [
		{ keys: 'j', words: 'help.next', act: () => move(1) },
		{ keys: 'k', words: 'help.previous', act: () => move(-1) },
		...(open ? [{ keys: 'e', words: 'help.open.row', act: () => { const i = current() >= 0 ? current() : here; if (rows[i]) { focus(i); open(rows[i]); } } }] : []),
		...(next || back ? [{ keys: 'n', words: 'help.page', act: () => { if (next) { want.current = 0; next(); } } }, { keys: 'p', act: () => { if (back) { want.current = 0; back(); } } }] : []),
	] : [], [rows, here, open, next, back]);
	const key = (e) => {
		if (e.target.tagName !== 'TR') return;
		if (e.key === 'ArrowDown') { move(1); e.preventDefault(); }
		if (e.key === 'ArrowUp') { move(-1); e.preventDefault(); }
		if (e.key === 'Enter' && open) { open(rows[e.target.sectionRowIndex]); e.preventDefault(); }
	};
	const click = (e, row, i) => {
		setAt(i);
		if (open && !e.target.closest('button, a, input, summary, .popover') && !getSelection()?.toString()) open(row);
	};
	return html`<div class="table-box"><table class=${'table' + (dense ? ' table-dense' : '') + (open ? ' table-open' : '')}>
		<caption class="hidden">${caption}</caption>
		<thead><tr>${columns.map((c) => html`<th scope="col" class=${(c.number ? 'number ' : '') + (c.class ?? '')}>${c.name ? html`<span class="hidden">${c.name}</span>` : c.head}</th>`)}</tr></thead>
		<tbody ref=${body} onKeyDown=${key}>${rows.map((row, i) => html`<tr key=${id(row)} tabindex=${i === here ? 0 : -1} class=${rowClass?.(row)} aria-selected=${undefined} aria-current=${opened === id(row) ? 'true' : undefined} onClick=${(e) => click(e, row, i)} onFocus=${() => setAt(i)}>
			${columns.map((c) => html`<td class=${(c.number ? 'number ' : '') + (c.class ?? '')}>${c.cell(row)}</td>`)}</tr>`)}</tbody>
	</table></div>`;
}

export function Pager({ list }) {
	if (!list.next && !list.back && list.total === null) return null;
	const from = whole(list.from + 1), to = whole(list.from + list.items.length);
	if (list.items.length === 0 && !list.next && !list.back) return null;
	return html`<nav class="pager" aria-label=${t('help.page')}>
		<span role="status">${list.total === null ? t('list.pages.open', { from, to }) : t('list.pages', { from, to, total: whole(list.total) })}</span>
		<button type="button" class="square" disabled=${!list.back} aria-label=${t('list.back')} title=${`${t('list.back')} (p)`} onClick=${list.back}><${Icon} name="left" /></button>
		<button type="button" class="square" disabled=${!list.next} aria-label=${t('list.next')} title=${`${t('list.next')} (n)`} onClick=${list.next}><${Icon} name="right" /></button>
	</nav>`;
}

/** A list of useList as a table, with what it shows while it waits, fails or is empty. */
export function List({ list, empty, ...table }) {
	if (list.error && list.items.length === 0) return html`<${Failure} error=${list.error} retry=${list.reload} />`;
	if (list.data === null) return html`<${Loading} lines=${10} />`;
	if (list.items.length === 0) return html`${empty}<${Pager} list=${list} />`;
	return html`<div class=${'list' + (list.loading ? ' list-loading' : '')} aria-busy=${list.loading}>
		${list.error && html`<${Failure} error=${list.error} retry=${list.reload} />`}
		<${Table} rows=${list.items} next=${list.next} back=${list.back} ...${table} />
		<${Pager} list=${list} />
	</div>`;
}
