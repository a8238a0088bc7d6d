/** @import { BrowserWindow } from './types.js' */
import { isPlainObject } from './values.js';

/** A frame that has loaded and still says nothing after this long holds some error page. */
export const GRACE_MS = 500;

/**
 * Hears the messages of one window at exactly one origin.
 * @param {BrowserWindow} window
 * @param {string} accounts
 * @param {() => unknown} sender
 * @param {(data: Record<string, any>) => void} hear
 * @param {AbortSignal} signal
 */
export function hearFrom(window, accounts, sender, hear, signal) {
  window.addEventListener('message', ({ source, origin, data }) => {
    if (source && source === sender() && origin === accounts && isPlainObject(data)) hear(data);
  }, { signal });
}

/**
 * Inserts a hidden frame.
 * @param {BrowserWindow} window
 * @param {string} accounts whose frame it is
 * @param {string} src
 * @param {Element | null | undefined} place
 * @param {(data: Record<string, any>) => void} hear its messages
 * @param {(sure: boolean) => void} refused called when the page's own policy keeps it from that server, which is sure;
 *   or some time after each load, which it may be
 * @param {(element: HTMLIFrameElement) => void} [loaded] called at once on each load
 */
export function hiddenFrame(window, accounts, src, place, hear, refused, loaded = () => {}) {
  const { document } = window;
  const element = document.createElement('iframe');
  const ending = new AbortController();
  const { signal } = ending;
  Object.assign(element, { src, title: 'Sign-in', hidden: true, tabIndex: -1 });
  element.style.display = 'none'; // whatever the site's style says about frames
  hearFrom(window, accounts, () => element.contentWindow, hear, signal);
  document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, disposition }) => {
    // A policy that only reports keeps nothing away.
    if (disposition === 'enforce' && /^(frame|child|default)-src$/.test(effectiveDirective) && `${blockedURI}/`.startsWith(`${accounts}/`)) refused(true);
  }, { signal });
  element.addEventListener('load', () => {
    loaded(element);
    window.setTimeout(() => { if (!signal.aborted) refused(false); }, GRACE_MS);
  });
  (place ?? document.body ?? document.documentElement).append(element);
  return {
    element,
    remove() {
      ending.abort();
      element.remove();
    },
  };
}
