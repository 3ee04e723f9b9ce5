// SPDX-License-Identifier: Apache-2.0
// The one place where markup of the server's becomes elements: notes, which the server made from Markdown with what is allowed in it and nothing else.
// It is parsed apart from the page (nothing in it runs or loads) and copied element by element against the same short list, so that a slip of the server's opens nothing here.
import { html, useEffect, useRef } from '../lib/html.js';

const ALLOWED = new Set(['P', 'BR', 'STRONG', 'EM', 'CODE', 'PRE', 'UL', 'OL', 'LI', 'BLOCKQUOTE', 'H1', 'H2', 'H3', 'H4', 'A', 'DEL', 'HR']);
const policy = globalThis.trustedTypes?.createPolicy('sekisho', { createHTML: (text) => text });

function copyInto(from, to) {
	for (const node of from.childNodes) {
		if (node.nodeType === Node.TEXT_NODE) to.append(node.data);
		else if (node.nodeType === Node.ELEMENT_NODE && ALLOWED.has(node.tagName)) {
			const made = document.createElement(/^H[1-4]$/.test(node.tagName) ? 'p' : node.tagName);
			if (/^H/.test(node.tagName) && made.tagName === 'P') made.className = 'note-head';
			const where = node.tagName === 'A' ? node.getAttribute('href') : null;
			if (where && /^https:\/\/|^#\//.test(where)) {
				made.setAttribute('href', where);
				made.setAttribute('rel', 'noreferrer noopener nofollow');
			}
			copyInto(node, made);
			to.append(made);
		} else if (node.nodeType === Node.ELEMENT_NODE) to.append(node.textContent);
	}
}
export function SafeHtml({ text }) {
	const box = useRef(null);
	useEffect(() => {
		const parsed = new DOMParser().parseFromString(policy ? policy.createHTML(text) : text, 'text/html');
		box.current.replaceChildren();
		copyInto(parsed.body, box.current);
	}, [text]);
	return html`<div class="prose" ref=${box}></div>`;
}
