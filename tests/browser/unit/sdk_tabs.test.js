import assert from 'node:assert/strict';
import { test } from 'node:test';

import { tabs } from '../../../sdk/src/tabs.js';
import { ACCOUNTS, clock, fakeWindow, reply, sharedStorage, turns } from './support/fakes.js';
import { SHARED, brief, browser, fakeLocks, tried, until, widget } from './support/widget.js';

const TWENTY = Array.from({ length: 20 }, (_, index) => index);

const kinds = /** @type {[string, (at: any) => (window: any) => void][]} */ ([
  ['Web Locks', () => () => {}],
  ['Web Locks that throw', () => (window) => { window.navigator = { locks: { request() { throw new DOMException('', 'SecurityError'); } } }; }],
  ['Web Locks that refuse', () => (window) => { window.navigator = { locks: { request: async () => { throw new DOMException('', 'SecurityError'); } } }; }],
  ['no Web Locks', () => (window) => { delete window.navigator; }],
]);
for (const [name, prepared] of kinds) {
  test(`twenty tabs at once make one refresh, with ${name}`, async (t) => {
    const at = browser();
    const pages = TWENTY.map(() => widget({ at, prepare: prepared(at) }));
    for (const { session } of pages) await session.resume();
    assert.equal(at.server.count('/oauth/token'), 1);
    const future = Date.now() + 580_000;
    t.mock.method(Date, 'now', () => future);
    const before = at.server.count('/oauth/token', 'refresh_token');
    const tokens = await Promise.all(pages.map(({ session }) => session.accessToken()));
    assert.equal(at.server.count('/oauth/token', 'refresh_token') - before, 1);
    assert.deepEqual([...new Set(tokens)], [[...at.server.tokens.keys()][0]]);
    for (const { session } of pages) session.close();
  });

  test(`twenty tabs that open at once ask for one sign-in, with ${name}`, async () => {
    const at = browser();
    const pages = TWENTY.map(() => widget({ at, prepare: prepared(at), options: { timeout: 5_000 } }));
    const verdicts = await Promise.all(pages.map(({ session }) => session.resume()));
    assert.ok(verdicts.every(({ hasSession }) => hasSession));
    assert.equal(at.server.count('/oauth/token', 'authorization_code'), 1);
    assert.equal(pages.reduce((sum, page) => sum + page.of('authorize'), 0), 1);
    for (const { session } of pages) session.close();
  });

  test(`twenty tabs wait for the one that asks, however long it takes within their time, with ${name}`, async () => {
    const at = browser();
    const pages = TWENTY.map(() => widget({ at, prepare: prepared(at), passive: (_frame, _request, answer) => { setTimeout(answer, 900); } }));
    const verdicts = await Promise.all(pages.map(({ session }) => session.resume()));
    assert.equal(pages.reduce((sum, page) => sum + page.of('authorize'), 0), 1);
    assert.deepEqual(verdicts.map(({ hasSession }) => hasSession), TWENTY.map(() => true));
    for (const { session } of pages) session.close();
  });

  test(`twenty tabs do not go ahead when their time is over, either, with ${name}`, async () => {
    const at = browser();
    const pages = TWENTY.map(() => widget({ at, prepare: prepared(at), passive: () => {}, options: { timeout: 700 } }));
    const verdicts = await Promise.all(pages.map(({ session }) => session.resume()));
    assert.deepEqual([...new Set(verdicts.map(({ reason }) => reason))], ['timed_out']);
    const asked = pages.reduce((sum, page) => sum + page.of('authorize'), 0);
    assert.ok(asked <= 2, `${asked} requests`);
    for (const { session } of pages) session.close();
  });
}

for (const [name, other] of /** @type {[string, object][]} */ ([
  ['that wants less', { tokens: { scope: 'openid' } }], ['of another accounts server', { options: { accounts: 'https://other.example.org', rungs: ['cache'] } }],
])) {
  test(`a page of the same site ${name} neither gives its tokens nor takes these`, async () => {
    const at = browser();
    await widget({ at }).session.resume();
    const page = widget({ at, ...other });
    const verdict = await page.session.resume();
    assert.equal(tried(verdict)[0], 'cache:login_required');
    const third = await widget({ at }).session.resume();
    assert.deepEqual(tried(third), ['cache:resumed']);
    page.session.close();
  });
}

test('the order in which a scope is written makes no difference', async () => {
  const at = browser();
  await widget({ at }).session.resume();
  assert.deepEqual(tried(await widget({ at, tokens: { scope: 'notes profile openid' } }).session.resume()), ['cache:resumed']);
  assert.ok(SHARED.includes(ACCOUNTS));
});

test('a new tab gets the tokens of another, and asks nobody', async () => {
  const at = browser();
  await widget({ at }).session.resume();
  const { length } = at.server.asked;
  const page = widget({ at });
  const verdict = await page.session.resume();
  assert.deepEqual([brief(verdict), tried(verdict)], [[true, 'resumed', 'resumed'], ['cache:resumed']]);
  assert.deepEqual([page.frames.length, at.server.asked.length], [0, length]);
  assert.equal((await page.session.profile())?.sub, 'alice');
});

test('a tab that is open hears of a sign-in in another', async () => {
  const at = browser();
  at.server.person = '';
  const page = widget({ at });
  await page.session.resume();
  const unasked = widget({ at });
  at.server.person = 'alice';
  await widget({ at }).session.resume();
  await until(() => page.changes().length);
  assert.deepEqual(brief(page.changes()[0]), [true, 'resumed', 'resumed']);
  assert.deepEqual(unasked.changes(), [], 'who has not asked is not told');
});

