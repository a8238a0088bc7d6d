import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { startProxy } from '../../browser/support/proxy.js';
import { answerer, ask, complete, pageId, standing, stands, till } from '../support/operations.js';
import { startServer } from '../support/server.js';
import { ORIGIN, openPage } from '../support/waiting.js';

/** Each of them is asked a few times: one person is asked only so often. */
const people = ['alice', 'bob', 'carol', 'dan'].map((username) => (
  { username, email: `${username}@example.org`, fullName: username, password: 'four-harbours-at-dawn' }
));
/** So long a page that was left has time to come back, and the server to notice that it did not. */
const LEFT_MS = 13_000;

/** @type {import('../support/server.js').Server} */
let server;
/** @type {Map<string, Awaited<ReturnType<typeof answerer>>>} */
const answerers = new Map();
before(async () => {
  server = await startServer({ clients: [till([ORIGIN]), { ...till(['https://other.example.org']), client_id: 'other' }], people });
  for (const person of people) answerers.set(person.username, await answerer(server, person));
});
after(() => server?.stop());

let turn = 0;

/** Asks one of the people; `answer` is what they say to it. */
async function question() {
  const { username = '' } = people[turn++ % people.length] ?? {};
  const operation = await ask(server, username);
  const say = answerers.get(username);
  return { operation, answer: async (/** @type {'approve' | 'refuse'} */ word) => say?.(operation, word) };
}

/** @param {import('node:test').TestContext} t @param {import('../support/waiting.js').How} [how] */
async function waiting(t, how) {
  const { operation, answer } = await question();
  const page = openPage(t, server, operation, how);
  assert.deepEqual(await page.registered(), { webSocketId: operation.webSocketId, registrationSucceeded: true });
  return { operation, answer, page };
}

/** @param {import('node:test').TestContext} t */
async function proxied(t) {
  const proxy = await startProxy(server.port);
  t.after(() => proxy.stop());
  return proxy;
}

