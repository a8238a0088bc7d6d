/** @import { BrowserWindow } from './types.js' */
import { Stop } from './reasons.js';
import { isPlainObject, random } from './values.js';

/** How long the other tabs may take to answer. */
export const ASK_MS = 60;
/** How long claims are gathered where there are no Web Locks. */
export const CLAIM_MS = 40;
/** A claim that was lost is made again after so long: whoever holds it answers, unless it has been frozen or closed. */
export const REST_MS = 400;

/** @typedef {Record<string, any>} Message with a `type` */

/**
 * The open pages of this origin (and, within frames, of this partition) as they talk to one another. Where the
 * browser has no channel for them, each is alone.
 * @param {BrowserWindow} window
 * @param {string} name
 * @param {(message: Message) => void} heard
 */
export function tabs(window, name, heard) {
  /** @type {BroadcastChannel | undefined} */
  let channel;
  const listeners = new Set([heard]);
  try {
    channel = new window.BroadcastChannel(name);
    channel.addEventListener('message', ({ data }) => {
      if (isPlainObject(data)) for (const listener of [...listeners]) listener(data);
    });
  } catch {
    // Alone, then.
  }
  /** @param {Message} message */
  const tell = (message) => channel?.postMessage(message);

  /**
   * Waits until `look` finds something in what is heard, for a while.
   * @template T
   * @param {() => T | undefined} look
   * @param {number} ms
   * @returns {Promise<T | undefined>}
   */
  const until = (look, ms) => new Promise((resolve) => {
    const end = () => {
      window.clearTimeout(timer);
      listeners.delete(again);
      resolve(look());
    };
    const again = () => { if (look() !== undefined) end(); };
    const timer = window.setTimeout(end, ms);
    listeners.add(again);
    again();
  });

  /**
   * One at a time by messages alone, for browsers that refuse Web Locks here: who claims says so, of those who claim
   * at once the lowest id goes first, and who has it says that it is still at it.
   * @param {() => boolean} wanted
   * @returns {Promise<() => void>} what gives it back
   */
  const claim = async (wanted) => {
    const id = random();
    let [lost, holds] = [false, false];
    const hear = (/** @type {Message} */ { type, id: other, to }) => {
      if (type === 'claim' && (holds || (!lost && other > id))) tell({ type: 'busy', to: other });
      else if (type === 'free') lost = false;
      else if (type === 'claim' || to === id) lost = true;
    };
    listeners.add(hear);
    while (!holds && wanted()) {
      lost = false;
      tell({ type: 'claim', id });
      await until(() => lost || undefined, CLAIM_MS);
      holds = !lost;
      await until(() => !lost || undefined, REST_MS);
    }
    return () => {
      listeners.delete(hear);
      if (holds) tell({ type: 'free' });
    };
  };

  /** @param {number} patience @param {() => unknown} done @returns {Promise<() => void>} */
  const enter = (patience, done) => new Promise((resolve, reject) => {
    let here = true;
    const timer = window.setTimeout(() => {
      here = false;
      reject(new Stop('timed_out', 'another tab is still at it'));
    }, patience);
    const entered = (/** @type {() => void} */ leave) => {
      window.clearTimeout(timer);
      if (here) resolve(leave);
      else leave();
    };
    const withoutLocks = () => (channel ? claim(() => here && !done()).then(entered) : entered(() => {}));
    try {
      // Who has given up gives the lock back as soon as it comes.
      window.navigator.locks.request(name, () => here && new Promise((leave) => entered(() => leave(undefined)))).catch(withoutLocks);
    } catch {
      withoutLocks();
    }
  });

  return {
    tell,
    /** Asks the other tabs for tokens newer than these. @template T @param {number} at @param {() => T | undefined} look */
    async ask(at, look) {
      tell({ type: 'ask', at });
      return channel && until(look, ASK_MS);
    },
    /**
     * Runs `work` in one tab at a time. `done` looks whether another one has made it unnecessary meanwhile; who
     * waits longer than its patience gives up: twenty who go ahead help nobody.
     * @param {number} patience
     * @param {() => true | undefined} done
     * @param {(waited: boolean) => Promise<unknown>} work
     */
    async alone(patience, done, work) {
      const started = performance.now();
      const mine = enter(patience, done).then(async (leave) => {
        try {
          if (!done()) await work(performance.now() - started > 20);
        } finally {
          leave();
        }
      });
      mine.catch(() => {});
      await Promise.race([mine, until(done, patience).then((seen) => (seen ? undefined : mine))]);
    },
    close() {
      channel?.close();
      channel = undefined;
    },
  };
}

/** @typedef {ReturnType<typeof tabs>} Tabs */
