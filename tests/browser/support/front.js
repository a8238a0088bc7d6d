/**
 * What stands in front of the accounts server at the address that browsers know: it passes everything on, keeps
 * account of it, and lets a test answer in the server's place, late, wrongly, or not at all.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer, request as ask } from 'node:http';
import { connect } from 'node:net';

/** @typedef {import('node:http').IncomingMessage} Incoming */
/** @typedef {import('node:http').ServerResponse} Outgoing */
/**
 * - `status`, `headers` and `body` answer in the server's place;
 * - `more` are headers set on what the server answers, and `change` may write its body anew;
 * - `cut` resets the connection.
 * @typedef {{ status?: number, headers?: Record<string, string | string[]>, body?: string }} Reply
 * @typedef {{ more?: Record<string, string>, change?: (body: string) => string }} Change
 * @typedef {(path: string, incoming: Incoming) => Reply | Change | 'cut' | undefined | Promise<Reply | Change | 'cut' | undefined>} Rule
 * @typedef {{ method: string, path: string, status: number, bytes: number, form: string }} Counted
 */

/** The size of an answer as it goes over the wire. @param {number} status @param {string[]} raw @param {number} body */
const sizeOf = (status, raw, body) => `HTTP/1.1 ${status} \r\n\r\n`.length + raw.join('').length + raw.length * 2 + body;

/** @param {Incoming} stream */
async function bodyOf(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

/**
 * Passes a request on and gives the answer, whole.
 * @param {number} target
 * @param {Incoming} incoming
 * @param {Buffer} body
 */
async function passOn(target, incoming, body) {
  const { method, url, rawHeaders } = incoming;
  const outgoing = ask({ host: '127.0.0.1', port: target, method, path: url, headers: rawHeaders, agent: false });
  outgoing.end(body);
  const [answer] = /** @type {[Incoming]} */ (await once(outgoing, 'response'));
  return { answer, body: await bodyOf(answer) };
}

/**
 * Starts one; where it passes things on to is said later, when the server is there.
 */
export async function startFront() {
  let target = 0;
  let away = false;
  /** @type {Counted[]} */
  let counted = [];
  /** @type {{ pattern: RegExp, rule: Rule }[]} */
  let rules = [];
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set();

  /** @param {Outgoing} outgoing @param {number} status @param {string[]} raw @param {Buffer} body */
  const answerWith = (outgoing, status, raw, body) => {
    outgoing.sendDate = false;
    outgoing.writeHead(status, raw);
    outgoing.end(body);
    return sizeOf(status, raw, body.length);
  };
  /** @param {Reply} reply @returns {[number, string[], Buffer]} */
  const made = ({ status = 200, headers = {}, body = '' }) => {
    const bytes = Buffer.from(body);
    const all = { 'cache-control': 'no-store', ...headers, 'content-length': String(bytes.length) };
    return [status, Object.entries(all).flatMap(([name, value]) => [value].flat().flatMap((one) => [name, one])), bytes];
  };
  /** @param {Incoming} incoming @param {Buffer} form @param {Change} change @returns {Promise<[number, string[], Buffer]>} */
  const fetched = async (incoming, form, { more = {}, change }) => {
    const { answer, body } = await passOn(target, incoming, form);
    const changed = change ? Buffer.from(change(body.toString('utf8'))) : body;
    const replaced = new Set(['transfer-encoding', 'connection', 'keep-alive', ...Object.keys(more), ...(change ? ['content-length'] : [])]);
    const raw = answer.rawHeaders.flatMap((name, at, list) => (
      at % 2 === 0 && !replaced.has(name.toLowerCase()) ? [name, list[at + 1] ?? ''] : []
    ));
    const added = Object.entries({ ...more, ...(change ? { 'content-length': String(changed.length) } : {}) });
    return [answer.statusCode ?? 502, [...raw, ...added.flat()], changed];
  };

  /** @param {Incoming} incoming @param {Outgoing} outgoing */
  const serve = async (incoming, outgoing) => {
    const path = incoming.url ?? '/';
    const form = await bodyOf(incoming);
    const entry = { method: incoming.method ?? '', path, status: 0, bytes: 0, form: form.toString('utf8') };
    counted.push(entry);
    let how;
    for (const { pattern, rule } of rules) if (how === undefined && pattern.test(path)) how = await rule(path, incoming);
    if (how === 'cut' || away) {
      incoming.socket.resetAndDestroy();
      return;
    }
    const isReply = how !== undefined && !('more' in how) && !('change' in how);
    const [status, raw, body] = isReply
      ? made(/** @type {Reply} */ (how))
      : await fetched(incoming, form, /** @type {Change} */ (how ?? {}));
    entry.status = status;
    entry.bytes = answerWith(outgoing, status, raw, body);
  };
  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    if (away) socket.resetAndDestroy();
  });
  server.on('upgrade', async (incoming, near, head) => {
    const path = incoming.url ?? '/';
    counted.push({ method: 'UPGRADE', path, status: 101, bytes: 0, form: '' });
    for (const { pattern, rule } of rules) {
      if (pattern.test(path) && await rule(path, incoming) === 'cut') {
        near.destroy();
        return;
      }
    }
    const far = connect(target, '127.0.0.1');
    const lines = incoming.rawHeaders.flatMap((name, at, list) => (at % 2 === 0 ? [`${name}: ${list[at + 1]}`] : []));
    far.write([`${incoming.method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
    if (head.length > 0) far.write(head);
    near.on('error', () => far.destroy()).on('close', () => far.destroy());
    far.on('error', () => near.destroy()).on('close', () => near.destroy());
    far.pipe(near).pipe(far);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    port: /** @type {import('node:net').AddressInfo} */ (server.address()).port,
    /** @param {number} port */
    leadTo(port) { target = port; },
    /** What was asked since the last look; the look begins anew. @returns {Counted[]} */
    taken() {
      const seen = counted;
      counted = [];
      return seen;
    },
    /** What was asked since the last `taken`. */
    seen: () => [...counted],
    /** Answers differently, from now on, at addresses like this. @param {RegExp} pattern @param {Rule} rule */
    at(pattern, rule) { rules = [...rules, { pattern, rule }]; },
    /** As if nothing stood in front. */
    plain() {
      rules = [];
      away = false;
      counted = [];
    },
    /** Nobody can reach the server, and who was connected is no longer. @param {boolean} yes */
    unreachable(yes) {
      away = yes;
      if (yes) for (const socket of sockets) socket.resetAndDestroy();
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof startFront>>} Front */
