// SPDX-License-Identifier: Apache-2.0
import { html, render } from './lib/html.js';
import { get, session } from './lib/api.js';
import { language, setLanguage } from './lib/words.js';
import { Shell } from './ui/shell.js';
import './lib/theme.js';

setLanguage(language.get());
// A server that is away and a visitor who is not signed in are two things: the first is told on the way in, too.
get('session').then((s) => session.set(s), (e) => session.set(e.status === 401 ? null : { unreachable: e }));
const root = document.getElementById('app');
root.replaceChildren();
render(html`<${Shell} />`, root);
