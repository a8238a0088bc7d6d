/**
 * The session bridge: the script of the one page of the accounts server that other sites may frame.
 *
 * The framing page asks by postMessage whether somebody is signed in. The bridge asks its own server and
 * answers that page, at exactly its origin. Whatever is not a well-formed question by the framing page of a
 * registered origin gets silence. The upper half is pure; `start`, at the end, wires it to a window.
 *
 * Where the browser keeps this frame from its cookies, the page may have a button offered here that asks the browser
 * for them. Only then its part, `offer.js`, is loaded.
 *
 * @module
 */

const REQUEST = 'vestibule.session.request';
const RESPONSE = 'vestibule.session.response';
const READY = 'vestibule.bridge.ready';
const CHANGED = 'vestibule.session.changed';
const OFFER = 'vestibule.storage.offer';
const WITHDRAW = 'vestibule.storage.withdraw';
const RESULT = 'vestibule.storage.result';

/** Where this browser keeps the (not secret) mark of the session it was last seen with. */
export const MARK_KEY = 'vestibule.mark';
/** The broadcast channel on which a new mark is told to the other open bridges. */
export const MARK_CHANNEL = 'vestibule.mark';

/** How long the server may take for one answer. */
export const DEADLINE_MS = 5_000;
/** How long news of a change is gathered before the server is asked again. */
export const GATHER_MS = 100;
/** When the server could not say what a change was, it is asked again after these pauses, then no more. */
export const RETRY_MS = [2_000, 10_000, 60_000];
/** How long the browser may take to give back what was granted before. */
export const RETURN_MS = 1_000;
/** Questions under way at a time; one more is answered `rate_limited` without a request. */
export const MOST_AT_ONCE = 64;
/** Answered ids remembered, so that a repeated one is not answered again. */
const MOST_IDS = 1_000;

const NONCE = /^[A-Za-z0-9_-]{16,128}$/;
const PAYLOAD = /^[0-9a-f]{64}$/;
const SERVER_ERRORS = ['login_required', 'consent_required', 'nonce_required', 'rate_limited', 'server_error'];

/**
 * A question as the page put it; strings have no id.
 * @typedef {{ kind: 'ask', id: string | null, mint: boolean, nonce?: string, username?: string }} Ask
 * @typedef {Ask | { kind: 'signoff', id: null }} Question
 * @typedef {{ kind: 'offer', id: string } | { kind: 'withdraw', id: string }} About a button for storage access
 */

/**
 * What the page is told: never the mark, never anything else the server may have said.
 * @typedef {{ hasSession: true, recoveryPayload: string | null, expiresIn?: number, sameUser?: false }} Yes
 * @typedef {{ hasSession: false, recoveryPayload: null, error?: string, storageAccess?: Blocked }} No
 * @typedef {Yes | No} Answer
 */

/**
 * Whether asking for storage access on a click may help: perhaps, no since it was refused, or not in this frame.
 * @typedef {'prompt' | 'denied' | 'unsupported'} Blocked
 */

/**
 * What came of it.
 * @typedef {{ granted: true } | { granted: false, error: string }} Result
 */

/**
 * Plain objects only: no arrays, dates, maps, or whatever else a structured clone can carry.
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isPlainObject(value) {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * @param {string} text
 * @returns {Question | null}
 */
function understandString(text) {
  if (text === 'signoff') return { kind: 'signoff', id: null };
  if (text === 'hi' || text === 'ping' || text === 'ping:null') return { kind: 'ask', id: null, mint: true };
  const username = /^ping:(.{1,128})$/.exec(text)?.[1];
  return username === undefined ? null : { kind: 'ask', id: null, mint: true, username };
}

/**
 * @param {unknown} data
 * @returns {Question | About | null}
 */
