import { Stop, found } from '../reasons.js';

/**
 * Tokens that are there already: this page's, without a request while they are good; those that the tab kept, after
 * userinfo has agreed; those of another tab.
 * @param {import('../ladder.js').Context} context
 * @param {boolean} check whether the server is asked in any case
 * @param {AbortSignal} signal
 */
export async function cache({ holder, tabs }, check, signal) {
  const had = holder.held();
  if (!had) holder.takeKept();
  const kept = !had && holder.held();
  if (!had && !kept) await tabs.ask(0, () => (holder.held() ? true : undefined));
  if (!holder.isGood()) await holder.renew();
  signal.throwIfAborted();
  const goes = holder.isGood() && !check && !kept;
  if (goes || (holder.held() && await holder.check(signal))) return found(had ? 'already' : 'resumed');
  throw new Stop('login_required');
}
