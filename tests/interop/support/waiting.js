/**
 * A page that waits, in node: @stomp/stompjs over ws, which can do what browsers do on their own (an Origin, close
 * codes).
 *
 * @module
 */
import { createRequire } from 'node:module';
import { Client } from '@stomp/stompjs';
import { pageId } from './operations.js';
import { until } from '../../browser/support/until.js';

const { WebSocket } = createRequire(import.meta.url)('ws');

/** Where the client's pages are. */
export const ORIGIN = 'https://till.example.org';

/** @typedef {import('./operations.js').Operation} Operation */
/**
 * @typedef {{ page?: string, passcode?: string, origin?: string, port?: number, destination?: string,
 *   webSocketId?: string, settings?: import('@stomp/stompjs').StompConfig }} How
 */

/**
 * Opens one, as the library's documentation has it.
 * @param {import('node:test').TestContext} t
 * @param {{ port: number }} server
 * @param {Operation} operation
 * @param {How} [how]
 */
export function openPage(t, server, operation, how = {}) {
  const { webSocketId = operation.webSocketId, page = pageId(), destination = '/app/registration' } = how;
  /** @type {any[]} */
  const [registrations, results, sockets] = [[], [], []];
  /** @type {string[]} */
  const errors = [];
  /** @type {number[]} */
  const codes = [];
  const client = new Client({
    webSocketFactory: () => {
      const address = `ws://127.0.0.1:${how.port ?? server.port}/websocket`;
      const socket = new WebSocket(address, ['v12.stomp', 'v11.stomp', 'v10.stomp'], { origin: how.origin ?? ORIGIN });
      sockets.push(socket);
      return socket;
    },
    connectHeaders: { login: page, passcode: how.passcode ?? operation.waitSecret },
    reconnectDelay: 0,
    onConnect: () => {
      client.subscribe('/user/topic/registration', ({ body }) => registrations.push(JSON.parse(body)));
      client.subscribe('/user/topic/authorization', ({ body }) => results.push(JSON.parse(body)));
      client.publish({ destination, body: JSON.stringify({ webSocketId }) });
    },
    onStompError: ({ headers }) => { errors.push(headers.message ?? ''); },
    onWebSocketClose: ({ code }) => { codes.push(code); },
    ...how.settings,
  });
  client.activate();
  t.after(() => client.deactivate({ force: true }));
  const shown = () => JSON.stringify({ registrations, results, errors, codes });
  /** @template T @param {string} what @param {() => T} look */
  const awaited = (what, look) => until(what, look, shown);
  return {
    client, page, registrations, results, errors, codes,
    /** Until it has been answered so many times whether it is registered; gives the last answer. */
    registered: async (times = 1) => {
      await awaited('a registration', () => registrations.length >= times);
      return registrations.at(-1);
    },
    /** Until it has heard how the operation ended. */
    result: async () => {
      await awaited('a result', () => results.length > 0);
      return results[0];
    },
    /** Until its socket was closed so many times; gives the last code. @returns {Promise<number>} */
    closed: async (times = 1) => {
      await awaited('a close', () => codes.length >= times);
      return codes.at(-1) ?? 0;
    },
    /** Closes the socket with a code and does not come back. @param {number} [code] */
    async close(code) {
      client.reconnectDelay = 0;
      sockets.at(-1).close(code);
      await awaited('its own close', () => codes.length > 0);
    },
  };
}
