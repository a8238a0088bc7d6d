import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DEADLINE_MS, GATHER_MS, MARK_KEY, MOST_AT_ONCE, RETRY_MS, announceMark, start } from '../../../assets/bridge/bridge.js';
import { ACCOUNTS, NONCE, PAYLOAD, WIKI, clock, fakeWindow, fire, link, reply, sharedStorage, turns } from './support/fakes.js';

const READY = { type: 'vestibule.bridge.ready' };
const signedIn = { hasSession: true, recoveryPayload: PAYLOAD, expiresIn: 60, mark: 'm1' };
const known = { ...signedIn, recoveryPayload: null };
const nobody = { hasSession: false, recoveryPayload: null, error: 'login_required', mark: '' };
const no = (/** @type {string} */ error) => ({ hasSession: false, recoveryPayload: null, error });
const ask = (/** @type {object} */ members = {}) => ({ type: 'vestibule.session.request', id: '1', mint: true, ...members });
const response = (/** @type {object} */ answer, id = '1') => ({ type: 'vestibule.session.response', id, ...answer });
const changed = (/** @type {boolean} */ hasSession) => ({ type: 'vestibule.session.changed', hasSession });

/**
 * A bridge framed by a page.
 * @param {{ server?: Function, page?: string, origins?: string[], mark?: string, storage?: any, named?: boolean, prepare?: (window: any) => void }} [made]
 */
function framed({ server = async () => reply(200, signedIn), page = WIKI, origins = [WIKI], mark = '', storage, named = true, prepare = () => {} } = {}) {
  const dataset = { bridge: '', clientId: 'wiki', origins: JSON.stringify(origins), mark };
  const outer = fakeWindow(`${page}/page`);
  const window = fakeWindow(`${ACCOUNTS}/bridge?client_id=wiki`, { fetch: server, storage, dataset });
  const { posted, outerSeen, innerSeen } = link(outer, window);
  window.parent = outerSeen;
  if (named) window.location.ancestorOrigins = [page];
  /** @type {any[]} */
  const heard = [];
  outer.addEventListener('message', (/** @type {any} */ event) => heard.push(event.data));
  prepare(window);
  start(window);
  return {
    window, heard, posted, outerSeen,
    say: (/** @type {unknown} */ message) => innerSeen.postMessage(message, ACCOUNTS),
    requests: () => window.fetch.mock.calls.map((/** @type {any} */ { arguments: [path, init] }) => ({ path, ...JSON.parse(init.body) })),
    answers: () => heard.filter((message) => message.type !== READY.type),
  };
}

test('a registered page gets its payload, and the server gets what it needs', async () => {
  const bridge = framed();
  bridge.say(ask({ nonce: NONCE }));
  await turns();
  assert.deepEqual(bridge.heard, [READY, response({ hasSession: true, recoveryPayload: PAYLOAD, expiresIn: 60 })]);
  assert.deepEqual(bridge.requests(), [{ path: '/bridge/payload', clientId: 'wiki', origin: WIKI, mint: true, nonce: NONCE }]);
  const init = bridge.window.fetch.mock.calls[0].arguments[1];
  assert.equal(init.method, 'POST');
  assert.equal(init.headers['content-type'], 'application/json');
  assert.equal(init.mode, 'same-origin');
});

test('asking without minting mints nothing', async () => {
  const bridge = framed({ server: async () => reply(200, known) });
  bridge.say(ask({ mint: false }));
  await turns();
  assert.deepEqual(bridge.answers(), [response({ hasSession: true, recoveryPayload: null })]);
  assert.deepEqual(bridge.requests(), [{ path: '/bridge/payload', clientId: 'wiki', origin: WIKI, mint: false }]);
});

test('strings are answered without type and id', async () => {
  const bridge = framed();
  for (const word of ['hi', 'ping', 'ping:null']) bridge.say(word);
  await turns();
  const answer = { hasSession: true, recoveryPayload: PAYLOAD, expiresIn: 60 };
  assert.deepEqual(bridge.answers(), [answer, answer, answer]);
  for (const request of bridge.requests()) assert.deepEqual(request, { path: '/bridge/payload', clientId: 'wiki', origin: WIKI, mint: true });
});

