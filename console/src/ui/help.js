// SPDX-License-Identifier: Apache-2.0
import { html } from '../lib/html.js';
import { t } from '../lib/words.js';
import { pressable } from '../lib/keys.js';
import { useSignal } from '../lib/signal.js';
import { Dialog } from './dialog.js';

export function Help({ close, view }) {
	const keys = useSignal(pressable);
	return html`<${Dialog} title=${t('help.title')} close=${close} wide>
		<dl class="keys">${keys.map((k) => html`<div><dt>${k.keys.split(' ').map((one) => html`<kbd>${one}</kbd> `)}</dt><dd>${typeof k.words === 'function' ? k.words() : t(k.words)}</dd></div>`)}</dl>
		<p class="note">${t('help.cli', { command: `sekisho --server ${location.origin} ${view} list --json` })}</p>
	<//>`;
}
