// SPDX-License-Identifier: Apache-2.0
// Keys: "/" "?" "j" or two after each other, "g f". Views register what they have while they are shown; "?" lists what there is.
import { useEffect } from 'preact/hooks';
import { signal } from './signal.js';

const sets = [];
/** What can be pressed now: [{keys, words}] for the help. */
export const pressable = signal([]);
const tell = () => pressable.set(sets.flatMap((s) => s.filter((k) => k.words)));
let first = null;
let firstAt = 0;

const typing = (target) => target.closest?.('input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]');
addEventListener('keydown', (event) => {
	if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
	if (document.querySelector('dialog[open]') && event.key !== '?') return;
	const pair = first && event.timeStamp - firstAt < 1500 ? `${first} ${event.key}` : null;
	first = null;
	for (let i = sets.length - 1; i >= 0; i--)
		for (const one of sets[i])
			if (one.keys === pair || (pair === null && one.keys === event.key)) {
				if (one.act(event) !== false) event.preventDefault();
				return;
			}
	if (pair === null && sets.some((s) => s.some((k) => k.keys.startsWith(event.key + ' ')))) {
		first = event.key;
		firstAt = event.timeStamp;
	}
});

/** @param {{keys: string, words?: string, act: (e: KeyboardEvent) => any}[]} set words: a key of the catalogue, for the help; act answering false lets the key through */
export function useKeys(set, needs = []) {
	useEffect(() => {
		sets.push(set);
		tell();
		return () => {
			sets.splice(sets.indexOf(set), 1);
			tell();
		};
	}, needs);
}
