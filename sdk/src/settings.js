/** @import { BrowserWindow, Options, Rung, TokenOptions } from './types.js' */
import { isOpenid } from './tokens.js';

/** @type {Rung[]} */
const RUNGS = ['cache', 'bridge', 'prompt_none', 'storage_access', 'popup', 'redirect'];

/**
 * @typedef {{ scope: string, redirectUri: string | undefined, passiveRedirectUri: string, popupRedirectUri: string,
 *   cache: 'none' | 'session', audience: string | undefined }} TokenSettings
 * @typedef {{ accounts: string, clientId: string, callback: string, timeout: number, rungs: Rung[],
 *   tokens: TokenSettings | undefined, framed: boolean }} Settings
 */

/**
 * Checks the options once; what is wrong becomes the hint of every verdict.
 * @param {Options} options
 * @param {BrowserWindow} window
 * @returns {{ settings: Settings, wrong?: string }}
 */
export function settle({ accounts, clientId, callback = '/sso', timeout = 1_500, rungs = RUNGS, tokens }, window) {
  const { href, origin } = window.location;
  /** @type {Settings} */
  const settings = { accounts: '', clientId, callback: '', timeout, rungs, tokens: undefined, framed: window.top !== window };
  try {
    const server = new URL(accounts);
    const backend = new URL(callback, href);
    settings.accounts = server.origin;
    settings.callback = backend.origin + backend.pathname.replace(/\/+$/, '');
    settings.tokens = tokens && settleTokens(settings, tokens, href);
    const { redirectUri = href, passiveRedirectUri } = settings.tokens ?? {};
    const isOf = (/** @type {string} */ site, url = href) => new URL(url).origin === site;
    /** @type {[unknown, string][]} */
    const checks = [
      [/^https?:$/.test(server.protocol), 'accounts must be an http(s) origin'],
      [backend.origin === origin, 'callback must be a path of this site'],
      [typeof clientId === 'string' && clientId, 'clientId is missing'],
      [timeout > 0 && timeout < Infinity, 'timeout must be a number of milliseconds'],
      [rungs.every((rung) => RUNGS.includes(rung)), `rungs are ${RUNGS}`],
      [isOf(origin, redirectUri), 'redirectUri must be a page of this site'],
      [isOf(origin, passiveRedirectUri) || isOf(server.origin, passiveRedirectUri), 'passiveRedirectUri must be a page of this site or of accounts'],
      [tokens?.cache !== 'session' || isOpenid(tokens.scope ?? 'openid'), "cache: 'session' needs the scope openid: userinfo checks what was kept"],
      [!tokens || (window.isSecureContext !== false && crypto.subtle), 'tokens need a secure context: serve this page by https'],
    ];
    const failed = checks.find(([good]) => !good);
    return { settings, ...(failed && { wrong: failed[1] }) };
  } catch {
    return { settings, wrong: 'accounts, callback and redirect URIs must be addresses, rungs a list' };
  }
}

/**
 * @param {Settings} settings
 * @param {TokenOptions} tokens
 * @param {string} href
 * @returns {TokenSettings}
 */
function settleTokens({ accounts, clientId }, tokens, href) {
  const hosted = `${accounts}/callback/${encodeURIComponent(clientId)}`;
  const { scope = 'openid', redirectUri, passiveRedirectUri = `${hosted}/passive`, popupRedirectUri = `${hosted}/popup` } = tokens;
  const url = (/** @type {string} */ uri) => new URL(uri, href).href;
  return {
    scope, redirectUri: redirectUri && url(redirectUri), passiveRedirectUri: url(passiveRedirectUri),
    popupRedirectUri: url(popupRedirectUri), cache: tokens.cache ?? 'none', audience: tokens.audience,
  };
}
