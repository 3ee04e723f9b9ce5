// SPDX-License-Identifier: Apache-2.0
// A value that others hear of when it changes. Everything global (session, language, route, age of feeds) is one of these.
import { useEffect, useState } from 'preact/hooks';

/** @template T @param {T} first */
export function signal(first) {
	let value = first;
	const heard = new Set();
	return {
		get: () => value,
		set(next) {
			if (Object.is(next, value)) return;
			value = next;
			for (const tell of [...heard]) tell(value);
		},
		/** @returns {() => void} ends it */
		hear(tell) {
			heard.add(tell);
			return () => heard.delete(tell);
		},
	};
}

/** The signal's value, and a new rendering whenever it changes. */
export function useSignal(s) {
	const [value, set] = useState(() => s.get());
	useEffect(() => {
		set(() => s.get());
		return s.hear((next) => set(() => next));
	}, [s]);
	return value;
}
