/** @import { BrowserWindow, Flow, Rung, Verdict } from './types.js' */
/** @import { Found } from './reasons.js' */
import { Stop, tried } from './reasons.js';
import { PATIENT_MS } from './token_api.js';
import { deferred } from './values.js';

/**
 * What waits for a person; one at a time.
 * @typedef {{ rung: Rung, promise: Promise<Verdict>, opened?: Window | null, flow?: Flow,
 *   end: (verdict: Verdict) => void }} Waiting
 */

/**
 * @param {AbortSignal} closing
 * @param {(cause: unknown) => Verdict} stopped
 * @param {(verdict: Verdict) => void} tell
 */
export function waitingRoom(closing, stopped, tell) {
  /** @type {Waiting | null} */
  let current = null;
  return {
    current: () => current,
    /**
     * @param {Rung} rung
     * @param {(signal: AbortSignal, waiting: Waiting) => Promise<Found>} work
     * @returns {Promise<Verdict>} always settles, though not before the person has
     */
    enter(rung, work) {
      const abort = new AbortController();
      const started = performance.now();
      /** @type {ReturnType<typeof deferred<Verdict>>} */
      const { promise, resolve } = deferred();
      /** @type {Waiting} */
      const mine = {
        rung, promise,
        end(verdict) {
          if (current === mine) current = null;
          resolve(verdict);
          abort.abort();
        },
      };
      current?.end(stopped(new Stop('canceled', 'another sign-in was started')));
      current = mine;
      work(AbortSignal.any([abort.signal, closing]), mine).catch(stopped).then((found) => {
        if (current !== mine) return;
        const verdict = { ...found, rungs: [tried(rung, found.reason, started, found.hint)] };
        mine.end(verdict);
        tell(verdict);
      });
      return promise;
    },
  };
}

/** What a person has to do takes this long at most. */
const LONGEST_MS = 900_000;

/**
 * Waits until it is over without the person having done it.
 * @param {BrowserWindow} window
 * @param {AbortSignal} signal
 * @param {boolean} [leaving] the page is being left: it will be, in a while
 * @returns {Promise<never>}
 */
export const away = (window, signal, leaving) => new Promise((_, reject) => {
  const canceled = () => reject(new Stop('canceled'));
  signal.addEventListener('abort', canceled);
  const late = leaving ? 'the page was not left' : 'nobody did it in time';
  window.setTimeout(() => reject(new Stop('timed_out', late)), leaving ? PATIENT_MS : LONGEST_MS);
  if (leaving) window.addEventListener('pageshow', ({ persisted }) => persisted && canceled(), { signal });
});
