/** @import { BrowserWindow, Connection, Options, Progress, Rung, Tried, Verdict } from './types.js' */
/** @import { Found } from './backend.js' */
import { Blocked, backend, backendSteps } from './backend.js';
import { bridgeFrame } from './bridge_frame.js';
import { inTime } from './in_time.js';
import { kept, learntBy } from './kept.js';
import { climb } from './ladder.js';
import { PASSING, panelKeeper } from './offers.js';
import { createPanel } from './panel.js';
import { CLOSED, Stop, asStop, cureOf, tried } from './reasons.js';
import { refusalKeeper } from './refusals.js';
import { restorePlace } from './rungs/redirect.js';
import { settle } from './settings.js';
import { signIns } from './sign_in.js';
import { tabs as tabsOf } from './tabs.js';
import { tokenApi } from './token_api.js';
import { tokenHolder } from './tokens.js';
import { waitingRoom } from './waiting.js';

/** Waits before another attempt after one that was not answered, in milliseconds; then it is left to the page. */
const AGAIN_MS = [2_000, 10_000, 60_000];

/** @type {Found} */
const ENDED = { hasSession: false, outcome: 'closed', reason: 'closed' };

/**
 * What the rungs of a public client work with; null for a site with a backend.
 * @param {Omit<import('./ladder.js').Context, 'settings' | 'api' | 'tabs' | 'holder' | 'refusals'>} parts
 * @param {import('./settings.js').Settings} settings
 * @param {typeof fetch} send
 * @param {() => void} changed called when another tab has got tokens, or these were closed
 * @returns {import('./ladder.js').Context | null}
 */
function tokenContext(parts, settings, send, changed) {
  const { tokens, clientId } = settings;
  if (tokens === null) return null;
  const full = { ...settings, tokens };
  const tabs = tabsOf(parts.window, `vestibule.${clientId}`, (message) => {
    refusals.hear(message);
    holder.hear(message);
    changed();
  });
  const refusals = refusalKeeper(tabs.tell);
  const api = tokenApi(settings, send);
  const entry = kept(parts.window, `vestibule.${clientId}.tokens`);
  const keep = tokens.cache === 'session' ? entry : { read: () => null, write: () => false };
  const holder = tokenHolder(full, api, tabs, keep);
  return { ...parts, settings: full, api, tabs, holder, refusals };
}

/** A set of listeners, one whose faults are its own. @template T @param {BrowserWindow} window */
function audience(window) {
  /** @type {Set<(value: T) => void>} */
  const listeners = new Set();
  return {
    listeners,
    /** @param {(value: T) => void} listener */
    add(listener) {
      listeners.add(listener);
      return () => { listeners.delete(listener); };
    },
    /** @param {T} value */
    tell(value) {
      for (const listener of [...listeners]) {
        try {
          listener(value);
        } catch (error) {
          window.reportError(error);
        }
      }
    },
  };
}

/**
 * @param {Options} options
 * @param {BrowserWindow} window
 * @returns {Connection}
 */
