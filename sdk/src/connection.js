/** @import { BrowserWindow, Connection, Options, Progress, Tried, Verdict } from './types.js' */
/** @import { Found } from './reasons.js' */
import { Blocked, backend } from './backend.js';
import { bridgeFrame } from './bridge_frame.js';
import { inTime } from './in_time.js';
import { learntBy } from './kept.js';
import { climb } from './ladder.js';
import { listeners, tokenContext } from './parts.js';
import { UNANSWERED, actionsFor } from './offers.js';
import { Stop, asStop, closedStop, cureOf, found, reasonOfError, tried } from './reasons.js';
import { restorePlace } from './rungs/redirect.js';
import { settle } from './settings.js';
import { signIns } from './sign_in.js';
import { waitingRoom } from './waiting.js';

/** Waits before another attempt after one that was not answered, in milliseconds; then it is left to the page. */
const AGAIN_MS = [2_000, 10_000, 60_000];

/**
 * @param {Options} options
 * @param {BrowserWindow} window
 * @param {() => Promise<typeof import('./panel.js')>} loadPanel
 * @returns {Connection}
 */
export function connection(options, window, loadPanel = () => import('./panel.js')) {
  const { settings, wrong } = settle(options, window);
  const { accounts, clientId, callback, timeout } = settings;
  const closing = new AbortController();
  const closed = closing.signal;
  /** @type {ReturnType<typeof listeners<Verdict>>} */
  const changes = listeners(window);
  /** @type {ReturnType<typeof listeners<Progress>>} */
  const watchers = listeners(window);
  /** @type {Verdict | undefined} */
  let last;
  /** @type {Promise<Verdict> | null} */
  let current = null;
  /** @type {{ mint: boolean } | null} a change heard of during an attempt */
  let next = null;
  /** @type {string | undefined} what the bridge said about storage access */
  let storage;
  let shown = false;
  let unanswered = 0;
  let timer = 0;

  /** @type {ReturnType<typeof import('./panel.js').createPanel> | undefined} */
  let panel;
  /** @type {typeof fetch} */
  const send = options.fetch ?? ((input, init) => window.fetch(input, init));
  const frame = bridgeFrame(window, settings, (hasSession) => refresh(hasSession), () => panel?.frameSlot);
  const learnt = learntBy(window, clientId);
  const context = wrong ? undefined : tokenContext({ window, settings, closing: closed, frame, learnt }, send, () => sync());
  const holder = context?.holder;
  const site = backend(callback, send, frame);

  /** A file of its own, which only pages with a panel load. */
  const panelCame = options.panel && !wrong && loadPanel().then(({ createPanel }) => {
    if (closed.aborted) return;
    panel = createPanel(window, /** @type {HTMLElement} */ (options.panel), {
      name: options.name, scope: settings.tokens?.scope, texts: options.texts, onAction: (action) => acted(action),
    });
    if (last) present(last);
  }).catch((error) => window.console.error(`vestibule: no panel: ${error}`));

  const holds = () => (holder ? holder.held() !== null : last?.hasSession ?? false);

  /** @param {unknown} cause @param {boolean} [known] whether there is a local session @param {Tried[]} [rungs] @returns {Verdict} */
  const stopped = (cause, known = holds(), rungs = []) => {
    const stop = asStop(cause);
    const { reason, hint = context && cureOf(reason) } = stop;
    if (stop instanceof Blocked) storage = stop.storageAccess;
    const hasSession = known || reason === 'other_person';
    return {
      hasSession,
      outcome: hasSession ? 'already' : 'none',
      reason,
      rungs,
      ...(hint && { hint }),
      ...(reason === 'consent_required' && { consentUrl: `${accounts}/consent?client_id=${encodeURIComponent(clientId)}` }),
    };
  };

  /** Why nothing can even be tried. */
  const hindrance = () => {
    if (closed.aborted) return closedStop();
    if (window.origin === 'null') return new Stop('blocked_by_policy', 'this document is sandboxed without allow-same-origin');
    return wrong && new Stop('misconfigured', wrong);
  };

  /** Whether a person is at it in another window. */
  const isBusy = () => /popup|redirect/.test(room.current()?.rung ?? '');

  /** @param {Progress} progress */
  const progress = (progress) => {
    const { state, flow, still, blocked } = progress;
    if (state === 'waiting') {
      shown = true;
      panel?.show({ kind: 'waiting', number: flow?.number, href: flow?.uri, still, blocked });
    } else if (shown && !isBusy()) panel?.show({ kind: 'busy' });
    watchers.tell(progress);
  };

  /** Shows what a person can do, or the page's own content again. @param {Verdict} verdict */
  const present = ({ hasSession, reason }) => {
    if (closed.aborted || (!hasSession && isBusy())) return;
    if (!hasSession) signing.prepare();
    if (shown && hasSession) panel?.hide();
    shown = !hasSession;
    if (!panel || hasSession) return;
    const canAsk = storage === 'prompt' && frame.isIn(panel?.frameSlot) && !learnt.of('storage_access');
    const actions = actionsFor(settings, reason, canAsk);
    panel.show({ kind: 'offer', reason: reason === 'closed' ? 'login_required' : reason, actions });
    if (actions.includes('storage_access') && !room.current()) void signing.askForStorage(true);
  };

  /** @param {Verdict} verdict */
  const tell = (verdict) => {
    const { hasSession, outcome, reason } = verdict;
    const changed = /created|resumed|closed/.test(outcome)
      || (last && last.hasSession !== hasSession)
      || (reason === 'other_person' && last?.reason !== reason);
    last = verdict;
    if (changed && hasSession) room.current()?.end(verdict);
    present(verdict);
    if (changed) changes.tell(verdict);
  };

  /** Tokens came from another tab, or went: told, unless an attempt is about to. */
  const sync = () => {
    if (last && !current && holds() !== last.hasSession) tell({ ...found(holds() ? 'resumed' : 'closed'), rungs: [] });
  };

  /** One attempt at a time: what is under way is shared. @param {() => Promise<Verdict>} work */
  const run = (work) => {
    current ??= work().then((verdict) => {
      current = null;
      tell(verdict);
      restorePlace(window, clientId);
      if (next) refresh(next.mint);
      return verdict;
    });
    return current;
  };

  /** After an attempt that was not answered there is another one, in a while. @param {boolean} mint @param {boolean} [check] */
  const attemptOrAgain = async (mint, check = false) => {
    const verdict = await attempt(mint, check);
    window.clearTimeout(timer);
    unanswered = UNANSWERED.test(verdict.reason) ? unanswered + 1 : 0;
    const wait = AGAIN_MS[unanswered - 1];
    if (wait && !closed.aborted) timer = window.setTimeout(() => refresh(false), wait);
    return verdict;
  };

  /** @param {boolean} mint @param {boolean} check @returns {Promise<Verdict>} */
  const attempt = async (mint, check) => {
    /** @type {Tried[]} */
    const notes = [];
    let known = holds();
    try {
      const hindered = hindrance();
      if (hindered) throw hindered;
      // Before the frame, which goes into the panel and cannot be moved.
      if (panelCame) await inTime(window, timeout, closed, () => null, () => panelCame).catch(() => {});
      const made = await (context ? byTokens(check, notes) : byBackend(mint, notes, (hasSession) => { known = hasSession; }));
      return { ...made, rungs: notes };
    } catch (cause) {
      // Offline, what the frame shows is an error page, as where it was refused.
      const offline = window.navigator?.onLine === false && asStop(cause).reason === 'blocked_by_policy';
      return stopped(offline ? new Stop('network') : cause, context ? holds() : known, notes);
    }
  };

  const inOurTime = (/** @type {(signal: AbortSignal) => Promise<any>} */ work) => (
    inTime(window, timeout, closed, () => frame.giveUp() ?? new Stop('timed_out', `no answer within ${timeout} ms`), work)
  );

  /** @param {boolean} mint @param {Tried[]} notes @param {(hasSession: boolean) => void} learn @returns {Promise<Found>} */
  const byBackend = async (mint, notes, learn) => {
    const started = performance.now();
    const note = (/** @type {Found | Stop} */ { reason, hint }) => notes.push(tried(notes.length ? 'bridge' : 'cache', reason, started, hint));
    progress({ rung: 'bridge', state: 'trying' });
    try {
      const made = await inOurTime((signal) => site.resume(mint, (hasSession, tried) => {
        notes.push(tried);
        learn(hasSession);
      }, signal));
      note(made);
      return made;
    } catch (cause) {
      note(asStop(cause));
      throw cause;
    }
  };

  /** @param {boolean} check @param {Tried[]} notes @returns {Promise<Found>} */
  const byTokens = async (check, notes) => {
    const had = holds();
    try {
      const context_ = /** @type {import('./ladder.js').Context} */ (context);
      return await climb(context_, check, (rung) => progress({ rung, state: 'trying' }), (tried) => notes.push(tried));
    } catch (cause) {
      if (had && !holds() && asStop(cause).reason === 'login_required') return found('closed');
      // They came from elsewhere meanwhile.
      if (!had && holds()) return found(last?.hasSession ? 'already' : 'resumed');
      throw cause;
    }
  };

  /** Ends the session at accounts, which obeys first-party clients only. @param {AbortSignal} signal */
  const signOff = async (signal) => {
    await frame.open();
    signal.throwIfAborted();
    const answer = await frame.ask(null, 'signoff');
    if (answer.hasSession) throw new Stop('server_error');
    if (answer.error !== undefined) throw new Stop(reasonOfError(answer.error));
  };

  /** @returns {Promise<Found>} */
  const closeHere = async () => {
    if (!holder) return inOurTime(site.closeLocal);
    const made = found(holds() ? 'closed' : 'none');
    try {
      await holder.revoke();
      return made;
    } catch (cause) {
      const { reason, hint = cureOf(reason) } = asStop(cause);
      return { ...made, reason, hint: `tokens were not given back: ${hint}` };
    }
  };

  /** @returns {Promise<Verdict>} */
  const end = async () => {
    const hindered = hindrance();
    if (hindered) return stopped(hindered);
    const [there, here] = await Promise.allSettled([inOurTime(signOff), closeHere()]);
    const ended = here.status === 'fulfilled';
    const verdict = ended ? { ...here.value, rungs: [] } : stopped(here.reason, true);
    if (there.status === 'fulfilled') return verdict;
    const { reason, hint } = stopped(there.reason, false);
    return { ...(hint && { hint }), ...verdict, ...(ended && { reason }), signOutUrl: `${accounts}/signout` };
  };

  /** Something changed elsewhere. @param {boolean} mint */
  function refresh(mint) {
    if (current) next = { mint: mint || next?.mint === true };
    else {
      next = null;
      void run(() => attemptOrAgain(mint, true));
    }
  }

  /** An attempt that starts now, after what is under way. @returns {Promise<Verdict>} */
  const afresh = async () => {
    while (current) await current;
    return run(() => attemptOrAgain(true));
  };

  const room = waitingRoom(closed, (cause) => stopped(cause), tell);
  const signing = signIns({
    window, settings, context, frame, learnt, room, progress, afresh, slot: () => panel?.frameSlot, isHeard: () => panel || watchers.size(),
  });

  const cancel = (reason = new Stop('canceled')) => {
    const verdict = stopped(reason);
    room.current()?.end(verdict);
    if (shown) present(verdict);
  };

  /** @param {'popup' | 'storage_access' | 'redirect' | 'retry' | 'cancel'} action in the panel */
  const acted = (action) => {
    if (action === 'cancel') cancel();
    else if (action !== 'retry') void signIn({ how: action });
    else {
      learnt.forget();
      unanswered = 0;
      void afresh();
    }
  };

  /** @type {Connection['signIn']} */
  const signIn = ({ returnTo = window.location.href, how } = {}) => {
    const hindered = hindrance();
    if (!hindered) return signing.start(returnTo, how);
    if (wrong) window.console.error(`vestibule: ${wrong}`);
    return Promise.resolve(stopped(hindered));
  };

  // Back from the tab in which the person signed in or agreed: here no bridge may have heard of it.
  window.document.addEventListener('visibilitychange', () => {
    const elsewhere = context ? false : room.current() || last?.reason === 'consent_required';
    if (window.document.visibilityState === 'visible' && elsewhere) refresh(false);
  }, { signal: closed });
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted && last) refresh(false);
  }, { signal: closed });
  window.addEventListener('online', () => {
    if (last && UNANSWERED.test(last.reason)) refresh(false);
  }, { signal: closed });

  /**
   * Something of the tokens; null, and a line on the console, when it cannot be had.
   * @template T
   * @param {string} what
   * @param {(tokens: import('./tokens.js').TokenHolder) => Promise<T>} get
   * @returns {Promise<T | null>}
   */
  const ofTokens = async (what, get) => {
    while (current) await current;
    if (!holder || hindrance()) return null;
    const got = await get(holder).catch((cause) => {
      const { reason, hint = cureOf(reason) } = asStop(cause);
      window.console.error(`vestibule: no ${what}: ${reason}: ${hint}`);
      return null;
    });
    sync();
    return got;
  };

  return {
    resume({ check = false } = {}) {
      const flow = room.current()?.flow;
      if (!flow) return run(() => attemptOrAgain(false, check));
      return Promise.resolve({ ...(last ?? stopped(new Stop('login_required'))), rungs: [], flow });
    },
    signIn,
    cancel: () => cancel(),
    async signOut() {
      room.current()?.end(stopped(new Stop('canceled')));
      while (current) await current;
      return run(end);
    },
    onChange: changes.add,
    onProgress: watchers.add,
    accessToken: (want) => ofTokens('token', (tokens) => tokens.access(want)),
    profile: () => ofTokens('profile', (tokens) => tokens.profile()),
    close() {
      changes.clear();
      watchers.clear();
      window.clearTimeout(timer);
      room.current()?.end(stopped(closedStop()));
      closing.abort();
      if (shown) panel?.hide();
      frame.remove();
      context?.tabs.close();
    },
  };
}
