// SPDX-License-Identifier: Apache-2.0
// Preact and htm in one place: every view takes html and the hooks from here.
import { h, render, createContext, Fragment } from 'preact';
import htm from 'htm';

export const html = htm.bind(h);
export { h, render, createContext, Fragment };
export { useCallback, useContext, useEffect, useId, useLayoutEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';

/** Class names that hold: cx('a', busy && 'b') */
export const cx = (...names) => names.filter(Boolean).join(' ');
