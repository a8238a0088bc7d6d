/** @import { Flow, Rung, Verdict } from './types.js' */
import { Stop, tried } from './reasons.js';
import { PATIENT_MS } from './token_api.js';

/**
 * What waits for a person; one at a time.
 * @typedef {{ rung: Rung, promise: Promise<Verdict>, opened: Window | null, flow?: Flow,
 *   end: (verdict: Verdict) => void }} Waiting
 */

/** @typedef {Omit<Verdict, 'rungs'>} Found */

/**
 * @param {AbortSignal} closing
 * @param {(cause: unknown) => Found} stopped
 * @param {(verdict: Verdict) => void} tell
 */
export function waitingRoom(closing, stopped, tell) {
  /** @type {Waiting | null} */
  let current = null;
  return {
    current: () => current,
    /** Ends what waits, if anything does. @param {Verdict} verdict */
    end: (verdict) => current?.end(verdict),
    /**
     * @param {Rung} rung
     * @param {(signal: AbortSignal, waiting: Waiting) => Promise<Found>} work
     * @returns {Promise<Verdict>} always settles, though not before the person has
     */
    enter(rung, work) {
      const abort = new AbortController();
      const started = performance.now();
      let settle = (/** @type {Verdict} */ _verdict) => {};
      /** @type {Promise<Verdict>} */
      const promise = new Promise((resolve) => { settle = resolve; });
      /** @type {Waiting} */
      const mine = {
        rung, promise, opened: null,
        end(verdict) {
          if (current === mine) current = null;
          settle(verdict);
          abort.abort();
        },
      };
      current?.end({ ...stopped(new Stop('canceled', 'another sign-in was started')), rungs: [] });
      current = mine;
      work(AbortSignal.any([abort.signal, closing]), mine).catch(stopped).then((found) => {
        if (current !== mine) return;
        const verdict = { rungs: [tried(rung, found.reason, started, found.hint)], ...found };
        current = null;
        tell(verdict);
        mine.end(verdict);
      });
      return promise;
    },
  };
}

/**
 * The page is being left. When it is still there, or there again, the person has come back without signing in.
 * @param {import('./types.js').BrowserWindow} window
 * @param {AbortSignal} signal
 * @returns {Promise<never>}
 */
export function away(window, signal) {
  return new Promise((_, reject) => {
    const timer = window.setTimeout(() => reject(new Stop('timed_out', 'the page was not left')), PATIENT_MS);
    signal.addEventListener('abort', () => {
      window.clearTimeout(timer);
      reject(new Stop('canceled'));
    });
    window.addEventListener('pageshow', ({ persisted }) => { if (persisted) reject(new Stop('canceled')); }, { signal });
  });
}