test('older tokens never replace newer ones, and rubbish replaces nothing', async () => {
  const at = browser();
  const page = widget({ at });
  await page.session.resume();
  const token = await page.session.accessToken();
  const channel = new at.storage.BroadcastChannel(SHARED);
  const tokens = { at: 1, access: 'old', expires: Date.now() + 1e6, scope: 'openid' };
  for (const message of [{ type: 'tokens', tokens }, { type: 'tokens', tokens: { ...tokens, at: Infinity, access: 7 } }, { type: 'tokens' }, { type: 'closed', at: 1 }, null, 'closed', ['closed'], { type: 'closed' }]) channel.postMessage(message);
  await turns();
  assert.equal(await page.session.accessToken(), token);
});

test('a refresh during which the person signs out is not held', async () => {
  const page = widget();
  page.server.lifetime = 20;
  await page.session.resume();
  let entered = () => {};
  const inside = new Promise((resolve) => { entered = () => resolve(undefined); });
  page.server.instead['/oauth/token'] = async () => {
    entered();
    await until(() => page.server.count('/oauth/revoke'));
    return reply(200, page.server.issue('alice'));
  };
  const token = page.session.accessToken();
  await inside;
  const ended = page.session.signOut();
  assert.equal(await token, null);
  await ended;
  assert.equal(await page.session.accessToken(), null);
});

/** @param {any} locks @param {ReturnType<typeof sharedStorage>} [storage] */
function tab(locks, storage = sharedStorage()) {
  const window = fakeWindow('https://notes.example.org/', { storage });
  window.navigator = { locks };
  return tabs(window, 'x', () => {});
}
const undone = () => undefined;

test('work is done by one at a time, and a fault in it holds up nobody', async () => {
  for (const locks of [fakeLocks(), undefined]) {
    const storage = sharedStorage();
    let inside = 0;
    const most = { is: 0 };
    const results = await Promise.allSettled(TWENTY.slice(0, 5).map((index) => tab(locks, storage).alone(5_000, undone, async () => {
      most.is = Math.max(most.is, ++inside);
      await new Promise((resolve) => { setTimeout(resolve, 2); });
      inside -= 1;
      if (index % 2) throw new Error('fault');
    })));
    assert.equal(most.is, 1);
    assert.deepEqual(results.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled']);
  }
});

test('a lock that does not come is waited for as long as its patience, and given back when it comes: nobody goes ahead', async (t) => {
  const time = clock(t);
  /** @type {() => any} */
  let grant = () => {};
  const { alone } = tab({ request: (/** @type {string} */ _name, /** @type {() => any} */ work) => { grant = work; return new Promise(() => {}); } });
  let done = false;
  const work = alone(1_000, undone, async () => { done = true; });
  await time.pass(999);
  assert.equal(await Promise.race([work, 'waiting']), 'waiting');
  await time.pass(1);
  await assert.rejects(work, { reason: 'timed_out' });
  assert.deepEqual([done, await grant()], [false, false]);
});

test('without Web Locks, who has given up lets go of what it gets later', async (t) => {
  const time = clock(t);
  const storage = sharedStorage();
  let finish = () => {};
  const first = tab(undefined, storage).alone(60_000, undone, () => new Promise((resolve) => { finish = () => resolve(undefined); }));
  await time.pass(40);
  const second = assert.rejects(tab(undefined, storage).alone(500, undone, async () => { throw new Error('went ahead'); }), { reason: 'timed_out' });
  for (let step = 0; step < 5; step += 1) await time.pass(100);
  await second;
  finish();
  await first;
  let done = false;
  void tab(undefined, storage).alone(60_000, undone, async () => { done = true; });
  for (let step = 0; step < 5; step += 1) await time.pass(100);
  assert.equal(done, true);
});

test('without Web Locks, who holds on says that it is still at it; a tab that has been frozen is passed over', async (t) => {
  const time = clock(t);
  const storage = sharedStorage();
  const frozen = new Set();
  const window = fakeWindow('https://notes.example.org/', { storage });
  window.BroadcastChannel = class extends storage.BroadcastChannel {
    postMessage(/** @type {unknown} */ message) { if (!frozen.has(this)) super.postMessage(message); }
    constructor(/** @type {string} */ name) {
      super(name);
      channel = this;
    }
  };
  /** @type {unknown} */
  let channel;
  void tabs(window, 'x', () => {}).alone(60_000, undone, () => new Promise(() => {}));
  await time.pass(40);
  let done = false;
  void tab(undefined, storage).alone(60_000, undone, async () => { done = true; });
  for (let step = 0; step < 30; step += 1) await time.pass(100);
  assert.equal(done, false);
  frozen.add(channel);
  for (let step = 0; step < 12; step += 1) await time.pass(100);
  assert.equal(done, true);
});

test('what was done before its turn came is not done again', async () => {
  /** @type {() => any} */
  let grant = () => {};
  let seen = /** @type {true | undefined} */ (undefined);
  const { alone } = tab({ request: (/** @type {string} */ _name, /** @type {() => any} */ work) => { grant = work; return new Promise(() => {}); } });
  const work = alone(60_000, () => seen, async () => { throw new Error('done twice'); });
  seen = true;
  grant();
  await work;
});

test('what another tab has done meanwhile is not done again', async () => {
  const storage = sharedStorage();
  let seen = /** @type {true | undefined} */ (undefined);
  const { alone } = tab({ request: () => new Promise(() => {}) }, storage);
  const work = alone(60_000, () => seen, async () => { throw new Error('done twice'); });
  await turns();
  seen = true;
  tab(undefined, storage).tell({ type: 'tokens' });
  await work;
});
