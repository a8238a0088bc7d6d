/** @import { IdentifyOptions } from './types.js' */

/** @param {string} accounts */
function originOf(accounts) {
  try {
    const { origin, protocol } = new URL(accounts);
    return /^https?:$/.test(protocol) && origin;
  } catch {
    return false; // not an address
  }
}

/**
 * Checks how it was called, before anything is done.
 * @param {IdentifyOptions} options
 * @throws {TypeError}
 */
export function settle({ accounts, provider, accessToken, signal, onChange }) {
  const origin = originOf(accounts);
  /** @type {[unknown, string][]} */
  const checks = [
    [origin, 'accounts must be an http(s) origin'],
    [provider === undefined || (typeof provider === 'string' && provider), 'provider must be the name of one'],
    [typeof accessToken === 'function' || (typeof accessToken === 'string' && accessToken), 'accessToken must be a token, or a function'],
    [signal === undefined || typeof signal?.aborted === 'boolean', 'signal must be an AbortSignal'],
    [onChange === undefined || typeof onChange === 'function', 'onChange must be a function'],
  ];
  const wrong = checks.find(([good]) => !good);
  if (wrong) throw new TypeError(`identify: ${wrong[1]}`);
  return { accounts: String(origin), provider, accessToken };
}

/** @typedef {ReturnType<typeof settle>} Settings */
