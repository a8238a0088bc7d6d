import assert from 'node:assert/strict';
import { test } from 'node:test';

import { codeOf, faultOf } from '../../../sdk/src/tokens.js';
import { claimsOf } from '../../../sdk/src/values.js';
import { idToken } from './support/accounts.js';
import { ACCOUNTS, clock, reply, turns } from './support/fakes.js';
import { SHARED, brief, browser, tabStorage, tried, until, widget } from './support/widget.js';


test('whoever is signed in at accounts gets tokens by the hidden frame, with state, nonce and PKCE', async () => {
  const page = widget();
  const verdict = await page.session.resume();
  assert.deepEqual(brief(verdict), [true, 'created', 'resumed']);
  assert.deepEqual(tried(verdict), ['cache:login_required', 'bridge:already', 'prompt_none:resumed']);
  for (const { ms, hint, reason } of verdict.rungs) {
    assert.ok(Number.isInteger(ms) && ms >= 0);
    assert.equal(hint === undefined, ['already', 'resumed'].includes(reason));
  }
  const request = page.frames[1].url.searchParams;
  assert.equal(page.frames[1].url.pathname, '/oauth/authorize');
  assert.deepEqual([...request.keys()], ['client_id', 'redirect_uri', 'response_type', 'scope', 'state', 'nonce', 'code_challenge', 'code_challenge_method', 'prompt']);
  assert.equal(request.get('prompt'), 'none');
  for (const name of ['state', 'nonce']) assert.match(request.get(name), /^[0-9a-f]{64}$/);
  assert.match(request.get('code_challenge'), /^[\w-]{43}$/);
  assert.equal(page.framed(), 1, 'the bridge stays, the other frame goes');
  assert.match(await page.session.accessToken() ?? '', /^access-/);
  assert.deepEqual(await page.session.profile(), { sub: 'alice', name: 'ALICE' });
  assert.deepEqual(Object.keys(page.tab), [], 'nothing is kept');
});

test('tokens that are good cost no request', async () => {
  const page = widget();
  await page.session.resume();
  const before = page.window.fetch.mock.callCount();
  for (let time = 0; time < 3; time += 1) assert.deepEqual(brief(await page.session.resume()), [true, 'already', 'already']);
  assert.equal(page.window.fetch.mock.callCount(), before);
  assert.equal(page.frames.length, 2);
});

test('asked to check, it checks; tokens that have died are replaced, or the session is closed', async () => {
  const page = widget();
  await page.session.resume();
  assert.equal((await page.session.resume({ check: true })).reason, 'already');
  assert.equal(page.server.count('/oauth/userinfo'), 1);
  page.server.tokens.clear();
  assert.deepEqual(brief(await page.session.resume({ check: true })), [true, 'resumed', 'resumed']);
  page.server.signOut();
  assert.deepEqual(brief(await page.session.resume({ check: true })), [false, 'closed', 'closed']);
  assert.equal(await page.session.accessToken(), null);
  assert.equal(await page.session.profile(), null);
  assert.deepEqual(page.changes().map((/** @type {any} */ { outcome }) => outcome), ['created', 'resumed', 'closed']);
});

test('a sign-out elsewhere is heard by the bridge', async () => {
  const page = widget();
  await page.session.resume();
  page.server.signOut();
  page.frames[0].say({ type: 'vestibule.session.changed', hasSession: false });
  await until(() => page.changes().length === 2);
  assert.deepEqual(brief(page.changes()[1]), [false, 'closed', 'closed']);
});

test('tokens stand when nobody can say whether they are good', async () => {
  const page = widget();
  await page.session.resume();
  page.server.instead['/oauth/userinfo'] = () => { throw new TypeError('Failed to fetch'); };
  const verdict = await page.session.resume({ check: true });
  assert.deepEqual(brief(verdict), [true, 'already', 'network']);
  assert.match(verdict.hint ?? '', /connect-src/);
  page.session.close();
});

test('the cache of the tab is opt-in, and checked before it is used', async () => {
  const at = browser();
  const tab = tabStorage();
  const first = widget({ at, tab, tokens: { cache: 'session' } });
  await first.session.resume();
  assert.deepEqual(Object.keys(tab), [`${SHARED}.tokens`]);
  first.session.close();

  const second = widget({ at, tab, tokens: { cache: 'session' } });
  const asked = at.server.count('/oauth/userinfo');
  const verdict = await second.session.resume();
  assert.deepEqual([brief(verdict), tried(verdict)], [[true, 'resumed', 'resumed'], ['cache:resumed']]);
  assert.equal(at.server.count('/oauth/userinfo'), asked + 1);
  assert.equal(second.frames.length, 0);
  second.session.close();

  at.server.signOut();
  const third = widget({ at, tab, tokens: { cache: 'session' } });
  assert.equal((await third.session.resume()).hasSession, false);
  assert.deepEqual(Object.keys(tab), [], 'what is no good is not kept');
});

