/** @import { BrowserWindow, Reason, Rung } from './types.js' */
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
        const value = JSON.parse(window.sessionStorage.getItem(key) ?? '');
        return isPlainObject(value) ? value : null;
      } catch {
        return null;
      }
    },
    /** @param {object | null} value null removes it @returns {boolean} whether that could be done */
    write(value) {
      try {
        if (value) window.sessionStorage.setItem(key, JSON.stringify(value));
        else window.sessionStorage.removeItem(key);
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
  /** @type {Partial<Record<Rung, Reason>>} */
  let known = entry.read() ?? {};
  return {
    of: (/** @type {Rung} */ rung) => known[rung],
    /** @param {Rung} rung @param {Reason} reason */
    add(rung, reason) {
      known[rung] = reason;
      entry.write(known);
    },
    forget() {
      known = {};
      entry.write(null);
    },
  };
}

/** @typedef {ReturnType<typeof learntBy>} Learnt */
