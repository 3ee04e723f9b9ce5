// SPDX-License-Identifier: Apache-2.0
// How far an order reaches: four counts, told as bands on one scale of decades. What nobody knows is drawn as unknown, over the whole scale, never as nothing.
import { html, useId } from '../../lib/html.js';
import { t } from '../../lib/words.js';

const BANDS = ['< 10', '10-99', '100-999', '1,000-9,999', '10,000-99,999', '100,000-999,999', '1,000,000 or more'];
const TICKS = ['1', '10', '100', '1k', '10k', '100k', '1M'];
const ROWS = ['hosts', 'flows', 'organisations', 'counters'];
const [LEFT, BAND, HIGH, GAP] = [158, 66, 20, 12];
const WIDE = LEFT + BAND * BANDS.length + 8;

export const bandWords = (band) => (band === 'unknown' || !band ? t('blast.unknown') : band === '1,000,000 or more' ? t('blast.million') : band === '< 10' ? t('blast.few') : band.replace('-', '–'));

export function Blast({ blast }) {
	const hatch = useId();
	const height = ROWS.length * (HIGH + GAP) + 26;
	return html`<figure class="blast">
		<svg viewBox=${`0 0 ${WIDE} ${height}`} role="img" aria-label=${t('blast.label')} class="blast-chart">
			<defs><pattern id=${hatch} width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line x1="0" y1="0" x2="0" y2="7" class="blast-hatch" /></pattern></defs>
			${TICKS.map((tick, i) => html`<line x1=${LEFT + i * BAND} x2=${LEFT + i * BAND} y1="0" y2=${height - 22} class="blast-grid" /><text x=${LEFT + i * BAND} y=${height - 8} class="blast-tick" text-anchor="middle">${tick}</text>`)}
			${ROWS.map((row, i) => {
				const y = 4 + i * (HIGH + GAP);
				const at = BANDS.indexOf(blast[row]);
				return html`<text x=${LEFT - 10} y=${y + HIGH / 2 + 4} text-anchor="end" class="blast-name">${t(`blast.${row}`)}</text>
					${at < 0
						? html`<rect x=${LEFT} y=${y} width=${BAND * BANDS.length} height=${HIGH} rx="3" fill=${`url(#${hatch})`} class="blast-none" /><text x=${LEFT + (BAND * BANDS.length) / 2} y=${y + HIGH / 2 + 4} text-anchor="middle" class="blast-word blast-word-none">${t('blast.unknown')}</text>`
						: html`<rect x=${LEFT} y=${y} width=${BAND * at} height=${HIGH} class="blast-below" /><rect x=${LEFT + BAND * at + 1} y=${y} width=${BAND - 2} height=${HIGH} rx="3" class="blast-band" />
							<text x=${at < 4 ? LEFT + BAND * (at + 1) + 8 : LEFT + BAND * at - 8} y=${y + HIGH / 2 + 4} text-anchor=${at < 4 ? 'start' : 'end'} class="blast-word">${bandWords(blast[row])}</text>`}`;
			})}
		</svg>
		<table class="hidden"><caption>${t('blast.label')}</caption><tbody>${ROWS.map((row) => html`<tr><th scope="row">${t(`blast.${row}`)}</th><td>${bandWords(blast[row])}</td></tr>`)}</tbody></table>
		${blast.source && html`<figcaption class="note">${t('blast.source')} ${blast.source}</figcaption>`}
		${blast.warnings && html`<figcaption class="wrong">${t('blast.popular')} ${blast.warnings}</figcaption>`}
		<figcaption class="note">${ROWS.some((row) => BANDS.indexOf(blast[row]) < 0) ? t('blast.unknown.help') : t('blast.help')}</figcaption>
	</figure>`;
}
