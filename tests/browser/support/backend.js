/**
 * The backend of a relying party, as short as it can be: it hands out a nonce, and swaps a recovery payload for
 * the person's profile, off-band.
 *
 * @module
 */
import { createHash, randomBytes } from 'node:crypto';

const COOKIE = '__Host-sso-tx';

/** @param {string} tx */
const nonceOf = (tx) => createHash('sha256').update(tx).digest('base64url');

/** @param {import('./sites.js').Request} request */
const txOf = (request) => /__Host-sso-tx=([0-9a-f]{64})/.exec(request.headers.cookie ?? '')?.[1] ?? '';

/**
 * Puts a callback at `/sso` of a site, for one client.
 * @param {import('./sites.js').Sites} sites
 * @param {string} host
 * @param {import('./server.js').Server} server
 * @param {string} clientId
 */
export function backendAt(sites, host, server, clientId) {
  /** Who was let in, as the accounts server names them. @type {{ username?: string }[]} */
  const profiles = [];

  /** @param {string} recoveryPayload @param {string} nonce */
  const recover = (recoveryPayload, nonce) => fetch(`${server.internal}/v1/session/recover`, {
    method: 'POST',
    headers: { authorization: server.credentials(clientId), 'content-type': 'application/json' },
    body: JSON.stringify({ recoveryPayload, nonce }),
  });

  sites.handle(host, '/sso', async (request) => {
    if (request.method === 'GET') {
      const tx = randomBytes(32).toString('hex');
      return {
        headers: {
          'content-type': 'application/json',
          'set-cookie': `${COOKIE}=${tx}; Path=/; Secure; HttpOnly; SameSite=Strict`,
        },
        body: JSON.stringify({ hasSession: false, nonce: nonceOf(tx) }),
      };
    }
    if (request.headers['sec-fetch-site'] !== 'same-origin') return { status: 403 };
    const payload = new URLSearchParams(request.body).get('recoveryPayload') ?? '';
    const answer = await recover(payload, nonceOf(txOf(request)));
    if (answer.status !== 200) return { status: answer.status };
    profiles.push(/** @type {{ username?: string }} */ (await answer.json()));
    return { status: 204, headers: { 'x-vestibule-outcome': 'created' } };
  });
  return { profiles };
}
