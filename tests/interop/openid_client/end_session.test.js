import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import * as library from 'openid-client';
import { ledger, setting, shop } from '../support/clients.js';
import { ask, challenge, configure, redirectError, redirectUri, signIn } from '../support/library.js';
import { startServer } from '../support/server.js';
import { newVisitor } from '../support/visitor.js';

/** @type {import('../support/server.js').Server} */
let server;
before(async () => { server = await startServer(setting); });
after(() => server?.stop());

const home = String(shop.post_logout_redirect_uris?.[0]);

/** The library's address for signing out. @param {import('openid-client').Configuration} config */
const endSession = (config, parameters = {}) => library.buildEndSessionUrl(config, {
  post_logout_redirect_uri: home, state: 'after & all', ...parameters,
});

/** @param {import('../support/visitor.js').Visitor} visitor @param {import('openid-client').Configuration} config */
async function isSignedIn(visitor, config) {
  const { url, checks } = await ask(config, {
    redirect_uri: redirectUri(server, shop), scope: 'openid', prompt: 'none',
  });
  const { url: answer } = await visitor.open(url);
  if (answer.searchParams.has('code')) return true;
  await assert.rejects(library.authorizationCodeGrant(config, answer, checks), redirectError('login_required'));
  return false;
}

/** @param {URL} arrived */
function assertHome(arrived) {
  assert.equal(arrived.origin + arrived.pathname, home);
  assert.equal(arrived.searchParams.get('state'), 'after & all');
}

test('with the id token of the session the sign-out is silent, and everything has ended', async () => {
  const config = await configure(server, shop);
  const visitor = newVisitor(server);
  const tokens = await signIn(server, visitor, config);

  const { url } = await visitor.open(endSession(config, { id_token_hint: tokens.id_token }));

  assertHome(url);
  assert.equal(await isSignedIn(visitor, config), false);
  await assert.rejects(
    library.fetchUserInfo(config, tokens.access_token, library.skipSubjectCheck),
    challenge(401, 'bearer', 'invalid_token'),
  );
});

test('without it the person is asked first', async () => {
  const config = await configure(server, shop);
  const visitor = newVisitor(server);
  await signIn(server, visitor, config);

  const question = await visitor.open(endSession(config));
  assert.equal(question.url.pathname, '/signout');
  assert.equal(await isSignedIn(visitor, config), true);
  const { url } = await visitor.submit(question, {});

  assertHome(url);
  assert.equal(await isSignedIn(visitor, config), false);
});

test('the id token of another browser does not sign anybody out unasked', async () => {
  const config = await configure(server, shop);
  const [visitor, other] = [newVisitor(server), newVisitor(server)];
  await signIn(server, visitor, config);
  const { id_token: foreign } = await signIn(server, other, config);

  const { url } = await visitor.open(endSession(config, { id_token_hint: foreign }));

  assert.equal(url.pathname, '/signout');
  assert.equal(await isSignedIn(visitor, config), true);
  assert.equal(await isSignedIn(other, config), true);
});

test('where nobody is signed in it leads straight back', async () => {
  const config = await configure(server, shop);

  const { url } = await newVisitor(server).open(endSession(config));

  assertHome(url);
});

test('nobody is sent to an address that is not registered', async () => {
  const [config, other] = [await configure(server, shop), await configure(server, ledger)];
  const visitor = newVisitor(server);
  const { id_token: hint } = await signIn(server, visitor, config);

  for (const address of [
    endSession(config, { id_token_hint: hint, post_logout_redirect_uri: 'https://shop.example.org/elsewhere' }),
    endSession(other),
  ]) {
    const page = await visitor.open(address);
    assert.equal(page.status, 400);
    assert.equal(page.url.href, address.href);
  }
  assert.equal(await isSignedIn(visitor, config), true);
});
