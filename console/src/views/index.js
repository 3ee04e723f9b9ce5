// SPDX-License-Identifier: Apache-2.0
// Every view, one line: name in the address, key after g, duties of which one is needed (none: everybody), and where it is. A view is a module whose
// default is a component; it is loaded when it is first opened. A new view also brings words (words/index.js) and a style (style/app.css).
export const VIEWS = [
	{ id: 'border', key: 'b', duties: ['g2.read'], load: () => import('./border.js') },
	{ id: 'findings', key: 'f', duties: ['g1.read', 'inspect.query'], load: () => import('./findings/index.js') },
	{ id: 'campaigns', key: 'c', duties: ['g1.read', 'inspect.query'], load: () => import('./campaigns.js') },
	{ id: 'cases', key: 'k', duties: ['case.read'], load: () => import('./cases/index.js') },
	{ id: 'reports', key: 'r', duties: [], load: () => import('./reports.js') },
	{ id: 'decisions', key: 'd', duties: ['g2.read'], load: () => import('./decisions.js') },
	{ id: 'measures', key: 'm', duties: ['g2.read'], load: () => import('./measures.js') },
	{ id: 'oversight', key: 'o', duties: [], load: () => import('./oversight.js') },
	{ id: 'administration', key: 'a', duties: [], load: () => import('./administration.js') },
];
