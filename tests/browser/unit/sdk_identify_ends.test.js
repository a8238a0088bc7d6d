import assert from 'node:assert/strict';
import { test } from 'node:test';

import { clock, fire, reply, turns } from './support/fakes.js';
import { PROVED, SECRET, START, SUCCEEDED, TOKEN, WAITING, shop, shown, waiting } from './support/identifying.js';
import { until } from './support/widget.js';

test('when the socket is lost, the long poll takes over', async () => {
  const page = await waiting();
  let told = (/** @type {any} */ _answer) => {};
  page.answers['/identification/outcome'] = () => new Promise((resolve) => { told = resolve; });
  page.socket.onclose({ code: 1006, reason: '' });
  await until(page.polls);
  const { fields, init } = page.asked.at(-1) ?? assert.fail();
  assert.deepEqual([Object.fromEntries(fields), init.method, init.credentials], [{ monitor_secret: SECRET, wait: '25' }, 'POST', 'omit']);
  told(reply(200, PROVED));
  assert.deepEqual(await page.outcome, SUCCEEDED);
});

test('polls that fail are repeated', async (t) => {
  const time = clock(t);
  const bad = /** @type {(() => any)[]} */ ([
    () => { throw new TypeError('Failed to fetch'); }, () => reply(502), () => reply(429, { error: 'rate_limited' }), () => reply(200, 'rubbish'), () => reply(200, WAITING), () => reply(200, PROVED),
  ]);
  const page = await waiting({ answers: { '/identification/outcome': () => bad.shift()?.() } });
  page.socket.onclose({ code: 1011, reason: '' });
  for (const polls of [1, 2, 3, 4, 5]) {
    await until(() => page.polls() === polls);
    await time.pass(16_000);
  }
  assert.deepEqual(await page.outcome, SUCCEEDED);
  assert.deepEqual(page.popup.led.length, 1);
});

for (const [status, error, reason] of /** @type {[number, string, string][]} */ ([
  [404, 'not_found', 'expired'], [403, 'access_denied', 'misconfigured'], [400, 'invalid_request', 'misconfigured'],
])) {
  test(`a poll that is answered ${error} is ${reason}`, async () => {
    const page = await waiting({ answers: { '/identification/outcome': () => reply(status, { error, error_description: 'No.' }) } });
    page.socket.onclose({ code: 1006, reason: '' });
    assert.equal(/** @type {any} */ (await page.outcome).reason, reason);
  });
}

for (const [event, members] of /** @type {[string, Record<string, unknown>][]} */ ([['online', {}], ['pageshow', { persisted: true }]])) {
  test(`after ${event} it asks, also beside a socket that may have died unnoticed`, async () => {
    const page = await shown();
    fire(page.window, event, members);
    await turns();
    assert.equal(page.polls(), 0, 'there is nothing to ask by yet');
    page.hear(WAITING);
    page.answers['/identification/outcome'] = () => reply(200, PROVED);
    fire(page.window, event, members);
    assert.deepEqual(await page.outcome, SUCCEEDED);
    assert.equal(page.sockets.made.length, 1);
  });
}

test('a window that looks closed ends nothing: it may have been cut off', async (t) => {
  const time = clock(t);
  const page = await waiting();
  page.popup.closed = true;
  await time.pass(500);
  assert.equal(page.standings.at(-1).looksClosed, false, 'it may be on its way');
  await time.pass(500);
  assert.deepEqual(page.standings.at(-1), { state: 'waiting', uri: START, blocked: false, looksClosed: true });
  assert.equal(page.polls(), 1, 'it may be the end, with a socket that has died');
  page.hear(PROVED);
  assert.deepEqual(await page.outcome, SUCCEEDED);
});

test('it ends with its time at the latest', async (t) => {
  const time = clock(t);
  const page = await waiting({ answers: { '/identification/outcome': () => reply(200, WAITING) } });
  await time.pass(904_999);
  assert.equal(page.popup.close.mock.callCount(), 0);
  await time.pass(1);
  assert.equal(/** @type {any} */ (await page.outcome).reason, 'expired');
  assert.equal(page.socket.closed, true);
});

for (const [what, answer, outcome] of /** @type {[string, () => any, string][]} */ ([
  ['a proof that was made meanwhile', () => reply(200, PROVED), 'succeeded'],
  ['nothing, off line', () => { throw new TypeError('Failed to fetch'); }, 'failed'],
])) {
  test(`when its time is over, it asks once more, and hears of ${what}`, async (t) => {
    const time = clock(t);
    const page = await waiting({ answers: { '/identification/outcome': answer } });
    await time.pass(905_000);
    assert.equal(/** @type {any} */ (await page.outcome).result, outcome);
    assert.equal(page.asked.at(-1)?.fields.get('wait'), '0');
  });
}

