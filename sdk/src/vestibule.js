/**
 * Vestibule in the browser: a site learns who is signed in at its accounts server, without a click.
 *
 * ```js
 * import { connect } from 'https://accounts.example.org/sdk/vestibule.js';
 *
 * const session = connect({ accounts: 'https://accounts.example.org', clientId: 'wiki' });
 * session.onChange(({ hasSession }) => render(hasSession));
 * await session.resume();
 * ```
 *
 * The site's own backend answers at `callback` (see "The relying side" in the documentation); or there is none, and
 * the page holds `tokens`. Nothing here throws for what the network, the browser or the server does: every call
 * settles with a {@link Verdict}, in time, and the page is never reloaded.
 *
 * @module
 */
/** @import { BrowserWindow, Connection, Options } from './types.js' */
import { connection } from './connection.js';
import { complete } from './rungs/redirect.js';

export { readAnswer } from './bridge_frame.js';
export { reasonOfError, reasonOfStatus } from './reasons.js';

/** The version of this module. */
export const version = '0.2.0';

/**
 * Connects this page to the accounts server. Nothing is loaded before the first `resume`.
 * @param {Options} options
 * @param {BrowserWindow} [window]
 * @returns {Connection}
 */
export function connect(options, window = globalThis.window) {
  return connection(options, window);
}

/**
 * For the regular callback page, `tokens.redirectUri`: goes back to the page that had asked. False when no request
 * of this tab has been answered, as when somebody opened the page by hand.
 * @param {BrowserWindow} [window]
 * @returns {boolean}
 */
export function completeRedirect(window = globalThis.window) {
  return complete(window);
}

/**
 * For a popup callback page of one's own: tells the opener, and closes the window.
 * @param {BrowserWindow} [window]
 */
export function popupCallback(window = globalThis.window) {
  try {
    window.opener?.popupCompleted?.(window.location.href);
  } catch {
    // Its opener is of another site.
  }
  window.setTimeout(() => window.close(), 200);
}
