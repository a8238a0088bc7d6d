/** Why an attempt ended, and what to mend. */

/** @import { Reason, Tried, Rung } from './types.js' */

/** Ends an attempt, with the reason for its verdict. */
export class Stop extends Error {
  /** @param {Reason} reason @param {string} [hint] @param {boolean} [sure] it will be so the next time, too */
  constructor(reason, hint, sure = false) {
    super(reason);
    this.reason = reason;
    this.hint = hint;
    this.sure = sure;
  }
}

/** @param {unknown} cause */
export const asStop = (cause) => (cause instanceof Stop ? cause : new Stop('server_error', String(cause)));

export const CLOSED = 'this connection was closed';

/** @type {Partial<Record<Reason, string>>} */
const CURES = {
  login_required: 'nobody is signed in here: offer signIn() on a click',
  consent_required: 'the person has not agreed yet: offer signIn() on a click, or consentUrl',
  storage_blocked: 'the browser keeps cookies from frames of other sites: offer signIn() on a click',
  blocked_by_policy: 'look at frame-src and connect-src of this page, at sandbox attributes, and at the origins and embedders registered for the client',
  popup_blocked: 'call signIn() in a click, and allow-popups in the sandbox of the frame; or show a link to flow.uri',
  canceled: 'the person said no; offer signIn() again',
  timed_out: 'the answer was late: look at the accounts server, or give a longer timeout',
  rate_limited: 'asked too often: wait a minute',
  network: 'no connection: look at the network, connect-src of this page, and whether its origin is registered for the client',
  server_error: 'look at the log of the accounts server and of the backend',
  other_person: 'sign out here before the other person signs in',
};

/** @param {Reason} reason @returns {string | undefined} what to mend */
export const cureOf = (reason) => CURES[reason];

/**
 * @param {Rung} rung @param {Reason} reason @param {number} started by `performance.now()`
 * @param {string} [hint]
 * @returns {Tried}
 */
export function tried(rung, reason, started, hint = cureOf(reason)) {
  return { rung, reason, ms: Math.round(performance.now() - started), ...(hint === undefined ? {} : { hint }) };
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
 * The errors of RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core §3.1.2.6, RFC 8693 §2.2.2.
 * @param {string} error
 * @param {unknown} [description]
 */
export function stopOfOAuth(error, description) {
  const hint = typeof description === 'string' && description !== '' ? `${error}: ${description}` : error;
  switch (error) {
    case 'consent_required': return new Stop(error);
    case 'login_required':
    case 'interaction_required':
    case 'account_selection_required': return new Stop('login_required');
    case 'invalid_grant': return new Stop('login_required', hint);
    case 'access_denied': return new Stop('canceled', hint);
    case 'expired_token': return new Stop('timed_out', hint);
    case 'temporarily_unavailable':
    case 'rate_limited': return new Stop('rate_limited', hint);
    case 'server_error':
    case 'not_found': return new Stop('server_error', hint);
    default: return new Stop('misconfigured', hint);
  }
}
