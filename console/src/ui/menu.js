// SPDX-License-Identifier: Apache-2.0
// A button that opens a small panel: menus, the range, the account. Escape and a click elsewhere close it; arrows walk through what is inside.
import { html, useId, useLayoutEffect, useRef, useState } from '../lib/html.js';

const FOCUSABLE = 'button:not([disabled]), a[href], input:not([disabled]), select:not([disabled])';

/** @param {{label: any, name?: string, class?: string, children: (close: () => void) => any, menu?: boolean, align?: 'left'|'right'}} props
 *  name: for screen readers, where label is no text; menu: its content is a list of role=menuitem */
export function Popover({ label, name, class: cls = '', children, menu, align = 'left', title }) {
	const [open, set] = useState(false);
	const box = useRef(null);
	const button = useRef(null);
	const id = useId();
	const close = () => { set(false); button.current?.focus(); };
	// Before the next key is read: whoever types ahead is in the panel already.
	useLayoutEffect(() => {
		if (!open) return undefined;
		const panel = box.current.querySelector('.popover');
		const edge = panel.getBoundingClientRect();
		if (edge.right > innerWidth - 4) panel.classList.add('popover-right');
		if (edge.bottom > innerHeight - 4 && edge.height < button.current.getBoundingClientRect().top) panel.classList.add('popover-up');
		panel.querySelector(FOCUSABLE)?.focus();
		const away = (e) => { if (!box.current?.contains(e.target)) set(false); };
		addEventListener('pointerdown', away);
		return () => removeEventListener('pointerdown', away);
	}, [open]);
	const key = (e) => {
		if (!open) return;
		if (e.key === 'Escape') { e.stopPropagation(); e.preventDefault(); close(); }
		if (menu && ['ArrowDown', 'ArrowUp', 'Home', 'End'].includes(e.key)) {
			const all = [...box.current.querySelectorAll('.popover ' + FOCUSABLE.split(',')[0])];
			const at = all.indexOf(document.activeElement);
			const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[e.key];
			all[(to + all.length) % all.length]?.focus();
			e.preventDefault();
			e.stopPropagation();
		}
	};
	const leave = (e) => { if (open && e.relatedTarget && !box.current.contains(e.relatedTarget)) set(false); };
	return html`<span class=${'popover-box ' + cls} ref=${box} onKeyDown=${key} onFocusOut=${leave}>
		<button type="button" class="popover-button" ref=${button} title=${title} aria-haspopup=${menu ? 'menu' : 'dialog'} aria-expanded=${open} aria-controls=${open ? id : undefined} aria-label=${name} onClick=${() => set(!open)}>${label}</button>
		${open && html`<div class=${'popover ' + (align === 'right' ? 'popover-right' : '')} id=${id} role=${menu ? 'menu' : 'dialog'} aria-label=${name ?? (typeof label === 'string' ? label : undefined)}>${children(close)}</div>`}
	</span>`;
}
export const MenuItem = ({ onClick, children, checked }) => html`<button type="button" role=${checked === undefined ? 'menuitem' : 'menuitemradio'} aria-checked=${checked} class="menu-item" onClick=${onClick}>${children}</button>`;
