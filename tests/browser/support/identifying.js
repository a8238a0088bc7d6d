/**
 * What a site does that has somebody prove who they are, by hand.
 *
 * @module
 */
import { arrive } from './chromium.js';

/** @typedef {import('playwright-core').Page} Page */

/**
 * The address of the window for whoever is signed in in this tab, which then shows a page of the client that waits.
 * @param {Page} tab
 * @param {import('./server.js').Server} server
 * @param {string} clientId
 * @param {string} callback a page of the client, registered as its redirect URI
 */
export async function waitForProof(tab, server, clientId, callback) {
  const asked = new URLSearchParams({
    client_id: clientId, redirect_uri: callback, response_type: 'code', scope: 'openid identification', state: 'a state',
  });
  await tab.goto(`${server.issuer}/oauth/authorize?${asked}`);
  await arrive(tab, new RegExp(`^${callback}\\?`));
  const answer = await fetch(`${server.internal}/oauth/token`, {
    method: 'POST',
    headers: { authorization: server.credentials(clientId) },
    body: new URLSearchParams({
      grant_type: 'authorization_code', redirect_uri: callback, code: new URL(tab.url()).searchParams.get('code') ?? '',
    }),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  const { access_token: token } = await answer.json();
  return tab.evaluate(async ([accounts, token]) => {
    await fetch(`${accounts}/identification/monitor`, { credentials: 'include' });
    const socket = new WebSocket(`${accounts?.replace('http', 'ws')}/identification/events`);
    socket.addEventListener('open', () => socket.send(JSON.stringify({ access_token: token })));
    return new Promise((resolve, reject) => {
      socket.addEventListener('message', ({ data }) => resolve(/** @type {string} */ (JSON.parse(data).start_uri)));
      socket.addEventListener('close', ({ reason }) => reject(new Error(reason)));
    });
  }, [server.issuer, token]);
}
