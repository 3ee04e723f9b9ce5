// SPDX-License-Identifier: Apache-2.0
// What is said aloud to people who do not see the screen, and shown to all for a while. Polite: it waits; an alert does not.
import { signal } from './signal.js';

export const said = signal({ text: '', alert: false, at: 0 });
/** @param {string} text @param {{alert?: boolean}} [how] */
export const say = (text, { alert = false } = {}) => said.set({ text, alert, at: performance.now() });
