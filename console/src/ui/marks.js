// SPDX-License-Identifier: Apache-2.0
// Small marks: severity, class, confidence. Each has a shape and words besides its colour.
import { html } from '../lib/html.js';
import { known, t } from '../lib/words.js';

const SHAPE = { 3: 'M8 2l6.5 11.5h-13z', 2: 'M8 2l6 6-6 6-6-6z', 1: 'M8 3.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9z' };
export const Severity = ({ of, words = true }) => html`<span class=${'mark severity-' + of} title=${words ? undefined : t('severity.label', { word: t('severity.' + of) })}><svg viewBox="0 0 16 16" width="11" height="11" aria-hidden="true"><path d=${SHAPE[of]} /></svg>${words ? html`<span>${t('severity.' + of)}</span>` : html`<span class="hidden">${t('severity.' + of)}</span>`}</span>`;

export const CLASSES = ['FD', 'DF', 'FF', 'DD', 'UNKNOWN'];
export const ClassMark = ({ of, long, brief }) => html`<span class=${'class-mark class-' + of} title=${t('class.long.' + of)}><span class="class-swatch" aria-hidden="true"></span>${long ? t('class.long.' + of) : of === 'UNKNOWN' || brief ? (brief && of !== 'UNKNOWN' ? of : t('class.UNKNOWN')) : html`${of}<span class="class-word">${t('class.' + of)}</span>`}</span>`;

export const Confidence = ({ of }) => html`<span class="confidence" title=${t('confidence.label', { n: of })}><meter min="0" max="100" value=${of} aria-label=${t('confidence.label', { n: of })}></meter><span aria-hidden="true">${of} %</span></span>`;
/** A state of a thing as a small label; tone: good, warn, alarm, or nothing. */
export const Tag = ({ tone, children, title }) => html`<span class=${'tag' + (tone ? ' tag-' + tone : '')} title=${title}>${children}</span>`;
/** The page's words for a kind of finding, and the kind itself for who knows it. */
export const kindWords = (kind) => (known('kind.' + kind) ? t('kind.' + kind) : kind);
