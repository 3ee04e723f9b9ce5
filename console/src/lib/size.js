// SPDX-License-Identifier: Apache-2.0
import { useLayoutEffect, useState } from 'preact/hooks';

/** Width of an element in px, 0 until it is known: charts are drawn at their true size, so that their type is as large as the rest. */
export function useWidth(ref) {
	const [width, set] = useState(0);
	useLayoutEffect(() => {
		if (!ref.current) return undefined;
		const measure = () => set(Math.floor(ref.current?.clientWidth ?? 0));
		measure();
		const watch = new ResizeObserver(measure);
		watch.observe(ref.current);
		return () => watch.disconnect();
	}, []);
	return width;
}