for (const rubbish of ['', 'null', '[]', '{', '{"access":1}', '{"access":"x","scope":"openid","at":"1","expires":null}', '{"access":"x","scope":"notes","at":1,"expires":9e15}']) {
  test(`a cache that holds ${rubbish || 'nothing'} is passed over`, async () => {
    const tab = Object.assign(tabStorage(), { [`${SHARED}.tokens`]: rubbish });
    assert.equal((await widget({ tab, tokens: { cache: 'session' } }).session.resume()).outcome, 'created');
  });
}

test('a storage that throws harms nothing', async () => {
  const page = widget({ tokens: { cache: 'session' }, prepare: (window) => {
    Object.defineProperty(window, 'sessionStorage', { get() { throw new Error('SecurityError'); } });
  } });
  assert.equal((await page.session.resume()).outcome, 'created');
});

test('a token that ends soon is renewed, and the refresh token rotates', async () => {
  const page = widget();
  page.server.lifetime = 20;
  await page.session.resume();
  page.server.lifetime = 600;
  const [one, two] = await Promise.all([page.session.accessToken(), page.session.accessToken()]);
  assert.equal(one, two);
  assert.equal(page.server.count('/oauth/token', 'refresh_token'), 1);
  assert.equal(await page.session.accessToken(), one);
  assert.deepEqual(await page.session.profile(), { sub: 'alice', name: 'ALICE' });
});

test('a refresh that is refused closes the session; one that fails leaves it', async () => {
  const page = widget();
  page.server.lifetime = 20;
  await page.session.resume();
  page.server.instead['/oauth/token'] = () => { throw new TypeError('Failed to fetch'); };
  assert.match(await page.session.accessToken() ?? '', /^access-/, 'it is good for a moment still');
  page.server.instead = {};
  page.server.signOut();
  assert.equal(await page.session.accessToken(), null);
  assert.deepEqual(page.changes().map(brief).at(-1), [false, 'closed', 'closed']);
});

test('a token is narrowed once for an audience, and again after a refresh', async () => {
  const page = widget();
  await page.session.resume();
  const [one, two] = await Promise.all([page.session.accessToken({ audience: 'notes', scope: 'notes' }), page.session.accessToken({ audience: 'notes', scope: 'notes' })]);
  assert.match(one ?? '', /^narrowed-/);
  assert.equal(one, two);
  const [, fields] = page.server.asked.at(-1) ?? [];
  assert.deepEqual(Object.fromEntries(fields ?? []), {
    client_id: 'notes-widget', grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token: await page.session.accessToken(),
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token', scope: 'notes', audience: 'notes',
  });
  assert.notEqual(await page.session.accessToken({ scope: 'profile' }), one);
  assert.equal(page.server.asked.at(-1)?.[1].has('audience'), false);
});

test('an audience of the options is that of every token, with the scope but openid', async () => {
  const page = widget({ tokens: { audience: 'notes' } });
  await page.session.resume();
  assert.match(await page.session.accessToken() ?? '', /^narrowed-/);
  assert.deepEqual([page.server.asked.at(-1)?.[1].get('audience'), page.server.asked.at(-1)?.[1].get('scope')], ['notes', 'profile notes']);
});

test('a narrowing that is refused is null and tells why, and is asked for again the next time', async () => {
  const page = widget();
  await page.session.resume();
  for (let time = 1; time < 3; time += 1) {
    assert.equal(await page.session.accessToken({ audience: 'elsewhere', scope: 'notes' }), null);
    assert.match(page.window.console.error.mock.calls.at(-1).arguments[0], /invalid_target/);
    assert.equal(page.window.console.error.mock.callCount(), time);
  }
  assert.equal((await page.session.profile())?.sub, 'alice');
});

test('signing out gives the tokens back, here and in the other tabs', async () => {
  const at = browser();
  const page = widget({ at, bridge: ({ id, ...question }, frame) => {
    if (question.type) frame.say({ type: 'vestibule.session.response', id, hasSession: true, recoveryPayload: null });
    else frame.say({ hasSession: false, recoveryPayload: null });
  } });
  await page.session.resume();
  const other = widget({ at });
  await other.session.resume();
  const verdict = await page.session.signOut();
  assert.deepEqual(brief(verdict), [false, 'closed', 'closed']);
  assert.equal(verdict.signOutUrl, undefined);
  assert.equal(page.server.tokens.size, 0);
  assert.equal(page.server.count('/oauth/revoke'), 2);
  await until(() => other.changes().length === 2);
  assert.deepEqual(brief(other.changes()[1]), [false, 'closed', 'closed']);
  assert.equal(await other.session.accessToken(), null);
});

