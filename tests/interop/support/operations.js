/**
 * Operations as a site's backend asks for them, and as people answer them.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { alice } from './clients.js';
import { newVisitor } from './visitor.js';
import { until } from '../../browser/support/until.js';

/** @typedef {import('./server.js').Server} Server */
/**
 * The answer to a question.
 * @typedef {{ operationId: string, waitSecret: string, webSocketId: string, number: string, verificationUri: string,
 *   state: string, expiresIn: number }} Operation
 * @typedef {{ state: string, reason?: string, authResult?: string, completed: boolean }} Standing
 */

/** The client of these tests, with pages at these origins. @param {string[]} origins */
export const till = (origins) => ({ client_id: 'till', client_name: 'Till', origins, scope: 'operations', first_party: true });

/** Calls the server as the client's backend. @param {Server} server @param {string} path @param {object} [body] */
async function call(server, path, body) {
  const { client_secret: secret } = server.client('till');
  const authorization = `Basic ${Buffer.from(`till:${secret}`).toString('base64')}`;
  const how = body && { method: 'POST', body: JSON.stringify(body) };
  const headers = { authorization, 'content-type': 'application/json' };
  const answer = await server.fetch(`${server.issuer}/v1/operations${path}`, { ...how, headers });
  return { status: answer.status, body: await answer.json() };
}

/** Each test asks somebody of its own, since one person is asked only so often. */
const QUESTION = { title: 'Pay €49.00', lines: [{ label: 'Amount', value: '€49.00' }] };

/** Asks alice. @param {Server} server @returns {Promise<Operation>} */
export async function ask(server, uid = alice.username) {
  const { status, body } = await call(server, '', { ...QUESTION, account: { loginHint: uid } });
  assert.equal(status, 201, JSON.stringify(body));
  return body;
}

/** How it stands. @param {Server} server @param {Operation} operation @returns {Promise<Standing>} */
export const standing = async (server, { operationId }) => (await call(server, `/${operationId}`)).body;

/** Until it has ended, or stands as wanted. @param {Server} server @param {Operation} operation @param {string} state */
export const stands = (server, operation, state) => until(`the operation to be ${state}`, async () => (
  (await standing(server, operation)).state === state
));

/** The signed result. @param {Server} server @param {Operation} operation */
export const complete = (server, { operationId }) => call(server, `/${operationId}/complete`, {});

/**
 * Somebody who answers on another browser than the one that waits.
 * @param {Server} server
 * @param {import('./server.js').Person} [person]
 */
export async function answerer(server, person = alice) {
  const visitor = newVisitor(server);
  await visitor.signIn(await visitor.open(`${server.issuer}/signin`), person);
  /** @param {Operation} operation @param {'approve' | 'refuse'} answer */
  return async (operation, answer) => {
    const page = await visitor.open(operation.verificationUri);
    const { status, body } = await visitor.submit(page, { number: operation.number, answer });
    assert.equal(status, 200, body);
  };
}

/** An id of a page. */
export const pageId = () => randomBytes(16).toString('hex');
