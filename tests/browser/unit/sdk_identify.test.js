import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ACCOUNTS, clock, fire, reply, turns } from './support/fakes.js';
import { PROVED, SECRET, SHOP, START, SUCCEEDED, TOKEN, WAITING, shop, shown, waiting } from './support/identifying.js';
import { until } from './support/widget.js';

const opening = { state: 'opening', uri: undefined, blocked: false, looksClosed: false };

test('the window opens in the click itself, empty, without an opener, and says that it takes a moment', () => {
  const page = shop();
  void page.click();
  assert.deepEqual(page.window.open.mock.calls.map((/** @type {any} */ call) => call.arguments), [['about:blank', '_blank', 'popup,width=480,height=680']]);
  const [popup] = page.popups;
  assert.deepEqual([popup.opener, popup.document.title], [null, 'One moment…']);
  assert.deepEqual(popup.document.body.append.mock.calls[0].arguments, ['One moment…']);
  assert.deepEqual([page.standings, popup.led], [[opening], []]);
});

test('the token is shown to the socket alone, the cookie is asked for with cookies', async () => {
  const page = await shown({}, { provider: 'bank' });
  const [{ path, init }] = /** @type {[any]} */ (/** @type {unknown} */ (page.asked));
  assert.deepEqual([page.asked.length, path, init.method ?? 'GET', init.credentials], [1, '/identification/monitor', 'GET', 'include']);
  assert.equal(page.socket.url, `${ACCOUNTS.replace('http', 'ws')}/identification/events`);
  assert.deepEqual(page.socket.sent, [{ access_token: TOKEN, provider: 'bank' }]);
  assert.deepEqual((await shown()).socket.sent, [{ access_token: TOKEN }]);
});

for (const uri of [START, `${START}?provider=bank`, `${START}?provider=bank&monitor=${'c3'.repeat(32)}`]) {
  test(`the window is led to ${uri.slice(0, 80)}, when it has no opener any more`, async () => {
    const page = await shown();
    page.hear({ ...WAITING, start_uri: uri });
    assert.deepEqual(page.popup.led, [{ uri, opener: null }]);
    assert.deepEqual(page.standings, [opening, { ...opening, state: 'waiting', uri }]);
  });
}

test('a proof is told, and the window closed', async () => {
  const page = await waiting();
  page.hear(PROVED);
  assert.deepEqual(await page.outcome, SUCCEEDED);
  assert.ok(page.popup.close.mock.callCount());
  assert.deepEqual([page.socket.closed, page.polls(), page.frames[0].isConnected], [true, 0, false]);
  fire(page.window, 'online');
  await turns();
  assert.equal(page.polls(), 0, 'what has ended is not asked for');
});

test('one that was decided before it began is told, too', async () => {
  const page = await shown();
  page.hear(PROVED);
  assert.deepEqual(await page.outcome, SUCCEEDED);
  assert.deepEqual(page.popup.led, []);
});

for (const reason of ['denied_by_provider', 'provider_unreachable', 'expired', 'wrong_account', 'canceled', 'conflict']) {
  test(`${reason} is told with a cure, and the window closed`, async () => {
    const page = await waiting();
    page.hear({ state: 'completed', result: 'failed', reason });
    const outcome = /** @type {any} */ (await page.outcome);
    assert.deepEqual([outcome.result, outcome.reason, outcome.hint.length > 10], ['failed', reason, true]);
    assert.ok(page.popup.close.mock.callCount());
  });
}

test('a reason of a newer server ends it, and is in the hint', async () => {
  const page = await waiting();
  page.hear({ state: 'completed', result: 'failed', reason: 'toString' });
  const outcome = /** @type {any} */ (await page.outcome);
  assert.equal(outcome.reason, 'misconfigured');
  assert.match(outcome.hint, /newer than this module, says toString/);
});

const rubbish = [
  '', 'null', '[]', '{}', '7', '"waiting"', '{"state":"pending"}', '{"state":"waiting"}', '{"state":"completed"}',
  JSON.stringify({ ...WAITING, monitor_secret: 'short' }), JSON.stringify({ ...WAITING, start_uri: 7 }),
  JSON.stringify({ ...PROVED, identified_at: '1' }), JSON.stringify({ ...PROVED, level: undefined }), '{"state":"completed","result":"failed"}',
];
test('rubbish is nothing', async () => {
  const page = await shown();
  for (const data of rubbish) page.socket.onmessage({ data });
  assert.deepEqual([page.standings, page.popup.led, page.popup.close.mock.callCount()], [[opening], [], 0]);
  page.hear(WAITING);
  for (const data of rubbish) page.socket.onmessage({ data });
  page.hear({ ...WAITING, start_uri: `${START}?monitor=again`, monitor_secret: 'd4'.repeat(32) });
  page.hear(PROVED);
  assert.deepEqual(await page.outcome, SUCCEEDED);
  assert.deepEqual(page.popup.led, [{ uri: START, opener: null }], 'it is led once');
});