test('a window that does not hear it is told again to close, for a while', async (t) => {
  const time = clock(t);
  const page = await waiting();
  let deaf = 3;
  page.popup.close.mock.mockImplementation(() => {
    deaf -= 1;
    page.popup.closed = deaf < 0;
  });
  page.hear(PROVED);
  await page.outcome;
  assert.deepEqual([page.popup.closed, page.frames[0].isConnected], [false, true]);
  await time.pass(200);
  assert.deepEqual([page.popup.closed, page.frames[0].isConnected], [true, false]);
  const closings = page.popup.close.mock.callCount();
  await time.pass(60_000);
  assert.equal(page.popup.close.mock.callCount(), closings);

  const stubborn = await waiting();
  stubborn.popup.close.mock.mockImplementation(() => {});
  stubborn.hear(PROVED);
  await stubborn.outcome;
  for (let times = 0; times < 20; times += 1) await time.pass(200);
  assert.deepEqual([stubborn.popup.close.mock.callCount(), stubborn.frames[0].isConnected], [20, false]);
});

/** @param {any} outcome */
const isCanceled = ({ result, reason, hint }) => assert.deepEqual([result, reason, /the page canceled it/.test(hint)], ['failed', 'canceled', true]);

test('what is canceled before the click opens nothing', async () => {
  const page = shop();
  isCanceled(await page.click({ signal: AbortSignal.abort() }));
  await turns();
  assert.deepEqual([page.window.open.mock.callCount(), page.asked, page.standings], [0, [], []]);
});

test('canceled while it opens, it asks for nothing and closes the window', async () => {
  const page = shop();
  const abort = new AbortController();
  let tokens = 0;
  isCanceled(await page.click({ signal: abort.signal, accessToken: () => { tokens += 1; return TOKEN; }, onChange: () => abort.abort() }));
  await turns();
  assert.deepEqual([tokens, page.asked, page.popups[0].close.mock.callCount() > 0], [0, [], true]);
});

test('canceled while the token is on its way, it shows that to nobody', async () => {
  const page = shop();
  const abort = new AbortController();
  let give = (/** @type {string} */ _token) => {};
  const outcome = page.click({ signal: abort.signal, accessToken: () => new Promise((resolve) => { give = resolve; }) });
  abort.abort();
  isCanceled(await outcome);
  give(TOKEN);
  await turns();
  assert.deepEqual([page.sockets.made.length, page.popups[0].close.mock.callCount() > 0], [0, true]);
});

for (const [name, reach] of /** @type {[string, typeof shown][]} */ ([['while the server is asked', shown], ['while the person is at it', waiting]])) {
  test(`canceled ${name}, the window and the socket are closed, and nothing is heard any more`, async () => {
    const abort = new AbortController();
    const page = await reach({}, { signal: abort.signal });
    const { length } = page.standings;
    abort.abort();
    isCanceled(await page.outcome);
    assert.deepEqual([page.socket.closed, page.popup.close.mock.callCount() > 0], [true, true]);
    const led = page.popup.led.length;
    page.hear(WAITING);
    page.socket.onclose({ code: 1006, reason: '' });
    fire(page.window, 'online');
    await turns();
    assert.deepEqual([page.standings.length, page.popup.led.length, page.polls()], [length, led, 0]);
  });
}

test('canceled while it polls, it stops that', async () => {
  const abort = new AbortController();
  const page = await waiting({}, { signal: abort.signal });
  page.socket.onclose({ code: 1006, reason: '' });
  await until(page.polls);
  abort.abort();
  isCanceled(await page.outcome);
  assert.equal(page.asked.at(-1)?.init.signal.aborted, true);
});

test('canceled after its end, it stays as it is', async () => {
  const abort = new AbortController();
  const page = await waiting({}, { signal: abort.signal });
  page.hear(PROVED);
  abort.abort();
  assert.deepEqual(await page.outcome, SUCCEEDED);
});

test('another click cancels the one before, and closes its window before it opens its own', async () => {
  const page = await waiting();
  let closedThen = 0;
  const { open } = page.window;
  page.window.open = () => {
    closedThen = page.popup.close.mock.callCount();
    return open();
  };
  const again = page.click();
  const { reason, hint } = /** @type {any} */ (await page.outcome);
  assert.deepEqual([reason, /another one was begun/.test(hint), closedThen > 0], ['canceled', true, true]);
  await until(() => page.sockets.made.length === 2);
  page.sockets.last().onmessage({ data: JSON.stringify(PROVED) });
  assert.deepEqual(await again, SUCCEEDED);
});
