/** How an identification ends, and what is to be mended then. */

/** @import { FailureReason, IdentifyOutcome } from './types.js' */
import { isText } from '../values.js';

/** @type {Record<FailureReason, string>} */
const CURES = {
  denied_by_provider: 'offer it again on a click',
  provider_unreachable: 'offer it again later; the log of the accounts server says what is wrong',
  expired: 'offer it again on a click',
  wrong_account: 'the person has to sign in at the accounts server with the account that is signed in here',
  canceled: 'offer it again on a click',
  conflict: 'the person has to use the account that has this identity, or remove it there',
  network: 'look at connect-src (https: and wss:), whether the server is there, and whether the proxy passes Upgrade on',
  login_required: 'sign the person in, and get a token with the scope identification',
  misconfigured: 'look at the client, its origins and its scope',
};

/** @param {FailureReason} reason @param {string} [hint] @returns {IdentifyOutcome} */
export const failed = (reason, hint) => ({ result: 'failed', reason, hint: (hint ? `${hint}: ` : '') + CURES[reason] });

/**
 * What the server says of an end; null for rubbish.
 * @param {Record<string, any>} body
 * @returns {IdentifyOutcome | null}
 */
export function outcomeIn({ result, identified_at: identifiedAt, provider, level, reason }) {
  if (result === 'succeeded' && Number.isFinite(identifiedAt) && isText(provider) && isText(level)) {
    return { result, identifiedAt, provider, level };
  }
  if (result !== 'failed' || !isText(reason)) return null;
  return Object.hasOwn(CURES, reason) ? failed(/** @type {FailureReason} */ (reason)) : failed('misconfigured', `the server, newer than this module, says ${reason}`);
}

/**
 * Why the server closed the socket before it said anything.
 * @param {CloseEvent | undefined} closed none when it was not even open
 */
export function refusal(closed) {
  if (closed?.code === 1008) return failed(/^invalid_token/.test(closed.reason) ? 'login_required' : 'misconfigured', closed.reason);
  return failed('network', closed ? `the socket was closed with ${closed.code}` : 'no answer');
}

/**
 * Why the outcome is not told.
 * @param {Record<string, any>} body of an answer other than success
 */
export function refusalIn({ error, error_description: text }) {
  return error === 'not_found' ? failed('expired') : failed('misconfigured', `${error}: ${text}`);
}
