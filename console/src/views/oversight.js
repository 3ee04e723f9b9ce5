// SPDX-License-Identifier: Apache-2.0
// Oversight: what can be verified without trusting whoever is overseen.
import { html } from '../lib/html.js';
import { may, useApi } from '../lib/api.js';
import { useActs } from '../lib/events.js';
import { useRoute } from '../lib/route.js';
import { t } from '../lib/words.js';
import { Page } from '../ui/page.js';
import { TabPanel, Tabs, tabOf } from '../ui/parts.js';
import { Annual } from './oversight/annual.js';
import { Custody } from './oversight/custody.js';
import { Ledger } from './oversight/ledger.js';
import { AccessLog, Bases, Inspections, Remarks, Urgent } from './oversight/rest.js';

const TABS = [['ledger', Ledger], ['bases', Bases, 'ledger.inspect'], ['access', AccessLog, 'access.log'], ['urgent', Urgent, 'g2.read'], ['remarks', Remarks, 'ledger.inspect'], ['inspections', Inspections, 'ledger.inspect'], ['custody', Custody, 'ledger.inspect'], ['annual', Annual, 'report.make']];

export default function View({ view }) {
	const { params } = useRoute();
	const shown = TABS.filter(([, , duty]) => !duty || may(duty));
	const tab = tabOf(params, shown.map(([id]) => id));
	const remarks = useApi(may('ledger.inspect') ? 'remarks' : null);
	useActs(remarks.reload);
	const late = (remarks.data?.items ?? remarks.data ?? []).filter((r) => r.overdue).length;
	const Shown = shown.find(([id]) => id === tab)[1];
	return html`<${Page} view=${view} sub=${t('oversight.sub')}>
		<${Tabs} label=${t('nav.oversight')} tabs=${shown.map(([id]) => [id, t(`oversight.${id}`), id === 'remarks' && late ? late : undefined])} />
		<${TabPanel} tab=${tab}><${Shown} /><//>
	<//>`;
}