function understandObject(data) {
  if (!isPlainObject(data)) return null;
  const { type, id, mint, nonce } = data;
  if (typeof id !== 'string' || id.length < 1 || id.length > 64) return null;
  if (type === OFFER || type === WITHDRAW) return { kind: type === OFFER ? 'offer' : 'withdraw', id };
  if (type !== REQUEST || typeof mint !== 'boolean') return null;
  if (nonce === undefined) return { kind: 'ask', id, mint };
  return typeof nonce === 'string' && NONCE.test(nonce) ? { kind: 'ask', id, mint, nonce } : null;
}

/**
 * Reads a message; `null` for everything that is not a question. Never throws, whatever it is given.
 * @param {unknown} data
 * @returns {Question | About | null}
 */
export function understand(data) {
  try {
    return typeof data === 'string' ? understandString(data) : understandObject(data);
  } catch {
    return null;
  }
}

/**
 * @param {string} error
 * @returns {No}
 */
const refusal = (error) => ({ hasSession: false, recoveryPayload: null, error });

/**
 * Turns the server's answer into the page's: only known members, only in their known form.
 * @param {number} status 0 when there was no answer
 * @param {unknown} body
 * @returns {Answer}
 */
export function answerOf(status, body) {
  if (status === 429) return refusal('rate_limited');
  if (status !== 200 || !isPlainObject(body)) return refusal('server_error');
  const { hasSession, recoveryPayload: payload, expiresIn, sameUser, error } = body;
  if (hasSession === false) {
    return refusal(typeof error === 'string' && SERVER_ERRORS.includes(error) ? error : 'server_error');
  }
  const minted = typeof payload === 'string' && PAYLOAD.test(payload);
  if (hasSession !== true || (payload !== null && !minted)) return refusal('server_error');
  return {
    hasSession,
    recoveryPayload: minted ? payload : null,
    ...(minted && typeof expiresIn === 'number' ? { expiresIn } : {}),
    ...(sameUser === false ? { sameUser } : {}),
  };
}

/**
 * Only exact serialised origins: neither `*`, nor `null`, nor a scheme can ever become the target of a message.
 * @param {unknown} value
 * @returns {value is string}
 */
function isOrigin(value) {
  try {
    return typeof value === 'string' && new URL(value).origin === value;
  } catch {
    return false;
  }
}

/**
 * The registered origins from the page's JSON.
 * @param {string | undefined} json
 * @returns {string[]}
 */
export function readOrigins(json) {
  try {
    const listed = /** @type {unknown} */ (JSON.parse(json ?? '[]'));
    return Array.isArray(listed) ? listed.filter(isOrigin) : [];
  } catch {
    return [];
  }
}

/**
 * Whom to tell that the bridge is ready. Where the browser names the parent, that one, if it is registered;
 * where it does not (or hides it), every registered origin is tried, and the browser drops what does not match.
 * @param {string[]} origins
 * @param {string | undefined} parent
 */
export function greeted(origins, parent) {
  if (parent === undefined || parent === 'null') return origins;
  return origins.includes(parent) ? [parent] : [];
}

/** Ids that were taken once are not taken again; the memory of answered ones is bounded. */
export function idKeeper() {
  /** @type {Set<string>} */
  const open = new Set();
  /** @type {Set<string>} */
  const done = new Set();
  return {
    /** @param {string | null} id */
    take(id) {
      if (id === null) return true;
      if (open.has(id) || done.has(id)) return false;
      open.add(id);
      return true;
    },
    /** @param {string | null} id */
    settle(id) {
      if (id === null) return;
      open.delete(id);
      done.add(id);
      for (const oldest of done) {
        if (done.size <= MOST_IDS) break;
        done.delete(oldest);
      }
    },
  };
}

/** @typedef {Window & typeof globalThis} BrowserWindow */

/**
 * Keeps the mark and, if it is new to this browser, tells the open bridges. They ask the server what it means,
 * so that an outdated mark costs a request and does no harm.
 * @param {BrowserWindow} window
 * @param {string} mark
 */
export function announceMark(window, mark) {
  try {
    if ((window.localStorage.getItem(MARK_KEY) ?? '') === mark) return;
    window.localStorage.setItem(MARK_KEY, mark);
  } catch {
    // Storage may be denied; the channel still reaches them.
  }
  try {
    const channel = new window.BroadcastChannel(MARK_CHANNEL);
    channel.postMessage(mark);
    channel.close();
  } catch {
    // No channel: the storage event has told them.
  }
}

