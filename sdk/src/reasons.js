/** Why an attempt ended, what was found, and what to mend. */

/** @import { Outcome, Reason, Tried, Rung, Verdict } from './types.js' */

/** @typedef {Omit<Verdict, 'rungs'>} Found */

/** Ends an attempt, with the reason for its verdict. */
export class Stop extends Error {
  /** @param {Reason} reason @param {string} [hint] @param {boolean} [sure] it will be so the next time, too */
  constructor(reason, hint, sure) {
    super(reason);
    this.reason = reason;
    this.hint = hint;
    this.sure = sure;
  }
}

/** @param {unknown} cause */
export const asStop = (cause) => (cause instanceof Stop ? cause : new Stop('server_error', String(cause)));

export const closedStop = () => new Stop('misconfigured', 'this connection was closed');

/** @param {Outcome} outcome @returns {Found} */
export const found = (outcome) => ({
  hasSession: !/closed|none/.test(outcome),
  outcome,
  reason: outcome === 'created' ? 'resumed' : outcome === 'none' ? 'login_required' : outcome,
});

const ON_CLICK = 'offer signIn() on a click';
/** @type {Partial<Record<Reason, string>>} */
const CURES = {
  login_required: ON_CLICK,
  consent_required: ON_CLICK,
  storage_blocked: ON_CLICK,
  canceled: ON_CLICK,
  blocked_by_policy: 'look at frame-src, sandbox, whether the server is there, and at the origins, embedders and redirect URIs registered for the client',
  popup_blocked: 'call signIn() in a click, allow-popups in a sandbox, or, with tokens, show a link to flow.uri',
  timed_out: 'give a longer timeout',
  rate_limited: 'wait a minute',
  network: 'look at connect-src, whether the server is there, and at the origins registered for the client',
  server_error: 'look at the log of the server',
  other_person: 'sign out here first',
};

/** @param {Reason} reason @returns {string | undefined} what to mend */
export const cureOf = (reason) => CURES[reason];

/**
 * @param {Rung} rung @param {Reason} reason @param {number} started by `performance.now()`
 * @param {string} [hint]
 * @returns {Tried}
 */
export function tried(rung, reason, started, hint = cureOf(reason)) {
  return { rung, reason, ms: Math.round(performance.now() - started), ...(hint && { hint }) };
}

/** What errors mean that are not reasons themselves. @type {Record<string, Reason>} */
const MEANING = {
  interaction_required: 'login_required',
  account_selection_required: 'login_required',
  invalid_grant: 'login_required',
  access_denied: 'canceled',
  expired_token: 'timed_out',
  temporarily_unavailable: 'rate_limited',
};

/**
 * @param {string | undefined} error of the bridge, or of RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core §3.1.2.6,
 *   RFC 8693 §2.2.2
 * @returns {Reason}
 */
export function reasonOfError(error = '') {
  if (/^(login_required|consent_required|storage_blocked|rate_limited)$/.test(error)) return /** @type {Reason} */ (error);
  if (Object.hasOwn(MEANING, error)) return /** @type {Reason} */ (MEANING[error]);
  return /^(invalid|un|nonce)/.test(error) ? 'misconfigured' : 'server_error';
}

/** @param {any} body of an answer, with an OAuth error */
export const stopOfError = ({ error, error_description: text }) => new Stop(reasonOfError(error), text ? `${error}: ${text}` : error);

/**
 * @param {number} status of the callback, other than success
 * @returns {Reason}
 */
export function reasonOfStatus(status) {
  switch (status) {
    case 401: return 'login_required';
    case 409: return 'other_person';
    case 410: // the payload had grown too old, or its session had ended
    case 504: return 'timed_out';
    case 429: return 'rate_limited';
    default: return status >= 500 ? 'server_error' : 'misconfigured';
  }
}
