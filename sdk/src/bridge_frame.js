/** @import { Answer, BrowserWindow } from './types.js' */
import { hiddenFrame } from './frames.js';
import { Stop, cureOf } from './reasons.js';
import { deferred, isText, random } from './values.js';

const SESSION = 'vestibule.session.';
const STORAGE = 'vestibule.storage.';
const PAYLOAD = /^[0-9a-f]{64}$/;

/**
 * Reads what the bridge answered; `null` for rubbish.
 * @param {Record<string, unknown>} data
 * @returns {Answer | null}
 */
export function readAnswer({ hasSession, recoveryPayload, error, storageAccess }) {
  if (hasSession === false) {
    return { hasSession, error: isText(error) ? error : undefined, ...(isText(storageAccess) && { storageAccess }) };
  }
  const minted = recoveryPayload === null || (isText(recoveryPayload) && PAYLOAD.test(recoveryPayload));
  return hasSession === true && minted ? { hasSession, recoveryPayload } : null;
}

/**
 * The frame that holds the bridge.
 * @param {BrowserWindow} window
 * @param {import('./settings.js').Settings} settings
 * @param {(hasSession: boolean) => void} changed called when the bridge says that the session at accounts changed
 * @param {() => Element | null | undefined} place where it is inserted, once
 */
export function bridgeFrame(window, { accounts, clientId }, changed, place) {
  /** @typedef {{ granted: boolean, error?: string }} Result */
  /** @typedef {ReturnType<typeof hiddenFrame> & ReturnType<typeof deferred<void>> & { isReady?: boolean, loaded?: boolean }} Frame */
  /** @type {Frame | null} */
  let frame = null;
  /** @type {{ id: string | null, resolve: (answer: Answer) => void } | null} the one open question */
  let open = null;
  /** @type {{ id: string, resolve: (result: Result) => void } | null} */
  let offered = null;
  /** @type {Stop | null} why the last frame could not be */
  let refused = null;

  const remove = () => {
    frame?.remove();
    frame = open = null;
    offered?.resolve({ granted: false, error: 'unsupported' });
    offered = null;
  };
  const blocked = (/** @type {boolean} */ sure) => {
    if (!frame || frame.isReady) return;
    refused = new Stop('blocked_by_policy', `the bridge of ${accounts} did not load: ${cureOf('blocked_by_policy')}`, sure);
    frame.reject(refused);
    remove();
  };
  /** @param {unknown} message */
  const post = (message) => frame?.element.contentWindow?.postMessage(message, accounts);

  /** @param {Record<string, any>} data */
  const hear = (data) => {
    const { type, id, hasSession, granted, error } = data;
    if (type === 'vestibule.bridge.ready' && frame) {
      frame.isReady = true;
      frame.resolve();
    } else if (type === `${SESSION}changed` && typeof hasSession === 'boolean') {
      changed(hasSession);
    } else if (type === `${STORAGE}result` && offered && id === offered.id && typeof granted === 'boolean') {
      offered.resolve({ granted, error });
      offered = null;
    } else if (open && type === (open.id === null ? undefined : `${SESSION}response`) && id === (open.id ?? undefined)) {
      const answer = readAnswer(data);
      if (!answer) return;
      open.resolve(answer);
      open = null;
    }
  };

  return {
    /** Frames the bridge, unless it is; the promise is fulfilled when it is ready. */
    open() {
      if (frame && !frame.element.isConnected) remove();
      if (!frame) {
        refused = null;
        const src = `${accounts}/bridge?client_id=${encodeURIComponent(clientId)}`;
        /** @type {ReturnType<typeof deferred<void>>} */
        const ready = deferred();
        const loaded = () => { if (frame) frame.loaded = true; };
        frame = { ...ready, ...hiddenFrame(window, accounts, src, place(), hear, blocked, loaded) };
      }
      return frame.promise;
    },
    /** Whether it is ready and can be shown in that place. @param {Element | undefined} slot */
    isIn: (slot) => frame?.isReady && slot?.contains(frame.element),
    /**
     * Puts one question, and waits for its answer as long as it takes.
     * @param {string | null} id of the question, null for a string
     * @param {unknown} question
     * @returns {Promise<Answer>}
     */
    ask: (id, question) => new Promise((resolve) => {
      open = { id, resolve };
      post(question);
    }),
    /**
     * Shows the frame with its button, in a click on which the browser may let the bridge see its cookies, until
     * the person has answered or the signal says so.
     * @param {AbortSignal} signal
     * @returns {Promise<Result>}
     */
    async offerStorage(signal) {
      if (!frame) return { granted: false, error: 'unsupported' };
      const { element } = frame;
      const id = random(16);
      const show = (/** @type {boolean} */ shown) => {
        Object.assign(element, { hidden: !shown, tabIndex: shown ? 0 : -1 });
        Object.assign(element.style, { display: shown ? 'block' : 'none', width: '100%', height: '44px', border: 0 });
      };
      /** @type {ReturnType<typeof deferred<Result>>} */
      const { promise, resolve } = deferred();
      offered = { id, resolve };
      signal.addEventListener('abort', () => {
        if (offered?.id !== id) return;
        offered = null;
        post({ type: `${STORAGE}withdraw`, id });
        resolve({ granted: false });
      });
      show(true);
      post({ type: `${STORAGE}offer`, id });
      return promise.finally(() => show(false));
    },
    /**
     * Time is up: a frame that is not ready or owes an answer is taken away.
     * @returns {Stop | null} the reason, if it is the frame's
     */
    giveUp() {
      if (frame?.loaded) blocked(false);
      if (frame && (!frame.isReady || open)) remove();
      return refused;
    },
    remove,
  };
}

/** @typedef {ReturnType<typeof bridgeFrame>} BridgeFrame */

/** A question for the bridge. @param {string} [nonce] @param {boolean} [mint] */
export const questionOf = (nonce, mint = nonce !== undefined) => ({ type: `${SESSION}request`, id: random(16), mint, ...(mint && { nonce }) });