for (const uri of [
  'javascript:alert(1)', `javascript:alert(1)//${START}`, 'https://evil.test/identification/start', `${ACCOUNTS}.evil.test/identification/start`, `${ACCOUNTS}@evil.test/identification/start`,
  '/identification/start', `${START}le`, `${START}/../../oauth/authorize`, `${START}#x`, ` ${START}`, START.toUpperCase(), START.replace('https', 'http'), `${ACCOUNTS}/signout`, '',
]) {
  test(`the window is not led to ${JSON.stringify(uri)}`, async () => {
    const page = await shown();
    page.hear({ ...WAITING, start_uri: uri });
    const outcome = /** @type {any} */ (await page.outcome);
    assert.equal(outcome.reason, 'misconfigured');
    assert.match(outcome.hint, /start_uri/);
    assert.deepEqual([page.popup.led, page.standings], [[], [opening]]);
  });
}

for (const [name, accessToken] of /** @type {[string, any][]} */ ([['a function', () => TOKEN], ['a promise', async () => TOKEN]])) {
  test(`the token may come of ${name}`, async () => {
    assert.deepEqual((await shown({}, { accessToken })).socket.sent, [{ access_token: TOKEN }]);
  });
}

for (const [name, accessToken, hint] of /** @type {[string, any, RegExp][]} */ ([
  ['null', async () => null, /gave none/], ['nothing', () => undefined, /gave none/], ['an empty one', () => '', /gave none/], ['an object', () => ({}), /gave none/],
  ['a fault', () => { throw new Error('no session'); }, /failed: Error: no session/], ['a rejection', async () => { throw new Error('offline'); }, /offline/],
])) {
  test(`where the page has ${name} for a token, it is login_required`, async () => {
    const page = shop();
    const outcome = /** @type {any} */ (await page.click({ accessToken }));
    assert.equal(outcome.reason, 'login_required');
    assert.match(outcome.hint, hint);
    await turns();
    assert.deepEqual([page.sockets.made.length, page.popups[0].close.mock.callCount() > 0], [0, true]);
  });
}

test('a token that does not come is not waited for forever', async (t) => {
  const time = clock(t);
  const page = shop();
  const outcome = page.click({ accessToken: () => new Promise(() => {}) });
  await time.pass(30_000);
  assert.equal(/** @type {any} */ (await outcome).reason, 'login_required');
});

for (const [text, reason, cure] of [
  ['this origin is not registered', 'misconfigured', 'look at'],
  ['the token has not the scope identification', 'misconfigured', 'look at'],
  ['invalid_token: it is unknown, has ended, or is for somebody else', 'login_required', 'sign the person in'],
]) {
  test(`a socket that is closed because ${text} is ${reason}, and the hint says so`, async () => {
    const page = await shown();
    page.socket.onclose({ code: 1008, reason: text });
    const outcome = /** @type {any} */ (await page.outcome);
    assert.deepEqual([outcome.reason, outcome.hint.startsWith(`${text}: ${cure}`)], [reason, true]);
    assert.ok(page.popup.close.mock.callCount());
  });
}

for (const code of [1001, 1006, 1011]) {
  test(`a socket that is closed with ${code} before it has said anything is network`, async () => {
    const page = await shown();
    page.socket.onclose({ code, reason: '' });
    const outcome = /** @type {any} */ (await page.outcome);
    assert.equal(outcome.reason, 'network');
    assert.match(outcome.hint, new RegExp(`${code}.*connect-src`));
  });
}

test('a socket that says nothing, or cannot be made, is network', async (t) => {
  const time = clock(t);
  const page = await shown();
  await time.pass(9_999);
  assert.equal(page.popup.close.mock.callCount(), 0);
  await time.pass(1);
  assert.equal(/** @type {any} */ (await page.outcome).reason, 'network');
  const without = shop({ prepare: (window) => { window.WebSocket = class { constructor() { throw new DOMException('', 'SecurityError'); } }; } });
  assert.equal(/** @type {any} */ (await without.click()).reason, 'network');
});

for (const [name, monitor] of /** @type {[string, () => any][]} */ ([
  ['refused', () => reply(403)], ['limited', () => reply(429)], ['not to be had', () => { throw new TypeError('Failed to fetch'); }],
])) {
  test(`a cookie that is ${name} is no hindrance: the address says which page waits`, async () => {
    const page = await waiting({ answers: { '/identification/monitor': monitor } });
    page.hear(PROVED);
    assert.equal((await page.outcome).result, 'succeeded');
  });
}

