/** @import { BrowserWindow } from './types.js' */
import { isPlainObject, newId } from './values.js';

/** How long the other tabs may take to answer. */
export const ASK_MS = 60;
/** How long claims are gathered where there are no Web Locks. */
export const CLAIM_MS = 40;

/** @typedef {{ type: string, [member: string]: any }} Message */

/**
 * The open pages of this origin (and, within frames, of this partition) as they talk to one another. Where the
 * browser has no channel for them, each is alone.
 * @param {BrowserWindow} window
 * @param {string} name
 * @param {(message: Message) => void} heard
 */
export function tabs(window, name, heard) {
  /** @type {BroadcastChannel | null} */
  let channel = null;
  /** @type {Set<(message: Message) => void>} */
  const listeners = new Set([heard]);
  try {
    channel = new window.BroadcastChannel(name);
    channel.addEventListener('message', ({ data }) => {
      if (!isPlainObject(data) || typeof data.type !== 'string') return;
      for (const listener of [...listeners]) listener(/** @type {Message} */ (data));
    });
  } catch {
    // Alone, then.
  }
  /** @param {Message} message */
  const tell = (message) => {
    try {
      channel?.postMessage(message);
    } catch {
      // Closed meanwhile.
    }
  };
  /** @param {(message: Message) => void} listener */
  const listen = (listener) => {
    listeners.add(listener);
    return () => { listeners.delete(listener); };
  };
  /**
   * Waits until `look` finds something in what is heard, for a while.
   * @template T
   * @param {() => T | undefined} look
   * @param {number} ms
   * @returns {Promise<T | undefined>}
   */
  const until = (look, ms) => new Promise((resolve) => {
    const end = (/** @type {T | undefined} */ seen) => {
      window.clearTimeout(timer);
      ignore();
      resolve(seen);
    };
    const timer = window.setTimeout(() => end(undefined), ms);
    const ignore = listen(() => {
      const seen = look();
      if (seen !== undefined) end(seen);
    });
  });

  const claim = claimKeeper(listen, tell, until);
  /** @param {number} patience @returns {Promise<() => void>} what gives it back */
  const enter = (patience) => new Promise((resolve) => {
    let gone = false;
    const timer = window.setTimeout(() => {
      gone = true;
      resolve(() => {});
    }, patience);
    const entered = (/** @type {() => void} */ leave) => {
      window.clearTimeout(timer);
      resolve(leave);
    };
    let held = false;
    const withoutLocks = () => {
      if (held) return;
      if (channel === null) entered(() => {});
      else void claim(patience).then(entered);
    };
    try {
      window.navigator.locks.request(name, () => (gone ? undefined : new Promise((leave) => {
        held = true;
        entered(() => leave(undefined));
      }))).catch(withoutLocks);
    } catch {
      withoutLocks();
    }
  });

  return {
    tell,
    until,
    isAlone: () => channel === null,
    /** Asks the other tabs for what is newer. @template T @param {Message} message @param {() => T | undefined} look */
    async ask(message, look, ms = ASK_MS) {
      if (channel === null) return look();
      tell(message);
      return (await until(look, ms)) ?? look();
    },
    /**
     * Runs `work` in one tab at a time. `done` looks whether another one has made it unnecessary meanwhile; who
     * waits longer than its patience goes ahead, since a tab may have been frozen with the lock in its hand.
     * @template T
     * @param {number} patience
     * @param {() => T | undefined} done
     * @param {(waited: boolean) => Promise<T>} work
     * @returns {Promise<T>}
     */
    async alone(patience, done, work) {
      const started = performance.now();
      let ended = false;
      const mine = enter(patience).then(async (leave) => {
        try {
          const found = done();
          if (ended || found !== undefined) return /** @type {T} */ (found);
          return await work(performance.now() - started > 10);
        } finally {
          leave();
        }
      });
      mine.catch(() => {});
      const found = await Promise.race([mine, until(done, patience * 4).then((seen) => seen ?? mine)]);
      ended = true;
      return found;
    },
    close() {
      listeners.clear();
      channel?.close();
    },
  };
}

/**
 * One at a time by messages alone, for browsers that refuse Web Locks here: who claims says so, and of those who
 * claim at once the lowest id goes first.
 * @param {(listener: (message: Message) => void) => () => void} listen
 * @param {(message: Message) => void} tell
 * @param {(look: () => true | undefined, ms: number) => Promise<true | undefined>} until
 */
function claimKeeper(listen, tell, until) {
  /** @param {number} patience @returns {Promise<() => void>} */
  return async (patience) => {
    const id = newId();
    let [lost, free, holds] = [false, false, false];
    const ignore = listen(({ type, id: other }) => {
      if (type === 'free') free = true;
      else if (type === 'claim' && (holds || (!lost && other > id))) tell({ type: 'busy' });
      else if (type === 'busy' || type === 'claim') lost = !holds;
    });
    const deadline = performance.now() + patience;
    do {
      [lost, free] = [false, false];
      tell({ type: 'claim', id });
      await until(() => (lost ? true : undefined), CLAIM_MS);
      if (lost && !free) await until(() => (free ? true : undefined), patience);
    } while (lost && performance.now() < deadline);
    holds = true;
    return () => {
      ignore();
      tell({ type: 'free' });
    };
  };
}

/** @typedef {ReturnType<typeof tabs>} Tabs */
