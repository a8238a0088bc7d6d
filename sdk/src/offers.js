/** @import { Reason } from './types.js' */

/** @typedef {'popup' | 'storage_access' | 'redirect' | 'retry'} Action */

/** Reasons that may be gone in a moment. */
const PASSING = /timed_out|network|server_error|rate_limited/;
/** Reasons after which it is tried again: a frame whose server is away looks as one that was refused. */
export const UNANSWERED = /timed_out|network|server_error|rate_limited|blocked_by_policy/;

/**
 * What a person can do, the best first.
 * @param {import('./settings.js').Settings} settings
 * @param {Reason} reason
 * @param {unknown} storage whether the browser would give storage access
 * @returns {Action[]}
 */
export function actionsFor({ rungs, tokens, framed }, reason, storage) {
  if (reason === 'misconfigured') return ['retry'];
  /** @type {[Action, unknown][]} */
  const actions = [
    ['retry', PASSING.test(reason)],
    ['storage_access', storage && rungs.includes('storage_access')],
    ['popup', tokens && rungs.includes('popup')],
    ['redirect', rungs.includes('redirect') && (framed || !tokens || tokens.redirectUri)],
  ];
  return actions.filter(([, possible]) => possible).map(([action]) => action);
}
