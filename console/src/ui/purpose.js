// SPDX-License-Identifier: Apache-2.0
// Before the first look at selected information in a session: what is it for? There is one purpose.
import { html } from '../lib/html.js';
import { t } from '../lib/words.js';
import { ApiError, purpose, purposeAsked } from '../lib/api.js';
import { useSignal } from '../lib/signal.js';
import { Dialog } from './dialog.js';

export const PURPOSE = 'damage_prevention';

export function PurposeDialog() {
	const asked = useSignal(purposeAsked);
	if (!asked) return null;
	const refuse = () => asked.reject(new ApiError(403, { code: 'SK_EPURPOSE' }));
	const confirm = () => { purpose.set(PURPOSE); asked.resolve(); };
	return html`<${Dialog} title=${t('purpose.title')} close=${refuse}>
		<p>${t('purpose.words')}</p>
		<div class="buttons"><button type="button" class="primary" onClick=${confirm}>${t('purpose.confirm')}</button><button type="button" onClick=${refuse}>${t('purpose.cancel')}</button></div>
	<//>`;
}
