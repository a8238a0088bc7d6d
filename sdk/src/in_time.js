/** @import { BrowserWindow } from './types.js' */
import { CLOSED, Stop } from './reasons.js';

/**
 * Runs work that has to end in time. What still goes on afterwards is aborted and no longer counts.
 * @template T
 * @param {BrowserWindow} window
 * @param {number} timeout
 * @param {AbortSignal} closing ends it early
 * @param {() => Stop} late
 * @param {(signal: AbortSignal) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function inTime(window, timeout, closing, late, work) {
  const abort = new AbortController();
  let giveUp = () => {};
  /** @type {Promise<never>} */
  const ended = new Promise((_, reject) => {
    giveUp = () => reject(closing.aborted ? new Stop('misconfigured', CLOSED) : late());
  });
  const timer = window.setTimeout(giveUp, timeout);
  closing.addEventListener('abort', giveUp);
  try {
    return await Promise.race([work(abort.signal), ended]);
  } finally {
    window.clearTimeout(timer);
    closing.removeEventListener('abort', giveUp);
    abort.abort();
  }
}