test('a window that is blocked leaves a link, and it goes on', async () => {
  const page = shop({ prepare: (window) => { window.open = () => null; } });
  const outcome = page.click();
  assert.deepEqual(page.standings, [{ ...opening, blocked: true }]);
  await until(() => page.sockets.made.length);
  page.sockets.last().onmessage({ data: JSON.stringify(WAITING) });
  assert.deepEqual(page.standings.at(-1), { state: 'waiting', uri: START, blocked: true, looksClosed: false });
  page.sockets.last().onmessage({ data: JSON.stringify(PROVED) });
  assert.deepEqual(await outcome, SUCCEEDED);
});

test('a window that keeps its opener is closed, and led nowhere', async () => {
  const page = shop();
  const { open } = page.window;
  page.window.open = () => Object.defineProperty(open(), 'opener', { set() { throw new DOMException('', 'SecurityError'); } });
  void page.click();
  assert.deepEqual(page.standings, [{ ...opening, blocked: true }]);
  assert.ok(page.popups[0].close.mock.callCount());
  await until(() => page.sockets.made.length);
  page.sockets.last().onmessage({ data: JSON.stringify(WAITING) });
  assert.deepEqual([page.popups[0].led, page.standings.at(-1)?.blocked], [[], true]);
});

test('a window in which the person has gone elsewhere leaves a link', async () => {
  const page = await shown();
  page.popup.location.replace.mock.mockImplementation(() => { throw new DOMException('', 'SecurityError'); });
  page.hear(WAITING);
  assert.deepEqual(page.standings.at(-1), { state: 'waiting', uri: START, blocked: true, looksClosed: false });
  page.hear(PROVED);
  assert.equal((await page.outcome).result, 'succeeded');
});

test('the frame by which the window is closed is hidden, and known to nobody', async () => {
  const page = await waiting();
  const [frame] = page.frames;
  assert.deepEqual([frame.hidden, frame.style.display, page.popup.open.mock.calls[0].arguments], [true, 'none', ['', frame.name]]);
  assert.match(frame.name, /^vestibule\.[0-9a-f]{32}$/);
});

test('a browser that takes the name of the frame for a new window has that closed', async () => {
  const page = shop();
  let closed = 0;
  const { open } = page.window;
  page.window.open = () => Object.assign(open(), { open: () => ({ close() { closed += 1; } }) });
  void page.click();
  assert.deepEqual([closed, page.popups[0].opener], [1, null]);
});

test('where there can be no frame, the window opens and is closed all the same', async () => {
  const page = await waiting({ prepare: ({ document }) => { document.createElement = () => { throw new Error('no'); }; } });
  assert.deepEqual(page.popup.led, [{ uri: START, opener: null }]);
  page.hear(PROVED);
  await page.outcome;
  assert.equal(page.popup.close.mock.callCount(), 1);
});

for (const [name, options] of /** @type {[string, any][]} */ ([
  ['no server', { accounts: undefined }], ['no address', { accounts: 'accounts' }], ['an address that is none of the web', { accounts: 'javascript:alert(1)' }],
  ['no token', { accessToken: undefined }], ['an empty token', { accessToken: '' }], ['a promise for a token', { accessToken: Promise.resolve(TOKEN) }],
  ['a provider that is no text', { provider: 7 }], ['an empty provider', { provider: '' }], ['a signal that is none', { signal: {} }], ['no signal at all', { signal: null }],
  ['a listener that is none', { onChange: 'log' }],
])) {
  test(`called with ${name}, it throws at once, and leaves what is under way alone`, async () => {
    const page = await waiting();
    assert.throws(() => page.click(options), TypeError);
    assert.equal(page.window.open.mock.callCount(), 1);
    page.hear(PROVED);
    assert.deepEqual(await page.outcome, SUCCEEDED);
  });
}

test('accounts may have a slash at its end', async () => {
  const page = await waiting({}, { accounts: `${ACCOUNTS}/` });
  assert.deepEqual(page.popup.led, [{ uri: START, opener: null }]);
});

test('the faults of a listener are its own', async () => {
  const page = await waiting({}, { onChange() { throw new Error('mine'); } });
  assert.equal(page.window.reportError.mock.callCount(), 2);
  page.hear(PROVED);
  assert.deepEqual(await page.outcome, SUCCEEDED);
});

test('neither token nor secret is in an address, a log or a store', async () => {
  const page = await waiting({ answers: { '/identification/outcome': () => reply(200, PROVED) } });
  page.socket.onclose({ code: 1006, reason: '' });
  await page.outcome;
  const addresses = [...page.asked.map(({ path }) => path), page.socket.url, ...page.popup.led.map((/** @type {any} */ { uri }) => uri)];
  const logged = page.window.console.error.mock.calls.map((/** @type {any} */ call) => call.arguments.join(' '));
  for (const text of [...addresses, ...logged, JSON.stringify(page.standings)]) for (const secret of [TOKEN, SECRET]) assert.ok(!text.includes(secret), text);
  assert.equal(page.window.location.href, `${SHOP}/checkout`);
  assert.equal(page.window.location.assign.mock.callCount(), 0);
});
