/**
 * The setting of these tests: a bank or two, an accounts server that knows them, and a shop on a sibling site and on
 * another, whose pages wait for an identification.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSites } from '../../../browser/support/sites.js';
import { alice } from '../../support/clients.js';
import { startServer } from '../../support/server.js';
import { newVisitor } from '../../support/visitor.js';
import { ACR, openBank } from './bank.js';
import { pemOf, read } from './signing.js';

/** @typedef {import('../../support/server.js').Person} Person */
/** @typedef {{ token: string, uid: string }} Known a person's token, and the identifier by which clients know them */
/** @typedef {{ identified_at: number | null, provider?: string, level?: string, later?: boolean }} Stamp */

/** Of somebody who has never proved anything. @type {Stamp} */
export const NEVER = { identified_at: null };

/** @type {Person} */
export const bob = { username: 'bob', email: 'bob@example.org', fullName: 'Bob Sample', password: alice.password };
export { alice };

/** `shop` is a sibling of the accounts server, `market` has the same shop on another site. `mall` is another client's. */
export const hosts = {
  shop: 'shop.vestibule.localhost', market: 'shop.market.localhost', mall: 'mall.vestibule.localhost',
  evil: 'evil.vestibule.localhost', bank: 'bank.example.localhost', post: 'post.other.localhost',
};
const REDIRECT_URI = 'https://shop.example.org/callback';
/** The page that waits, by hand and with the SDK. */
const SCRIPTS = { '/': 'waiting_page.js', '/sdk': 'sdk_page.js' };
const PAGE = `<body><button id="prove">Prove who you are</button>
<a id="link" href="/" target="_blank" hidden>Open the window</a>`;

/** @param {import('../../../browser/support/sites.js').Sites} sites */
async function publish(sites) {
  for (const [path, name] of Object.entries(SCRIPTS)) {
    const script = await readFile(new URL(name, import.meta.url), 'utf8');
    for (const host of [hosts.shop, hosts.market, hosts.mall, hosts.evil]) {
      sites.page(host, path, `${PAGE}<script type="module" src="/${name}"></script>`);
      sites.page(host, '/empty', '<body>');
      sites.script(host, `/${name}`, script);
    }
  }
}

/** @param {import('../../../browser/support/sites.js').Sites} sites */
const clientsOf = (sites) => [
  {
    client_id: 'shop', client_name: 'Shop', origins: [sites.origin(hosts.shop), sites.origin(hosts.market)],
    redirect_uris: [REDIRECT_URI], grant_types: ['authorization_code'], scope: 'openid identification', first_party: true,
  },
  { client_id: 'mall', client_name: 'Mall', origins: [sites.origin(hosts.mall)], first_party: true },
  { client_id: 'orders', client_name: 'Orders', scope: 'identification:read', first_party: true },
];

/**
 * A provider as the accounts server has it.
 * @typedef {import('./bank.js').Registration & { bank: 'bank' | 'post' }} Registration
 * @param {Registration} registration
 * @param {Record<'bank' | 'post', import('./bank.js').Bank>} banks
 * @param {string} folder
 */
async function providerOf({ id, bank: where, by, alg }, banks, folder) {
  const bank = banks[where];
  const file = join(folder, `${id}.pem`);
  await writeFile(file, pemOf(bank.ours), { mode: 0o600 });
  return {
    id,
    name: `The ${id}`,
    issuer: bank.issuer,
    client_id: `vestibule-${id}`,
    ...(by === 'private_key_jwt' ? { private_key_file: file } : { client_secret: bank.secret }),
    scope: 'openid profile',
    acr_values: [ACR],
    ...(alg ? { id_token_signed_response_alg: [alg] } : {}),
    'claims.name': 'name',
    'claims.birthdate': 'birthdate',
  };
}

/**
 * A person's token for the shop's page, as the shop's backend has it.
 * @param {import('../../support/server.js').Server} server
 * @param {Person} person
 * @returns {Promise<Known>}
 */
async function knownAs(server, person) {
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const visitor = newVisitor(server);
  const request = new URLSearchParams({
    response_type: 'code', client_id: 'shop', redirect_uri: REDIRECT_URI, scope: 'openid identification',
    code_challenge: challenge, code_challenge_method: 'S256',
  });
  const answer = await visitor.signIn(await visitor.open(`${server.issuer}/oauth/authorize?${request}`), person);
  const code = answer.url.searchParams.get('code') ?? '';
  const swapped = await server.fetch(`${server.issuer}/oauth/token`, {
    method: 'POST',
    headers: { authorization: credentials(server, 'shop') },
    body: new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, code_verifier: verifier }),
  });
  const tokens = await swapped.json();
  assert.equal(swapped.status, 200, JSON.stringify(tokens));
  return { token: tokens.access_token, uid: String(read(tokens.id_token).claims.sub) };
}

/** @param {import('../../support/server.js').Server} server @param {string} id */
const credentials = (server, id) => (
  `Basic ${Buffer.from(`${id}:${server.client(id).client_secret}`).toString('base64')}`
);

/**
 * Starts it all but the browsers.
 * @param {{ registrations?: Registration[], people?: Person[], log?: string, more?: Record<string, unknown>[] }} [given]
 */
export async function startSetting({ registrations = [{ id: 'bank', bank: 'bank' }], people = [alice, bob], ...given } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'vestibule-providers.'));
  const [sites, bank, post] = await Promise.all([startSites(), openBank(hosts.bank), openBank(hosts.post)]);
  const banks = { bank, post };
  /** @type {import('../../support/server.js').Server | undefined} */
  let server;
  const stop = async () => {
    await Promise.all([server?.stop(), sites.close(), bank.close(), post.close()]);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await publish(sites);
    const providers = await Promise.all(registrations.map((it) => providerOf(it, banks, folder)));
    const { more = [], log } = given;
    const all = { clients: clientsOf(sites), people, providers: [...providers, ...more], ...(log ? { log } : {}) };
    const started = await startServer(all);
    server = started;
    for (const [where, it] of Object.entries(banks)) {
      it.register(started.issuer, registrations.filter(({ bank: at }) => at === where));
    }
    /** @type {Map<string, Known>} */
    const known = new Map();
    for (const person of people) known.set(person.username, await knownAs(started, person));
    return { sites, bank, post, server: started, accounts: started.issuer, stop, ...asker(started, known) };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @param {import('../../support/server.js').Server} server @param {Map<string, Known>} known */
function asker(server, known) {
  /** @param {Person} person */
  const knownPerson = (person) => {
    const found = known.get(person.username);
    assert.ok(found, person.username);
    return found;
  };
  return {
    /** The token of this person. @param {Person} person */
    token: (person) => knownPerson(person).token,
    /** How clients know this person. @param {Person} person */
    uid: (person) => knownPerson(person).uid,
    /**
     * What the order's backend is told of this person.
     * @param {Person} person
     * @param {number} [since]
     * @returns {Promise<Stamp>}
     */
    async stamp(person, since) {
      const address = `${server.issuer}/v1/accounts/${knownPerson(person).uid}/identification`;
      const query = since === undefined ? '' : `?since=${since}`;
      const answer = await server.fetch(address + query, { headers: { authorization: credentials(server, 'orders') } });
      assert.equal(answer.status, 200);
      return answer.json();
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof startSetting>>} Setting */
