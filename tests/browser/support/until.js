/**
 * Waiting for what has no event.
 *
 * @module
 */

import { setTimeout as pause } from 'node:timers/promises';

const PATIENCE_MS = 20_000;
const STEP_MS = 25;

/** For what must not happen: as long as this nothing may be heard. */
export const SILENCE_MS = 500;

/** Lets a while pass. */
export const silence = () => pause(SILENCE_MS);

/**
 * Waits for the end of something, but not for ever. The timer keeps nothing alive.
 * @param {Promise<unknown>} ended
 * @param {number} ms
 */
export const atMost = (ended, ms) => Promise.race([ended, pause(ms, undefined, { ref: false })]);

/**
 * Asks again and again until the answer is neither false nor nothing, and returns it.
 * @template T
 * @param {string} what is waited for, for the message
 * @param {() => T | Promise<T>} look
 * @param {() => string} [instead] what there was instead
 * @param {number} [patience] in milliseconds
 * @returns {Promise<NonNullable<Exclude<T, false>>>}
 */
export async function until(what, look, instead = () => '', patience = PATIENCE_MS) {
  const end = performance.now() + patience;
  for (;;) {
    const seen = await look();
    if (seen) return /** @type {NonNullable<Exclude<T, false>>} */ (seen);
    if (performance.now() > end) throw new Error(`waited in vain for ${what}; ${instead()}`);
    await pause(STEP_MS);
  }
}
