/** @import { BrowserWindow } from './types.js' */
import { Stop, asStop, stopOfOAuth } from './reasons.js';
import { isPlainObject } from './values.js';

/** A socket that says nothing for this long is helped out by the long poll. */
export const SILENT_MS = 3_000;
/** Seconds that the server may keep a long poll. */
const POLL_S = 25;
/** Pauses after polls that failed, the last one for ever. */
const PAUSES_MS = [1_000, 2_000, 5_000, 15_000];

/**
 * What the server says about a flow: its answer, the stop that it ends with, or null while it is pending.
 * @param {unknown} body
 * @returns {{ response: Record<string, unknown> } | Stop | null | undefined} undefined for rubbish
 */
export function readOutcome(body) {
  if (!isPlainObject(body)) return undefined;
  if (typeof body.error === 'string') return stopOfOAuth(body.error, body.error_description);
  if (body.state === 'pending') return null;
  return body.state === 'completed' && isPlainObject(body.response) ? { response: body.response } : undefined;
}

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
export function outcomeOf(window, accounts, api, secret, lifetime, signal) {
  const ending = new AbortController();
  /** @type {Promise<Record<string, unknown>>} */
  const answer = new Promise((resolve, reject) => {
    /** @param {unknown} body @returns {boolean} whether it was sense */
    const hear = (body) => {
      const outcome = readOutcome(body);
      if (outcome instanceof Stop) reject(outcome);
      else if (outcome) resolve(outcome.response);
      return outcome !== undefined;
    };
    let round = new AbortController();
    const listen = () => {
      round.abort();
      round = new AbortController();
      const { signal: over } = round;
      const poll = () => void polls(window, api, secret, hear, over);
      socket(window, accounts, secret, hear, poll, over);
    };
    const fail = (/** @type {Stop} */ stop) => () => reject(stop);
    const timer = window.setTimeout(fail(new Stop('timed_out', 'nobody signed in in the other window')), lifetime * 1_000);
    ending.signal.addEventListener('abort', () => {
      round.abort();
      window.clearTimeout(timer);
    });
    signal.addEventListener('abort', fail(new Stop('canceled')), { signal: ending.signal });
    window.addEventListener('online', listen, { signal: ending.signal });
    window.addEventListener('pageshow', ({ persisted }) => { if (persisted) listen(); }, { signal: ending.signal });
    listen();
  });
  return answer.finally(() => ending.abort());
}

/**
 * @param {BrowserWindow} window @param {string} accounts @param {string} secret
 * @param {(body: unknown) => boolean} hear
 * @param {() => void} failed called once, when the socket is of no use
 * @param {AbortSignal} over
 */
function socket(window, accounts, secret, hear, failed, over) {
  let useless = false;
  const fail = () => {
    window.clearTimeout(timer);
    if (!useless && !over.aborted) failed();
    useless = true;
  };
  const timer = window.setTimeout(fail, SILENT_MS);
  over.addEventListener('abort', () => window.clearTimeout(timer));
  try {
    const made = new window.WebSocket(`${accounts.replace(/^http/, 'ws')}/flow/events`);
    over.addEventListener('abort', () => made.close());
    made.addEventListener('open', () => made.send(JSON.stringify({ waiting_secret: secret })));
    made.addEventListener('message', ({ data }) => {
      try {
        if (!over.aborted && hear(JSON.parse(data))) window.clearTimeout(timer);
      } catch {
        // Rubbish.
      }
    });
    made.addEventListener('close', fail);
  } catch {
    fail();
  }
}

/**
 * @param {BrowserWindow} window @param {import('./token_api.js').TokenApi} api @param {string} secret
 * @param {(body: unknown) => boolean} hear @param {AbortSignal} over
 */
async function polls(window, api, secret, hear, over) {
  let failures = 0;
  while (!over.aborted) {
    const started = performance.now();
    const late = new AbortController();
    const timer = window.setTimeout(() => late.abort(), (POLL_S + 10) * 1_000);
    const answered = await api.outcome(secret, POLL_S, AbortSignal.any([over, late.signal]))
      .then(({ status, body }) => {
        const passing = status === 429 || status >= 500;
        return !over.aborted && !passing && hear(body);
      }, (cause) => asStop(cause) && false);
    window.clearTimeout(timer);
    failures = answered ? 0 : failures + 1;
    // A server that does not keep a poll is not asked all the time.
    const soon = answered && performance.now() - started > 1_000;
    const pause = soon ? 0 : PAUSES_MS[Math.min(Math.max(failures - 1, 0), PAUSES_MS.length - 1)];
    await new Promise((resolve) => {
      const timer = window.setTimeout(resolve, pause);
      over.addEventListener('abort', () => { window.clearTimeout(timer); resolve(undefined); }, { once: true });
    });
  }
}
