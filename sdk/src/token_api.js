/** @import { Profile } from './types.js' */
import { Stop, stopOfOAuth } from './reasons.js';
import { isPlainObject } from './values.js';

/** How long one request of ours may take when a person has waited for it, in milliseconds. */
export const PATIENT_MS = 10_000;

/**
 * The endpoints that a public client calls, by CORS and without cookies.
 * @param {import('./settings.js').Settings} settings
 * @param {typeof fetch} send
 */
export function tokenApi({ accounts, clientId }, send) {
  /**
   * @param {string} path @param {RequestInit} init @param {AbortSignal | undefined} signal
   * @returns {Promise<{ status: number, body: Record<string, unknown> }>}
   */
  const call = async (path, init, signal) => {
    try {
      const response = await send(accounts + path, {
        ...init, mode: 'cors', credentials: 'omit', cache: 'no-store', redirect: 'error', ...(signal ? { signal } : {}),
      });
      const body = /** @type {unknown} */ (await response.json().catch(() => null));
      signal?.throwIfAborted();
      return { status: response.status, body: isPlainObject(body) ? body : {} };
    } catch {
      throw new Stop('network');
    }
  };
  /** @param {{ status: number, body: Record<string, unknown> }} answer @param {string} what */
  const stopOf = ({ status, body: { error, error_description: description } }, what) => {
    if (status === 429) return new Stop('rate_limited');
    if (status < 500 && typeof error === 'string') return stopOfOAuth(error, description);
    return new Stop('server_error', `${what} was answered ${status}`);
  };
  /** @param {string} path @param {Record<string, string>} fields @param {AbortSignal} [signal] */
  const post = (path, fields, signal) => call(path, { method: 'POST', body: new URLSearchParams(fields) }, signal);

  return {
    /** RFC 6749 §3.2. @param {Record<string, string>} fields @param {AbortSignal} [signal] */
    async token(fields, signal) {
      const answer = await post('/oauth/token', { client_id: clientId, ...fields }, signal);
      if (answer.status === 200 && typeof answer.body.access_token === 'string') return answer.body;
      throw stopOf(answer, 'the token request');
    },
    /**
     * OpenID Connect Core §5.3; `null` when the token is no good any more.
     * @param {string} token @param {AbortSignal} [signal] @returns {Promise<Profile | null>}
     */
    async userinfo(token, signal) {
      const answer = await call('/oauth/userinfo', { headers: { authorization: `Bearer ${token}` } }, signal);
      if (answer.status === 401) return null;
      if (answer.status === 200 && typeof answer.body.sub === 'string') return /** @type {Profile} */ (answer.body);
      throw stopOf(answer, 'userinfo');
    },
    /** RFC 7009. @param {string} token @param {AbortSignal} [signal] */
    async revoke(token, signal) {
      const answer = await post('/oauth/revoke', { client_id: clientId, token }, signal);
      if (answer.status !== 200) throw stopOf(answer, 'the revocation');
    },
    /** Announces a sign-in in another window. @param {Record<string, string>} fields @param {AbortSignal} signal */
    async flow(fields, signal) {
      const answer = await post('/flow', { client_id: clientId, ...fields }, signal);
      if (answer.status === 200 || answer.status === 201) return answer.body;
      throw stopOf(answer, 'POST /flow');
    },
    /** What became of it. @param {string} secret @param {number} wait in seconds @param {AbortSignal} signal */
    outcome: (secret, wait, signal) => post('/flow/outcome', { waiting_secret: secret, wait: `${wait}` }, signal),
  };
}

/** @typedef {ReturnType<typeof tokenApi>} TokenApi */
