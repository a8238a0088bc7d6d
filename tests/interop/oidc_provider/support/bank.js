/**
 * A bank that proves who its customers are: npm `oidc-provider`, over http on this machine. A test may have it lie, be
 * late, or refuse, in its own middleware: everything else is the library's.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
// @ts-expect-error: the library comes without types.
import MemoryAdapter from 'oidc-provider/lib/adapters/memory_adapter.js';
// @ts-expect-error: the same.
import LRU from 'oidc-provider/lib/helpers/lru.js';
// @ts-expect-error: the same.
import { Provider } from 'oidc-provider';
import { jwkOf, newKey, publicJwkOf } from './signing.js';

/**
 * What is between a request and its answer, as koa has it.
 * @typedef {{ path: string, status: number, body: any, req: import('node:http').IncomingMessage,
 *   res: import('node:http').ServerResponse, set(name: string, value: string): void, get(name: string): string,
 *   response: { get(name: string): string }, redirect(address: string): void, respond?: boolean }} Context
 * @typedef {(context: Context, next: () => Promise<void>) => void | Promise<void>} Middleware
 */

/** What the bank knows of each customer, whose number is in front of it. */
export const NAME = 'Alice Sample of Harbour Lane';
export const BIRTHDATE = '1985-07-14';
/** How well a customer signs in here. */
export const ACR = 'urn:bank:high';

const SCOPES = ['openid', 'profile'];
const MINUTE = 60;

/** The page on which a customer signs in. */
const PAGE = `<!doctype html><title>Bank</title><h1>Sign in at the bank</h1>
<form method="post"><label>Customer number <input name="customer"></label>
<button name="answer" value="yes">Sign in</button><button name="answer" value="no">Cancel</button></form>`;

/** @param {string} issuer @param {object[]} clients @param {import('./signing.js').Key[]} keys */
const configuration = (issuer, clients, keys, store = new LRU({ maxSize: 1_000 })) => ({
  clients,
  // Of its own: else all banks of a process would have one.
  adapter: (/** @type {string} */ model) => new MemoryAdapter(model, store),
  jwks: { keys: keys.map(jwkOf) },
  cookies: { keys: [randomBytes(16).toString('hex')] },
  scopes: SCOPES,
  acrValues: ['urn:bank:low', ACR],
  claims: { openid: ['sub'], profile: ['name', 'birthdate'], acr: null, auth_time: null },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  ttl: {
    AccessToken: MINUTE, AuthorizationCode: MINUTE, Grant: 15 * MINUTE, IdToken: MINUTE, Interaction: 15 * MINUTE,
    Session: 15 * MINUTE,
  },
  interactions: { url: (/** @type {unknown} */ _, { uid = '' }) => `${issuer}/interaction/${uid}` },
  findAccount: (/** @type {unknown} */ _, /** @type {string} */ sub) => ({
    accountId: sub, claims: () => ({ sub, name: NAME, birthdate: BIRTHDATE }),
  }),
  // Whoever signs in has said yes, as at a bank.
  async loadExistingGrant(/** @type {{ oidc: any }} */ { oidc: { client, session, provider, params } }) {
    const known = session.grantIdFor(client.clientId);
    if (known) return provider.Grant.find(known);
    const grant = new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
    grant.addOIDCScope(params.scope);
    await grant.save();
    return grant;
  },
});

/**
 * Answers the page on which a customer signs in.
 * @param {any} provider
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {string} refusal
 */
async function interact(provider, request, response, refusal) {
  if (request.method !== 'POST') {
    await provider.interactionDetails(request, response);
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(PAGE);
    return;
  }
  const form = new URLSearchParams(await text(request));
  const result = form.get('answer') === 'yes'
    ? { login: { accountId: form.get('customer'), acr: ACR } }
    : { error: refusal, error_description: `${NAME} said no` };
  await provider.interactionFinished(request, response, result);
}

/**
 * What the bank knows of the accounts server: a client under each of these ids of ours.
 * @typedef {{ id: string, by?: 'client_secret_basic' | 'private_key_jwt', alg?: 'ES256' | 'RS256' }} Registration
 * @param {string} accounts
 * @param {{ secret: string, ours: import('./signing.js').Key }} credentials
 * @param {Registration} registration
 */
const clientOf = (accounts, { secret, ours }, { id, by = 'client_secret_basic', alg = 'ES256' }) => ({
  client_id: `vestibule-${id}`,
  redirect_uris: [`${accounts}/identification/return/${id}`],
  response_types: ['code'],
  grant_types: ['authorization_code'],
  id_token_signed_response_alg: alg,
  token_endpoint_auth_method: by,
  ...(by === 'private_key_jwt' ? { jwks: { keys: [publicJwkOf(ours)] } } : { client_secret: secret }),
});

/**
 * A test's say in what the bank does.
 * - `refusal`: the error with which it answers a customer's no;
 * - `refused`: why it gave no tokens;
 * - `odd`: what else happens at some addresses.
 */
function mood() {
  return {
    refusal: 'access_denied',
    /** @type {string[]} */
    refused: [],
    /** @type {{ path: RegExp, middleware: Middleware }[]} */
    odd: [],
  };
}

/**
 * Has the library answer for the bank.
 * @param {import('node:http').Server} server
 * @param {any} provider
 * @param {ReturnType<typeof mood>} bank
 */
function serve(server, provider, bank) {
  provider.use((/** @type {Context} */ context, /** @type {() => Promise<void>} */ next) => {
    const found = bank.odd.find(({ path }) => path.test(context.path));
    return found ? found.middleware(context, next) : next();
  });
  provider.on('grant.error', (/** @type {unknown} */ _, /** @type {{ error_detail?: string }} */ error) => {
    bank.refused.push(error.error_detail ?? '');
  });
  const answer = provider.callback();
  server.on('request', (request, response) => {
    if (!request.url?.startsWith('/interaction/')) answer(request, response);
    else interact(provider, request, response, bank.refusal).catch((error) => response.writeHead(500).end(String(error)));
  });
}

/** Opens one on a name of this machine. Nothing is registered there yet. @param {string} host */
export async function openBank(host) {
  const keys = { ES256: newKey('ES256', 'bank-es'), RS256: newKey('RS256', 'bank-rs') };
  // By which the accounts server proves who it is: one of the two.
  const credentials = { secret: randomBytes(24).toString('base64'), ours: newKey('ES256', 'vestibule-1') };
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const issuer = `http://${host}:${port}`;
  const bank = {
    ...mood(),
    ...credentials,
    issuer,
    keys,
    /** Registers the accounts server, once. @param {string} accounts @param {Registration[]} registrations */
    register(accounts, registrations) {
      const clients = registrations.map((registration) => clientOf(accounts, credentials, registration));
      serve(server, new Provider(issuer, configuration(issuer, clients, Object.values(keys))), bank);
    },
    /** Has something else happen at addresses like this. @param {RegExp} path @param {Middleware} middleware */
    at(path, middleware) { bank.odd = [{ path, middleware }, ...bank.odd]; },
    /** As if nothing had been said. */
    honest: () => Object.assign(bank, mood()),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return bank;
}

/** @typedef {Awaited<ReturnType<typeof openBank>>} Bank */
