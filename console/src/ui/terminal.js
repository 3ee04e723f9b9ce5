// SPDX-License-Identifier: Apache-2.0
// A command that a person runs at a terminal, because it needs what never leaves his machine. Words in capitals are his to fill in.
import { html } from '../lib/html.js';
import { t } from '../lib/words.js';
import { Icon } from './icons.js';
import { copy } from './value.js';

export const Terminal = ({ command }) => html`<p class="terminal"><${Icon} name="terminal" /><code>${command}</code><button type="button" class="quiet small" aria-label=${t('terminal.copy')} title=${t('terminal.copy')} onClick=${() => copy(command)}>${t('pivot.copy')}</button></p>`;

/** How one gets back in: said where a password is changed, and where one signs in. */
export const WayBack = ({ account }) => html`<details class="details"><summary>${t('own.lost')}</summary>
	<p class="note">${t('own.lost.key')}</p><${Terminal} command=${`sekisho access factor password ${account || 'NAME'} --password-file FILE --key KEY --dir DIR`} /><${Terminal} command=${`sekisho access factor totp ${account || 'NAME'} --key KEY --dir DIR`} />
	<p class="note">${t('own.lost.admin')}</p></details>`;