test('a name in a ping is the server\'s to compare', async () => {
  const bridge = framed({ server: async () => reply(200, { ...signedIn, sameUser: false }) });
  bridge.say('ping:bob');
  await turns();
  assert.equal(bridge.requests()[0].username, 'bob');
  assert.deepEqual(bridge.answers(), [{ hasSession: true, recoveryPayload: PAYLOAD, expiresIn: 60, sameUser: false }]);
});

test('every message to a page has exactly its origin as target', async () => {
  const bridge = framed();
  for (const message of [ask(), 'hi', ask({ id: '2', mint: false })]) bridge.say(message);
  await turns();
  const targets = bridge.posted.filter(({ to }) => to !== bridge.window).map(({ targetOrigin }) => targetOrigin);
  assert.deepEqual(targets, [WIKI, WIKI, WIKI, WIKI]);
});

test('malformed messages get silence and cost no request', async () => {
  const bridge = framed();
  for (const message of [null, 7, '', 'HI', {}, [], ask({ id: '' }), ask({ mint: 'yes' }), ask({ nonce: 'short' }), new Map()]) bridge.say(message);
  fire(bridge.window, 'message', { data: new Proxy({}, { getPrototypeOf() { throw new Error('trap'); } }), origin: WIKI, source: bridge.outerSeen });
  await turns();
  assert.deepEqual(bridge.heard, [READY]);
  assert.equal(bridge.requests().length, 0);
});

for (const origin of ['null', 'http://wiki.example.org', `${WIKI}.evil.test`, `${WIKI}:443`, `${WIKI}/`, 'https://WIKI.example.org', '*', '']) {
  test(`a foreign origin gets silence: ${origin || 'none'}`, async () => {
    const bridge = framed();
    fire(bridge.window, 'message', { data: ask(), origin, source: bridge.outerSeen });
    await turns();
    assert.deepEqual(bridge.heard, [READY]);
    assert.equal(bridge.requests().length, 0);
  });
}

test('a registered origin that is not the parent gets silence', async () => {
  const bridge = framed();
  for (const source of [null, undefined, bridge.window, { postMessage() { assert.fail('answered'); } }]) {
    fire(bridge.window, 'message', { data: ask(), origin: WIKI, source });
  }
  await turns();
  assert.equal(bridge.requests().length, 0);
});

test('an embedder that frames the bridge itself gets silence, also of changes', async (t) => {
  const time = clock(t);
  const storage = sharedStorage();
  const bridge = framed({ page: 'https://specs.example.test', storage });
  bridge.say(ask());
  announceMark(fakeWindow(ACCOUNTS, { storage }), 'm1');
  await time.pass(GATHER_MS);
  assert.deepEqual(bridge.posted.filter(({ to }) => to !== bridge.window), []);
  assert.equal(bridge.requests().length, 0);
});

test('a bridge in a window of its own answers nobody', async () => {
  const window = fakeWindow(`${ACCOUNTS}/bridge`, { dataset: { bridge: '', origins: `["${ACCOUNTS}"]` } });
  start(window);
  fire(window, 'message', { data: ask(), origin: ACCOUNTS, source: window });
  await turns();
  assert.equal(window.fetch.mock.callCount(), 0);
});

test('where the parent is not named, each registered origin is greeted by its exact name', async () => {
  const origins = [WIKI, 'https://docs.example.org'];
  const bridge = framed({ origins, named: false });
  await turns();
  assert.deepEqual(bridge.posted.map(({ message, targetOrigin }) => [message, targetOrigin]), origins.map((origin) => [READY, origin]));
  assert.deepEqual(bridge.heard, [READY]);
});

test('each id is answered once, however often and whenever it is repeated', async () => {
  const bridge = framed();
  bridge.say(ask());
  bridge.say(ask());
  await turns();
  bridge.say(ask({ mint: false }));
  await turns();
  assert.equal(bridge.answers().length, 1);
  assert.equal(bridge.requests().length, 1);
});

test('too many questions at once are answered without a request', async () => {
  /** @type {(() => void)[]} */
  const waiting = [];
  const bridge = framed({ server: () => new Promise((resolve) => waiting.push(() => resolve(reply(200, signedIn)))) });
  for (let id = 0; id <= MOST_AT_ONCE; id += 1) bridge.say(ask({ id: `${id}` }));
  await turns();
  assert.deepEqual(bridge.answers(), [response(no('rate_limited'), `${MOST_AT_ONCE}`)]);
  assert.equal(bridge.requests().length, MOST_AT_ONCE);
  for (const answer of waiting) answer();
  await turns();
  assert.equal(bridge.answers().length, MOST_AT_ONCE + 1);
});