/**
 * @param {BrowserWindow} window
 * @param {(mark: string) => void} heard
 */
function hearMarks(window, heard) {
  window.addEventListener('storage', ({ key, newValue }) => {
    if (key === MARK_KEY && newValue !== null) heard(newValue);
  });
  try {
    const channel = new window.BroadcastChannel(MARK_CHANNEL);
    channel.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') heard(data);
    });
  } catch {
    // The storage event remains.
  }
}

/**
 * Runs `work` a moment after the first of a burst of calls, one run at a time; calls during a run cause one more.
 * @param {BrowserWindow} window
 * @param {() => Promise<void>} work
 */
function gathered(window, work) {
  let waiting = false;
  let running = false;
  const run = async () => {
    running = true;
    waiting = false;
    try {
      await work();
    } finally {
      running = false;
      if (waiting) window.setTimeout(run, GATHER_MS);
    }
  };
  return () => {
    if (!waiting && !running) window.setTimeout(run, GATHER_MS);
    waiting = true;
  };
}

/**
 * A browser that keeps this frame from its cookies says so at once; one that cannot tell is given the benefit.
 * @param {Document} document
 */
async function storageBlocked(document) {
  try {
    return (await document.hasStorageAccess?.()) === false;
  } catch {
    return false;
  }
}

/**
 * What the browser says of asking: `prompt` where it does not say.
 * @param {BrowserWindow} window
 * @returns {Promise<PermissionState | 'unsupported'>}
 */
async function permission({ document, navigator }) {
  if (typeof document.requestStorageAccess !== 'function') return 'unsupported';
  try {
    // Not standard, and the only way to see that a page above forbids it.
    const { featurePolicy } = /** @type {{ featurePolicy?: { allowsFeature(name: string): boolean } }} */ (document);
    if (featurePolicy?.allowsFeature('storage-access') === false) return 'unsupported';
    return (await navigator.permissions.query({ name: 'storage-access' })).state;
  } catch {
    return 'prompt';
  }
}

/**
 * How this frame stands to its own cookies, which the browser may keep from it.
 * @param {BrowserWindow} window
 */
function storageOf(window) {
  const { document } = window;
  let refused = false;

  /**
   * Asks the browser. What a person has to answer needs a click, in whose task this is called.
   * @returns {Promise<Result>}
   */
  const request = async () => {
    try {
      await document.requestStorageAccess();
      refused = false;
      return { granted: true };
    } catch (error) {
      refused = true;
      const { name } = /** @type {{ name?: unknown }} */ (error ?? {});
      return { granted: false, error: typeof name === 'string' ? name : 'NotAllowedError' };
    }
  };

  /** Whether what was granted before is given back: for that no click is needed. */
  const isReturned = () => Promise.race([
    document.requestStorageAccess().then(() => true, () => false),
    /** @type {Promise<false>} */ (new Promise((resolve) => { window.setTimeout(() => resolve(false), RETURN_MS); })),
  ]);

  return {
    request,
    /** Whether a person has refused it in this document. */
    isRefused: () => refused,
    /**
     * `null` where the cookies are to be had.
     * @returns {Promise<Blocked | null>}
     */
    async blocked() {
      if (!(await storageBlocked(document))) return null;
      const state = await permission(window);
      if (state === 'granted') return (await isReturned()) ? null : 'prompt';
      return state;
    },
  };
}

/**
 * Offers of a button that asks for storage access: all that wait are answered by its click, each once; one that is
 * taken back is not answered.
 * @param {BrowserWindow} window
 * @param {ReturnType<typeof storageOf>} storage
 * @param {(id: string, origin: string, result: Result) => void} answer
 */
