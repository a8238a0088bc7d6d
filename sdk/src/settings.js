/** @import { BrowserWindow, Options, Rung } from './types.js' */

/** @type {Rung[]} */
export const RUNGS = ['cache', 'bridge', 'prompt_none', 'storage_access', 'popup', 'redirect'];

/**
 * @typedef {{ scope: string, redirectUri: string | undefined, passiveRedirectUri: string, popupRedirectUri: string,
 *   cache: 'none' | 'session', audience: string | undefined }} TokenSettings
 * @typedef {{ accounts: string, clientId: string, callback: string, timeout: number, rungs: Rung[],
 *   tokens: TokenSettings | null, framed: boolean }} Settings
 */

/**
 * Checks the options once; what is wrong becomes the hint of every verdict.
 * @param {Options} options
 * @param {BrowserWindow} window
 * @returns {{ settings: Settings, wrong: string | undefined }}
 */
export function settle({ accounts, clientId, callback = '/sso', timeout = 1_500, rungs = RUNGS, tokens }, window) {
  const settings = /** @type {Settings} */ ({
    accounts: '', clientId, callback: '', timeout, rungs, tokens: null, framed: window.top !== window,
  });
  try {
    const here = window.location;
    const server = new URL(accounts);
    const backend = new URL(callback, here.href);
    settings.accounts = server.origin;
    settings.callback = backend.origin + backend.pathname.replace(/\/+$/, '');
    /** @type {string | undefined} */
    let wrong;
    if (!['https:', 'http:'].includes(server.protocol)) wrong = 'accounts must be an http(s) origin';
    else if (backend.origin !== here.origin) wrong = 'callback must be a path of this site';
    else if (typeof clientId !== 'string' || clientId === '') wrong = 'clientId is missing';
    else if (!(timeout > 0 && timeout < Infinity)) wrong = 'timeout must be a number of milliseconds';
    else if (!Array.isArray(rungs) || rungs.some((rung) => !RUNGS.includes(rung))) wrong = `rungs are ${RUNGS}`;
    else if (tokens !== undefined) wrong = settleTokens(settings, tokens, window);
    return { settings, wrong };
  } catch {
    return { settings, wrong: 'accounts must be the origin of the accounts server, callback and redirect URIs pages of this site' };
  }
}

/**
 * @param {Settings} settings
 * @param {import('./types.js').TokenOptions} tokens
 * @param {BrowserWindow} window
 * @returns {string | undefined}
 */
function settleTokens(settings, { scope = 'openid', redirectUri, passiveRedirectUri, popupRedirectUri, cache = 'none', audience }, window) {
  const here = window.location;
  const hosted = `${settings.accounts}/callback/${encodeURIComponent(settings.clientId)}`;
  const own = redirectUri === undefined ? undefined : new URL(redirectUri, here.href);
  const passive = new URL(passiveRedirectUri ?? `${hosted}/passive`, here.href);
  settings.tokens = {
    scope, redirectUri: own?.href, passiveRedirectUri: passive.href,
    popupRedirectUri: new URL(popupRedirectUri ?? `${hosted}/popup`, here.href).href, cache, audience,
  };
  if (own !== undefined && own.origin !== here.origin) return 'redirectUri must be a page of this site';
  if (![here.origin, settings.accounts].includes(passive.origin)) return 'passiveRedirectUri must be a page of this site or of accounts';
  if (window.isSecureContext === false || globalThis.crypto?.subtle === undefined) return 'tokens need a secure context: serve this page by https';
  return undefined;
}