test('a browser that withholds the cookies is answered for at once, without a request', async () => {
  const bridge = framed({ prepare: ({ document }) => { document.hasStorageAccess = async () => false; } });
  bridge.say(ask());
  await turns();
  assert.deepEqual(bridge.answers(), [response({ ...no('storage_blocked'), storageAccess: 'unsupported' })]);
  assert.equal(bridge.requests().length, 0);
});

test('with storage access, or when the browser cannot say, the server is asked', async () => {
  for (const hasStorageAccess of [async () => true, async () => { throw new Error('?'); }, () => { throw new Error('?'); }, undefined]) {
    const bridge = framed({ prepare: ({ document }) => { document.hasStorageAccess = hasStorageAccess; } });
    bridge.say(ask());
    await turns();
    assert.equal(bridge.requests().length, 1);
    assert.equal(bridge.answers()[0].hasSession, true);
  }
});

const failures = /** @type {[string, () => Promise<Response>, string][]} */ ([
  ['no network', async () => { throw new TypeError('Failed to fetch'); }, 'server_error'],
  ['403', async () => reply(403, { error: 'forbidden' }), 'server_error'],
  ['429', async () => reply(429, { error: 'rate_limited' }), 'rate_limited'],
  ['429 as text', async () => new Response('slow down', { status: 429 }), 'rate_limited'],
  ['500', async () => reply(500), 'server_error'],
  ['a page instead of JSON', async () => new Response('<!doctype html>'), 'server_error'],
  ['nobody signed in', async () => reply(200, nobody), 'login_required'],
  ['no consent', async () => reply(200, { ...nobody, error: 'consent_required', mark: 'm1' }), 'consent_required'],
  ['no nonce', async () => reply(200, { ...nobody, error: 'nonce_required', mark: 'm1' }), 'nonce_required'],
]);
for (const [name, server, error] of failures) {
  test(`${name} is answered ${error}`, async () => {
    const bridge = framed({ server });
    bridge.say(ask());
    await turns();
    assert.deepEqual(bridge.answers(), [response(no(error))]);
  });
}

test('a server that does not answer is given up in time, and its late answer is not passed on', async (t) => {
  const time = clock(t);
  const server = (/** @type {string} */ _, /** @type {RequestInit} */ { signal }) => new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason));
  });
  const bridge = framed({ server });
  bridge.say(ask());
  await time.pass(DEADLINE_MS - 1);
  assert.deepEqual(bridge.answers(), []);
  await time.pass(1);
  assert.deepEqual(bridge.answers(), [response(no('server_error'))]);
});

test('sign-off is asked of the server, and answered once it is done', async () => {
  const bridge = framed({ server: async () => reply(204), mark: 'm1' });
  bridge.say('signoff');
  await turns();
  assert.deepEqual(bridge.requests(), [{ path: '/bridge/signout', clientId: 'wiki', origin: WIKI }]);
  assert.deepEqual(bridge.answers(), [{ hasSession: false, recoveryPayload: null }]);
  assert.equal(bridge.window.localStorage.getItem(MARK_KEY), '');
});

test('sign-off by a client that may not gets silence', async () => {
  const bridge = framed({ server: async () => reply(403), mark: 'm1' });
  bridge.say('signoff');
  await turns();
  assert.deepEqual(bridge.answers(), []);
  assert.equal(bridge.window.localStorage.getItem(MARK_KEY), 'm1');
});

test('sign-off that could not be done is not called done', async () => {
  for (const [status, error] of /** @type {const} */ ([[500, 'server_error'], [429, 'rate_limited'], [409, 'storage_blocked']])) {
    const bridge = framed({ server: async () => reply(status) });
    bridge.say('signoff');
    await turns();
    assert.deepEqual(bridge.answers(), [no(error)]);
  }
  const blocked = framed({ server: async () => reply(204), prepare: ({ document }) => { document.hasStorageAccess = async () => false; } });
  blocked.say('signoff');
  await turns();
  assert.deepEqual(blocked.answers(), [no('storage_blocked')]);
});

