/**
 * Vestibule in the browser: a site learns who is signed in at its accounts server, without a click.
 *
 * ```js
 * import { connect } from 'https://accounts.example.org/sdk/vestibule.js';
 *
 * const session = connect({ accounts: 'https://accounts.example.org', clientId: 'wiki' });
 * session.onChange(({ hasSession }) => render(hasSession));
 * await session.resume();
 * ```
 *
 * The site's own backend answers at `callback` (see "The relying side" in the documentation). Nothing here
 * throws for what the network, the browser or the server does: every call settles with a {@link Verdict},
 * in time, and the page is never reloaded.
 *
 * @module
 */

/** The version of this module. */
export const version = '0.1.0';

const REQUEST = 'vestibule.session.request';
const RESPONSE = 'vestibule.session.response';
const READY = 'vestibule.bridge.ready';
const CHANGED = 'vestibule.session.changed';

const NONCE = /^[A-Za-z0-9_-]{16,128}$/;
const PAYLOAD = /^[0-9a-f]{64}$/;
/** Waits before another attempt after one that was not answered, in milliseconds; then it is left to the page. */
const AGAIN_MS = [2_000, 10_000, 60_000];
/** Reasons that may be gone in a moment. */
const PASSING = new Set(['timed_out', 'network', 'server_error', 'rate_limited']);
/** A frame that has loaded and still is not ready after this long holds some error page instead of the bridge. */
const GRACE_MS = 500;
const CLOSED = 'this connection was closed';

/**
 * - `accounts`: the origin of the accounts server;
 * - `clientId`: the site's registration there;
 * - `callback`: the path of the site's own backend, `/sso` unless given;
 * - `timeout`: milliseconds in which every attempt settles, 1500 unless given;
 * - `fetch`: used instead of the window's own.
 * @typedef {{ accounts: string, clientId: string, callback?: string, timeout?: number, fetch?: typeof fetch }} Options
 */

/**
 * Why the verdict is what it is.
 *
 * | reason | what happened |
 * |---|---|
 * | `resumed` | a local session was opened |
 * | `already` | there was one, and accounts agrees |
 * | `closed` | the local session was closed, the person having signed out |
 * | `login_required` | nobody is signed in |
 * | `consent_required` | the person has not yet agreed; see `consentUrl` |
 * | `storage_blocked` | the browser keeps the bridge from its cookies here |
 * | `blocked_by_policy` | the bridge could not be framed (content security policy, sandbox, or it is not there) |
 * | `timed_out` | no answer in time |
 * | `rate_limited` | asked too often |
 * | `network` | the callback could not be reached |
 * | `server_error` | accounts or the backend failed |
 * | `other_person` | somebody else is signed in at accounts than here; the local session stands |
 * | `misconfigured` | see `hint` |
 * @typedef {'resumed' | 'already' | 'closed' | 'login_required' | 'consent_required' | 'storage_blocked'
 *   | 'blocked_by_policy' | 'timed_out' | 'rate_limited' | 'network' | 'server_error' | 'other_person'
 *   | 'misconfigured'} Reason
 */

/**
 * What became of the local session: made, found again, left as it was, ended, or none was and is.
 * @typedef {'created' | 'resumed' | 'already' | 'closed' | 'none'} Outcome
 */

/**
 * - `hasSession`: whether there is a local session now, as far as this page knows;
 * - `hint`: for the developer, what to look at;
 * - `consentUrl`: with `consent_required`, where the person can agree;
 * - `signOutUrl`: after a `signOut` that accounts did not confirm, where the person can finish it.
 * @typedef {{ hasSession: boolean, outcome: Outcome, reason: Reason,
 *   hint?: string, consentUrl?: string, signOutUrl?: string }} Verdict
 */

/** @typedef {(verdict: Verdict) => void} Listener */
/** @typedef {Window & typeof globalThis} BrowserWindow */
/** @typedef {{ hasSession: true, recoveryPayload: string | null } | { hasSession: false, error: string | undefined }} Answer */
/** @typedef {{ accounts: string, clientId: string, callback: string, timeout: number }} Settings */

