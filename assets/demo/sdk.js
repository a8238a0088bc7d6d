// @ts-check
// The accounts server's SDK for pages that are a client by themselves, with tokens in place of a backend.

import { find } from './find.js';

/** @import { Connection, Options, TokenOptions } from '../sdk/vestibule.js' */

const { accounts = '' } = document.body.dataset;
const { client = '' } = find('[data-client]', HTMLElement).dataset;

/** The script itself. @type {typeof import('../sdk/vestibule.js')} */
export const sdk = await import(`${accounts}/sdk/vestibule.js`);

/** How long each way may take, in milliseconds: the demo shows what works, and a slow machine is not a no. */
const TIMEOUT = 5_000;

/**
 * A connection of the notes widget.
 * @param {Pick<Options, 'rungs' | 'panel'> & Pick<TokenOptions, 'cache'>} [options]
 * @returns {Connection}
 */
export function connect({ cache = 'none', ...options } = {}) {
  /** @type {TokenOptions} */
  const tokens = { scope: 'openid profile notes', redirectUri: `${location.origin}/widget/callback`, cache };
  const texts = { 'scope:notes': 'Read and write notes for you' };
  return sdk.connect({
    accounts, clientId: client, tokens, timeout: TIMEOUT, name: 'Notes in the margin', texts, ...options,
  });
}
