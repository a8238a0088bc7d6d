/**
 * The end of a flow's window: it closes by itself. A browser may refuse that, for a window that no script has
 * opened; then the page says what to do, and has a button to try again.
 *
 * @module
 */
import { offerToClose } from './close.js';

/** How long the page is shown, so that it does not look like a fault. */
export const SHOWN_MS = 200;

/** @typedef {import('./close.js').BrowserWindow} BrowserWindow */

/** @param {BrowserWindow} window */
export function end(window) {
  offerToClose(window);
  window.setTimeout(() => window.close(), SHOWN_MS);
}

if (typeof document !== 'undefined') end(window);
