/** @import { Found } from '../backend.js' */
import { Stop } from '../reasons.js';

/** @type {Found} */
const ALREADY = { hasSession: true, outcome: 'already', reason: 'already' };
/** @type {Found} */
const RESUMED = { hasSession: true, outcome: 'resumed', reason: 'resumed' };

/**
 * Tokens that are there already: this page's, without a request while they are good; those that the tab kept, after
 * userinfo has agreed; those of another tab.
 * @param {import('../ladder.js').Context} context
 * @param {boolean} check whether the server is asked in any case
 * @param {AbortSignal} signal
 * @returns {Promise<Found>}
 */
export async function cache({ holder, tabs }, check, signal) {
  const had = holder.held() !== null;
  if (had || holder.takeKept()) {
    if (!holder.isGood() && holder.held()?.refresh) await holder.renew();
    if (had && !check && holder.isGood()) return ALREADY;
    if (holder.held() !== null && await holder.check(signal)) return had ? ALREADY : RESUMED;
    signal.throwIfAborted();
  }
  await tabs.ask({ type: 'ask', at: 0 }, () => (holder.isGood() ? true : undefined));
  if (holder.isGood()) return RESUMED;
  throw new Stop('login_required', 'no tokens in this page or another tab');
}
