import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import * as library from 'openid-client';
import { diary, ledger, native, pay, setting, shop, stranger } from '../support/clients.js';
import { bodyError, challenge, claimsOf, configure, refreshTokenOf, signIn } from '../support/library.js';
import { startServer } from '../support/server.js';
import { newVisitor } from '../support/visitor.js';

/** @type {import('../support/server.js').Server} */
let server;
before(async () => { server = await startServer(setting); });
after(() => server?.stop());

for (const client of [shop, native]) {
  test(`${client.client_id}: each refresh gives the next refresh token, and the person stays the same`, async () => {
    const config = await configure(server, client);
    const first = await signIn(server, newVisitor(server), config);

    const second = await library.refreshTokenGrant(config, refreshTokenOf(first));
    const third = await library.refreshTokenGrant(config, refreshTokenOf(second));

    const [before, now] = [claimsOf(first), claimsOf(third)];
    assert.deepEqual([now.sub, now.sid, now.auth_time], [before.sub, before.sid, before.auth_time]);
    assert.equal(now.nonce, undefined);
    const [one, two, three] = [first, second, third].map(refreshTokenOf);
    assert.ok(one !== two && two !== three);
    assert.equal(third.scope, first.scope);
    await library.fetchUserInfo(config, third.access_token, now.sub);
  });
}

test('an answer that was lost is given again, until its token has been used', async () => {
  const config = await configure(server, shop);
  const first = refreshTokenOf(await signIn(server, newVisitor(server), config));

  const lost = await library.refreshTokenGrant(config, first);
  const again = await library.refreshTokenGrant(config, first);
  assert.equal(refreshTokenOf(again), refreshTokenOf(lost));

  const next = await library.refreshTokenGrant(config, refreshTokenOf(again));
  await assert.rejects(library.refreshTokenGrant(config, first), bodyError('invalid_grant'));
  await assert.rejects(library.refreshTokenGrant(config, refreshTokenOf(next)), bodyError('invalid_grant'));
  await assert.rejects(
    library.fetchUserInfo(config, next.access_token, library.skipSubjectCheck),
    challenge(401, 'bearer', 'invalid_token'),
  );
});

test('a refresh can ask for less, and never for more', async () => {
  const config = await configure(server, shop);
  const first = await signIn(server, newVisitor(server), config, { scope: 'openid profile' });

  const less = await library.refreshTokenGrant(config, refreshTokenOf(first), { scope: 'openid' });
  assert.equal(less.scope, 'openid');
  assert.deepEqual(Object.keys(await library.fetchUserInfo(config, less.access_token, claimsOf(less).sub)), ['sub']);

  const back = await library.refreshTokenGrant(config, refreshTokenOf(less), { scope: 'openid profile' });
  assert.equal(back.scope, 'openid profile');
  await assert.rejects(
    library.refreshTokenGrant(config, refreshTokenOf(back), { scope: 'openid payments' }), bodyError('invalid_scope'),
  );
});

test('a refresh token is worth nothing to another client', async () => {
  const [config, other] = [await configure(server, shop), await configure(server, native)];
  const tokens = await signIn(server, newVisitor(server), config);

  await assert.rejects(library.refreshTokenGrant(other, refreshTokenOf(tokens)), bodyError('invalid_grant'));
});

test('the owner of a token can look at it, and strangers learn nothing', async () => {
  const [config, other] = [await configure(server, shop), await configure(server, stranger)];
  const tokens = await signIn(server, newVisitor(server), config, { scope: 'openid profile' });

  const seen = await library.tokenIntrospection(config, tokens.access_token);

  assert.equal(seen.active, true);
  assert.equal(seen.client_id, 'shop');
  assert.equal(seen.sub, claimsOf(tokens).sub);
  assert.equal(seen.scope, 'openid profile');
  assert.equal(seen.iss, server.issuer);
  assert.equal(seen.token_type, 'Bearer');
  assert.equal(Number(seen.exp) - Number(seen.iat), 600);
  assert.deepEqual(await library.tokenIntrospection(other, tokens.access_token), { active: false });
  assert.deepEqual(await library.tokenIntrospection(config, '0'.repeat(64)), { active: false });
  assert.deepEqual(await library.tokenIntrospection(config, 'nonsense'), { active: false });
});

