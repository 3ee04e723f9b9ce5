// SPDX-License-Identifier: Apache-2.0
// Own line icons, 16 by 16, drawn for this page.
import { html } from '../lib/html.js';

const PATHS = {
	border: 'M2 5h12M3.5 8h9M5 5v8.5M11 5v8.5',
	findings: 'M7 12a5 5 0 1 1 0-10 5 5 0 0 1 0 10zM10.6 10.6 14 14',
	campaigns: 'M4 5.5a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6zM12 7.5a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6zM5.5 14a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6zM5.6 4.3l4.7 1M4.3 5.6l.9 4.8M6.8 11l4-4',
	cases: 'M2 4.5h4l1.5 1.7H14v7.3H2zM2 8.3h12',
	reports: 'M4 2h6l2.5 2.5V14H4zM6 7h4.5M6 9.3h4.5M6 11.6h2.5',
	decisions: 'M3 13.5h10M8 2.2v8M5 5.2h6M5 5.2 3 9.2h4zM11 5.2l-2 4h4z',
	measures: 'M8 1.8 13.2 4v4c0 3.2-2.2 5.2-5.2 6.3C5 13.2 2.8 11.2 2.8 8V4zM5.6 8l1.8 1.8 3-3.4',
	oversight: 'M1.8 8S4 3.8 8 3.8 14.2 8 14.2 8 12 12.2 8 12.2 1.8 8 1.8 8zM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4z',
	administration: 'M8 7.6a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4zM2.8 14c0-2.9 2.3-4.6 5.2-4.6s5.2 1.7 5.2 4.6z',
	search: 'M7 11.5a4.5 4.5 0 1 1 0-9 4.5 4.5 0 0 1 0 9zM10.2 10.2 13.5 13.5',
	refresh: 'M13 8a5 5 0 1 1-1.5-3.6M13 2v3h-3',
	help: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM6.3 6.4c0-1 .8-1.7 1.8-1.7s1.7.7 1.7 1.6c0 1.3-1.7 1.4-1.7 2.8M8.1 11.2v.3',
	clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.6',
	close: 'M4 4l8 8M12 4l-8 8',
	left: 'M10 3 5 8l5 5',
	right: 'M6 3l5 5-5 5',
	down: 'M3.5 6 8 10.5 12.5 6',
	more: 'M4 8h.01M8 8h.01M12 8h.01',
	save: 'M4 2h8v12l-4-3-4 3z',
	download: 'M8 2v8M5 7.5 8 10.5l3-3M3 13.5h10',
	plus: 'M8 3v10M3 8h10',
	minus: 'M3 8h10',
	check: 'M3 8.5 6.5 12 13 4.5',
	link: 'M6.5 9.5l3-3M7 4.5l1.3-1.3a2.6 2.6 0 0 1 3.6 3.6L10.6 8M9 11.5l-1.3 1.3a2.6 2.6 0 0 1-3.6-3.6L5.4 8',
	user: 'M8 7.6a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4zM2.8 14c0-2.9 2.3-4.6 5.2-4.6s5.2 1.7 5.2 4.6',
	key: 'M5.5 13a2.7 2.7 0 1 1 0-5.4 2.7 2.7 0 0 1 0 5.4zM7.5 8.4 13 3M10.7 5.2l1.8 1.8',
	terminal: 'M2 3h12v10H2zM4.5 6l2 2-2 2M8 10h3.5',
	pen: 'M3 13l.7-3L11 2.7l2.3 2.3L6 12.3zM9.5 4.2l2.3 2.3',
	warn: 'M8 2.2 14.4 13.5H1.6zM8 6.5v3.2M8 11.6v.2',
};
/** Decoration: what it means stands beside it in words. */
export const Icon = ({ name, size = 16 }) => html`<svg class="icon" viewBox="0 0 16 16" width=${size} height=${size} aria-hidden="true" focusable="false"><path d=${PATHS[name]} /></svg>`;
