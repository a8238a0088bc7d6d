import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import * as library from 'openid-client';
import { diary, ledger, native, pay, setting, shop } from '../support/clients.js';
import {
  ask, authorize, bodyError, challenge, claimsOf, configure, redirectError, redirectUri, refreshTokenOf, signIn,
} from '../support/library.js';
import { startServer } from '../support/server.js';
import { newVisitor } from '../support/visitor.js';

/** @type {import('../support/server.js').Server} */
let server;
before(async () => { server = await startServer(setting); });
after(() => server?.stop());

test('the library refuses an answer with another state, nonce or issuer', async () => {
  const config = await configure(server, shop);
  const { answer, checks } = await authorize(server, newVisitor(server), config);

  const foreign = new URL(answer);
  foreign.searchParams.set('iss', 'https://evil.example.org');
  await assert.rejects(library.authorizationCodeGrant(config, foreign, checks), { code: 'OAUTH_INVALID_RESPONSE' });
  const unnamed = new URL(answer);
  unnamed.searchParams.delete('iss');
  await assert.rejects(library.authorizationCodeGrant(config, unnamed, checks), { code: 'OAUTH_INVALID_RESPONSE' });
  await assert.rejects(library.authorizationCodeGrant(config, answer, {
    ...checks, expectedState: library.randomState(),
  }), { code: 'OAUTH_INVALID_RESPONSE' });
  await assert.rejects(library.authorizationCodeGrant(config, answer, {
    ...checks, expectedNonce: library.randomNonce(),
  }), { code: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED' });
});

test('a code that comes back is refused, and takes the tokens along that it gave', async () => {
  const config = await configure(server, shop);
  const { answer, checks } = await authorize(server, newVisitor(server), config);
  const tokens = await library.authorizationCodeGrant(config, answer, checks);
  const { sub } = claimsOf(tokens);
  await library.fetchUserInfo(config, tokens.access_token, sub);

  await assert.rejects(library.authorizationCodeGrant(config, answer, checks), bodyError('invalid_grant'));

  await assert.rejects(
    library.fetchUserInfo(config, tokens.access_token, sub), challenge(401, 'bearer', 'invalid_token'),
  );
  await assert.rejects(
    library.refreshTokenGrant(config, refreshTokenOf(tokens)), bodyError('invalid_grant'),
  );
});

test('a code is worth nothing with another verifier, and nothing afterwards', async () => {
  const config = await configure(server, shop);
  const { answer, checks } = await authorize(server, newVisitor(server), config);

  await assert.rejects(library.authorizationCodeGrant(config, answer, {
    ...checks, pkceCodeVerifier: library.randomPKCECodeVerifier(),
  }), bodyError('invalid_grant'));
  await assert.rejects(library.authorizationCodeGrant(config, answer, checks), bodyError('invalid_grant'));
});

test('a code is worth nothing to another client', async () => {
  const [config, other] = [await configure(server, shop), await configure(server, diary)];
  const { answer, checks } = await authorize(server, newVisitor(server), config);

  await assert.rejects(library.authorizationCodeGrant(other, answer, checks), bodyError('invalid_grant'));
});

test('a wrong secret is invalid_client, with a challenge', async () => {
  const wrong = 'x'.repeat(64);
  const config = await configure(server, shop, { with: library.ClientSecretBasic(wrong) });
  await assert.rejects(library.clientCredentialsGrant(config, { scope: 'payments' }), challenge(401, 'basic'));

  const poster = await configure(server, ledger, { with: library.ClientSecretPost(wrong) });
  const { answer, checks } = await authorize(server, newVisitor(server), poster);
  await assert.rejects(library.authorizationCodeGrant(poster, answer, checks), challenge(401, 'basic'));
});

test('a client authenticates as it is registered, and in no other way', async () => {
  const { client_secret: secret } = server.client('ledger');
  const config = await configure(server, ledger, { with: library.ClientSecretBasic(secret) });
  const { answer, checks } = await authorize(server, newVisitor(server), config);

  await assert.rejects(library.authorizationCodeGrant(config, answer, checks), challenge(401, 'basic'));
});

test('what the registration does not have is refused by its name', async () => {
  const [config, reader] = [await configure(server, shop), await configure(server, ledger)];
  const visitor = newVisitor(server);
  /** @param {Record<string, string>} parameters */
  const refused = async (parameters) => {
    const { answer, checks } = await authorize(server, visitor, config, parameters);
    return library.authorizationCodeGrant(config, answer, checks);
  };

  await assert.rejects(refused({ scope: 'openid everything' }), redirectError('invalid_scope'));
  await assert.rejects(refused({ response_mode: 'fragment' }), redirectError('invalid_request'));
  await assert.rejects(refused({ resource: 'https://elsewhere.example.org/' }), redirectError('invalid_target'));
  await assert.rejects(refused({ code_challenge_method: 'plain' }), redirectError('invalid_request'));
  await assert.rejects(refused({ request: 'e30.e30.' }), redirectError('request_not_supported'));
  await assert.rejects(
    refused({ request_uri: 'https://shop.example.org/r' }), redirectError('request_uri_not_supported'),
  );
  await assert.rejects(library.clientCredentialsGrant(reader), bodyError('unauthorized_client'));
  for (const scope of ['everything', 'openid payments']) {
    await assert.rejects(library.clientCredentialsGrant(config, { scope }), bodyError('invalid_scope'));
  }
  await assert.rejects(
    library.genericGrantRequest(config, 'password', { username: 'alice', password: 'guess' }),
    bodyError('unsupported_grant_type'),
  );
});

test('a public client without a challenge is sent back', async () => {
  const config = await configure(server, native);
  const url = library.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri(server, native), scope: 'openid', state: 'state',
  });

  const { url: answer } = await newVisitor(server).open(url);

  await assert.rejects(
    library.authorizationCodeGrant(config, answer, { expectedState: 'state' }), redirectError('invalid_request'),
  );
});

test('nobody is sent to an address that is not registered', async () => {
  const [config, machine] = [await configure(server, shop), await configure(server, pay)];
  const visitor = newVisitor(server);

  for (const [asking, redirect] of /** @type {const} */ ([
    [config, 'https://shop.example.org/callback/'],
    [config, 'https://shop.example.org.evil.example/callback'],
    [machine, 'https://shop.example.org/callback'],
  ])) {
    const { url } = await ask(asking, { redirect_uri: redirect, scope: 'openid' });
    const page = await visitor.open(url);
    assert.equal(page.status, 400);
    assert.equal(page.url.href, url.href);
  }
});

test('after the sign-out at accounts nothing of the session is left', async () => {
  const config = await configure(server, shop);
  const visitor = newVisitor(server);
  const tokens = await signIn(server, visitor, config);

  await visitor.submit(await visitor.open(`${server.issuer}/signout`), {});

  await assert.rejects(
    library.fetchUserInfo(config, tokens.access_token, library.skipSubjectCheck),
    challenge(401, 'bearer', 'invalid_token'),
  );
  await assert.rejects(library.refreshTokenGrant(config, refreshTokenOf(tokens)), bodyError('invalid_grant'));
  assert.deepEqual(await library.tokenIntrospection(config, tokens.access_token), { active: false });
});
