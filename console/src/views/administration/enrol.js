// SPDX-License-Identifier: Apache-2.0
// A security key for somebody else, at the desk of whoever administers: it is touched here, the server keeps it beside the register for a day, and an act with its
// key puts it into the register. Then its holder signs in and decides with it.
import { html, useState } from '../../lib/html.js';
import { post } from '../../lib/api.js';
import { t } from '../../lib/words.js';
import { enrol, isThere } from '../../lib/webauthn.js';
import { Icon } from '../../ui/icons.js';
import { Failure } from '../../ui/state.js';

export const challengeOf = (asked) => (asked?.challenge ?? asked?.text ?? asked?.line ?? String(asked)).trim();

/** What a form of accounts has instead of a box to type a key into. @param {{account: string, title?: string, label?: string, done: (key: string) => void, taken?: boolean}} props taken: a key is there already */
export function EnrolHere({ account, title, label, done, taken, class: cls = '' }) {
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState(null);
	const [error, setError] = useState(null);
	const run = async () => {
		setBusy(true);
		setProblem(null);
		setError(null);
		try {
			const challenge = challengeOf(await post('access/factors/challenge', {}));
			done((await post('access/enrol', { account, response: await enrol({ challenge, account, title }) })).key);
		} catch (e) {
			if (e.status === undefined) setProblem(e.code ?? 'failed');
			else setError(e);
		}
		setBusy(false);
	};
	return html`<span class=${`enrol-here ${cls}`}><button type="button" disabled=${busy || !account || !isThere()} onClick=${run}><${Icon} name=${taken ? 'check' : 'key'} /> ${busy ? t('act.touch') : label ?? t(taken ? 'enrol.again' : 'enrol.here')}</button>
		<span class="field-help" role="status">${!isThere() ? t('key.absent') : busy ? t('act.touch.help') : taken ? t('enrol.taken') : ''}</span>
		${problem && html`<span class="wrong" role="alert"><${Icon} name="warn" /> ${t(`key.${problem}`)}</span>`}${error && html`<${Failure} error=${error} />`}</span>`;
}
