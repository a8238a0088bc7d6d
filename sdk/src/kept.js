/** @import { BrowserWindow } from './types.js' */
import { isPlainObject } from './values.js';

/**
 * One entry of the tab's storage, which may be denied: then nothing is kept.
 * @param {BrowserWindow} window
 * @param {string} key
 */
export function kept(window, key) {
  return {
    /** @returns {Record<string, any> | null} */
    read() {
      try {
        const value = /** @type {unknown} */ (JSON.parse(window.sessionStorage.getItem(key) ?? 'null'));
        return isPlainObject(value) ? value : null;
      } catch {
        return null;
      }
    },
    /** @param {object | null} value null removes it @returns {boolean} whether it was kept */
    write(value) {
      try {
        if (value === null) window.sessionStorage.removeItem(key);
        else window.sessionStorage.setItem(key, JSON.stringify(value));
        return true;
      } catch {
        return false;
      }
    },
  };
}

/**
 * What this tab has learnt about its browser: rungs that will fail the next time, too, with the reason.
 * @param {BrowserWindow} window
 * @param {string} clientId
 */
export function learntBy(window, clientId) {
  const entry = kept(window, `vestibule.${clientId}.learnt`);
  /** @type {Record<string, any>} */
  let known = entry.read() ?? {};
  return {
    /** @param {import('./types.js').Rung} rung @returns {import('./types.js').Reason | undefined} */
    of: (rung) => (Object.hasOwn(known, rung) ? known[rung] : undefined),
    /** @param {import('./types.js').Rung} rung @param {import('./types.js').Reason} reason */
    add(rung, reason) {
      known = { ...known, [rung]: reason };
      entry.write(known);
    },
    forget() {
      known = {};
      entry.write(null);
    },
  };
}
