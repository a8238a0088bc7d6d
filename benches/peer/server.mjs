/**
 * A peer to measure against: npm `oidc-provider` over http on 127.0.0.1, with its in-memory store.
 *
 *   npm ci                                       once
 *   NODE_ENV=production node server.mjs PORT     0 takes a free one
 *   node session.mjs PORT [COUNT]                prints what the load needs, see there
 *
 * It prints `peer PORT` when it can be asked, and ends when its standard input does. PEER_REFRESH=1 lets a code
 * yield a refresh token too, as the registration on the other side may have it. The paths are those of Vestibule
 * (known.mjs), so the same requests go to both. It signs with one ES256 key. Whoever comes to /oauth/authorize
 * without prompt=none is signed in at once, as the account named by login_hint.
 *
 * @module
 */
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import MemoryAdapter from 'oidc-provider/lib/adapters/memory_adapter.js';
import LRU from 'oidc-provider/lib/helpers/lru.js';
import { Provider } from 'oidc-provider';
import { PATHS, PAY, SHOP } from './known.mjs';

/** The store forgets beyond a thousand entries unless it is told another number. */
const ENTRIES = 500_000;
const DAY = 24 * 60 * 60;
const refresh = Boolean(process.env.PEER_REFRESH);

/** Everything that is measured here, as long-lived as on the other side. */
const ttl = {
  AccessToken: 600,
  AuthorizationCode: 60,
  ClientCredentials: 600,
  Grant: 14 * DAY,
  IdToken: 600,
  Interaction: 600,
  RefreshToken: 14 * DAY,
  Session: 14 * DAY,
};

function signingKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid: 'bench', alg: 'ES256', use: 'sig' };
}

/** @param {string} id */
const account = (id) => ({
  accountId: id,
  claims: () => ({
    sub: id, name: 'Alice Sample', preferred_username: id, email: `${id}@example.org`, email_verified: true,
  }),
});

const clients = [
  {
    client_id: SHOP.client_id,
    client_secret: SHOP.client_secret,
    redirect_uris: [SHOP.redirect_uri],
    grant_types: ['authorization_code', 'client_credentials', ...(refresh ? ['refresh_token'] : [])],
    response_types: ['code'],
  },
  {
    client_id: PAY.client_id,
    client_secret: PAY.client_secret,
    redirect_uris: [],
    grant_types: [],
    response_types: [],
  },
];

const configuration = () => {
  const store = new LRU({ maxSize: ENTRIES });
  return {
    /** @param {string} model */
    adapter: (model) => new MemoryAdapter(model, store),
    clients: clients.map((client) => ({ ...client, token_endpoint_auth_method: 'client_secret_basic' })),
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    jwks: { keys: [signingKey()] },
    cookies: { keys: ['of-the-bench'] },
    scopes: ['openid', 'profile', 'email', 'payments'],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'] },
    routes: PATHS,
    ttl,
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true },
    },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) => account(id),
    issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
  };
};

/**
 * Answers what a person would be asked: yes, it is me, and yes, the client may.
 * @param {Provider} provider
 */
async function answerForThePerson(provider, request, response) {
  const { params, prompt, session } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    const login = { accountId: params.login_hint ?? 'alice' };
    await provider.interactionFinished(request, response, { login });
    return;
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}

// Standard output has the port and nothing else.
console.info = console.error;

const server = createServer();
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  const { port } = server.address();
  const provider = new Provider(`http://127.0.0.1:${port}`, configuration());
  provider.on('server_error', (_, error) => console.error(error));
  const answer = provider.callback();
  server.on('request', (request, response) => {
    if (!request.url.startsWith('/interaction/')) {
      answer(request, response);
      return;
    }
    answerForThePerson(provider, request, response).catch((error) => response.writeHead(500).end(String(error)));
  });
  console.log(`peer ${port}`);
});
// A load keeps its connections for as long as it likes.
server.keepAliveTimeout = 0;
process.stdin.resume().on('end', () => process.exit());
