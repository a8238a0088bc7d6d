import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import * as library from 'openid-client';
import { ACCESS_TOKEN, EXCHANGE, native, pay, setting, shop, stranger } from '../support/clients.js';
import { bodyError, challenge, claimsOf, configure, signIn } from '../support/library.js';
import { startServer } from '../support/server.js';
import { newVisitor } from '../support/visitor.js';

/** @type {import('../support/server.js').Server} */
let server;
before(async () => { server = await startServer(setting); });
after(() => server?.stop());

/**
 * @param {import('openid-client').Configuration} config
 * @param {string} token
 * @param {Record<string, string>} parameters
 */
const narrow = (config, token, parameters) => library.genericGrantRequest(config, EXCHANGE, {
  subject_token: token, subject_token_type: ACCESS_TOKEN, ...parameters,
});

test('a shop hands the payments page a token that can pay there and nothing else', async () => {
  const [config, payments] = [await configure(server, shop), await configure(server, pay)];
  const wide = await signIn(server, newVisitor(server), config, { scope: 'openid profile payments' });

  const narrowed = await narrow(config, wide.access_token, { scope: 'payments', audience: 'pay' });

  assert.equal(narrowed.issued_token_type, ACCESS_TOKEN);
  assert.equal(narrowed.scope, 'payments');
  assert.equal(narrowed.refresh_token, undefined);
  assert.equal(narrowed.id_token, undefined);
  assert.ok(Number(narrowed.expires_in) <= 600);
  for (const asking of [config, payments]) {
    const seen = await library.tokenIntrospection(asking, narrowed.access_token);
    assert.deepEqual([seen.active, seen.aud, seen.scope, seen.client_id], [true, 'pay', 'payments', 'shop']);
    assert.equal(seen.sub, claimsOf(wide).sub);
    assert.deepEqual(seen.act, { sub: 'shop', client_id: 'shop' });
  }
  assert.deepEqual(
    await library.tokenIntrospection(await configure(server, stranger), narrowed.access_token), { active: false },
  );
  assert.deepEqual(await library.tokenIntrospection(payments, wide.access_token), { active: false });
  await assert.rejects(
    library.fetchUserInfo(config, narrowed.access_token, library.skipSubjectCheck),
    challenge(401, 'bearer', 'invalid_token'),
  );
});

test('what was narrowed can be narrowed again, and the chain is seen', async () => {
  const config = await configure(server, shop);
  const wide = await signIn(server, newVisitor(server), config, { scope: 'openid profile payments' });
  const once = await narrow(config, wide.access_token, { scope: 'profile payments', audience: 'pay' });

  const twice = await narrow(config, once.access_token, { scope: 'payments' });

  const seen = await library.tokenIntrospection(await configure(server, pay), twice.access_token);
  assert.equal(seen.aud, 'pay');
  assert.deepEqual(seen.act, { sub: 'shop', client_id: 'shop', act: { sub: 'shop', client_id: 'shop' } });
});

test('nothing is ever widened', async () => {
  const config = await configure(server, shop);
  const wide = await signIn(server, newVisitor(server), config, { scope: 'openid profile' });
  /** @param {Record<string, string>} parameters */
  const attempt = (parameters) => narrow(config, wide.access_token, parameters);

  await assert.rejects(attempt({ scope: 'payments' }), bodyError('invalid_scope'));
  await assert.rejects(attempt({ scope: 'openid everything' }), bodyError('invalid_scope'));
  await assert.rejects(attempt({ scope: 'openid', audience: 'stranger' }), bodyError('invalid_target'));
  await assert.rejects(
    attempt({ scope: 'openid', resource: 'https://elsewhere.example.org/' }), bodyError('invalid_target'),
  );
  await assert.rejects(attempt({}), bodyError('invalid_request'));

  const narrowed = await attempt({ scope: 'openid', audience: 'pay' });
  await assert.rejects(
    narrow(config, narrowed.access_token, { scope: 'openid profile' }), bodyError('invalid_scope'),
  );
});

test('only the client that a token was issued to may narrow it', async () => {
  const [config, payments, program] = [
    await configure(server, shop), await configure(server, pay), await configure(server, native),
  ];
  const wide = await signIn(server, newVisitor(server), config, { scope: 'openid payments' });
  const narrowed = await narrow(config, wide.access_token, { scope: 'payments', audience: 'pay' });

  for (const thief of [payments, program]) {
    await assert.rejects(
      narrow(thief, narrowed.access_token, { scope: 'payments' }), bodyError('unauthorized_client'),
    );
  }
});

test('a narrowed token dies with the one that it came from', async () => {
  const [config, payments] = [await configure(server, shop), await configure(server, pay)];
  const wide = await signIn(server, newVisitor(server), config, { scope: 'openid payments' });
  const narrowed = await narrow(config, wide.access_token, { scope: 'payments', audience: 'pay' });
  assert.equal((await library.tokenIntrospection(payments, narrowed.access_token)).active, true);

  await library.tokenRevocation(config, wide.access_token);

  assert.deepEqual(await library.tokenIntrospection(payments, narrowed.access_token), { active: false });
  await assert.rejects(narrow(config, wide.access_token, { scope: 'payments' }), bodyError('invalid_request'));
});

test('a token of another client is worth no exchange', async () => {
  const config = await configure(server, shop);
  const other = await signIn(server, newVisitor(server), await configure(server, native), { scope: 'openid' });

  await assert.rejects(narrow(config, other.access_token, { scope: 'openid' }), bodyError('invalid_request'));
});
