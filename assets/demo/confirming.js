// @ts-check
// Until a question has been answered: by the socket, or, while there is none, by asking this site's own server.

import { waitFor } from './stomp.js';

/**
 * What the accounts server says of a question; `expiresIn` in seconds.
 * @typedef {{ operationId: string, waitSecret: string, webSocketId: string, number: string, verificationUri: string,
 *   state: string, expiresIn: number }} Asked
 * @typedef {{ state: string, reason?: string | null }} Standing
 * @typedef {{ good?: Standing, refused?: object }} Answer
 */
/**
 * How the page hears: `live` by the socket; `lost` tries the socket again in so many seconds; `asking` asks its own
 * server meanwhile.
 * @typedef {{ how: 'connecting' | 'live' | 'lost' | 'asking', retry: number, left: number }} View
 */

/** So long a socket may be away before this site's own server is asked instead, in milliseconds. */
export const ASK_AFTER_MS = 3_000;
/** Pause after a server that could not be reached. */
const PAUSE_MS = 2_000;
const SECOND_MS = 1_000;

/**
 * @param {string} accounts its origin
 * @param {Asked} asked
 * @param {{ ask: () => Promise<Answer>, show: (view: View) => void, end: (standing: Standing) => void }} page
 *   `ask` takes its time and answers how it stands; `show` hears how it goes each second; `end` is called once
 * @param {import('./stomp.js').World} [world]
 */
export function confirming(accounts, asked, page, world) {
  const { waitSecret, webSocketId, expiresIn } = asked;
  let over = false;
  /** @type {View['how']} */
  let how = 'connecting';
  let retryAt = 0;
  const endsAt = performance.now() + expiresIn * SECOND_MS;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let patience;
  let polling = false;
  let turn = 0;

  /** @param {Standing} standing */
  const end = (standing) => {
    if (over) return;
    stop();
    page.end(standing);
  };

  /** @param {number} at */
  const secondsTo = (at) => Math.max(0, Math.ceil((at - performance.now()) / SECOND_MS));
  const show = () => page.show({ how: polling ? 'asking' : how, retry: secondsTo(retryAt), left: secondsTo(endsAt) });

  /** Asks once, and ends if there is something to end with. */
  const look = async () => {
    const { good, refused } = await page.ask();
    if (good !== undefined && good.state !== 'pending') end(good);
    return refused === undefined;
  };

  const poll = async () => {
    if (polling || over) return;
    polling = true;
    const own = ++turn;
    show();
    // One at a time: an earlier one may still be waiting for its answer.
    while (polling && own === turn && !over) {
      const heard = await look();
      if (!heard) await new Promise((resolve) => { setTimeout(resolve, PAUSE_MS); });
    }
  };

  /** @param {string} authResult a reason to ask, and no more */
  const notified = async (authResult) => {
    if (authResult === 'CONFIRMED') {
      end({ state: 'confirmed' });
      return;
    }
    await look();
    if (!over) await poll();
  };

  /** @param {import('./stomp.js').State} state */
  const hear = (state) => {
    if (over) return;
    if (state.name === 'waiting') {
      clearTimeout(patience);
      patience = undefined;
      polling = false;
      how = 'live';
    } else if (state.name === 'lost') {
      how = 'lost';
      retryAt = performance.now() + state.retryMs;
      patience ??= setTimeout(poll, ASK_AFTER_MS);
    } else if (state.name === 'refused') {
      poll();
    } else if (state.name === 'ended') {
      notified(state.authResult);
    } else if (how !== 'lost') {
      how = 'connecting';
    }
    show();
  };

  const wait = waitFor({ accounts, waitSecret, webSocketId }, hear, world);
  // Should nothing be heard of its end in time, this site's own server knows.
  const late = setTimeout(poll, expiresIn * SECOND_MS + ASK_AFTER_MS);
  const clock = setInterval(show, SECOND_MS);

  /** Ends the waiting. While the question is open this takes it back. */
  function stop() {
    over = true;
    polling = false;
    for (const timer of [patience, late]) clearTimeout(timer);
    clearInterval(clock);
    wait.close();
  }
  return { operationId: asked.operationId, stop };
}

/** @typedef {ReturnType<typeof confirming>} Confirming */
