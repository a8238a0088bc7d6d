/**
 * What a page does that begins a flow, by hand.
 *
 * @module
 */
import { createHash, randomBytes } from 'node:crypto';
import { hosts } from './family.js';

/** @typedef {{ flow: string, flow_uri: string, number: string, waitingSecret: string }} Begun */

/**
 * A page of this client begins a flow.
 * @param {import('./family.js').Family} family
 * @param {'guest'} clientId
 * @returns {Promise<Begun>}
 */
export async function beginFlow({ server, sites }, clientId) {
  const origin = sites.origin(hosts[clientId]);
  const waitingSecret = randomBytes(32).toString('hex');
  const challenge = createHash('sha256').update(randomBytes(32).toString('hex')).digest('base64url');
  const answer = await fetch(`${server.internal}/flow`, {
    method: 'POST',
    headers: { origin },
    body: new URLSearchParams({
      waiting_secret: waitingSecret, client_id: clientId, redirect_uri: `${origin}/callback`, response_type: 'code',
      scope: 'openid', state: 'a state', code_challenge: challenge, code_challenge_method: 'S256',
    }),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  const told = await answer.json();
  return { ...told, waitingSecret };
}
