import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import * as library from 'openid-client';
import { alice, diary, ledger, native, setting, shop } from '../support/clients.js';
import { ask, authorize, claimsOf, configure, redirectError, redirectUri, signIn } from '../support/library.js';
import { startServer } from '../support/server.js';
import { newVisitor } from '../support/visitor.js';

/** @type {import('../support/server.js').Server} */
let server;
before(async () => { server = await startServer(setting); });
after(() => server?.stop());

/** @param {string} token */
const headerOf = (token) => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());

for (const client of [shop, ledger, diary]) {
  const { id_token_signed_response_alg: alg, token_endpoint_auth_method: method = 'client_secret_basic' } = client;

  test(`code and PKCE, ${method}, an id token with ${alg}`, async () => {
    const config = await configure(server, client);
    const before = Math.floor(Date.now() / 1_000);

    const { answer, checks } = await authorize(server, newVisitor(server), config);
    const tokens = await library.authorizationCodeGrant(config, answer, { ...checks, maxAge: 60 });

    assert.equal(answer.origin + answer.pathname, redirectUri(server, client));
    assert.equal(answer.searchParams.get('iss'), server.issuer);
    assert.equal(tokens.token_type, 'bearer');
    assert.equal(tokens.expires_in, 600);
    assert.ok(tokens.id_token);
    const header = headerOf(tokens.id_token);
    assert.equal(header.alg, alg);
    assert.ok(header.kid);
    const claims = claimsOf(tokens);
    assert.equal(claims.aud, client.client_id);
    assert.equal(typeof claims.sid, 'string');
    assert.ok(Number(claims.auth_time) >= before);
  });
}

test('userinfo tells by scope who it is, and the library believes it of the same subject only', async () => {
  const config = await configure(server, shop);
  const visitor = newVisitor(server);

  const all = await signIn(server, visitor, config, { scope: 'openid profile email' });
  const { sub } = claimsOf(all);
  assert.deepEqual(await library.fetchUserInfo(config, all.access_token, sub), {
    sub, name: alice.fullName, preferred_username: alice.username, email: alice.email, email_verified: false,
  });
  await assert.rejects(library.fetchUserInfo(config, all.access_token, `${sub}x`), {
    code: 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
  });

  const little = await signIn(server, visitor, config, { scope: 'openid' });
  assert.deepEqual(await library.fetchUserInfo(config, little.access_token, sub), { sub });
});

test('one sign-in is enough: prompt=none leads straight back', async () => {
  const config = await configure(server, shop);
  const visitor = newVisitor(server);
  const first = claimsOf(await signIn(server, visitor, config));

  const { url, checks } = await ask(config, {
    redirect_uri: redirectUri(server, shop), scope: 'openid', prompt: 'none',
  });
  const { url: answer } = await visitor.open(url);
  const again = claimsOf(await library.authorizationCodeGrant(config, answer, checks));

  assert.deepEqual([again.sub, again.sid, again.auth_time], [first.sub, first.sid, first.auth_time]);
});

test('prompt=login asks again, and the new time is in the id token', async () => {
  const config = await configure(server, shop);
  const visitor = newVisitor(server);
  const first = claimsOf(await signIn(server, visitor, config));
  // The time is told in seconds.
  await pause(1_100);

  const { url, checks } = await ask(config, {
    redirect_uri: redirectUri(server, shop), scope: 'openid', prompt: 'login',
  });
  const asked = await visitor.open(url);
  assert.equal(asked.url.pathname, '/signin');
  const { url: answer } = await visitor.signIn(asked, alice);
  const again = claimsOf(await library.authorizationCodeGrant(config, answer, checks));

  assert.equal(again.sub, first.sub);
  assert.ok(Number(again.auth_time) > Number(first.auth_time));
});

test('where nobody is signed in prompt=none is answered with login_required', async () => {
  const config = await configure(server, shop);

  const { answer, checks } = await authorize(server, newVisitor(server), config, { prompt: 'none' });

  assert.equal(answer.searchParams.get('iss'), server.issuer);
  await assert.rejects(library.authorizationCodeGrant(config, answer, checks), redirectError('login_required'));
});

test('form_post sends the answer in a form, which the library reads', async () => {
  const config = await configure(server, shop);

  const { page, checks } = await authorize(server, newVisitor(server), config, { response_mode: 'form_post' });

  assert.equal(page.form?.action, redirectUri(server, shop));
  assert.equal(page.form.fields.iss, server.issuer);
  const posted = new Request(page.form.action, { method: 'POST', body: new URLSearchParams(page.form.fields) });
  const tokens = await library.authorizationCodeGrant(config, posted, checks);
  assert.equal(claimsOf(tokens).nonce, checks.expectedNonce);
});

test('a program is a public client on a port of its own, and asks for consent once', async () => {
  const config = await configure(server, native);
  const visitor = newVisitor(server);
  const parameters = { redirect_uri: 'http://127.0.0.1:43117/callback', scope: 'openid profile' };
  await signIn(server, visitor, await configure(server, shop));

  const silent = await ask(config, { ...parameters, prompt: 'none' });
  const { url: early } = await visitor.open(silent.url);
  await assert.rejects(
    library.authorizationCodeGrant(config, early, silent.checks), redirectError('consent_required'),
  );

  const asked = await ask(config, parameters);
  const question = await visitor.open(asked.url);
  assert.equal(question.url.pathname, '/consent');
  assert.match(question.body, /Pocket/);
  const { url: answer } = await visitor.submit(question, { answer: 'allow' });
  assert.equal(answer.host, '127.0.0.1:43117');
  const tokens = await library.authorizationCodeGrant(config, answer, asked.checks);
  const profile = await library.fetchUserInfo(config, tokens.access_token, claimsOf(tokens).sub);
  assert.equal(profile.name, alice.fullName);

  const later = await ask(config, { ...parameters, prompt: 'none' });
  await library.authorizationCodeGrant(config, (await visitor.open(later.url)).url, later.checks);
});

test('another organisation knows the person under another name', async () => {
  const visitor = newVisitor(server);
  const family = claimsOf(await signIn(server, visitor, await configure(server, shop)));
  const sibling = claimsOf(await signIn(server, visitor, await configure(server, ledger)));
  const guest = claimsOf(await signIn(server, visitor, await configure(server, native)));

  assert.equal(sibling.sub, family.sub);
  assert.notEqual(guest.sub, family.sub);
});

test('whoever says no is heard', async () => {
  const config = await configure(server, native);
  const visitor = newVisitor(server);
  await signIn(server, visitor, await configure(server, shop));

  const { url, checks } = await ask(config, {
    redirect_uri: redirectUri(server, native), scope: 'openid', prompt: 'consent',
  });
  const { url: answer } = await visitor.submit(await visitor.open(url), { answer: 'deny' });

  await assert.rejects(library.authorizationCodeGrant(config, answer, checks), redirectError('access_denied'));
});
