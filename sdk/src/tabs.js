/** @import { BrowserWindow } from './types.js' */
import { isPlainObject, random } from './values.js';

/** How long the other tabs may take to answer. */
export const ASK_MS = 60;
/** How long claims are gathered where there are no Web Locks. */
export const CLAIM_MS = 40;

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
   * One at a time by messages alone, for browsers that refuse Web Locks here: who claims says so, and of those who
   * claim at once the lowest id goes first.
   * @param {number} patience
   * @returns {Promise<() => void>} what gives it back
   */
  const claim = async (patience) => {
    const id = random();
    let [lost, holds] = [false, false];
    const hear = (/** @type {Message} */ { type, id: other, to }) => {
      if (type === 'claim' && (holds || (!lost && other > id))) tell({ type: 'busy', to: other });
      else if (type === 'free') lost = false;
      else if (type === 'claim' || to === id) lost = true;
    };
    listeners.add(hear);
    const deadline = performance.now() + patience;
    do {
      await until(() => (lost ? undefined : true), patience);
      tell({ type: 'claim', id });
      await until(() => lost || undefined, CLAIM_MS);
    } while (lost && performance.now() < deadline);
    holds = true;
    return () => {
      listeners.delete(hear);
      tell({ type: 'free' });
    };
  };

  /** @param {number} patience @returns {Promise<() => void>} */
  const enter = (patience) => new Promise((resolve) => {
    let here = true;
    const timer = window.setTimeout(() => {
      here = false;
      resolve(() => {});
    }, patience);
    const entered = (/** @type {() => void} */ leave) => {
      window.clearTimeout(timer);
      resolve(leave);
    };
    const withoutLocks = () => (channel ? claim(patience).then(entered) : entered(() => {}));
    try {
      // Who has gone ahead gives the lock back as soon as it comes.
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
     * waits longer than its patience goes ahead, since a tab may have been frozen with the lock in its hand.
     * @param {number} patience
     * @param {() => true | undefined} done
     * @param {(waited: boolean) => Promise<unknown>} work
     */
    async alone(patience, done, work) {
      const started = performance.now();
      const mine = enter(patience).then(async (leave) => {
        try {
          if (!done()) await work(performance.now() - started > 20);
        } finally {
          leave();
        }
      });
      mine.catch(() => {});
      await Promise.race([mine, until(done, patience).then((seen) => (seen ? undefined : mine))]);
    },
    close: () => channel?.close(),
  };
}

/** @typedef {ReturnType<typeof tabs>} Tabs */