/** Ends an attempt, with the reason for its verdict. */
class Stop extends Error {
  /** @param {Reason} reason @param {string} [hint] */
  constructor(reason, hint) {
    super(reason);
    this.reason = reason;
    this.hint = hint;
  }
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isPlainObject(value) {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * @param {string | undefined} error as the bridge gave it
 * @returns {Reason}
 */
export function reasonOfError(error) {
  switch (error) {
    case 'login_required':
    case 'consent_required':
    case 'storage_blocked':
    case 'rate_limited': return error;
    case 'nonce_required': return 'misconfigured';
    default: return 'server_error';
  }
}

/**
 * @param {number} status of the callback, other than success
 * @returns {Reason}
 */
export function reasonOfStatus(status) {
  switch (status) {
    case 401: return 'login_required';
    case 409: return 'other_person';
    case 410: return 'timed_out'; // the payload had grown too old, or its session had ended
    case 429: return 'rate_limited';
    case 504: return 'timed_out';
    default: return status >= 500 ? 'server_error' : 'misconfigured';
  }
}

/**
 * Reads what the bridge answered; `null` for rubbish.
 * @param {Record<string, unknown>} data
 * @returns {Answer | null}
 */
export function readAnswer({ hasSession, recoveryPayload, error }) {
  if (hasSession === false) return { hasSession, error: typeof error === 'string' ? error : undefined };
  if (hasSession !== true) return null;
  if (recoveryPayload === null) return { hasSession, recoveryPayload };
  return typeof recoveryPayload === 'string' && PAYLOAD.test(recoveryPayload) ? { hasSession, recoveryPayload } : null;
}

/**
 * Checks the options once; what is wrong becomes the hint of every verdict.
 * @param {Options} options
 * @param {BrowserWindow} window
 * @returns {{ settings: Settings, wrong: string | undefined }}
 */
function settle({ accounts, clientId, callback = '/sso', timeout = 1_500 }, window) {
  const settings = { accounts: '', clientId, callback: '', timeout };
  try {
    const server = new URL(accounts);
    const backend = new URL(callback, window.location.href);
    settings.accounts = server.origin;
    settings.callback = backend.origin + backend.pathname.replace(/\/+$/, '');
    /** @type {string | undefined} */
    let wrong;
    if (!['https:', 'http:'].includes(server.protocol)) wrong = 'accounts must be an http(s) origin';
    else if (backend.origin !== window.location.origin) wrong = 'callback must be a path of this site';
    else if (typeof clientId !== 'string' || clientId === '') wrong = 'clientId is missing';
    else if (!(timeout > 0 && timeout < Infinity)) wrong = 'timeout must be a number of milliseconds';
    return { settings, wrong };
  } catch {
    return { settings, wrong: 'accounts must be the origin of the accounts server, callback a path of this site' };
  }
}

/**
 * The hidden frame that holds the bridge.
 * @param {BrowserWindow} window
 * @param {Settings} settings
 * @param {(hasSession: boolean) => void} changed called when the bridge says that the session at accounts changed
 */
function bridgeFrame(window, { accounts, clientId }, changed) {
  const { document } = window;
  /** @type {{ element: HTMLIFrameElement, ready: Promise<void>, isReady: boolean, loaded: boolean,
   *   resolve: () => void, reject: (stop: Stop) => void } | null} */
  let frame = null;
  /** @type {{ id: string | null, resolve: (answer: Answer) => void } | null} the one open question */
  let open = null;
  /** @type {Stop | null} why the last frame could not be */
  let refused = null;

  const remove = () => {
    frame?.element.remove();
    frame = null;
    open = null;
  };
  const hint = `the bridge of ${accounts} did not load: look at frame-src of this page's policy, at the origins and `
    + 'embedders registered for the client, at sandbox attributes, and whether the server is there';
  const blocked = () => {
    refused = new Stop('blocked_by_policy', hint);
    frame?.reject(refused);
    remove();
  };

  /** @param {MessageEvent} event */
  const receive = ({ source, origin, data }) => {
    if (frame === null || source === null || source !== frame.element.contentWindow || origin !== accounts) return;
    if (!isPlainObject(data)) return;
    if (data.type === READY) {
      frame.isReady = true;
      frame.resolve();
    } else if (data.type === CHANGED && typeof data.hasSession === 'boolean') {
      changed(data.hasSession);
    } else if (open !== null && data.type === (open.id === null ? undefined : RESPONSE) && data.id === (open.id ?? undefined)) {
      const answer = readAnswer(data);
      if (answer === null) return;
      open.resolve(answer);
      open = null;
    }
  };
  /** @param {SecurityPolicyViolationEvent} event */
  const violated = ({ effectiveDirective, blockedURI }) => {
    const framing = ['frame-src', 'child-src', 'default-src'].includes(effectiveDirective);
    if (frame !== null && !frame.isReady && framing && `${blockedURI}/`.startsWith(`${accounts}/`)) blocked();
  };
  window.addEventListener('message', receive);
  document.addEventListener('securitypolicyviolation', violated);

  const insert = () => {
    const element = document.createElement('iframe');
    element.src = `${accounts}/bridge?client_id=${encodeURIComponent(clientId)}`;
    element.title = 'Session bridge';
    element.hidden = true;
    element.tabIndex = -1;
    element.style.display = 'none'; // whatever the site's style says about frames
    let resolve = () => {};
    /** @type {(stop: Stop) => void} */
    let reject = () => {};
    /** @type {Promise<void>} */
    const ready = new Promise((yes, no) => { resolve = yes; reject = no; });
    ready.catch(() => {}); // an attempt may have ended before it gets to wait for the frame
    const made = { element, ready, isReady: false, loaded: false, resolve, reject };
    // A refused frame loads, too: an error page, which never says that it is ready.
    element.addEventListener('load', () => {
      made.loaded = true;
      window.setTimeout(() => { if (frame === made && !made.isReady) blocked(); }, GRACE_MS);
    });
    frame = made;
    refused = null;
    (document.body ?? document.documentElement).append(element);
    return made;
  };

  return {
    /** Frames the bridge, unless it is; the promise is fulfilled when it is ready. */
    open() {
      if (frame !== null && !frame.element.isConnected) remove();
      return (frame ?? insert()).ready;
    },
    /**
     * Puts one question, and waits for its answer as long as it takes.
     * @param {string | null} id of the question, null for a string
     * @param {unknown} question
     * @returns {Promise<Answer>}
     */
    ask(id, question) {
      return new Promise((resolve) => {
        open = { id, resolve };
        frame?.element.contentWindow?.postMessage(question, accounts);
      });
    },
    /**
     * Time is up: a frame that is not ready or owes an answer is taken away.
     * @returns {Stop | null} the reason, if it is the frame's
     */
    giveUp() {
      if (frame !== null && frame.loaded && !frame.isReady) blocked();
      if (frame !== null && (!frame.isReady || open !== null)) remove();
      return refused;
    },
    close() {
      window.removeEventListener('message', receive);
      document.removeEventListener('securitypolicyviolation', violated);
      remove();
    },
  };
}

/**
 * The site's own backend.
 * @param {BrowserWindow} window
 * @param {string} callback
 * @param {NonNullable<Options['fetch']>} send
 */
function backend(window, callback, send) {
  /** @param {RequestInit} init @param {AbortSignal} signal */
  const call = async (init, signal) => {
    signal.throwIfAborted();
    try {
      const response = await send(callback, { ...init, credentials: 'same-origin', cache: 'no-store', redirect: 'manual', signal });
      signal.throwIfAborted();
      return response;
    } catch {
      throw new Stop('network');
    }
  };
  return {
    /** Is there a local session, and for which nonce may a payload be minted? @param {AbortSignal} signal */
    async read(signal) {
      const response = await call({ headers: { accept: 'application/json' } }, signal);
      const hint = `GET ${callback} must answer 200 {"hasSession", "nonce"}`;
      if (response.status !== 200) {
        const reason = reasonOfStatus(response.status);
        throw reason === 'login_required' || reason === 'other_person' ? new Stop('misconfigured', hint) : new Stop(reason, hint);
      }
      const body = /** @type {unknown} */ (await response.json().catch(() => null));
      signal.throwIfAborted();
      if (!isPlainObject(body) || typeof body.hasSession !== 'boolean') throw new Stop('misconfigured', hint);
      if (typeof body.nonce !== 'string' || !NONCE.test(body.nonce)) throw new Stop('misconfigured', hint);
      return { hasSession: body.hasSession, nonce: body.nonce };
    },
    /** Hands over the payload; an empty one closes the local session. @param {string} recoveryPayload @param {AbortSignal} signal */
    async send(recoveryPayload, signal) {
      const { status, headers } = await call({ method: 'POST', body: new URLSearchParams({ recoveryPayload }) }, signal);
      return { status, outcome: headers.get('x-vestibule-outcome') };
    },
    /** Where a sign-in starts that ends on that page of this site. @param {string} returnTo */
    startUrl(returnTo) {
      const here = new URL(window.location.href);
      let there = here;
      try {
        there = new URL(returnTo, here);
      } catch {
        // Not an address: back to this page, then.
      }
      const { pathname, search, hash } = there.origin === here.origin ? there : here;
      return `${callback}/start?to=${encodeURIComponent(pathname + search + hash)}`;
    },
  };
}

/** @param {number} status */
const succeeded = (status) => status >= 200 && status < 300;

/** @param {string | null} outcome as the backend's header has it @returns {Outcome} */
const openedAs = (outcome) => (outcome === 'resumed' || outcome === 'already' ? outcome : 'created');

const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

/**
 * The steps of the attempts; each may throw a {@link Stop}.
 * @param {ReturnType<typeof bridgeFrame>} frame
 * @param {ReturnType<typeof backend>} site
 */
function steps(frame, site) {
  /** @param {string} payload @param {AbortSignal} signal @returns {Promise<Verdict>} */
  const openLocal = async (payload, signal) => {
    const { status, outcome: said } = await site.send(payload, signal);
    if (!succeeded(status)) throw new Stop(reasonOfStatus(status), `POST to the callback was answered ${status}`);
    const outcome = openedAs(said);
    return { hasSession: true, outcome, reason: outcome === 'already' ? 'already' : 'resumed' };
  };
  /** @param {AbortSignal} signal @returns {Promise<Verdict>} */
  const closeLocal = async (signal) => {
    const { status, outcome } = await site.send('', signal);
    if (status !== 401 && !succeeded(status)) throw new Stop(reasonOfStatus(status), `POST to the callback was answered ${status}`);
    return outcome === 'none'
      ? { hasSession: false, outcome, reason: 'login_required' }
      : { hasSession: false, outcome: 'closed', reason: 'closed' };
  };
  return {
    closeLocal,
    /**
     * With a local session only asks, unless `mint` wants to know whether it is still the same person's.
     * @param {boolean} mint
     * @param {(hasSession: boolean) => void} learnt told whether there is a local session
     * @param {AbortSignal} signal
     * @returns {Promise<Verdict>}
     */
    async resume(mint, learnt, signal) {
      const framed = frame.open();
      const local = await site.read(signal);
      learnt(local.hasSession);
      await framed;
      signal.throwIfAborted();
      const id = newId();
      const minting = mint || !local.hasSession;
      const question = { type: REQUEST, id, mint: minting, ...(minting ? { nonce: local.nonce } : {}) };
      const answer = await frame.ask(id, question);
      signal.throwIfAborted();
      if (answer.hasSession && !minting) return { hasSession: true, outcome: 'already', reason: 'already' };
      if (answer.hasSession && answer.recoveryPayload !== null) return openLocal(answer.recoveryPayload, signal);
      if (answer.hasSession) throw new Stop('server_error', 'the bridge minted nothing');
      if (local.hasSession && answer.error === 'login_required') return closeLocal(signal);
      throw new Stop(reasonOfError(answer.error), answer.error === 'nonce_required' ? 'the client requires a nonce' : undefined);
    },
    /** Ends the session at accounts, which obeys first-party clients only. @param {AbortSignal} signal */
    async signOff(signal) {
      await frame.open();
      signal.throwIfAborted();
      const answer = await frame.ask(null, 'signoff');
      if (answer.hasSession) throw new Stop('server_error');
      if (answer.error !== undefined) throw new Stop(reasonOfError(answer.error));
    },
  };
}

/**
 * Runs work that has to end in time. What still goes on afterwards is aborted and no longer counts.
 * @template T
 * @param {BrowserWindow} window
 * @param {number} timeout
 * @param {AbortSignal} closing ends it early
 * @param {() => Stop} late
 * @param {(signal: AbortSignal) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function inTime(window, timeout, closing, late, work) {
  const abort = new AbortController();
  let giveUp = () => {};
  /** @type {Promise<never>} */
  const ended = new Promise((_, reject) => {
    giveUp = () => reject(closing.aborted ? new Stop('misconfigured', CLOSED) : late());
  });
  const timer = window.setTimeout(giveUp, timeout);
  closing.addEventListener('abort', giveUp);
  try {
    return await Promise.race([work(abort.signal), ended]);
  } finally {
    window.clearTimeout(timer);
    closing.removeEventListener('abort', giveUp);
    abort.abort();
  }
}

/**
 * A connection to the accounts server.
 * @typedef {object} Connection
 * @property {() => Promise<Verdict>} resume Finds out who is signed in and opens, keeps or closes the local
 *   session accordingly. Calls made while one is under way share it.
 * @property {(where?: { returnTo?: string }) => void} signIn Goes to the accounts server and comes back to
 *   `returnTo`, a page of this site (this one unless given); within a frame, in a new tab.
 * @property {() => Promise<Verdict>} signOut Signs out at accounts and here.
 * @property {(listener: Listener) => () => void} onChange Calls the listener whenever the local session was
 *   opened or closed, by whatever cause, or somebody else signed in; returns the function that ends this.
 * @property {() => void} close Ends everything and takes the frame away; the local session stays.
 */

/**
 * Connects this page to the accounts server. Nothing is loaded before the first `resume`.
 * @param {Options} options
 * @param {BrowserWindow} [window]
 * @returns {Connection}
 */
export function connect(options, window = globalThis.window) {
  const { settings, wrong } = settle(options, window);
  const { accounts, clientId, callback, timeout } = settings;
  const closing = new AbortController();
  /** @type {Set<Listener>} */
  const listeners = new Set();
  /** @type {Verdict | null} */
  let last = null;
  /** @type {Promise<Verdict> | null} */
  let current = null;
  /** @type {{ mint: boolean } | null} a change heard of during an attempt */
  let next = null;
  let signingInElsewhere = false;

  const frame = bridgeFrame(window, settings, (hasSession) => refresh(hasSession));
  const site = backend(window, callback, options.fetch ?? ((input, init) => window.fetch(input, init)));
  const { resume, closeLocal, signOff } = steps(frame, site);
  const late = () => new Stop('timed_out', `no answer within ${timeout} ms`);

  /** @param {unknown} cause @param {boolean} known whether there is a local session @returns {Verdict} */
  const stopped = (cause, known) => {
    const { reason, hint } = cause instanceof Stop ? cause : new Stop('server_error', String(cause));
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
    if (closing.signal.aborted) return new Stop('misconfigured', CLOSED);
    if (window.origin === 'null') return new Stop('blocked_by_policy', 'this document is sandboxed without allow-same-origin');
    return wrong === undefined ? null : new Stop('misconfigured', wrong);
  };

  /** @param {Verdict} verdict */
  const tell = (verdict) => {
    const changed = ['created', 'resumed', 'closed'].includes(verdict.outcome)
      || (last !== null && last.hasSession !== verdict.hasSession)
      || (verdict.reason === 'other_person' && last?.reason !== 'other_person');
    last = verdict;
    if (verdict.hasSession) signingInElsewhere = false;
    if (!changed) return;
    for (const listener of [...listeners]) {
      try {
        listener(verdict);
      } catch (error) {
        window.reportError(error); // a listener's fault is its own
      }
    }
  };

  /** One attempt at a time: what is under way is shared. @param {() => Promise<Verdict>} work */
  const run = (work) => {
    current ??= work().then((verdict) => {
      current = null;
      tell(verdict);
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
    if (wait !== undefined && !closing.signal.aborted) timer = window.setTimeout(() => refresh(false), wait);
  };

  /** @param {boolean} mint */
  const attemptOrAgain = async (mint) => {
    const verdict = await attempt(mint);
    again(verdict);
    return verdict;
  };

  /** @param {boolean} mint @returns {Promise<Verdict>} */
  const attempt = async (mint) => {
    let known = last?.hasSession ?? false;
    try {
      const hindered = hindrance();
      if (hindered !== null) throw hindered;
      const learnt = (/** @type {boolean} */ hasSession) => { known = hasSession; };
      return await inTime(window, timeout, closing.signal, () => frame.giveUp() ?? late(), (signal) => resume(mint, learnt, signal));
    } catch (cause) {
      return stopped(cause, known);
    }
  };

  /** @returns {Promise<Verdict>} */
  const end = async () => {
    const hindered = hindrance();
    if (hindered !== null) return stopped(hindered, last?.hasSession ?? false);
    const [there, here] = await Promise.allSettled([
      inTime(window, timeout, closing.signal, () => frame.giveUp() ?? late(), signOff),
      inTime(window, timeout, closing.signal, late, closeLocal),
    ]);
    const verdict = here.status === 'fulfilled' ? here.value : stopped(here.reason, true);
    if (there.status === 'fulfilled') return verdict;
    const { reason, hint } = stopped(there.reason, false);
    const unfinished = { signOutUrl: `${accounts}/signout`, ...(hint === undefined ? {} : { hint }) };
    return here.status === 'fulfilled' ? { ...verdict, reason, ...unfinished } : { ...unfinished, ...verdict };
  };

  /** Something changed elsewhere. @param {boolean} mint */
  function refresh(mint) {
    if (current !== null) next = { mint: mint || next?.mint === true };
    else {
      next = null;
      void run(() => attemptOrAgain(mint));
    }
  }

  // Back from the tab in which the person signed in or agreed: here no bridge may have heard of it.
  const seen = () => {
    if (window.document.visibilityState !== 'visible') return;
    if (signingInElsewhere || last?.reason === 'consent_required') refresh(false);
  };
  /** @param {PageTransitionEvent} event */
  const shown = ({ persisted }) => {
    if (persisted && last !== null) refresh(false);
  };
  window.document.addEventListener('visibilitychange', seen, { signal: closing.signal });
  window.addEventListener('pageshow', shown, { signal: closing.signal });

  return {
    resume: () => run(() => attemptOrAgain(false)),
    signIn({ returnTo = window.location.href } = {}) {
      if (wrong !== undefined) return window.console.error(`vestibule: ${wrong}`);
      const url = site.startUrl(returnTo);
      if (window.top === window) return window.location.assign(url);
      signingInElsewhere = true;
      window.open(url, '_blank', 'noopener');
    },
    async signOut() {
      while (current !== null) await current;
      return run(end);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => { listeners.delete(listener); };
    },
    close() {
      listeners.clear();
      window.clearTimeout(timer);
      closing.abort();
      frame.close();
    },
  };
}
