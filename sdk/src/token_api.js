/** @import { Profile } from './types.js' */
import { Stop, stopOfError } from './reasons.js';
import { isPlainObject, isText } from './values.js';

/** How long one request may take that somebody waits for, in milliseconds. */
export const PATIENT_MS = 10_000;

/**
 * The endpoints that a public client calls, by CORS and without cookies.
 * @param {import('./settings.js').Settings} settings
 * @param {typeof fetch} send
 */
export function tokenApi({ accounts, clientId }, send) {
  /**
   * @param {string} path @param {RequestInit} init @param {AbortSignal} signal
   * @returns {Promise<{ status: number, body: Record<string, any> }>}
   */
  const call = async (path, init, signal = AbortSignal.timeout(PATIENT_MS)) => {
    try {
      const response = await send(accounts + path, { ...init, credentials: 'omit', cache: 'no-store', redirect: 'error', signal });
      const body = await response.json().catch(() => null);
      signal.throwIfAborted();
      return { status: response.status, body: isPlainObject(body) ? body : {} };
    } catch {
      throw new Stop('network');
    }
  };
  /** @param {string} path @param {Record<string, string>} fields @param {AbortSignal} [signal] */
  const post = (path, fields, signal) => call(path, { method: 'POST', body: new URLSearchParams({ client_id: clientId, ...fields }) }, signal);
  /** @param {{ status: number, body: Record<string, any> }} answer @param {boolean} good */
  const bodyOf = ({ status, body }, good = true) => {
    if (status < 300 && good) return body;
    if (status === 429) throw new Stop('rate_limited');
    if (status < 500 && isText(body.error)) throw stopOfError(body);
    throw new Stop('server_error', `accounts answered ${status}`);
  };

  return {
    post,
    /**
     * A request of ours that must succeed: RFC 6749 §3.2, RFC 7009, `/flow`.
     * @param {string} path @param {Record<string, string>} fields @param {AbortSignal} [signal]
     */
    send: async (path, fields, signal) => bodyOf(await post(path, fields, signal)),
    /**
     * OpenID Connect Core §5.3; `null` when the token is no good any more. The token goes in the form (RFC 6750 §2.2),
     * which spares the browser a preflight.
     * @param {string} token @param {AbortSignal} [signal] @returns {Promise<Profile | null>}
     */
    async userinfo(token, signal) {
      const answer = await call('/oauth/userinfo', { method: 'POST', body: new URLSearchParams({ access_token: token }) }, signal);
      return answer.status === 401 ? null : /** @type {Profile} */ (bodyOf(answer, isText(answer.body.sub)));
    },
  };
}

/** @typedef {ReturnType<typeof tokenApi>} TokenApi */