function offersOf(window, storage, answer) {
  const { brand = '', offer: part = '' } = window.document.body.dataset;
  /** @type {Map<string, string>} the origin to answer, by id */
  const waiting = new Map();
  /** @type {Promise<ReturnType<typeof import('./offer.js').makeButton>> | undefined} */
  let button;

  /** @param {string} id @param {Result} result */
  const settle = (id, result) => {
    const origin = waiting.get(id);
    waiting.delete(id);
    if (origin !== undefined) answer(id, origin, result);
  };
  const hideIfIdle = () => button?.then((shown) => { if (waiting.size === 0) shown.hide(); }, () => {});
  const clicked = async () => {
    const result = await storage.request();
    for (const id of [...waiting.keys()]) settle(id, result);
    hideIfIdle();
  };
  const load = async () => {
    const { makeButton } = /** @type {typeof import('./offer.js')} */ (await import(part));
    return makeButton(window, `Let ${brand} know you here`, clicked);
  };

  return {
    /** @param {string} id @param {string} origin */
    async offer(id, origin) {
      if (waiting.size >= MOST_AT_ONCE) {
        answer(id, origin, { granted: false, error: 'rate_limited' });
        return;
      }
      waiting.set(id, origin);
      const blocked = await storage.blocked();
      if (blocked === null) settle(id, { granted: true });
      else if (blocked !== 'prompt') settle(id, { granted: false, error: blocked });
      if (!waiting.has(id)) return;
      try {
        const shown = await (button ??= load());
        if (waiting.size > 0) shown.show();
      } catch {
        button = undefined;
        settle(id, { granted: false, error: 'network' });
      }
    },
    /** @param {string} id */
    withdraw(id) {
      const waited = waiting.delete(id);
      if (waited) hideIfIdle();
      return waited;
    },
  };
}

/**
 * The bridge's own same-origin calls, each with a deadline. Status 0 stands for no answer.
 * @param {BrowserWindow} window
 * @param {string} path
 * @param {Record<string, unknown>} body
 * @returns {Promise<{ status: number, body: unknown }>}
 */
async function post(window, path, body) {
  const abort = new AbortController();
  const timer = window.setTimeout(() => abort.abort(), DEADLINE_MS);
  try {
    const response = await window.fetch(path, {
      method: 'POST',
      mode: 'same-origin',
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: abort.signal,
    });
    return { status: response.status, body: await response.json().catch(() => null) };
  } catch {
    return { status: 0, body: null };
  } finally {
    window.clearTimeout(timer);
  }
}

/**
 * What one framed bridge knows, and its talk with the server.
 * @param {BrowserWindow} window
 * @param {ReturnType<typeof storageOf>} storage
 * @param {string} clientId
 * @param {string} served the mark of the session that this document was served for
 */
function sessionOf(window, storage, clientId, served) {
  let mark = served;
  /** @type {string | null} the mark under which the page was last told that there is a session */
  let told = null;

  return {
    mark: () => mark,
    /**
     * Asks the server; `changed` says whether the page now knows something else than before.
     * @param {Omit<Ask, 'kind' | 'id'>} question
     * @param {string} origin
     * @param {boolean} announce whether other bridges are to hear of a mark that is new to this browser
     */
    async ask({ mint, nonce, username }, origin, announce) {
      const blocked = await storage.blocked();
      if (blocked !== null) {
        const storageAccess = blocked === 'prompt' && storage.isRefused() ? 'denied' : blocked;
        return { answer: { ...refusal('storage_blocked'), storageAccess }, changed: false };
      }
      const { status, body } = await post(window, '/bridge/payload', { clientId, origin, mint, nonce, username });
      const answer = answerOf(status, body);
      if (status === 200 && isPlainObject(body) && typeof body.mark === 'string') {
        mark = body.mark;
        if (announce) announceMark(window, mark);
      }
      const before = told;
      if (answer.hasSession) told = mark;
      else if (answer.error === 'login_required' || answer.error === 'consent_required') told = null;
      return { answer, changed: told !== before };
    },
    /**
     * Ends the session, if the server lets this client do so; `null` is silence.
     * @param {string} origin
     * @returns {Promise<No | null>}
     */
    async end(origin) {
      const blocked = await storageBlocked(window.document);
      const { status } = await post(window, '/bridge/signout', { clientId, origin });
      if (status === 403) return null;
      if (status === 409) return refusal('storage_blocked');
      if (status !== 204) return refusal(status === 429 ? 'rate_limited' : 'server_error');
      if (blocked) return refusal('storage_blocked');
      told = null;
      mark = '';
      announceMark(window, mark);
      return { hasSession: false, recoveryPayload: null };
    },
  };
}

