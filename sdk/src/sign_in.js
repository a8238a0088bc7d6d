/** @import { BrowserWindow, Progress, Rung, Verdict } from './types.js' */
/** @import { Found } from './backend.js' */
/** @import { Prepared } from './rungs/popup.js' */
import { Stop } from './reasons.js';
import { openWindow, popup, prepareFlow } from './rungs/popup.js';
import { keepPlace, leave } from './rungs/redirect.js';
import { storageAccess } from './rungs/storage_access.js';
import { away } from './waiting.js';

/** @type {Found} */
const CREATED = { hasSession: true, outcome: 'created', reason: 'resumed' };

/**
 * The rungs on which a person acts.
 * @param {object} parts
 * @param {BrowserWindow} parts.window
 * @param {import('./settings.js').Settings} parts.settings
 * @param {import('./ladder.js').Context | null} parts.context null for a site with a backend
 * @param {import('./bridge_frame.js').BridgeFrame} parts.frame
 * @param {ReturnType<typeof import('./kept.js').learntBy>} parts.learnt
 * @param {ReturnType<typeof import('./waiting.js').waitingRoom>} parts.room
 * @param {(progress: Progress) => void} parts.progress
 * @param {() => Promise<Verdict>} parts.afresh
 * @param {(returnTo: string) => string} parts.startUrl
 * @param {() => boolean} parts.canShow whether there is a panel
 * @param {() => boolean} parts.isHeard whether anybody would show a link
 */
export function signIns({ window, settings, context, frame, learnt, room, progress, afresh, startUrl, canShow, isHeard }) {
  const { rungs, framed, clientId } = settings;
  /** @type {Prepared | null} */
  let prepared = null;
  let elsewhere = false;

  const prepare = () => {
    if (context === null || prepared !== null) return;
    if (rungs.includes('popup') || (framed && rungs.includes('redirect'))) prepareFlow().then((flow) => { prepared ??= flow; }, () => {});
  };

  /** By the backend: in this window, or in a tab that this page hears nothing of. @param {string} returnTo */
  const byBackend = (returnTo) => {
    const url = startUrl(returnTo);
    if (framed) {
      elsewhere = true;
      window.open(url, '_blank', 'noopener');
      return room.enter('redirect', (signal) => new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new Stop('canceled')));
      }));
    }
    keepPlace(window, clientId, returnTo);
    window.location.assign(url);
    return room.enter('redirect', (signal) => away(window, signal));
  };

  /** @param {import('./ladder.js').Context} context @param {string} returnTo */
  const byRedirect = (context, returnTo) => room.enter('redirect', async (signal) => {
    progress({ rung: 'redirect', state: 'trying' });
    await leave(context, returnTo);
    return away(window, signal);
  });

  /**
   * In another window.
   * @param {import('./ladder.js').Context} context
   * @param {Rung} rung
   * @param {(() => Promise<Verdict>) | null} fall where to go when it does not open
   */
  const byWindow = (context, rung, fall) => {
    const ready = prepared;
    prepared = null;
    const alone = rung === 'redirect' && ready !== null;
    const opened = openWindow(context, ready, alone);
    const blocked = opened === null && !alone;
    if (blocked && fall !== null) return fall();
    return room.enter(rung, async (signal, waiting) => {
      if (blocked && !isHeard()) throw new Stop('popup_blocked');
      waiting.opened = opened;
      progress({ rung, state: 'waiting', ...(blocked ? { blocked } : {}) });
      const flow = ready ?? await prepareFlow();
      if (ready === null && opened !== null) opened.location.replace(`${settings.accounts}/flow/${flow.id}`);
      await popup(context, opened, flow, (seen) => {
        if (room.current() !== waiting) return;
        waiting.flow = seen.flow;
        progress({ rung, state: 'waiting', ...seen, ...(blocked ? { blocked } : {}) });
      }, signal);
      return CREATED;
    });
  };

  const askForStorage = () => room.enter('storage_access', async (signal) => {
    if (!canShow()) throw new Stop('misconfigured', 'storage access needs a panel to show the button in');
    await frame.open();
    await storageAccess({ frame, learnt }, signal);
    progress({ rung: 'storage_access', state: 'trying' });
    const verdict = await afresh();
    // Given, and of no use: it is not asked for again.
    if (verdict.reason === 'storage_blocked') learnt.add('storage_access', 'storage_blocked');
    return verdict;
  });

  return {
    prepare,
    askForStorage,
    /** Whether the person may be signing in in a tab that this page hears nothing of. */
    isElsewhere: () => elsewhere,
    /** Somebody is signed in. */
    came() { elsewhere = false; },
    /** @param {string} returnTo @param {'popup' | 'redirect' | 'storage_access' | undefined} how @returns {Promise<Verdict>} */
    start(returnTo, how) {
      if (how === 'storage_access') return askForStorage();
      if (context === null) return byBackend(returnTo);
      const rung = how ?? (rungs.includes('popup') ? 'popup' : 'redirect');
      const waiting = room.current();
      if (waiting?.rung === rung && waiting.opened && !waiting.opened.closed) {
        waiting.opened.focus();
        return waiting.promise;
      }
      const canLeave = !framed && rungs.includes('redirect') && context.settings.tokens.redirectUri !== undefined;
      if (rung === 'redirect' && !framed) return byRedirect(context, returnTo);
      return byWindow(context, rung, how === undefined && canLeave ? () => byRedirect(context, returnTo) : null);
    },
  };
}
