/** @import { Progress, Reason, Verdict } from './types.js' */
/** @import { Settings } from './settings.js' */

/** @typedef {'popup' | 'storage_access' | 'redirect' | 'retry'} Action */

/** Reasons that may be gone in a moment. */
export const PASSING = new Set(['timed_out', 'network', 'server_error', 'rate_limited']);

/**
 * What a person can do, the best first.
 * @param {Settings} settings
 * @param {Reason} reason
 * @param {boolean} storage whether the browser would give storage access
 * @returns {Action[]}
 */
export function actionsFor({ rungs, tokens, framed }, reason, storage) {
  /** @type {Action[]} */
  const actions = [];
  const retry = PASSING.has(reason) || reason === 'misconfigured';
  if (retry) actions.push('retry');
  if (reason === 'misconfigured') return actions;
  if (storage && rungs.includes('storage_access')) actions.push('storage_access');
  if (tokens !== null && rungs.includes('popup')) actions.push('popup');
  const canLeave = framed || tokens === null || tokens.redirectUri !== undefined;
  if (canLeave && rungs.includes('redirect')) actions.push('redirect');
  return actions;
}

/**
 * Keeps the panel at what there is to say.
 * @param {ReturnType<typeof import('./panel.js').createPanel> | null} panel
 * @param {Settings} settings
 * @param {() => boolean} storage
 */
export function panelKeeper(panel, settings, storage) {
  let shown = false;
  /** @param {Parameters<NonNullable<typeof panel>['show']>[0]} state */
  const show = (state) => {
    shown = true;
    panel?.show(state);
  };
  return {
    /** @param {Verdict} verdict @returns {Action[]} what is offered */
    offer({ hasSession, reason }) {
      if (panel === null) return [];
      if (hasSession) {
        if (shown) panel.hide();
        shown = false;
        return [];
      }
      const actions = actionsFor(settings, reason, storage());
      show({ kind: 'offer', reason: reason === 'closed' ? 'login_required' : reason, actions });
      return actions;
    },
    /** @param {Progress} progress */
    progress({ state, flow, still = false }) {
      if (state === 'waiting' && flow !== undefined) show({ kind: 'waiting', number: flow.number, href: flow.uri, still });
      else if (state === 'waiting' || shown) show({ kind: 'busy' });
    },
    close() {
      if (shown) panel?.hide();
    },
  };
}