/**
 * Tells the framing page of a change that it has not heard of: asks the server, without minting, when another
 * document of the accounts server has seen another mark. What was only heard is not announced again, so that
 * two documents which see different sessions cannot keep each other busy.
 * @param {BrowserWindow} window
 * @param {ReturnType<typeof sessionOf>} session
 * @param {() => string | undefined} asker the origin to tell, once it is known
 * @param {(message: unknown, origin: string) => void} tell
 */
function followChanges(window, session, asker, tell) {
  let failed = 0;
  let restored = false;
  const soon = gathered(window, async () => {
    const origin = asker();
    if (origin === undefined) return;
    const { answer, changed } = await session.ask({ mint: false }, origin, restored);
    const error = answer.hasSession ? undefined : answer.error;
    if (changed && error !== 'consent_required') tell({ type: CHANGED, hasSession: answer.hasSession }, origin);
    if (error === 'rate_limited' || error === 'server_error') {
      const pause = RETRY_MS[failed++];
      if (pause !== undefined) window.setTimeout(soon, pause);
      return;
    }
    failed = 0;
    restored = false;
  });
  hearMarks(window, (mark) => {
    if (mark === session.mark()) return;
    failed = 0;
    soon();
  });
  window.addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) return;
    restored = true;
    soon();
  });
}

/**
 * Starts the bridge in its page.
 * @param {BrowserWindow} window
 */
export function start(window) {
  const { clientId = '', origins: listed, mark = '' } = window.document.body.dataset;
  const origins = readOrigins(listed);
  const storage = storageOf(window);
  const session = sessionOf(window, storage, clientId, mark);
  const ids = idKeeper();
  let underWay = 0;

  announceMark(window, mark);
  if (window.parent === window) return;

  const reachable = greeted(origins, window.location.ancestorOrigins?.[0]);
  let asker = reachable.length === 1 ? reachable[0] : undefined;

  /** @param {unknown} message @param {string} origin */
  const tell = (message, origin) => window.parent?.postMessage(message, origin);

  /** @param {Question} question @param {string} origin @returns {Promise<Answer | null>} */
  const answerTo = async (question, origin) => {
    if (underWay >= MOST_AT_ONCE) return refusal('rate_limited');
    underWay += 1;
    const ending = question.kind === 'signoff';
    const answer = ending ? await session.end(origin) : (await session.ask(question, origin, true)).answer;
    underWay -= 1;
    return answer;
  };

  const offers = offersOf(window, storage, (id, origin, result) => {
    ids.settle(id);
    tell({ type: RESULT, id, ...result }, origin);
  });

  window.addEventListener('message', async ({ source, origin, data }) => {
    if (source !== window.parent || !origins.includes(origin)) return;
    const question = understand(data);
    if (question === null) return;
    if (question.kind === 'withdraw') {
      if (offers.withdraw(question.id)) ids.settle(question.id);
      return;
    }
    if (!ids.take(question.id)) return;
    asker = origin;
    if (question.kind === 'offer') {
      offers.offer(question.id, origin);
      return;
    }
    const answer = await answerTo(question, origin);
    ids.settle(question.id);
    if (answer === null) return;
    tell(question.id === null ? answer : { type: RESPONSE, id: question.id, ...answer }, origin);
  });
  followChanges(window, session, () => asker, tell);
  for (const origin of reachable) tell({ type: READY }, origin);
}

if (typeof document !== 'undefined' && document.body?.dataset.bridge !== undefined) start(window);