test('a revoked access token is dead, and its refresh token lives', async () => {
  const config = await configure(server, shop);
  const tokens = await signIn(server, newVisitor(server), config);

  await library.tokenRevocation(config, tokens.access_token, { token_type_hint: 'access_token' });

  assert.deepEqual(await library.tokenIntrospection(config, tokens.access_token), { active: false });
  await library.refreshTokenGrant(config, refreshTokenOf(tokens));
});

for (const client of [shop, native]) {
  test(`${client.client_id}: a revoked refresh token ends everything that came with it`, async () => {
    const config = await configure(server, client);
    const tokens = await signIn(server, newVisitor(server), config);
    const next = await library.refreshTokenGrant(config, refreshTokenOf(tokens));

    await library.tokenRevocation(config, refreshTokenOf(next), { token_type_hint: 'refresh_token' });

    for (const { access_token: token } of [tokens, next]) {
      await assert.rejects(
        library.fetchUserInfo(config, token, library.skipSubjectCheck), challenge(401, 'bearer', 'invalid_token'),
      );
    }
    await assert.rejects(library.refreshTokenGrant(config, refreshTokenOf(next)), bodyError('invalid_grant'));
  });
}

test('revoking a foreign or unknown token is answered alike, and does nothing', async () => {
  const [config, other] = [await configure(server, shop), await configure(server, ledger)];
  const tokens = await signIn(server, newVisitor(server), config);

  await library.tokenRevocation(other, tokens.access_token);
  await library.tokenRevocation(other, refreshTokenOf(tokens));
  await library.tokenRevocation(other, 'nonsense');

  assert.equal((await library.tokenIntrospection(config, tokens.access_token)).active, true);
  await library.refreshTokenGrant(config, refreshTokenOf(tokens));
});

test('a client can act for itself, with nobody behind it', async () => {
  const config = await configure(server, shop);

  const tokens = await library.clientCredentialsGrant(config, { scope: 'payments' });

  assert.equal(tokens.refresh_token, undefined);
  assert.equal(tokens.id_token, undefined);
  assert.equal(tokens.scope, 'payments');
  const seen = await library.tokenIntrospection(config, tokens.access_token);
  assert.deepEqual([seen.active, seen.client_id, seen.username], [true, 'shop', undefined]);
  await assert.rejects(
    library.fetchUserInfo(config, tokens.access_token, library.skipSubjectCheck),
    challenge(403, 'bearer', 'insufficient_scope'),
  );
});

test('a token can be aimed at a resource from the start, and is then good there alone', async () => {
  const [config, payments] = [await configure(server, shop), await configure(server, pay)];
  const resource = 'https://pay.example.org/api';

  const own = await library.clientCredentialsGrant(config, { scope: 'payments', resource });
  const first = await signIn(server, newVisitor(server), config, { scope: 'openid payments', resource });
  const next = await library.refreshTokenGrant(config, refreshTokenOf(first));

  for (const { access_token: token } of [own, first, next]) {
    assert.equal((await library.tokenIntrospection(payments, token)).aud, resource);
    await assert.rejects(
      library.fetchUserInfo(config, token, library.skipSubjectCheck), challenge(401, 'bearer', 'invalid_token'),
    );
  }
});

test('a secret of any characters arrives in a Basic header', async () => {
  const config = await configure(server, diary);

  const tokens = await library.clientCredentialsGrant(config, { scope: 'payments' });

  assert.equal((await library.tokenIntrospection(config, tokens.access_token)).client_id, diary.client_id);
});
