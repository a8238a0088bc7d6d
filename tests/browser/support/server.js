/**
 * An accounts server as it is put before people, with clients that a test declares.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, run, serve } from './program.js';

/**
 * A registration, in the names of the configuration; the secret is made here, unless the client is a public one.
 * @typedef {{ client_id: string, client_name?: string, origins: string[], embedders?: string[], return_uris?: string[],
 *   scope?: string, first_party?: boolean, require_nonce?: boolean, redirect_uris?: string[], grant_types?: string[],
 *   token_endpoint_auth_method?: 'none', audiences?: string[], contacts?: string[] }} Client
 * @typedef {{ username: string, email: string, fullName: string, password: string }} Person
 */

/**
 * A provider that can prove who somebody is, in the names of the configuration.
 * @typedef {{ id: string, name: string, issuer: string, client_id: string, client_secret: string }} Provider
 */

/** Somebody to sign in as. @type {Person} */
export const bob = {
  username: 'bob', email: 'bob@example.org', fullName: 'Bob Sample', password: 'four-harbours-at-dawn',
};

/** @param {Client} client @returns {Client & { client_secret?: string }} */
const withSecret = (client) => (client.token_endpoint_auth_method === 'none'
  ? client
  : { ...client, client_secret: randomBytes(32).toString('hex') });

/** @param {Record<string, unknown>} table */
const toml = (table) => Object.entries(table).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`).join('');

/**
 * @param {string} folder
 * @param {number} port
 * @param {string} issuer
 * @param {Client[]} clients
 * @param {Provider[]} providers
 */
const configuration = (folder, port, issuer, clients, providers) => [
  '[default]\n', toml({ address: '127.0.0.1', port }),
  '[default.vestibule]\n', toml({
    issuer, database_url: `sqlite://${join(folder, 'vestibule.db')}`, key_encryption_key_file: join(folder, 'key'),
  }),
  ...clients.flatMap((client) => ['[[default.vestibule.clients]]\n', toml(client)]),
  ...providers.flatMap((provider) => ['[[default.vestibule.providers]]\n', toml(provider)]),
].join('');

/**
 * Starts a server with these clients, which may be made for its address, and people. Something may stand in front of
 * it, at a port of its own.
 * @param {{ clients: Client[] | ((issuer: string) => Client[]), people?: Person[], providers?: Provider[],
 *   front?: number }} given
 */
export async function startServer({ clients, people = [], providers = [], front }) {
  const folder = await mkdtemp(join(tmpdir(), 'vestibule-server.'));
  const port = await freePorts([0]);
  const issuer = `http://accounts.vestibule.localhost:${front ?? port}`;
  const declared = (typeof clients === 'function' ? clients(issuer) : clients).map(withSecret);
  const file = join(folder, 'Rocket.toml');
  await writeFile(file, configuration(folder, port, issuer, declared, providers));
  await writeFile(join(folder, 'key'), randomBytes(32), { mode: 0o600 });
  const where = { cwd: folder, env: { ROCKET_CONFIG: file } };
  await run(['migrate'], where);
  for (const { username, email, fullName, password } of people) {
    const person = ['--username', username, '--email', email, '--full-name', fullName];
    await run(['account', 'add', ...person, '--password-stdin'], { ...where, input: `${password}\n` });
  }
  const program = await serve(['serve'], [`http://127.0.0.1:${port}/health`], where);
  return {
    issuer,
    port,
    /** The address for servers: not every resolver knows names under localhost. */
    internal: `http://127.0.0.1:${port}`,
    /** Where a page of this client frames the bridge. @param {string} clientId */
    bridge: (clientId) => `${issuer}/bridge?client_id=${clientId}`,
    /** What the backend of a client sends as Authorization. @param {string} clientId */
    credentials(clientId) {
      const secret = declared.find(({ client_id: id }) => id === clientId)?.client_secret ?? '';
      return `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`;
    },
    output: program.output,
    async stop() {
      await program.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof startServer>>} Server */
