/**
 * Other people's sites: one small server that is every name under `localhost` at once, since chromium resolves
 * them all to loopback. Tests put pages there, friendly and hostile ones, with headers of their choice.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';

/**
 * @typedef {import('node:http').IncomingHttpHeaders} Headers
 * @typedef {{ method: string, host: string, path: string, headers: Headers, body: string }} Request
 * @typedef {{ status?: number, headers?: Record<string, string | string[]>, body?: string }} Reply
 * @typedef {(request: Request) => Reply | Promise<Reply>} Handler
 */

/** @returns {Reply} */
const nothing = () => ({ status: 404 });

/** Starts the server; nothing is there until a test puts it there. */
export async function startSites() {
  /** @type {Map<string, Handler>} */
  const places = new Map();
  const server = createServer(async (incoming, outgoing) => {
    const { hostname, pathname } = new URL(incoming.url ?? '/', `http://${incoming.headers.host ?? 'nowhere'}`);
    const request = {
      method: incoming.method ?? '',
      host: hostname,
      path: incoming.url ?? '',
      headers: incoming.headers,
      body: (await buffer(incoming)).toString('utf8'),
    };
    const handler = places.get(hostname + pathname) ?? nothing;
    const { status = 200, headers = {}, body } = await handler(request);
    outgoing.writeHead(status, { 'cache-control': 'no-store', ...headers }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());

  /** @param {string} host */
  const origin = (host) => `http://${host}:${port}`;
  /** Lets a function answer at an address. @param {string} host @param {string} path @param {Handler} handler */
  const handle = (host, path, handler) => {
    places.set(host + path, handler);
    return origin(host) + path;
  };
  return {
    origin,
    handle,
    /**
     * Puts a page somewhere.
     * @param {string} host
     * @param {string} path
     * @param {string} html
     * @param {Record<string, string>} [headers]
     */
    page: (host, path, html, headers = {}) => handle(host, path, () => ({
      headers: { 'content-type': 'text/html; charset=utf-8', ...headers },
      body: `<!doctype html><title>${host}</title>${html}`,
    })),
    /** Puts a script somewhere. @param {string} host @param {string} path @param {string} source */
    script: (host, path, source) => handle(host, path, () => ({
      headers: { 'content-type': 'text/javascript; charset=utf-8' }, body: source,
    })),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof startSites>>} Sites */
