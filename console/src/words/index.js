// SPDX-License-Identifier: Apache-2.0
// Every file of words. A new view adds one line here.
import shell from './shell.js';
import terms from './terms.js';
import own from './own.js';
import border from './border.js';
import findings from './findings.js';
import campaigns from './campaigns.js';
import cases from './cases.js';
import form from './form.js';
import acts from './acts.js';
import parts from './parts.js';
import decisions from './decisions.js';
import measures from './measures.js';
import oversight from './oversight.js';
import reports from './reports.js';
import administration from './administration.js';
import register from './register.js';

export const tables = [shell, terms, own, border, findings, campaigns, cases, form, acts, parts, decisions, measures, oversight, reports, administration, register];