test('everything works where storage and channels are refused', async () => {
  const bridge = framed({ storage: null });
  bridge.say(ask());
  await turns();
  assert.deepEqual(bridge.heard, [READY, response({ hasSession: true, recoveryPayload: PAYLOAD, expiresIn: 60 })]);
});

test('the mark never reaches the page', async () => {
  const bridge = framed({ server: async () => reply(200, { ...signedIn, mark: 'the-mark' }), mark: 'the-mark' });
  for (const message of ['hi', ask(), ask({ id: '2', mint: false })]) bridge.say(message);
  await turns();
  assert.equal(bridge.heard.length, 4);
  assert.doesNotMatch(JSON.stringify(bridge.posted.map(({ message }) => message)), /the-mark/);
});

/** Bridges of one browser, and what the server says of its session. */
function browser() {
  const storage = sharedStorage();
  const accounts = { says: /** @type {object} */ (nobody), status: 200 };
  const server = async () => reply(accounts.status, accounts.says);
  return {
    storage, accounts,
    open: (/** @type {object} */ made = {}) => framed({ server, storage, ...made }),
    page: (/** @type {string} */ mark) => announceMark(fakeWindow(`${ACCOUNTS}/account`, { storage }), mark),
  };
}

test('a sign-in is heard by the open bridges, without their pages asking', async (t) => {
  const time = clock(t);
  const { open, accounts, page } = browser();
  const bridge = open();
  accounts.says = known;
  page('m1');
  await time.pass(GATHER_MS);
  assert.deepEqual(bridge.answers(), [changed(true)]);
  assert.deepEqual(bridge.requests(), [{ path: '/bridge/payload', clientId: 'wiki', origin: WIKI, mint: false }]);
});

test('loading a bridge with another mark tells the other bridges', async (t) => {
  const time = clock(t);
  const { open, accounts } = browser();
  const first = open();
  accounts.says = known;
  const second = open({ mark: 'm1' });
  await time.pass(GATHER_MS);
  assert.deepEqual(first.answers(), [changed(true)]);
  assert.equal(second.requests().length, 0);
});

test('a sign-out is told only to a page that knew of the session', async (t) => {
  const time = clock(t);
  const { open, accounts, page } = browser();
  accounts.says = known;
  const [knowing, innocent] = [open({ mark: 'm1' }), open({ mark: 'm1' })];
  knowing.say(ask({ mint: false }));
  await turns();
  accounts.says = nobody;
  page('');
  await time.pass(GATHER_MS);
  assert.deepEqual(knowing.answers().slice(1), [changed(false)]);
  assert.deepEqual(innocent.answers(), []);
});

test('a client without consent hears of no change', async (t) => {
  const time = clock(t);
  const { open, accounts, page } = browser();
  const bridge = open();
  accounts.says = { ...nobody, error: 'consent_required', mark: 'm1' };
  page('m1');
  await time.pass(GATHER_MS);
  accounts.says = nobody;
  page('');
  await time.pass(GATHER_MS);
  assert.equal(bridge.requests().length, 2);
  assert.deepEqual(bridge.answers(), []);
});

test('another person is a change, the same session is none', async (t) => {
  const time = clock(t);
  const { open, accounts, page } = browser();
  accounts.says = known;
  const bridge = open({ mark: 'm1' });
  bridge.say(ask({ mint: false }));
  await turns();
  accounts.says = { ...known, mark: 'm2' };
  page('m2');
  await time.pass(GATHER_MS);
  assert.deepEqual(bridge.answers().slice(1), [changed(true)]);
  page('m2');
  await time.pass(GATHER_MS);
  assert.equal(bridge.requests().length, 2);
});

test('news of an outdated mark costs one request, and starts no round of announcements', async (t) => {
  const time = clock(t);
  const { open, accounts, page } = browser();
  accounts.says = known;
  const bridges = [open({ mark: 'm1' }), open({ mark: 'm1' })];
  for (const bridge of bridges) bridge.say(ask({ mint: false }));
  await turns();
  page('');
  for (let round = 0; round < 20; round += 1) await time.pass(GATHER_MS);
  for (const bridge of bridges) {
    assert.equal(bridge.requests().length, 2);
    assert.equal(bridge.answers().length, 1);
  }
});