for (const [name, answer, reason] of /** @type {[string, () => any, string][]} */ ([
  ['cannot be reached', () => { throw new TypeError('Failed to fetch'); }, 'network'], ['fails', () => reply(503), 'server_error'],
])) {
  test(`tokens that cannot be given back since the server ${name} are forgotten all the same, and the verdict says so`, async () => {
    for (const signsOff of [true, false]) {
      const page = widget({ bridge: ({ id, ...question }, frame) => {
        if (question.type) frame.say({ type: 'vestibule.session.response', id, hasSession: true, recoveryPayload: null });
        else frame.say({ hasSession: false, recoveryPayload: null, ...(!signsOff && { error: 'storage_blocked' }) });
      } });
      await page.session.resume();
      page.server.instead['/oauth/revoke'] = answer;
      const verdict = await page.session.signOut();
      assert.deepEqual(brief(verdict), [false, 'closed', signsOff ? reason : 'storage_blocked']);
      assert.match(verdict.hint ?? '', /tokens were not given back: ./);
      assert.equal(verdict.signOutUrl, signsOff ? undefined : `${ACCOUNTS}/signout`);
      assert.equal(await page.session.accessToken(), null);
      page.session.close();
    }
  });
}

for (const body of [{}, { access_token: null, expires_in: 300 }, { access_token: 7 }]) {
  test(`a narrowing that is answered ${JSON.stringify(body)} is no token`, async () => {
    const page = widget();
    await page.session.resume();
    page.server.instead['/oauth/token'] = () => reply(200, body);
    assert.equal(await page.session.accessToken({ audience: 'notes' }), null);
    assert.match(page.window.console.error.mock.calls.at(-1).arguments[0], /server_error: .*no access token/);
    page.server.instead = {};
    assert.match(await page.session.accessToken({ audience: 'notes' }) ?? '', /^narrowed-/, 'and is asked for again');
  });
}

test('tokens that come when their time is over are given back', async (t) => {
  const page = widget();
  const time = clock(t);
  let answer = () => {};
  page.server.instead['/oauth/token'] = (fields) => new Promise((resolve) => {
    answer = () => resolve(reply(200, page.server.issue('alice', new URL(page.frames[1].element.src).searchParams.get('nonce') ?? '')));
    assert.ok(fields.get('code'));
  });
  const verdict = page.session.resume();
  await time.pass(60);
  await until(() => page.server.count('/oauth/token'));
  await time.pass(1_500);
  assert.equal((await verdict).reason, 'timed_out');
  answer();
  await until(() => page.server.count('/oauth/revoke') === 2);
  await turns();
  assert.deepEqual([page.server.tokens.size, page.changes()], [0, []]);
  page.session.close();
});

const now = Math.floor(Date.now() / 1_000);
const good = { iss: ACCOUNTS, aud: 'notes-widget', sub: 'alice', nonce: 'n', exp: now + 60 };
const wrongs = /** @type {[string, object][]} */ ([
  ['iss', { iss: `${ACCOUNTS}/` }], ['iss', { iss: undefined }], ['aud', { aud: 'wiki' }], ['aud', { aud: undefined }], ['aud', { aud: ['wiki'] }],
  ['azp', { aud: ['notes-widget', 'wiki'] }], ['azp', { aud: ['notes-widget', 'wiki'], azp: 'wiki' }], ['nonce', { nonce: 'other' }], ['nonce', { nonce: undefined }],
  ['exp', { exp: now - 301 }], ['exp', { exp: undefined }], ['exp', { exp: 'soon' }], ['sub', { sub: undefined }], ['sub', { sub: 7 }],
]);
const expected = { accounts: ACCOUNTS, clientId: 'notes-widget', nonce: 'n' };
for (const [name, wrong] of wrongs) {
  test(`an id token with ${JSON.stringify(wrong, (_, value) => value ?? null)} is wrong in ${name}`, () => {
    assert.match(faultOf({ ...good, ...wrong }, expected) ?? 'right', new RegExp(`^${name}\\b`));
  });
}
test('an id token that is right is right', () => {
  for (const more of [{}, { aud: ['notes-widget'] }, { aud: ['wiki', 'notes-widget'], azp: 'notes-widget' }, { exp: now - 280 }]) {
    assert.equal(faultOf({ ...good, ...more }, expected), undefined);
  }
  assert.equal(faultOf(good, { ...expected, sub: 'bob' }), 'sub');
  assert.equal(faultOf(null, expected), 'sub');
});

