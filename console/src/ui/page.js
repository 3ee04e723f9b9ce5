// SPDX-License-Identifier: Apache-2.0
// The frame of a view: its heading takes the focus when one comes to it, so that a screen reader tells where one is.
import { html, useEffect, useRef } from '../lib/html.js';
import { t } from '../lib/words.js';

let last = null;
let led = null;
/** Whoever signed in by hand is led to the heading; on a plain load the focus stays at the top, where the skip link is. */
export const arrive = () => { last = ''; };

/** @param {{view: {id: string}, title?: any, sub?: any, tools?: any, children: any}} props */
export function Page({ view, title, sub, tools, children, wide }) {
	const heading = useRef(null);
	const words = title ?? t(`nav.${view.id}`);
	useEffect(() => {
		document.title = `${typeof words === 'string' ? words : t(`nav.${view.id}`)} – ${t('app.name')}`;
	}, [words]);
	useEffect(() => {
		if (last !== null && last !== view.id) led = view.id;
		else if (led === view.id && document.activeElement !== document.body) led = null; // somebody went on from there
		if (led === view.id) heading.current?.focus({ preventScroll: true });
		last = view.id;
	}, [view.id]);
	return html`<div class=${'page page-' + view.id + (wide ? ' page-wide' : '')}>
		<header class="page-head"><div class="page-title"><h1 ref=${heading} tabindex="-1">${words}</h1>${sub && html`<p class="page-sub">${sub}</p>`}</div>${tools && html`<div class="page-tools">${tools}</div>`}</header>
		${children}
	</div>`;
}

/** A titled part of a view. level: of its heading */
export function Panel({ title, note, tools, children, class: name = '', id }) {
	return html`<section class=${'panel ' + name} aria-labelledby=${id ? id + '-title' : undefined}>
		${title && html`<header class="panel-head"><h2 id=${id ? id + '-title' : undefined}>${title}</h2>${note && html`<span class="panel-note">${note}</span>`}${tools && html`<div class="panel-tools">${tools}</div>`}</header>`}
		${children}
	</section>`;
}
