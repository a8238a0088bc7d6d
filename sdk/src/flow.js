/** @import { BrowserWindow } from './types.js' */
import { inRounds, polls, socket } from './listening.js';
import { Stop, stopOfError } from './reasons.js';
import { deferred, isPlainObject, isText } from './values.js';

/**
 * Waits for the outcome of a flow: by a socket, and by long polls where that fails; anew whenever the page is back
 * or on line again. It ends with the flow at the latest.
 * @param {BrowserWindow} window
 * @param {string} accounts
 * @param {import('./token_api.js').TokenApi} api
 * @param {string} secret
 * @param {number} lifetime in seconds
 * @param {AbortSignal} signal
 * @returns {Promise<Record<string, unknown>>} the answer to the authorization request
 */
export async function outcomeOf(window, accounts, api, secret, lifetime, signal) {
  if (signal.aborted) throw new Stop('canceled');
  /** @type {ReturnType<typeof deferred<Record<string, unknown>>>} */
  const { promise, resolve, reject } = deferred();
  /** @param {unknown} body @returns {boolean} whether it was sense */
  const hear = (body) => {
    if (!isPlainObject(body)) return false;
    const { state, error, response } = body;
    if (isText(error)) reject(stopOfError(body));
    else if (state === 'completed' && isPlainObject(response)) resolve(response);
    else return state === 'pending';
    return true;
  };
  const ending = new AbortController();
  const timer = window.setTimeout(() => reject(new Stop('timed_out', 'nobody signed in in the other window')), lifetime * 1_000);
  signal.addEventListener('abort', () => reject(new Stop('canceled')), { signal: ending.signal });
  inRounds(window, (over) => socket(window, `${accounts}/flow/events`, { waiting_secret: secret }, hear, () => (
    polls(window, (wait, late) => api.post('/flow/outcome', { waiting_secret: secret, wait }, late), hear, over)
  ), over), ending.signal);
  return promise.finally(() => {
    ending.abort();
    window.clearTimeout(timer);
  });
}
