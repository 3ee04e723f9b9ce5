// SPDX-License-Identifier: Apache-2.0
// The live regions: what lib/say.js is told to say.
import { html, useEffect, useState } from '../lib/html.js';
import { said } from '../lib/say.js';
import { useSignal } from '../lib/signal.js';

export function LiveRegion() {
	const now = useSignal(said);
	const [shown, show] = useState(null);
	useEffect(() => {
		if (!now.text) return undefined;
		show(now);
		const timer = setTimeout(() => show(null), now.alert ? 12000 : 4000);
		return () => clearTimeout(timer);
	}, [now]);
	return html`<div class="said">
		<div role="status" aria-live="polite" class=${shown && !shown.alert ? 'toast' : ''}>${shown && !shown.alert ? shown.text : ''}</div>
		<div role="alert" aria-live="assertive" class=${shown?.alert ? 'toast toast-alert' : ''}>${shown?.alert ? shown.text : ''}</div>
	</div>`;
}
