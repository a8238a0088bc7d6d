/** @import { BrowserWindow } from './types.js' */
import { closedStop } from './reasons.js';
import { deferred } from './values.js';

/**
 * Runs work that has to end in time. What still goes on afterwards is aborted and no longer counts.
 * @template T
 * @param {BrowserWindow} window
 * @param {number} timeout
 * @param {AbortSignal} closing ends it early
 * @param {() => unknown} late
 * @param {(signal: AbortSignal) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function inTime(window, timeout, closing, late, work) {
  const abort = new AbortController();
  const { signal } = abort;
  /** @type {ReturnType<typeof deferred<never>>} */
  const { promise, reject } = deferred();
  const giveUp = () => reject(closing.aborted ? closedStop() : late());
  const timer = window.setTimeout(giveUp, timeout);
  closing.addEventListener('abort', giveUp, { signal });
  try {
    return await Promise.race([work(signal), promise]);
  } finally {
    window.clearTimeout(timer);
    abort.abort();
  }
}
