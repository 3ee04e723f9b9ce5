// SPDX-License-Identifier: Apache-2.0
// A modal dialog: the browser's own, which keeps the focus inside and gives it back.
import { html, useEffect, useId, useRef } from '../lib/html.js';
import { t } from '../lib/words.js';
import { Icon } from './icons.js';

/** @param {{title: string, close: () => void, children: any, class?: string, wide?: boolean}} props */
export function Dialog({ title, close, children, class: name = '', wide }) {
	const box = useRef(null);
	const id = useId();
	useEffect(() => {
		const dialog = box.current;
		const before = document.activeElement;
		dialog.showModal();
		return () => {
			dialog.close();
			if (before instanceof HTMLElement && before.isConnected) before.focus();
		};
	}, []);
	return html`<dialog ref=${box} class=${`dialog ${wide ? 'dialog-wide' : ''} ${name}`} aria-labelledby=${id} onCancel=${(e) => { e.preventDefault(); close(); }} onClick=${(e) => e.target === box.current && close()}>
		<div class="dialog-body">
			<header class="dialog-head"><h2 id=${id}>${title}</h2><button type="button" class="quiet square" aria-label=${t('action.close')} onClick=${close}><${Icon} name="close" /></button></header>
			${children}
		</div>
	</dialog>`;
}