test('claims are read as UTF-8, and rubbish is none', () => {
  assert.deepEqual(claimsOf(idToken({ name: 'Ærøskøbing ☂' })), { name: 'Ærøskøbing ☂' });
  for (const rubbish of [undefined, null, '', 'a.b.c', 'a', `a.${Buffer.from('[]').toString('base64url')}.c`, {}]) assert.equal(claimsOf(rubbish), null);
});

test('an answer is believed with its own state, from the right issuer, with a code', () => {
  const answer = { code: 'c', state: 's', iss: ACCOUNTS };
  assert.equal(codeOf(answer, 's', ACCOUNTS), 'c');
  const wrong = /** @type {[object, string][]} */ ([
    [{ state: 't' }, 'server_error'], [{ state: undefined }, 'server_error'], [{ iss: 'https://evil.test' }, 'misconfigured'], [{ iss: undefined }, 'misconfigured'],
    [{ code: undefined }, 'server_error'], [{ error: 'access_denied' }, 'canceled'], [{ error: 'interaction_required' }, 'login_required'],
    [{ error: 'invalid_scope' }, 'misconfigured'], [{ error: 'temporarily_unavailable' }, 'rate_limited'],
  ]);
  for (const [change, reason] of wrong) assert.throws(() => codeOf({ ...answer, ...change }, 's', ACCOUNTS), { reason });
});

for (const [name, forge] of /** @type {[string, (body: any) => any][]} */ ([
  ['no id token', ({ id_token: _, ...body }) => body], ['an id token of another nonce', (body) => ({ ...body, id_token: idToken({ ...good, exp: now + 600 }) })],
  ['rubbish for an id token', (body) => ({ ...body, id_token: 'x' })],
])) {
  test(`${name} is not taken`, async () => {
    const page = widget();
    page.server.forge = forge;
    const verdict = await page.session.resume();
    assert.deepEqual(brief(verdict), [false, 'none', 'misconfigured']);
    assert.match(verdict.hint ?? '', /id token/);
    assert.equal(await page.session.accessToken(), null);
  });
}

test('userinfo of another person is not taken', async () => {
  const page = widget();
  page.server.instead['/oauth/userinfo'] = () => reply(200, { sub: 'bob' });
  assert.equal((await page.session.resume()).outcome, 'created');
  assert.equal(await page.session.profile(), null);
  assert.equal((await page.session.resume({ check: true })).reason, 'server_error');
  page.session.close();
});

test('a verdict costs no userinfo; who wants to know more asks once', async () => {
  const page = widget();
  await page.session.resume();
  assert.equal(page.server.count('/oauth/userinfo'), 0);
  const [one, two] = await Promise.all([page.session.profile(), page.session.profile()]);
  assert.deepEqual([one, two], [{ sub: 'alice', name: 'ALICE' }, { sub: 'alice', name: 'ALICE' }]);
  assert.deepEqual(await page.session.profile(), one);
  assert.equal(page.server.count('/oauth/userinfo'), 1);
});

test('a scope without openid needs neither id token nor userinfo', async () => {
  const page = widget({ tokens: { scope: 'notes' } });
  page.server.forge = ({ id_token: _, ...body }) => ({ ...body, scope: 'notes' });
  assert.equal((await page.session.resume()).outcome, 'created');
  assert.equal(page.server.count('/oauth/userinfo'), 0);
  assert.equal(await page.session.profile(), null);
});

test('without a secure context, tokens are misconfigured, and nothing is asked', async () => {
  const page = widget({ prepare: (window) => { window.isSecureContext = false; } });
  const verdict = await page.session.resume();
  assert.equal(verdict.reason, 'misconfigured');
  assert.match(verdict.hint ?? '', /https/);
  assert.equal((await page.session.signIn()).reason, 'misconfigured');
  await turns();
  assert.equal(page.frames.length + page.popups.length, 0);
});

for (const [name, made] of /** @type {[string, object][]} */ ([
  ['redirectUri of another site', { tokens: { redirectUri: 'https://evil.test/cb' } }], ['passiveRedirectUri of another site', { tokens: { passiveRedirectUri: 'https://evil.test/p' } }],
  ['a cache whose tokens userinfo cannot check', { tokens: { cache: 'session', scope: 'notes' } }],
  ['an unknown rung', { options: { rungs: ['stairs'] } }], ['rungs that are none', { options: { rungs: 'bridge' } }],
])) {
  test(`${name} is misconfigured`, async () => {
    const page = widget(made);
    const verdict = await page.session.resume();
    assert.equal(verdict.reason, 'misconfigured');
    assert.ok(verdict.hint);
    assert.equal(page.frames.length, 0);
  });
}
