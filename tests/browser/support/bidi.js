/**
 * WebDriver BiDi, as far as these tests need it: commands with their answers, and events, over one socket.
 *
 * @module
 */
import { createRequire } from 'node:module';
import { once } from 'node:events';

const { WebSocket } = createRequire(import.meta.url)('ws');

/** A command of a test takes milliseconds; one that waits for a page waits for seconds. */
const PATIENCE_MS = 30_000;

/** @typedef {(parameters: any) => void} Listener */

/**
 * Connects to a browser and opens a session.
 * @param {string} address
 */
export async function connectBidi(address) {
  const socket = new WebSocket(`${address}/session`);
  await once(socket, 'open');
  /** @type {Map<number, { resolve: (result: any) => void, reject: (error: Error) => void }>} */
  const open = new Map();
  /** @type {Map<string, Set<Listener>>} */
  const listeners = new Map();
  let last = 0;

  socket.on('message', (/** @type {Buffer} */ data) => {
    const { type, id, result, error, message, method, params } = JSON.parse(data.toString('utf8'));
    if (type === 'event') {
      for (const heard of listeners.get(method) ?? []) heard(params);
      return;
    }
    const command = open.get(id);
    open.delete(id);
    if (type === 'success') command?.resolve(result);
    else command?.reject(new Error(`${error}: ${message}`));
  });
  socket.on('close', () => {
    for (const { reject } of open.values()) reject(new Error('the browser has hung up'));
    open.clear();
  });

  /** @param {string} method @param {Record<string, unknown>} [params] @returns {Promise<any>} */
  const send = (method, params = {}) => new Promise((resolve, reject) => {
    last += 1;
    const id = last;
    const timer = setTimeout(() => {
      open.delete(id);
      reject(new Error(`no answer to ${method} ${JSON.stringify(params).slice(0, 300)}`));
    }, PATIENCE_MS);
    /** @template T @param {(value: T) => void} settle @returns {(value: T) => void} */
    const settling = (settle) => (value) => { clearTimeout(timer); settle(value); };
    open.set(id, { resolve: settling(resolve), reject: settling(reject) });
    socket.send(JSON.stringify({ id, method, params }));
  });

  await send('session.new', { capabilities: { alwaysMatch: { acceptInsecureCerts: true } } });
  return {
    send,
    /** Hears an event from now on. @param {string} event @param {Listener} heard */
    async on(event, heard) {
      const known = listeners.get(event) ?? new Set();
      listeners.set(event, known.add(heard));
      if (known.size === 1) await send('session.subscribe', { events: [event] });
    },
    close: () => socket.close(),
  };
}

/** @typedef {Awaited<ReturnType<typeof connectBidi>>} Bidi */