describe('stompjs in node', { concurrency: 8 }, () => {
  for (const destination of ['/app/registration', '/user/topic/registration']) {
    test(`a page registers by ${destination} and hears that it was confirmed`, async (t) => {
      const { operation, answer, page } = await waiting(t, { destination });
      await answer('approve');
      assert.deepEqual(await page.result(), { webSocketId: operation.webSocketId, authResult: 'CONFIRMED' });
      assert.equal((await complete(server, operation)).status, 200);
      assert.equal((await complete(server, operation)).status, 410);
      assert.deepEqual(page.errors, []);
    });
  }

  test('a page hears that it was refused, and one that comes later hears it at once', async (t) => {
    const { operation, answer, page } = await waiting(t);
    await answer('refuse');
    const result = { webSocketId: operation.webSocketId, authResult: 'CANCELED' };
    assert.deepEqual(await page.result(), result);
    const again = openPage(t, server, operation, { page: page.page });
    assert.deepEqual(await again.result(), result);
  });

  test('a second page is refused, and takes nothing from the first', async (t) => {
    const { operation, answer, page } = await waiting(t);
    const second = openPage(t, server, operation);
    assert.deepEqual(await second.registered(), { webSocketId: operation.webSocketId, registrationSucceeded: false });
    await second.close(1000);
    assert.equal((await standing(server, operation)).state, 'pending', 'the refused page cancels nothing');
    await answer('approve');
    assert.equal((await page.result()).authResult, 'CONFIRMED');
    assert.deepEqual(second.results, []);
  });

  test('the same page takes the place of its own old socket', async (t) => {
    const { operation, answer, page } = await waiting(t);
    const again = openPage(t, server, operation, { page: page.page });
    assert.equal((await again.registered()).registrationSucceeded, true);
    assert.equal(await page.closed(), 4001);
    assert.deepEqual(page.errors, ['replaced']);
    assert.equal((await standing(server, operation)).state, 'pending');
    await answer('approve');
    assert.equal((await again.result()).authResult, 'CONFIRMED');
    assert.deepEqual(page.results, []);
  });

  test('an unknown id, and one of another operation, are refused', async (t) => {
    const { operation: other } = await question();
    for (const webSocketId of ['ab'.repeat(64), other.webSocketId, 'x']) {
      const { operation } = await question();
      const page = openPage(t, server, operation, { webSocketId });
      assert.deepEqual(await page.registered(), { webSocketId, registrationSucceeded: false });
    }
  });

  test('a wrong secret, another client’s origin and no origin of any client are refused', async (t) => {
    const { operation } = await question();
    for (const how of [
      { passcode: 'ab'.repeat(32) }, { passcode: operation.webSocketId }, { passcode: '' },
      { origin: 'https://other.example.org' }, { origin: 'https://evil.example.org' }, { origin: `${ORIGIN}:8443` },
    ]) {
      const page = openPage(t, server, operation, how);
      assert.equal(await page.closed(), 1008, JSON.stringify(how));
      assert.equal(page.errors.length, 1);
      assert.deepEqual(page.registrations, []);
    }
    for (const origin of ['null', 'nonsense', 'http://till.example.org']) {
      assert.equal(await openPage(t, server, operation, { origin }).closed(), 1006, 'not even a socket');
    }
    assert.equal((await standing(server, operation)).state, 'pending');
  });

  test('closed with 1000, it is canceled', async (t) => {
    const { operation, page } = await waiting(t);
    await page.close(1000);
    await stands(server, operation, 'canceled');
    assert.equal((await standing(server, operation)).reason, 'left');
  });

  test('after the library’s own farewell, a DISCONNECT, it is canceled', async (t) => {
    const { operation, page } = await waiting(t);
    await page.client.deactivate();
    await stands(server, operation, 'canceled');
    assert.equal((await standing(server, operation)).reason, 'left');
  });

  for (const code of [1001, undefined]) {
    const name = code ?? 'no code';
    test(`left with ${name} and not back, it is canceled after ten seconds`, async (t) => {
      const { operation, page } = await waiting(t);
      await page.close(code);
      await pause(5_000);
      assert.equal((await standing(server, operation)).state, 'pending');
      await stands(server, operation, 'canceled');
      assert.equal((await standing(server, operation)).reason, 'left');
    });

    test(`left with ${name} and back in time, it is not`, async (t) => {
      const { operation, answer, page } = await waiting(t);
      await page.close(code);
      await pause(3_000);
      const again = openPage(t, server, operation, { page: page.page });
      assert.equal((await again.registered()).registrationSucceeded, true);
      await pause(LEFT_MS);
      assert.equal((await standing(server, operation)).state, 'pending');
      await answer('approve');
      assert.equal((await again.result()).authResult, 'CONFIRMED');
    });
  }

  test('cut off, it is not canceled, and the library comes back by itself', async (t) => {
    const proxy = await proxied(t);
    const { operation, answer, page } = await waiting(t, { port: proxy.port, settings: { reconnectDelay: 200 } });
    for (let times = 1; times <= 3; times += 1) {
      proxy.cut();
      assert.equal(await page.closed(times), 1006);
      assert.equal((await page.registered(times + 1)).registrationSucceeded, true);
    }
    await answer('approve');
    assert.equal((await page.result()).authResult, 'CONFIRMED');
    assert.deepEqual(page.errors, []);
    assert.equal((await complete(server, operation)).status, 200);
  });

  test('cut off and away for good, it is not canceled, and the result is there', async (t) => {
    const proxy = await proxied(t);
    const { operation, answer, page } = await waiting(t, { port: proxy.port });
    proxy.refuse(/./);
    proxy.cut();
    await page.closed();
    await pause(LEFT_MS);
    assert.equal((await standing(server, operation)).state, 'pending');
    // The place is free: whoever holds the secret may wait now.
    const other = openPage(t, server, operation, { page: pageId() });
    assert.equal((await other.registered()).registrationSucceeded, true);
    await answer('approve');
    assert.equal((await other.result()).authResult, 'CONFIRMED');
  });

  test('an answer that came while nobody was connected is heard by the page that comes back', async (t) => {
    const proxy = await proxied(t);
    const { answer, page } = await waiting(t, { port: proxy.port, settings: { reconnectDelay: 200 } });
    proxy.refuse(/./);
    proxy.cut();
    await page.closed();
    await answer('approve');
    assert.deepEqual(page.results, []);
    proxy.refuse();
    assert.equal((await page.result()).authResult, 'CONFIRMED');
  });

  test('on a silent line both sides give up, and nothing is canceled', async (t) => {
    const proxy = await proxied(t);
    let lost = 0;
    const settings = { reconnectDelay: 200, discardWebsocketOnCommFailure: true, onHeartbeatLost: () => { lost += 1; } };
    const { operation, answer, page } = await waiting(t, { port: proxy.port, settings });
    await pause(LEFT_MS);
    assert.equal(lost, 0, 'heart-beats keep it');
    proxy.swallow(true);
    await pause(15_000);
    await page.closed();
    assert.ok(lost > 0);
    proxy.swallow(false);
    proxy.cut();
    assert.equal((await page.registered(2)).registrationSucceeded, true);
    assert.equal((await standing(server, operation)).state, 'pending');
    await answer('approve');
    assert.equal((await page.result()).authResult, 'CONFIRMED');
  });
});

test('a server that ends says 1001, cancels nothing, and finds its pages again when it is back', async (t) => {
  const { operation, answer, page } = await waiting(t, { settings: { reconnectDelay: 200 } });
  const { operation: second, page: other } = await waiting(t, { settings: { reconnectDelay: 200 } });
  await server.halt();
  assert.equal(page.codes[0], 1001);
  await pause(11_000);
  await server.resume();
  assert.equal((await page.registered(2)).registrationSucceeded, true);
  assert.equal((await other.registered(2)).registrationSucceeded, true);
  assert.deepEqual([await standing(server, operation), await standing(server, second)].map(({ state }) => state), ['pending', 'pending']);
  await answer('approve');
  assert.equal((await page.result()).authResult, 'CONFIRMED');
  assert.equal((await complete(server, operation)).status, 200);
});
