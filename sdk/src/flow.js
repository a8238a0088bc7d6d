/** @import { BrowserWindow } from './types.js' */
import { Stop, stopOfError } from './reasons.js';
import { deferred, isPlainObject, isText } from './values.js';

/** A socket that says nothing for this long is helped out by the long poll. */
export const SILENT_MS = 3_000;
/** Seconds that the server may keep a long poll. */
const POLL_S = 25;
/** The pause after a poll that failed grows to this. */
const LONGEST_PAUSE_MS = 16_000;

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
  let round = new AbortController();
  const listen = () => {
    round.abort();
    round = new AbortController();
    const over = round.signal;
    socket(window, accounts, secret, hear, () => polls(window, api, secret, hear, over), over);
  };
  const ending = new AbortController();
  const options = { signal: ending.signal };
  const timer = window.setTimeout(() => reject(new Stop('timed_out', 'nobody signed in in the other window')), lifetime * 1_000);
  signal.addEventListener('abort', () => reject(new Stop('canceled')), options);
  window.addEventListener('online', listen, options);
  window.addEventListener('pageshow', ({ persisted }) => persisted && listen(), options);
  listen();
  return promise.finally(() => {
    round.abort();
    ending.abort();
    window.clearTimeout(timer);
  });
}

/**
 * @param {BrowserWindow} window @param {string} accounts @param {string} secret
 * @param {(body: unknown) => boolean} hear
 * @param {() => unknown} failed called once, when the socket is of no use
 * @param {AbortSignal} over
 */
function socket(window, accounts, secret, hear, failed, over) {
  let useful = true;
  const fail = () => {
    if (useful && !over.aborted) failed();
    useful = false;
  };
  const timer = window.setTimeout(fail, SILENT_MS);
  try {
    const made = new window.WebSocket(`${accounts.replace('http', 'ws')}/flow/events`);
    over.addEventListener('abort', () => made.close());
    made.onopen = () => made.send(JSON.stringify({ waiting_secret: secret }));
    made.onmessage = ({ data }) => {
      try {
        if (hear(JSON.parse(data))) window.clearTimeout(timer);
      } catch {
        // Rubbish.
      }
    };
    made.onclose = fail;
  } catch {
    fail();
  }
}

/**
 * @param {BrowserWindow} window @param {import('./token_api.js').TokenApi} api @param {string} secret
 * @param {(body: unknown) => boolean} hear @param {AbortSignal} over
 */
async function polls(window, api, secret, hear, over) {
  for (let pause = 500; !over.aborted;) {
    const started = performance.now();
    const late = AbortSignal.timeout((POLL_S + 10) * 1_000);
    const answer = await api.post('/flow/outcome', { waiting_secret: secret, wait: `${POLL_S}` }, AbortSignal.any([over, late])).catch(() => null);
    if (over.aborted) return;
    const passing = !answer || answer.status === 429 || answer.status >= 500;
    const understood = !passing && hear(answer.body);
    // A server that does not keep a poll is not asked all the time, either.
    const kept = understood && performance.now() - started > 1_000;
    pause = understood ? 500 : Math.min(pause * 2, LONGEST_PAUSE_MS);
    if (!kept) await new Promise((resolve) => { window.setTimeout(resolve, pause); });
  }
}
