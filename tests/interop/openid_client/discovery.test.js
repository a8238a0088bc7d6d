import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import * as library from 'openid-client';
import { EXCHANGE, setting, shop } from '../support/clients.js';
import { configure } from '../support/library.js';
import { startServer } from '../support/server.js';

/** @type {import('../support/server.js').Server} */
let server;
before(async () => { server = await startServer(setting); });
after(() => server?.stop());

test('both documents are found, and are one', async () => {
  const [oidc, oauth2] = [await configure(server, shop), await configure(server, shop, { algorithm: 'oauth2' })];

  assert.equal(oidc.serverMetadata().issuer, server.issuer);
  assert.deepEqual({ ...oidc.serverMetadata() }, { ...oauth2.serverMetadata() });
});

test('the document promises what the other tests use, and nothing that is refused', async () => {
  const said = (await configure(server, shop)).serverMetadata();
  /** @param {string[] | undefined} list */
  const sorted = (list) => [...list ?? []].sort();

  assert.ok(said.supportsPKCE('S256'));
  assert.deepEqual(said.code_challenge_methods_supported, ['S256']);
  assert.equal(said.authorization_response_iss_parameter_supported, true);
  assert.deepEqual(said.response_types_supported, ['code']);
  assert.deepEqual(sorted(said.response_modes_supported), ['form_post', 'fragment', 'query']);
  assert.deepEqual(sorted(said.grant_types_supported), [
    'authorization_code', 'client_credentials', 'refresh_token', EXCHANGE,
  ]);
  assert.deepEqual(sorted(said.id_token_signing_alg_values_supported), ['ES256', 'EdDSA', 'RS256']);
  assert.deepEqual(sorted(said.subject_types_supported), ['pairwise', 'public']);
  assert.deepEqual(sorted(said.token_endpoint_auth_methods_supported), [
    'client_secret_basic', 'client_secret_post', 'none',
  ]);
  // These default to "yes" where nothing is said.
  assert.equal(said.request_uri_parameter_supported, false);
  for (const [name, address] of Object.entries(said)) {
    if (/_endpoint$|^jwks_uri$/.test(name)) assert.equal(new URL(String(address)).origin, server.issuer, name);
  }
});

test('a server that answers under another name is not taken for it', async () => {
  const elsewhere = new URL(server.issuer.replace('accounts.', 'evil.'));

  await assert.rejects(library.discovery(elsewhere, 'shop', {}, library.None(), {
    execute: [library.allowInsecureRequests],
    [library.customFetch]: (address, how) => (
      server.fetch(address.replace('evil.', 'accounts.'), /** @type {RequestInit} */ (how))
    ),
  }), { code: 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED' });
});
