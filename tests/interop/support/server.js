/**
 * An accounts server with clients of every kind, as an operator would declare them.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, run, serve } from '../../browser/support/program.js';

/**
 * A registration, in the names of the configuration. A confidential client that has no secret here is given one.
 * @typedef {{ client_id: string, client_secret?: string, client_name?: string, origins?: string[], scope?: string,
 *   redirect_uris?: string[], post_logout_redirect_uris?: string[], grant_types?: string[], response_modes?: string[],
 *   token_endpoint_auth_method?: 'client_secret_basic' | 'client_secret_post' | 'none', audiences?: string[],
 *   id_token_signed_response_alg?: 'ES256' | 'RS256' | 'EdDSA', first_party?: boolean }} Client
 * @typedef {{ username: string, email: string, fullName: string, password: string }} Person
 */

/** @param {Client} client @returns {Client} */
const withSecret = (client) => (client.token_endpoint_auth_method === 'none'
  ? client
  : { client_secret: randomBytes(32).toString('hex'), ...client });

/** @param {Record<string, unknown>} table */
const toml = (table) => Object.entries(table).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`).join('');

/**
 * @param {string} folder
 * @param {number} port
 * @param {string} issuer
 * @param {Client[]} clients
 * @param {Record<string, unknown>[]} providers
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
 * Starts a server with these clients and people, and with providers in the names of the configuration. `log` is a
 * filter such as `debug`.
 * @param {{ clients: Client[], people: Person[], providers?: Record<string, unknown>[], log?: string }} given
 */
export async function startServer({ clients, people, providers = [], log }) {
  const folder = await mkdtemp(join(tmpdir(), 'vestibule-interop.'));
  const port = await freePorts([0]);
  const issuer = `http://accounts.vestibule.localhost:${port}`;
  const internal = `http://127.0.0.1:${port}`;
  const declared = clients.map(withSecret);
  const file = join(folder, 'Rocket.toml');
  await writeFile(file, configuration(folder, port, issuer, declared, providers));
  await writeFile(join(folder, 'key'), randomBytes(32), { mode: 0o600 });
  const where = { cwd: folder, env: { ROCKET_CONFIG: file, ...(log ? { RUST_LOG: log } : {}) } };
  await run(['migrate'], where);
  for (const { username, email, fullName, password } of people) {
    const person = ['--username', username, '--email', email, '--full-name', fullName];
    await run(['account', 'add', ...person, '--password-stdin'], { ...where, input: `${password}\n` });
  }
  const start = () => serve(['serve'], [`${internal}/health`], where);
  let program = await start();
  return {
    issuer,
    port,
    /** Where its database is. */
    folder,
    /** What it has written so far. */
    output: () => program.output(),
    /** The registration, its secret included. @param {string} id @returns {Client} */
    client(id) {
      const found = declared.find(({ client_id: declaredId }) => declaredId === id);
      if (found === undefined) throw new Error(`no client is called ${id}`);
      return found;
    },
    /**
     * Asks the server, wherever its name is known: not every resolver knows names under localhost.
     * @param {string | URL} address
     * @param {RequestInit} [how]
     */
    fetch: (address, how) => fetch(String(address).replace(issuer, internal), how),
    /** Ends it as a service manager does. It can be started again. */
    halt: () => program.stop('SIGTERM'),
    /** Starts it again, on what it has kept. */
    async resume() { program = await start(); },
    async stop() {
      await program.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof startServer>>} Server */
