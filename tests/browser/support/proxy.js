/**
 * A TCP proxy in front of a server on this machine, for tests that cut connections or let them fall silent.
 *
 * @module
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/**
 * Starts one in front of a port. Until told otherwise it passes everything on.
 * @param {number} target
 */
export async function startProxy(target) {
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set();
  /** What it does with new connections. @type {RegExp | undefined} */
  let refused;
  let deaf = false;

  /** @param {import('node:net').Socket} socket */
  const keep = (socket) => {
    sockets.add(socket);
    // A reset is what it is for.
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((near) => {
    keep(near).once('data', (first) => {
      if (refused?.test(first.toString('latin1'))) {
        near.resetAndDestroy();
        return;
      }
      const far = keep(connect(target, '127.0.0.1'));
      far.write(first);
      near.on('data', (part) => { if (!deaf) far.write(part); }).on('close', () => { if (!deaf) far.destroy(); });
      far.on('data', (part) => { if (!deaf) near.write(part); }).on('close', () => { if (!deaf) near.destroy(); });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    port,
    /** Resets every connection there is. */
    cut() { for (const socket of sockets) socket.resetAndDestroy(); },
    /** Resets new connections whose first words are these; none when nothing is given. @param {RegExp} [words] */
    refuse(words) { refused = words; },
    /** Passes nothing on, ends included. @param {boolean} yes */
    swallow(yes) { deaf = yes; },
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof startProxy>>} Proxy */
