/**
 * What is measured, a row of the table each.
 *
 * - `at`: whether the page is of the family of accounts (`near`), or of another one (`far`);
 * - `empty`: an empty page with an empty frame; else it has `options` of `connect`, and the verdict comes from `by`;
 * - `site`: it has a backend, and no tokens;
 * - `oneClient`: it does not change its client, since it has to find what an earlier load has left;
 * - `beside`: another tab of the same client is open and has tokens;
 * - `again`: the verdict is asked for once more on the page that has it.
 *
 * @typedef {{ id: string, name: string, at: 'near' | 'far', by?: string, empty?: boolean, site?: boolean,
 *   oneClient?: boolean, beside?: boolean, again?: boolean, options?: Record<string, unknown> }} Row
 * @module
 */

const scope = 'openid profile email';
const tokens = { scope };
const promptNone = { rungs: ['prompt_none'], tokens };
const silent = { rungs: ['cache', 'bridge', 'prompt_none'], tokens };
const kept = { ...silent, tokens: { scope, cache: 'session' } };

/** @type {Row[]} */
export const rows = [
  { id: 'empty-near', name: 'sibling: an empty page with an empty frame', at: 'near', empty: true },
  { id: 'bridge', name: 'sibling: by the bridge, a site with a backend', at: 'near', by: 'bridge', site: true, options: { rungs: ['cache', 'bridge'] } },
  { id: 'prompt-near', name: 'sibling: by `prompt=none`, tokens', at: 'near', by: 'prompt_none', options: promptNone },
  { id: 'silent-near', name: 'sibling: all silent rungs, tokens', at: 'near', by: 'prompt_none', options: silent },
  { id: 'kept', name: 'sibling: tokens kept for the tab, checked', at: 'near', by: 'cache', oneClient: true, options: kept },
  { id: 'beside', name: 'sibling: tokens of another tab', at: 'near', by: 'cache', oneClient: true, beside: true, options: silent },
  { id: 'again', name: '`resume()` again on the same page', at: 'near', by: 'cache', oneClient: true, again: true, options: silent },
  { id: 'empty-far', name: 'cross-site: an empty page with an empty frame', at: 'far', empty: true },
  { id: 'prompt-far', name: 'cross-site: by `prompt=none`, tokens', at: 'far', by: 'prompt_none', options: promptNone },
  { id: 'silent-far', name: 'cross-site: all silent rungs, tokens', at: 'far', by: 'prompt_none', options: silent },
];