export function connection(options, window) {
  const { settings, wrong } = settle(options, window);
  const { accounts, clientId, callback, timeout } = settings;
  const closing = new AbortController();
  const closed = closing.signal;
  /** @type {ReturnType<typeof audience<Verdict>>} */
  const listeners = audience(window);
  /** @type {ReturnType<typeof audience<Progress>>} */
  const watchers = audience(window);
  /** @type {Verdict | null} */
  let last = null;
  /** @type {Promise<Verdict> | null} */
  let current = null;
  /** @type {{ mint: boolean } | null} a change heard of during an attempt */
  let next = null;
  /** @type {string | undefined} what the bridge said about storage access */
  let storage;

  const send = options.fetch ?? ((input, init) => window.fetch(input, init));
  const panel = options.panel && wrong === undefined ? createPanel(window, options.panel, {
    name: options.name, scope: settings.tokens?.scope, texts: options.texts, onAction: (action) => acted(action),
  }) : null;
  const frame = bridgeFrame(window, settings, (hasSession) => refresh(hasSession), () => panel?.frameSlot);
  const learnt = learntBy(window, clientId);
  const parts = { window, closing: closed, frame, learnt };
  const context = wrong === undefined ? tokenContext(parts, settings, send, () => sync()) : null;
  const holder = context?.holder ?? null;
  const site = backend(window, callback, send);
  const { resume, closeLocal, signOff } = backendSteps(frame, site);
  const late = () => new Stop('timed_out', `no answer within ${timeout} ms`);
  const canAsk = () => storage === 'prompt' && frame.isThere() && learnt.of('storage_access') === undefined;
  const shown = panelKeeper(panel, settings, canAsk);

  const holds = () => (holder === null ? last?.hasSession ?? false : holder.held() !== null);

  /** @param {unknown} cause @param {boolean} known whether there is a local session @returns {Found} */
  const stopped = (cause, known) => {
    const stop = asStop(cause);
    const { reason, hint = context === null ? undefined : cureOf(reason) } = stop;
    if (stop instanceof Blocked) storage = stop.storageAccess;
    const hasSession = known || reason === 'other_person';
    return {
      hasSession,
      outcome: hasSession ? 'already' : 'none',
      reason,
      ...(hint === undefined ? {} : { hint }),
      ...(reason === 'consent_required' ? { consentUrl: `${accounts}/consent?client_id=${encodeURIComponent(clientId)}` } : {}),
    };
  };

  /** Why nothing can even be tried. */
  const hindrance = () => {
    if (closed.aborted) return new Stop('misconfigured', CLOSED);
    if (window.origin === 'null') return new Stop('blocked_by_policy', 'this document is sandboxed without allow-same-origin');
    return wrong === undefined ? null : new Stop('misconfigured', wrong);
  };

  /** @param {Progress} progress */
  const progress = (progress) => {
    shown.progress(progress);
    watchers.tell(progress);
  };

  /** @param {Verdict} verdict */
  const tell = (verdict) => {
    const changed = ['created', 'resumed', 'closed'].includes(verdict.outcome)
      || (last !== null && last.hasSession !== verdict.hasSession)
      || (verdict.reason === 'other_person' && last?.reason !== 'other_person');
    last = verdict;
    if (verdict.hasSession) signing.came();
    if (changed && verdict.hasSession) room.end(verdict);
    present(verdict);
    if (changed) listeners.tell(verdict);
  };

  /** @param {Verdict} verdict */
  const present = (verdict) => {
    if (closed.aborted) return;
    const waiting = room.current();
    if (!verdict.hasSession && waiting !== null && waiting.rung !== 'storage_access') return;
    const actions = shown.offer(verdict);
    if (actions.includes('storage_access') && waiting === null) void signing.askForStorage();
    if (!verdict.hasSession) signing.prepare();
  };

  /** Tokens came from another tab, or went: told, unless an attempt is about to. */
  const sync = () => {
    if (holder === null || last === null || current !== null) return;
    const has = holder.held() !== null;
    if (has !== last.hasSession) tell({ ...(has ? { hasSession: true, outcome: 'resumed', reason: 'resumed' } : ENDED), rungs: [] });
  };

  /** One attempt at a time: what is under way is shared. @param {() => Promise<Verdict>} work */
  const run = (work) => {
    current ??= work().then((verdict) => {
      current = null;
      tell(verdict);
      restorePlace(window, clientId);
      if (next !== null) refresh(next.mint);
      return verdict;
    });
    return current;
  };

  let unanswered = 0;
  let timer = 0;
  /** After an attempt that was not answered there is another one, in a while. @param {Verdict} verdict */
  const again = ({ reason }) => {
    window.clearTimeout(timer);
    unanswered = PASSING.has(reason) ? unanswered + 1 : 0;
    const wait = AGAIN_MS[unanswered - 1];
    if (wait !== undefined && !closed.aborted) timer = window.setTimeout(() => refresh(false), wait);
  };

  /** @param {boolean} mint @param {boolean} [check] */
  const attemptOrAgain = async (mint, check = false) => {
    const verdict = await attempt(mint, check);
    again(verdict);
    return verdict;
  };

  /** @param {boolean} mint @param {boolean} check @returns {Promise<Verdict>} */
  const attempt = async (mint, check) => {
    /** @type {Tried[]} */
    const notes = [];
    const note = (/** @type {Tried} */ tried) => { notes.push(tried); };
    let known = holds();
    try {
      const hindered = hindrance();
      if (hindered !== null) throw hindered;
      const learn = (/** @type {boolean} */ hasSession) => { known = hasSession; };
      return { ...await (context === null ? byBackend(mint, learn, note) : byTokens(context, check, note)), rungs: notes };
    } catch (cause) {
      return { ...stopped(cause, context === null ? known : holds()), rungs: notes };
    }
  };

  /** @param {boolean} mint @param {(hasSession: boolean) => void} learn @param {(tried: Tried) => void} note */
  const byBackend = async (mint, learn, note) => {
    const started = performance.now();
    /** @type {Rung} */
    let rung = 'cache';
    const noteLocal = (/** @type {Tried} */ tried) => {
      rung = 'bridge';
      note(tried);
    };
    progress({ rung: 'bridge', state: 'trying' });
    try {
      const found = await inTime(window, timeout, closed, () => frame.giveUp() ?? late(), (signal) => resume(mint, learn, noteLocal, signal));
      note(tried(rung, found.reason, started));
      return found;
    } catch (cause) {
      const { reason, hint } = asStop(cause);
      note(tried(rung, reason, started, hint));
      throw cause;
    }
  };

  /** @param {import('./ladder.js').Context} context @param {boolean} check @param {(tried: Tried) => void} note @returns {Promise<Found>} */
  const byTokens = async (context, check, note) => {
    const had = holds();
    try {
      return await climb(context, check, (rung) => progress({ rung, state: 'trying' }), note);
    } catch (cause) {
      if (had && !holds() && asStop(cause).reason === 'login_required') return ENDED;
      // They came from elsewhere meanwhile.
      if (had || !context.holder.isGood()) throw cause;
      return last?.hasSession ? { hasSession: true, outcome: 'already', reason: 'already' } : { hasSession: true, outcome: 'resumed', reason: 'resumed' };
    }
  };

  /** @returns {Promise<Found>} */
  const closeHere = async () => {
    if (holder === null) return inTime(window, timeout, closed, late, closeLocal);
    const had = holds();
    await holder.revoke();
    return had ? ENDED : { hasSession: false, outcome: 'none', reason: 'login_required' };
  };

  /** @returns {Promise<Verdict>} */
  const end = async () => {
    const hindered = hindrance();
    if (hindered !== null) return { ...stopped(hindered, holds()), rungs: [] };
    const [there, here] = await Promise.allSettled([
      inTime(window, timeout, closed, () => frame.giveUp() ?? late(), signOff),
      closeHere(),
    ]);
    const verdict = here.status === 'fulfilled' ? here.value : stopped(here.reason, true);
    if (there.status === 'fulfilled') return { ...verdict, rungs: [] };
    const { reason, hint } = stopped(there.reason, false);
    const unfinished = { signOutUrl: `${accounts}/signout`, ...(hint === undefined ? {} : { hint }) };
    return { ...(here.status === 'fulfilled' ? { ...verdict, reason, ...unfinished } : { ...unfinished, ...verdict }), rungs: [] };
  };

  /** Something changed elsewhere. @param {boolean} mint */
  function refresh(mint) {
    if (current !== null) next = { mint: mint || next?.mint === true };
    else {
      next = null;
      void run(() => attemptOrAgain(mint, true));
    }
  }

  /** An attempt that starts now, after what is under way. @returns {Promise<Verdict>} */
  const afresh = async () => {
    while (current !== null) await current;
    return run(() => attemptOrAgain(true));
  };

  const room = waitingRoom(closed, (cause) => stopped(cause, holds()), tell);
  const signing = signIns({
    window, settings, context, frame, learnt, room, progress, afresh,
    startUrl: site.startUrl, canShow: () => panel !== null, isHeard: () => panel !== null || watchers.listeners.size > 0,
  });

  const cancel = (reason = new Stop('canceled', 'cancel() was called')) => {
    if (room.current() === null) return;
    const verdict = { ...stopped(reason, holds()), rungs: [] };
    room.end(verdict);
    present(verdict);
  };

  /** @param {'popup' | 'storage_access' | 'redirect' | 'retry' | 'cancel'} action in the panel */
  const acted = (action) => {
    if (action === 'cancel') cancel();
    else if (action !== 'retry') void signIn({ how: action });
    else {
      learnt.forget();
      unanswered = 0;
      progress({ rung: 'cache', state: 'trying' });
      void afresh();
    }
  };

  /** @type {Connection['signIn']} */
  const signIn = ({ returnTo = window.location.href, how } = {}) => {
    const hindered = hindrance();
    if (hindered === null) return signing.start(returnTo, how);
    if (wrong !== undefined) window.console.error(`vestibule: ${wrong}`);
    return Promise.resolve({ ...stopped(hindered, holds()), rungs: [] });
  };

  // Back from the tab in which the person signed in or agreed: here no bridge may have heard of it.
  const seen = () => {
    if (window.document.visibilityState !== 'visible') return;
    if (signing.isElsewhere() || (last?.reason === 'consent_required' && room.current() === null)) refresh(false);
  };
  /** @param {PageTransitionEvent} event */
  const restored = ({ persisted }) => {
    if (persisted && last !== null) refresh(false);
  };
  const online = () => {
    if (last !== null && PASSING.has(last.reason)) refresh(false);
  };
  window.document.addEventListener('visibilitychange', seen, { signal: closed });
  window.addEventListener('pageshow', restored, { signal: closed });
  window.addEventListener('online', online, { signal: closed });

  return {
    resume({ check = false } = {}) {
      const flow = room.current()?.flow;
      if (flow === undefined) return run(() => attemptOrAgain(false, check));
      return Promise.resolve({ ...(last ?? stopped(new Stop('login_required'), holds())), rungs: [], flow });
    },
    signIn,
    cancel: () => cancel(),
    async signOut() {
      cancel();
      while (current !== null) await current;
      return run(end);
    },
    onChange: (listener) => listeners.add(listener),
    onProgress: (listener) => watchers.add(listener),
    async accessToken(want) {
      while (current !== null) await current;
      if (holder === null || hindrance() !== null) return null;
      const token = await holder.access(want).catch((cause) => {
        const { reason, hint = cureOf(reason) } = asStop(cause);
        window.console.error(`vestibule: no token: ${reason}: ${hint}`);
        return null;
      });
      sync();
      return token;
    },
    get profile() { return holder?.held()?.profile ?? null; },
    close() {
      cancel(new Stop('misconfigured', CLOSED));
      listeners.listeners.clear();
      watchers.listeners.clear();
      window.clearTimeout(timer);
      closing.abort();
      shown.close();
      frame.close();
      context?.tabs.close();
    },
  };
}
