// SPDX-License-Identifier: Apache-2.0
import { html } from '../lib/html.js';
import { LANGUAGES, setLanguage, t, useLanguage } from '../lib/words.js';
import { THEMES, setTheme, theme } from '../lib/theme.js';
import { useSignal } from '../lib/signal.js';

const NAMES = { en: 'English', ja: '日本語' };
export function LanguageSwitch() {
	const now = useLanguage();
	return html`<div class="switch" role="group" aria-label=${t('language.label')}>${LANGUAGES.map((l) => html`<button type="button" lang=${l} aria-pressed=${now === l} onClick=${() => setLanguage(l)}>${NAMES[l]}</button>`)}</div>`;
}
export function ThemeSwitch() {
	const now = useSignal(theme);
	return html`<div class="switch" role="group" aria-label=${t('theme.label')}>${THEMES.map((one) => html`<button type="button" aria-pressed=${now === one} onClick=${() => setTheme(one)}>${t('theme.' + one)}</button>`)}</div>`;
}
/** One of several: tabs of a small choice. @param {{label: string, value: string, options: [string, any][], choose: (v: string) => void}} props */
export const Choice = ({ label, value, options, choose }) => html`<div class="switch" role="group" aria-label=${label}>${options.map(([v, words]) => html`<button type="button" aria-pressed=${v === value} onClick=${() => choose(v)}>${words}</button>`)}</div>`;
