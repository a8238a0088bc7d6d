/** @import { Reason } from './types.js' */

/** How long what another tab was told holds. */
const HOLDS_MS = 2_000;

/**
 * That the server said no to one tab, so that the others need not ask it the same thing.
 * @param {(message: import('./tabs.js').Message) => void} tell
 */
export function refusalKeeper(tell) {
  /** @type {{ at: number, reason: Reason } | null} */
  let last = null;
  return {
    /** @param {number} moment @returns {Reason | undefined} */
    since: (moment) => (last !== null && last.at >= moment - HOLDS_MS ? last.reason : undefined),
    /** @param {Reason} reason */
    tell(reason) {
      tell({ type: 'refused', at: Date.now(), reason });
    },
    /** @param {import('./tabs.js').Message} message */
    hear({ type, at, reason }) {
      if (type === 'refused' && typeof at === 'number') last = { at, reason: reason === 'consent_required' ? reason : 'login_required' };
      if (type === 'tokens') last = null;
    },
  };
}
