// @ts-check
// The accounts server's SDK for pages that are a client by themselves, with tokens in place of a backend.

import { find } from './find.js';

/**
 * @typedef {'cache' | 'bridge' | 'prompt_none' | 'storage_access' | 'popup' | 'redirect'} Rung
 * @typedef {{ rung: Rung, reason: string, ms: number, hint?: string }} Tried
 * @typedef {{ hasSession: boolean, reason: string, rungs: Tried[], hint?: string, signOutUrl?: string }} Verdict
 *
 * @typedef {object} Session What `connect` of the SDK gives.
 * @property {(how?: { check?: boolean }) => Promise<Verdict>} resume
 * @property {(how: { how?: Rung, returnTo?: string }) => Promise<Verdict>} signIn
 * @property {() => Promise<Verdict>} signOut
 * @property {(listener: (verdict: Verdict) => void) => unknown} onChange
 * @property {(want: { audience?: string, scope?: string }) => Promise<string | null>} accessToken
 * @property {() => Promise<{ name?: string, preferred_username?: string } | null>} profile
 * @property {() => void} close
 */

const { accounts = '' } = document.body.dataset;
const { client = '' } = find('[data-client]', HTMLElement).dataset;

/** The script itself. */
export const sdk = await import(`${accounts}/sdk/vestibule.js`);

/**
 * A connection of the notes widget.
 * @param {{ rungs?: Rung[], panel?: HTMLElement, cache?: 'none' | 'session' }} [options]
 * @returns {Session}
 */
export function connect({ cache = 'none', ...options } = {}) {
  const tokens = { scope: 'openid profile notes', redirectUri: `${location.origin}/widget/callback`, cache };
  const texts = { 'scope:notes': 'Read and write notes for you' };
  return sdk.connect({ accounts, clientId: client, tokens, name: 'Notes in the margin', texts, ...options });
}
