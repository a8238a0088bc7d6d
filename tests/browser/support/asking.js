/**
 * What a relying party does that wants something confirmed: its backend asks, its page waits.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { hosts } from './family.js';

/** @typedef {import('./family.js').Family} Family */
/** @typedef {import('playwright-core').Page} Page */
/** @typedef {{ operationId: string, waitSecret: string, webSocketId: string, number: string, verificationUri: string }} Operation */

const lines = [
  { label: 'Amount', value: '€49.00' },
  { label: 'Payee', value: 'A Shop of Maps and Globes' },
  { label: 'Order', value: '2026-1121' },
];

/**
 * @param {Family} family
 * @param {string} path
 * @param {Record<string, unknown>} [body]
 */
async function call({ server }, path, body) {
  const answer = await fetch(`${server.internal}/v1/operations${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: server.credentials('wiki'), 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer.json();
}

/**
 * The backend of the wiki asks somebody for something.
 * @param {Family} family
 * @param {string} login
 * @param {Record<string, unknown>} [other] than what is usual
 */
export async function ask(family, login, other = {}) {
  const question = { account: { loginHint: login }, title: 'Pay for your order?', lines, ...other };
  return /** @type {Operation} */ (await call(family, '', question));
}

/** What its backend is told. @param {Family} family @param {Operation} operation @returns {Promise<string>} */
export const stateOf = async (family, { operationId }) => (await call(family, `/${operationId}`)).state;

/** The backend takes a question back. @param {Family} family @param {Operation} operation */
export const takeBack = (family, { operationId }) => call(family, `/${operationId}/cancel`, {});

/**
 * Shows a page of the wiki in a tab, which then waits by WebSocket. What it gives says how it ended, as it was told.
 * @param {Family} family
 * @param {Page} tab
 * @param {Operation} operation
 */
export async function wait({ sites, accounts }, tab, { waitSecret, webSocketId }) {
  await tab.goto(sites.page(hosts.wiki, '/waiting', '<h1>Waiting</h1>'));
  await tab.evaluate(([address, page, passcode, id]) => new Promise((resolve, reject) => {
    const socket = new WebSocket(address, 'v12.stomp');
    /** @param {string[]} head @param {string} [body] */
    const send = (head, body = '') => socket.send(`${head.join('\n')}\n\n${body}\0`);
    const destination = (/** @type {string} */ name) => `destination:/user/topic/${name}`;
    socket.addEventListener('open', () => {
      send(['CONNECT', 'accept-version:1.2', 'host:accounts', 'heart-beat:0,0', `login:${page}`, `passcode:${passcode}`]);
    });
    socket.addEventListener('message', ({ data }) => {
      if (data.startsWith('CONNECTED')) {
        send(['SUBSCRIBE', 'id:0', destination('registration')]);
        send(['SUBSCRIBE', 'id:1', destination('authorization')]);
        send(['SEND', 'destination:/app/registration'], JSON.stringify({ webSocketId: id }));
      }
      if (data.includes('"registrationSucceeded":true')) resolve(undefined);
      const result = /"authResult":"([A-Z_]+)"/.exec(data)?.[1];
      if (result !== undefined) document.body.dataset.result = result;
    });
    socket.addEventListener('close', reject);
  }), /** @type {const} */ ([
    `${accounts.replace('http', 'ws')}/websocket`, randomBytes(16).toString('hex'), waitSecret, webSocketId,
  ]));
  return async () => {
    const body = tab.locator('body[data-result]');
    await body.waitFor();
    return body.getAttribute('data-result');
  };
}

/** A number that is offered, and wrong. @param {Page} tab @param {Operation} operation */
export async function wrongNumber(tab, { number }) {
  const offered = await tab.getByRole('radio').evaluateAll((inputs) => (
    inputs.map((input) => /** @type {HTMLInputElement} */ (input).value)
  ));
  return offered.find((other) => other !== number) ?? '';
}
