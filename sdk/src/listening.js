/** How a page hears through the server what happens in another window. */

/** @import { BrowserWindow } from './types.js' */

/** A socket that says nothing for this long is helped out by the long poll. */
const SILENT_MS = 3_000;
/** Seconds that the server may keep a long poll. */
const POLL_S = 25;
/** The pause after a poll that failed grows to this. */
const LONGEST_PAUSE_MS = 16_000;

/** How often is looked whether the window is closed. */
const LOOK_MS = 500;

/**
 * Listens, and does so anew whenever the page is back or on line again.
 * @param {BrowserWindow} window
 * @param {(over: AbortSignal) => unknown} listen
 * @param {AbortSignal} signal
 * @returns {() => void} begins anew
 */
export function inRounds(window, listen, signal) {
  let round = new AbortController();
  const begin = () => {
    round.abort();
    round = new AbortController();
    listen(AbortSignal.any([signal, round.signal]));
  };
  window.addEventListener('online', begin, { signal });
  window.addEventListener('pageshow', ({ persisted }) => persisted && begin(), { signal });
  begin();
  return begin;
}

/**
 * @param {BrowserWindow} window @param {string} url of the server, with `http`
 * @param {object} first the message by which it is told what is waited for
 * @param {(body: unknown) => boolean} hear gives whether it was sense
 * @param {(closed: CloseEvent | undefined) => unknown} failed called once, when the socket is of no use
 * @param {AbortSignal} over
 * @param {number} [patience] how long it may say nothing, in milliseconds
 */
export function socket(window, url, first, hear, failed, over, patience = SILENT_MS) {
  let useful = true;
  /** @param {CloseEvent} [closed] */
  const fail = (closed) => {
    if (useful && !over.aborted) failed(closed);
    useful = false;
  };
  const timer = window.setTimeout(fail, patience);
  try {
    const made = new window.WebSocket(url.replace('http', 'ws'));
    over.addEventListener('abort', () => made.close());
    made.onopen = () => made.send(JSON.stringify(first));
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
 * @param {BrowserWindow} window
 * @param {(wait: string, signal: AbortSignal) => Promise<{ status: number, body: unknown }>} ask
 * @param {(body: unknown) => boolean} hear gives whether it was sense
 * @param {AbortSignal} over
 */
export async function polls(window, ask, hear, over) {
  for (let pause = 500; !over.aborted;) {
    const started = performance.now();
    const late = AbortSignal.timeout((POLL_S + 10) * 1_000);
    const answer = await ask(`${POLL_S}`, AbortSignal.any([over, late])).catch(() => null);
    if (over.aborted) return;
    const passing = !answer || answer.status === 429 || answer.status >= 500;
    const understood = !passing && hear(answer.body);
    // A server that does not keep a poll is not asked all the time, either.
    const kept = understood && performance.now() - started > 1_000;
    pause = understood ? 500 : Math.min(pause * 2, LONGEST_PAUSE_MS);
    if (!kept) await new Promise((resolve) => { window.setTimeout(resolve, pause); });
  }
}

/**
 * Calls when the window looks closed. Any Cross-Origin-Opener-Policy on its way makes it look so for good, so it
 * means little.
 * @param {BrowserWindow} window @param {Window} popup @param {() => void} closed @param {AbortSignal} signal
 */
export function watch(window, popup, closed, signal) {
  const look = (/** @type {boolean} */ again) => window.setTimeout(() => {
    if (signal.aborted) return;
    if (popup.closed && again) closed();
    else look(popup.closed);
  }, LOOK_MS);
  look(false);
}
