// SPDX-License-Identifier: Apache-2.0
// The frame of a view: its heading takes the focus when one comes to it, so that a screen reader tells where one is.
import { html, useEffect, useRef } from '../lib/html.js';
import { t } from '../lib/words.js';

let arrived = false;

/** @param {{view: {id: string}, title?: any, sub?: any, tools?: any, children: any}} props */
export function Page({ view, title, sub, tools, children, wide }) {
	const heading = useRef(null);
	const words = title ?? t(`nav.${view.id}`);
	useEffect(() => {
		document.title = `${typeof words === 'string' ? words : t(`nav.${view.id}`)} – ${t('app.name')}`;
	}, [words]);
	useEffect(() => {
		if (arrived) heading.current?.focus({ preventScroll: true });
		arrived = true;
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
