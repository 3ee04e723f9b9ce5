// SPDX-License-Identifier: Apache-2.0
// Dark, light, or as the system has it.
import { signal } from './signal.js';

export const THEMES = ['auto', 'light', 'dark'];
const kept = () => { try { return localStorage.getItem('sekisho.theme'); } catch { return null; } };
export const theme = signal(THEMES.includes(kept()) ? kept() : 'auto');
const system = matchMedia('(prefers-color-scheme: dark)');
/** 'dark' or 'light': what is shown now. Charts draw on a canvas and must know. */
export const shade = signal('light');
function apply() {
	shade.set(theme.get() === 'auto' ? (system.matches ? 'dark' : 'light') : theme.get());
	document.documentElement.dataset.theme = shade.get();
}
system.addEventListener('change', apply);
export function setTheme(one) {
	try { localStorage.setItem('sekisho.theme', one); } catch { /* a private window */ }
	theme.set(one);
	apply();
}
apply();
/** The value of a token of tokens.css, for canvases. */
export const token = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
