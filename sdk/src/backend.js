/** @import { BrowserWindow, Outcome, Tried } from './types.js' */
/** @import { Found } from './reasons.js' */
import { questionOf } from './bridge_frame.js';
import { Stop, found, reasonOfError, reasonOfStatus, tried } from './reasons.js';
import { isPlainObject, isText } from './values.js';

const NONCE = /^[A-Za-z0-9_-]{16,128}$/;

/**
 * A page to come back to: of this site, else this one.
 * @param {BrowserWindow} window
 * @param {string} returnTo
 */
export function pageOfThisSite({ location: { href } }, returnTo) {
  const here = new URL(href);
  try {
    const there = new URL(returnTo, here);
    return there.origin === here.origin ? there : here;
  } catch {
    return here; // not an address
  }
}

/** The bridge said no; with `storage_blocked`, also whether asking the person would help. */
export class Blocked extends Stop {
  /** @param {{ error: string | undefined, storageAccess?: string }} answer */
  constructor({ error, storageAccess }) {
    super(reasonOfError(error), error === 'nonce_required' ? 'the client requires a nonce' : undefined);
    this.storageAccess = storageAccess;
  }
}

/**
 * The steps of the attempts of a site with a backend; each may throw a {@link Stop}.
 * @param {string} callback
 * @param {typeof fetch} send
 * @param {import('./bridge_frame.js').BridgeFrame} frame
 */
export function backend(callback, send, frame) {
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
  /** Is there a local session, and for which nonce may a payload be minted? @param {AbortSignal} signal */
  const read = async (signal) => {
    const response = await call({ headers: { accept: 'application/json' } }, signal);
    const { status } = response;
    const body = await response.json().catch(() => null);
    signal.throwIfAborted();
    if (status === 200 && isPlainObject(body) && typeof body.hasSession === 'boolean' && isText(body.nonce) && NONCE.test(body.nonce)) return body;
    const reason = /^(200|401|409)$/.test(`${status}`) ? 'misconfigured' : reasonOfStatus(status);
    throw new Stop(reason, `GET ${callback} must answer 200 {"hasSession", "nonce"}`);
  };
  /**
   * Hands over the payload; an empty one closes the local session.
   * @param {string} recoveryPayload @param {AbortSignal} signal @returns {Promise<Found>}
   */
  const post = async (recoveryPayload, signal) => {
    const { status, headers } = await call({ method: 'POST', body: new URLSearchParams({ recoveryPayload }) }, signal);
    const opening = recoveryPayload !== '';
    const closed = status === 401 && !opening;
    if (!closed && (status < 200 || status > 299)) throw new Stop(reasonOfStatus(status), `POST to the callback was answered ${status}`);
    const said = /** @type {Outcome} */ (headers.get('x-vestibule-outcome') ?? '');
    if (!opening) return found(said === 'none' ? said : 'closed');
    return found(/^(resumed|already)$/.test(said) ? said : 'created');
  };
  return {
    closeLocal: (/** @type {AbortSignal} */ signal) => post('', signal),
    /**
     * With a local session only asks, unless `mint` wants to know whether it is still the same person's. The bridge
     * is always framed, since that is how a sign-out is heard of.
     * @param {boolean} mint
     * @param {(hasSession: boolean, tried: Tried) => void} learnt told whether there is a local session
     * @param {AbortSignal} signal
     * @returns {Promise<Found>}
     */
    async resume(mint, learnt, signal) {
      const started = performance.now();
      const framed = frame.open();
      const { hasSession, nonce } = await read(signal);
      learnt(hasSession, tried('cache', hasSession ? 'already' : 'login_required', started));
      await framed;
      signal.throwIfAborted();
      const question = questionOf(mint || !hasSession ? nonce : undefined);
      const answer = await frame.ask(question.id, question);
      signal.throwIfAborted();
      if (answer.hasSession) {
        if (!question.mint) return found('already');
        if (answer.recoveryPayload) return post(answer.recoveryPayload, signal);
        throw new Stop('server_error', 'the bridge minted nothing');
      }
      if (hasSession && answer.error === 'login_required') return post('', signal);
      throw new Blocked(answer);
    },
  };
}
