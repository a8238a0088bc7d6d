/** @import { BrowserWindow, Progress, Rung, Verdict } from './types.js' */
import { pageOfThisSite } from './backend.js';
import { Stop, cureOf } from './reasons.js';
import { flowUri, popup } from './rungs/popup.js';
import { keepPlace, leave } from './rungs/redirect.js';
import { storageAccess } from './rungs/storage_access.js';
import { newRequest } from './values.js';
import { away } from './waiting.js';

/**
 * The rungs on which a person acts.
 * @param {object} parts
 * @param {BrowserWindow} parts.window
 * @param {import('./settings.js').Settings} parts.settings
 * @param {import('./ladder.js').Context | undefined} parts.context none for a site with a backend
 * @param {import('./bridge_frame.js').BridgeFrame} parts.frame
 * @param {import('./kept.js').Learnt} parts.learnt
 * @param {ReturnType<typeof import('./waiting.js').waitingRoom>} parts.room
 * @param {(progress: Progress) => void} parts.progress
 * @param {() => Promise<Verdict>} parts.afresh
 * @param {() => Element | undefined} parts.slot the place in the panel, if there is one, for the bridge's own button
 * @param {() => unknown} parts.isHeard whether anybody would show a link
 */
export function signIns({ window, settings, context, frame, learnt, room, progress, afresh, slot, isHeard }) {
  const { rungs, framed, clientId, callback } = settings;
  /** @type {import('./values.js').Request | undefined} */
  let prepared;

  /** A tab without an opener. Asked for as `noopener` it would not tell whether it was refused. @param {string} url */
  const openTab = (url) => {
    const opened = window.open(url, '_blank');
    if (opened) opened.opener = null;
    return opened;
  };

  /** By the backend: in this window, or in a tab that this page hears nothing of. @param {string} returnTo */
  const byBackend = (returnTo) => {
    const { pathname, search, hash } = pageOfThisSite(window, returnTo);
    const url = `${callback}/start?to=${encodeURIComponent(pathname + search + hash)}`;
    const blocked = framed && !openTab(url);
    if (!framed) {
      keepPlace(window, clientId, returnTo);
      window.location.assign(url);
    }
    return room.enter('redirect', async (signal) => {
      if (blocked) throw new Stop('popup_blocked', cureOf('popup_blocked'));
      if (framed) progress({ rung: 'redirect', state: 'waiting' });
      return away(window, signal, !framed);
    });
  };

  /** @param {import('./ladder.js').Context} context @param {string} returnTo */
  const byRedirect = (context, returnTo) => room.enter('redirect', async (signal) => {
    await leave(context, returnTo, signal);
    return away(window, signal, true);
  });

  /**
   * In another window, which has to be opened in the click itself; what is not prepared yet is loaded when it is.
   * @param {import('./ladder.js').Context} context
   * @param {Rung} rung
   * @param {(() => Promise<Verdict>) | false} fall where to go when it does not open
   */
  const byWindow = (context, rung, fall) => {
    const ready = prepared;
    prepared = undefined;
    const url = ready ? flowUri(context, ready.id) : 'about:blank';
    // A tab of its own is told nothing by this page: the person confirms the number there.
    const opened = rung === 'redirect' ? openTab(url) : window.open(url, '_blank', 'popup,width=480,height=680');
    const blocked = !opened && { blocked: true };
    if (blocked && fall) return fall();
    return room.enter(rung, async (signal, waiting) => {
      if (blocked && !isHeard()) throw new Stop('popup_blocked');
      waiting.opened = opened;
      progress({ rung, state: 'waiting', ...blocked });
      const request = ready ?? await newRequest();
      if (!ready && !signal.aborted) opened?.location.replace(flowUri(context, request.id));
      return popup(context, opened, request, (seen) => {
        waiting.flow = seen.flow;
        progress({ rung, state: 'waiting', ...seen, ...blocked });
      }, signal);
    });
  };

  /** @param {boolean} [standing] the panel offers it for as long as it is there */
  const askForStorage = (standing) => room.enter('storage_access', async (signal) => {
    if (!frame.isIn(slot())) throw new Stop('misconfigured', 'storage access needs a panel, and a bridge in it: resume() first');
    const given = storageAccess(frame, learnt, signal);
    await (standing ? given : Promise.race([given, away(window, signal)]));
    const verdict = await afresh();
    // Given, and of no use: it is not asked for again.
    if (verdict.reason === 'storage_blocked') learnt.add('storage_access', verdict.reason);
    return verdict;
  });

  return {
    /** Makes the next click quick. */
    prepare() {
      if (context && !prepared) void newRequest().then((request) => { prepared = request; });
    },
    askForStorage,
    /** @param {string} returnTo @param {'popup' | 'redirect' | 'storage_access' | undefined} how @returns {Promise<Verdict>} */
    start(returnTo, how) {
      if (how === 'storage_access') return askForStorage();
      if (!context) return byBackend(returnTo);
      const rung = how ?? (rungs.includes('popup') ? 'popup' : 'redirect');
      const waiting = room.current();
      if (waiting?.rung === rung && waiting.opened && !waiting.opened.closed) {
        waiting.opened.focus();
        return waiting.promise;
      }
      const redirect = () => byRedirect(context, returnTo);
      if (rung === 'redirect' && !framed) return redirect();
      return byWindow(context, rung, !how && !framed && rungs.includes('redirect') && context.options.redirectUri !== undefined && redirect);
    },
  };
}
