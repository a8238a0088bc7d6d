/**
 * The window in which the proof is made. Nothing that is shown there has this page as its opener: it could lead the
 * page elsewhere.
 *
 * @module
 */
/** @import { BrowserWindow } from './types.js' */
import { watch } from '../listening.js';
import { random } from '../values.js';

const MOMENT = 'One moment…';
/** How often a window is closed that stays open, and how long after the last time, in milliseconds. */
const CLOSINGS = 10;
const CLOSING_MS = 200;

/**
 * Keeps a way to close a window that is about to lose its opener. Firefox lets whoever has opened a window close it;
 * chromium only whoever may navigate it: who shares an origin with its opener, or was opened by it. So an empty frame of
 * this page is made one that the window has opened, while the window is still empty and of this page's origin.
 * @param {BrowserWindow} window
 * @param {BrowserWindow} popup
 * @returns {() => void} closes the window, where the browser lets it
 */
function closerOf(window, popup) {
  const frame = window.document.createElement('iframe');
  Object.assign(frame, { name: `vestibule.${random(16)}`, title: 'Identification', hidden: true, tabIndex: -1 });
  frame.style.display = 'none'; // whatever the site's style says about frames
  window.document.body.append(frame);
  const inner = /** @type {BrowserWindow | null} */ (frame.contentWindow);
  const found = popup.open('', frame.name);
  if (found !== inner) found?.close();
  // A window that is on its way between two pages may not hear it.
  const close = (left = CLOSINGS) => {
    popup.close();
    // Who closes is for chromium the site of the innermost function: one of the frame.
    inner?.Array.from([popup], popup.close, popup);
    if (popup.closed || left === 1) frame.remove();
    else window.setTimeout(() => close(left - 1), CLOSING_MS);
  };
  return close;
}

/** What the person sees until the server has answered. @param {BrowserWindow} popup */
function sayWait({ document }) {
  document.title = MOMENT;
  document.documentElement.style.colorScheme = 'light dark';
  document.body?.append(MOMENT);
}

/**
 * Opens the window, empty. To be called in the click itself: browsers block what is opened later.
 * @param {BrowserWindow} window
 */
export function openWindow(window) {
  const opened = /** @type {BrowserWindow | null} */ (window.open('about:blank', '_blank', 'popup,width=480,height=680'));
  let popup = opened;
  let close = () => opened?.close();
  try {
    if (opened) close = closerOf(window, opened);
  } catch {
    // Then it is closed where an ordinary close() does.
  }
  try {
    if (opened) opened.opener = null;
  } catch {
    // It would keep its opener, so it is led nowhere.
    close();
    popup = null;
  }
  if (popup) sayWait(popup);
  return {
    isOpen: popup !== null,
    /** Leads it to an address. @param {string} uri @returns {boolean} whether that could be done */
    go(uri) {
      try {
        popup?.location.replace(uri);
        return popup !== null;
      } catch {
        return false; // the person has gone elsewhere in it
      }
    },
    /** @param {() => void} closed called when it looks closed @param {AbortSignal} signal */
    watch(closed, signal) {
      if (popup) watch(window, popup, closed, signal);
    },
    close: () => close(),
  };
}

/** @typedef {ReturnType<typeof openWindow>} ProofWindow */
