/** @import { BrowserWindow, Outcome, Tried, Verdict } from './types.js' */
import { questionOf } from './bridge_frame.js';
import { Stop, reasonOfError, reasonOfStatus, tried } from './reasons.js';
import { isPlainObject } from './values.js';

const NONCE = /^[A-Za-z0-9_-]{16,128}$/;

/**
 * The site's own backend.
 * @param {BrowserWindow} window
 * @param {string} callback
 * @param {typeof fetch} send
 */
export function backend(window, callback, send) {
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
      const { pathname, search, hash } = pageOfThisSite(window, returnTo);
      return `${callback}/start?to=${encodeURIComponent(pathname + search + hash)}`;
    },
  };
}

/**
 * A page to come back to: of this site, else this one.
 * @param {BrowserWindow} window
 * @param {string} returnTo
 */
export function pageOfThisSite(window, returnTo) {
  const here = new URL(window.location.href);
  try {
    const there = new URL(returnTo, here);
    return there.origin === here.origin ? there : here;
  } catch {
    return here; // not an address
  }
}

/** @param {number} status */
const succeeded = (status) => status >= 200 && status < 300;

/** @param {string | null} outcome as the backend's header has it @returns {Outcome} */
const openedAs = (outcome) => (outcome === 'resumed' || outcome === 'already' ? outcome : 'created');

/** @typedef {Omit<Verdict, 'rungs'>} Found */

/**
 * The steps of the attempts of a site with a backend; each may throw a {@link Stop}.
 * @param {import('./bridge_frame.js').BridgeFrame} frame
 * @param {ReturnType<typeof backend>} site
 */
export function backendSteps(frame, site) {
  /** @param {string} payload @param {AbortSignal} signal @returns {Promise<Found>} */
  const openLocal = async (payload, signal) => {
    const { status, outcome: said } = await site.send(payload, signal);
    if (!succeeded(status)) throw new Stop(reasonOfStatus(status), `POST to the callback was answered ${status}`);
    const outcome = openedAs(said);
    return { hasSession: true, outcome, reason: outcome === 'already' ? 'already' : 'resumed' };
  };
  /** @param {AbortSignal} signal @returns {Promise<Found>} */
  const closeLocal = async (signal) => {
    const { status, outcome } = await site.send('', signal);
    if (status !== 401 && !succeeded(status)) throw new Stop(reasonOfStatus(status), `POST to the callback was answered ${status}`);
    return outcome === 'none'
      ? { hasSession: false, outcome, reason: 'login_required' }
      : { hasSession: false, outcome: 'closed', reason: 'closed' };
  };
  /** @param {boolean} mint @param {{ hasSession: boolean, nonce: string }} local @param {AbortSignal} signal @returns {Promise<Found>} */
  const askBridge = async (mint, local, signal) => {
    const minting = mint || !local.hasSession;
    const question = questionOf(minting, minting ? local.nonce : undefined);
    const answer = await frame.ask(question.id, question);
    signal.throwIfAborted();
    if (answer.hasSession && !minting) return { hasSession: true, outcome: 'already', reason: 'already' };
    if (answer.hasSession && answer.recoveryPayload !== null) return openLocal(answer.recoveryPayload, signal);
    if (answer.hasSession) throw new Stop('server_error', 'the bridge minted nothing');
    if (local.hasSession && answer.error === 'login_required') return closeLocal(signal);
    throw new Blocked(answer, answer.error === 'nonce_required' ? 'the client requires a nonce' : undefined);
  };
  return {
    closeLocal,
    /**
     * With a local session only asks, unless `mint` wants to know whether it is still the same person's. The bridge
     * is always framed, since that is how a sign-out is heard of.
     * @param {boolean} mint
     * @param {(hasSession: boolean) => void} learnt told whether there is a local session
     * @param {(tried: Tried) => void} note
     * @param {AbortSignal} signal
     * @returns {Promise<Found>}
     */
    async resume(mint, learnt, note, signal) {
      const started = performance.now();
      const framed = frame.open();
      const local = await site.read(signal);
      note(tried('cache', local.hasSession ? 'already' : 'login_required', started));
      learnt(local.hasSession);
      await framed;
      signal.throwIfAborted();
      return askBridge(mint, local, signal);
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

/** The bridge said no; with `storage_blocked`, also whether asking the person would help. */
export class Blocked extends Stop {
  /** @param {{ error: string | undefined, storageAccess?: string }} answer @param {string} [hint] */
  constructor({ error, storageAccess }, hint) {
    super(reasonOfError(error), hint);
    this.storageAccess = storageAccess;
  }
}

