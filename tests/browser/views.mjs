// SPDX-License-Identifier: Apache-2.0
// What is looked at in both languages, dark and light: a line a view. Findings and campaigns of the stand-in are functions of a number.
import { campaignOf, item } from '../../console/mock/parts/findings.mjs';

export const VIEWS = [
	{ name: 'border', hash: '#/border', account: 'anna' },
	{ name: 'findings', hash: '#/findings', account: 'anna' },
	{ name: 'finding', hash: `#/findings/${item(11).id}?f=-class:FF&tz=jst`, account: 'anna' },
	{ name: 'campaigns', hash: '#/campaigns', account: 'anna' },
	{ name: 'campaign', hash: `#/campaigns/${campaignOf(0)}`, account: 'anna' },
	{ name: 'cases', hash: '#/cases', account: 'anna' },
	{ name: 'case', hash: '#/cases/case-22', account: 'anna' },
	{ name: 'case-new', hash: '#/cases/new?title=Beacon', account: 'anna' },
];