test('a burst of news is one request, and what comes during it one more', async (t) => {
  const time = clock(t);
  const { open, page } = browser();
  /** @type {((response: Response) => void)[]} */
  const waiting = [];
  const bridge = open({ server: () => new Promise((resolve) => waiting.push(resolve)) });
  for (const mark of ['m1', 'm2', 'm3']) page(mark);
  await time.pass(GATHER_MS);
  for (const mark of ['m4', 'm5']) page(mark);
  await time.pass(10 * GATHER_MS);
  assert.equal(bridge.requests().length, 1, 'at most one is under way');
  waiting[0]?.(reply(200, { ...known, mark: 'm3' }));
  await time.pass(GATHER_MS);
  assert.equal(bridge.requests().length, 2);
  waiting[1]?.(reply(200, { ...known, mark: 'm5' }));
  await time.pass(10 * GATHER_MS);
  assert.equal(bridge.requests().length, 2);
  assert.deepEqual(bridge.answers(), [changed(true), changed(true)]);
});

test('a change that the server could not explain is asked about again, a few times', async (t) => {
  const time = clock(t);
  const { open, accounts, page } = browser();
  const bridge = open();
  accounts.status = 429;
  page('m1');
  await time.pass(GATHER_MS);
  for (const pause of RETRY_MS) {
    await time.pass(pause);
    await time.pass(GATHER_MS);
  }
  assert.equal(bridge.requests().length, 1 + RETRY_MS.length);
  await time.pass(1_000_000);
  assert.equal(bridge.requests().length, 1 + RETRY_MS.length);
  assert.deepEqual(bridge.answers(), []);
  accounts.status = 200;
  accounts.says = { ...known, mark: 'm2' };
  page('m2');
  await time.pass(GATHER_MS);
  assert.deepEqual(bridge.answers(), [changed(true)]);
});

test('a page that comes back from the back/forward cache learns what it missed', async (t) => {
  const time = clock(t);
  const { open, accounts, storage } = browser();
  accounts.says = known;
  const bridge = open({ mark: 'm1' });
  bridge.say(ask({ mint: false }));
  await turns();
  accounts.says = nobody;
  fire(bridge.window, 'pageshow', { persisted: false });
  await time.pass(GATHER_MS);
  assert.equal(bridge.requests().length, 1);
  fire(bridge.window, 'pageshow', { persisted: true });
  await time.pass(GATHER_MS);
  assert.deepEqual(bridge.answers().slice(1), [changed(false)]);
  assert.equal(storage.values.get(MARK_KEY), '');
});

test('the page\'s own question is no change to itself, but one to the others', async (t) => {
  const time = clock(t);
  const { open, accounts } = browser();
  const [asking, other] = [open(), open()];
  accounts.says = known;
  asking.say(ask({ mint: false }));
  await turns();
  await time.pass(GATHER_MS);
  assert.deepEqual(asking.answers(), [response({ hasSession: true, recoveryPayload: null })]);
  assert.deepEqual(other.answers(), [changed(true)]);
});

test('a failed question does not bring an old mark back', async (t) => {
  clock(t);
  const { open, accounts, page, storage } = browser();
  const bridge = open({ mark: 'm1' });
  page('m2');
  accounts.status = 503;
  bridge.say(ask());
  await turns();
  assert.equal(storage.values.get(MARK_KEY), 'm2');
});

test('news of what a bridge already knows costs no request', async (t) => {
  const time = clock(t);
  const { open } = browser();
  const bridge = open({ mark: 'm1' });
  fire(bridge.window, 'storage', { key: MARK_KEY, newValue: 'm1' });
  fire(bridge.window, 'storage', { key: 'another key', newValue: 'm2' });
  fire(bridge.window, 'storage', { key: null, newValue: null });
  await time.pass(GATHER_MS);
  assert.equal(bridge.requests().length, 0);
});

test('two documents that see different sessions do not keep each other busy', async (t) => {
  const time = clock(t);
  const { open, page } = browser();
  const bridges = ['m1', 'm2'].map((mark) => open({ mark, server: async () => reply(200, { ...known, mark }) }));
  page('m3');
  for (let round = 0; round < 30; round += 1) await time.pass(GATHER_MS);
  for (const bridge of bridges) assert.ok(bridge.requests().length <= 2);
});
