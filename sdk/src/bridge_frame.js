/** @import { Answer, BrowserWindow } from './types.js' */
import { Stop } from './reasons.js';
import { isPlainObject, newId } from './values.js';

const REQUEST = 'vestibule.session.request';
const RESPONSE = 'vestibule.session.response';
const READY = 'vestibule.bridge.ready';
const CHANGED = 'vestibule.session.changed';
const OFFER = 'vestibule.storage.offer';
const WITHDRAW = 'vestibule.storage.withdraw';
const RESULT = 'vestibule.storage.result';

const PAYLOAD = /^[0-9a-f]{64}$/;
/** A frame that has loaded and still is not ready after this long holds some error page instead of the bridge. */
export const GRACE_MS = 500;

/**
 * Reads what the bridge answered; `null` for rubbish.
 * @param {Record<string, unknown>} data
 * @returns {Answer | null}
 */
export function readAnswer({ hasSession, recoveryPayload, error, storageAccess }) {
  if (hasSession === false) {
    return {
      hasSession, error: typeof error === 'string' ? error : undefined,
      ...(typeof storageAccess === 'string' ? { storageAccess } : {}),
    };
  }
  if (hasSession !== true) return null;
  if (recoveryPayload === null) return { hasSession, recoveryPayload };
  return typeof recoveryPayload === 'string' && PAYLOAD.test(recoveryPayload) ? { hasSession, recoveryPayload } : null;
}

/**
 * A hidden frame of the accounts server.
 * @param {BrowserWindow} window
 * @param {string} src
 * @param {string} title
 */
export function hiddenFrame(window, src, title) {
  const element = window.document.createElement('iframe');
  element.src = src;
  element.title = title;
  element.hidden = true;
  element.tabIndex = -1;
  element.style.display = 'none'; // whatever the site's style says about frames
  return element;
}

/**
 * Calls `refused` when the page's own policy keeps it from framing that server.
 * @param {BrowserWindow} window
 * @param {string} accounts
 * @param {() => void} refused
 * @returns {() => void} ends it
 */
export function onRefusal({ document }, accounts, refused) {
  /** @param {SecurityPolicyViolationEvent} event */
  const violated = ({ effectiveDirective, blockedURI }) => {
    const framing = ['frame-src', 'child-src', 'default-src'].includes(effectiveDirective);
    if (framing && `${blockedURI}/`.startsWith(`${accounts}/`)) refused();
  };
  document.addEventListener('securitypolicyviolation', violated);
  return () => document.removeEventListener('securitypolicyviolation', violated);
}

/**
 * The frame that holds the bridge.
 * @param {BrowserWindow} window
 * @param {import('./settings.js').Settings} settings
 * @param {(hasSession: boolean) => void} changed called when the bridge says that the session at accounts changed
 * @param {() => Element | null | undefined} [place] where it is inserted, once
 */
export function bridgeFrame(window, { accounts, clientId }, changed, place = () => null) {
  const { document } = window;
  /** @type {{ element: HTMLIFrameElement, ready: Promise<void>, isReady: boolean, loaded: boolean,
   *   resolve: () => void, reject: (stop: Stop) => void } | null} */
  let frame = null;
  /** @type {{ id: string | null, resolve: (answer: Answer) => void } | null} the one open question */
  let open = null;
  /** @type {{ id: string, resolve: (result: { granted: boolean, error?: string }) => void } | null} */
  let offered = null;
  /** @type {Stop | null} why the last frame could not be */
  let refused = null;

  const remove = () => {
    frame?.element.remove();
    frame = null;
    open = null;
    offered?.resolve({ granted: false, error: 'unsupported' });
    offered = null;
  };
  const hint = `the bridge of ${accounts} did not load: look at frame-src of this page's policy, at the origins and `
    + 'embedders registered for the client, at sandbox attributes, and whether the server is there';
  const blocked = (sure = false) => {
    refused = new Stop('blocked_by_policy', hint, sure);
    frame?.reject(refused);
    remove();
  };
  /** @param {unknown} message */
  const post = (message) => frame?.element.contentWindow?.postMessage(message, accounts);

  /** @param {MessageEvent} event */
  const receive = ({ source, origin, data }) => {
    if (frame === null || source === null || source !== frame.element.contentWindow || origin !== accounts) return;
    if (!isPlainObject(data)) return;
    if (data.type === READY) {
      frame.isReady = true;
      frame.resolve();
    } else if (data.type === CHANGED && typeof data.hasSession === 'boolean') {
      changed(data.hasSession);
    } else if (data.type === RESULT) {
      if (data.id !== offered?.id || typeof data.granted !== 'boolean') return;
      offered?.resolve({ granted: data.granted, ...(typeof data.error === 'string' ? { error: data.error } : {}) });
      offered = null;
    } else if (open !== null && data.type === (open.id === null ? undefined : RESPONSE) && data.id === (open.id ?? undefined)) {
      const answer = readAnswer(data);
      if (answer === null) return;
      open.resolve(answer);
      open = null;
    }
  };
  window.addEventListener('message', receive);
  const hearNoMore = onRefusal(window, accounts, () => {
    if (frame !== null && !frame.isReady) blocked(true);
  });

  const insert = () => {
    const element = hiddenFrame(window, `${accounts}/bridge?client_id=${encodeURIComponent(clientId)}`, 'Session bridge');
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
    (place() ?? document.body ?? document.documentElement).append(element);
    return made;
  };

  return {
    /** Frames the bridge, unless it is; the promise is fulfilled when it is ready. */
    open() {
      if (frame !== null && !frame.element.isConnected) remove();
      return (frame ?? insert()).ready;
    },
    /** Whether it is there and would tell of changes. */
    isThere: () => frame !== null && frame.isReady && frame.element.isConnected,
    /**
     * Puts one question, and waits for its answer as long as it takes.
     * @param {string | null} id of the question, null for a string
     * @param {unknown} question
     * @returns {Promise<Answer>}
     */
    ask(id, question) {
      return new Promise((resolve) => {
        open = { id, resolve };
        post(question);
      });
    },
    /**
     * Shows the frame with its button, in a click on which the browser may let the bridge see its cookies, until
     * the person has answered or the signal says so.
     * @param {AbortSignal} signal
     * @returns {Promise<{ granted: boolean, error?: string }>}
     */
    offerStorage(signal) {
      const element = frame?.element;
      if (element === undefined) return Promise.resolve({ granted: false, error: 'unsupported' });
      const id = newId();
      const show = (/** @type {boolean} */ shown) => {
        element.hidden = !shown;
        element.tabIndex = shown ? 0 : -1;
        Object.assign(element.style, { display: shown ? 'block' : 'none', width: '100%', height: '44px', border: '0' });
      };
      show(true);
      return new Promise((resolve) => {
        const end = (/** @type {{ granted: boolean, error?: string }} */ result) => {
          show(false);
          resolve(result);
        };
        offered = { id, resolve: end };
        signal.addEventListener('abort', () => {
          if (offered?.id !== id) return;
          offered = null;
          post({ type: WITHDRAW, id });
          end({ granted: false, error: 'AbortError' });
        });
        post({ type: OFFER, id });
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
      hearNoMore();
      remove();
    },
  };
}

/** @typedef {ReturnType<typeof bridgeFrame>} BridgeFrame */

/** A question for the bridge. @param {boolean} mint @param {string} [nonce] */
export function questionOf(mint, nonce) {
  return { type: REQUEST, id: newId(), mint, ...(nonce === undefined ? {} : { nonce }) };
}
