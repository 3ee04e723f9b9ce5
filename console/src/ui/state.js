// SPDX-License-Identifier: Apache-2.0
// What a view shows while it waits, when there is nothing, and when something went wrong: always in words, always with what to do.
import { html, useEffect } from '../lib/html.js';
import { known, t } from '../lib/words.js';
import { Icon } from './icons.js';

export const Loading = ({ lines = 4 }) => html`<div class="loading" role="status"><span class="hidden">${t('state.loading')}</span>${Array.from({ length: lines }, () => html`<span class="bone"></span>`)}</div>`;

export const Empty = ({ title, children, action }) => html`<div class="empty"><p class="empty-title">${title ?? t('state.empty')}</p>${children && html`<p>${children}</p>`}${action}</div>`;

/** @param {{error: import('../lib/api.js').ApiError, retry?: () => void}} props */
export function Failure({ error, retry }) {
	useEffect(() => {
		if (error.code !== 'UNREACHABLE' || !retry) return undefined;
		const timer = setTimeout(retry, 5000);
		return () => clearTimeout(timer);
	}, [error]);
	const words = known(`error.${error.code}`) ? t(`error.${error.code}`) : error.message;
	return html`<div class="failure" role="alert">
		<p class="failure-title"><${Icon} name="warn" /> ${t('state.error')}</p>
		<p>${words}</p>
		${error.message && words !== error.message && error.code !== 'UNREACHABLE' && html`<p class="failure-line">${error.message}</p>`}
		<p class="failure-foot">${retry && html`<button type="button" onClick=${retry}>${t('state.retry')}</button>`}<small>${t('state.code', { code: error.code })}</small></p>
	</div>`;
}

/** Waits, fails, is empty, or shows: for one answer of useApi. */
export function Show({ of, empty, children, lines }) {
	if (of.error && !of.data) return html`<${Failure} error=${of.error} retry=${of.reload} />`;
	if (!of.data) return html`<${Loading} lines=${lines} />`;
	if (empty?.(of.data)) return html`<${Empty} />`;
	return html`${of.error && html`<${Failure} error=${of.error} retry=${of.reload} />`}${children(of.data)}`;
}
