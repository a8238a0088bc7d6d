import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LONGEST_PAUSE_MS, PATIENCE_MS, SILENCE_MS, pageId, socketAddress, waitFor } from '../../../assets/demo/stomp.js';
import { read, write } from '../../../assets/demo/stomp_frame.js';
import { clock } from './support/fakes.js';

const ACCOUNTS = 'https://accounts.example.org';
const OPERATION = { accounts: ACCOUNTS, waitSecret: '5'.repeat(64), webSocketId: 'a'.repeat(128) };
const CONNECTED = 'CONNECTED\nversion:1.2\nheart-beat:10000,10000\nserver:vestibule\nsession:s\n\n\0';

/** @param {string} name @param {object} body */
const message = (name, body) => (
  write('MESSAGE', { subscription: name, destination: `/user/topic/${name}`, 'message-id': '1' }, JSON.stringify(body))
);
/** @param {boolean} registrationSucceeded */
const registration = (registrationSucceeded) => (
  message('registration', { webSocketId: OPERATION.webSocketId, registrationSucceeded })
);
/** @param {string} authResult */
const authorization = (authResult) => message('authorization', { webSocketId: OPERATION.webSocketId, authResult });

/** A page that waits, and every socket that it opens. @param {import('node:test').TestContext} t */
function waiting(t) {
  const time = clock(t);
  /** @type {any[]} */
  const sockets = [];
  /** @type {import('../../../assets/demo/stomp.js').State[]} */
  const states = [];
  class Socket {
    /** @param {string} address @param {string[]} protocols */
    constructor(address, protocols) {
      Object.assign(this, { address, protocols, sent: [], closed: [] });
      sockets.push(this);
    }
    /** @param {string} text */
    send(text) { /** @type {any} */ (this).sent.push(read(text)); }
    /** @param {number} code */
    close(code) { /** @type {any} */ (this).closed.push(code); }
  }
  const world = { page: 'page-instance-0001', Socket: /** @type {any} */ (Socket), random: () => 0.5 };
  const wait = waitFor(OPERATION, (state) => states.push(state), world);
  const last = () => sockets.at(-1);
  return {
    time, sockets, states, wait, last,
    open: () => last().onopen(),
    /** @param {unknown} data */
    hear: (data) => last().onmessage({ data }),
    /** @param {number} code */
    close: (code, reason = '') => last().onclose({ code, reason }),
    register() {
      last().onopen();
      last().onmessage({ data: CONNECTED });
      last().onmessage({ data: registration(true) });
    },
    state: () => states.at(-1),
  };
}

test('it connects, subscribes to both topics, registers, and waits', (t) => {
  const { last, open, hear, states } = waiting(t);
  assert.deepEqual([last().address, last().protocols], ['wss://accounts.example.org/websocket', ['v12.stomp']]);
  open();
  const [connect] = last().sent;
  assert.equal(connect.command, 'CONNECT');
  const { login, passcode, 'accept-version': version } = connect.headers;
  assert.deepEqual([login, passcode, version], ['page-instance-0001', OPERATION.waitSecret, '1.2']);
  hear(CONNECTED);
  const [, one, two, send] = last().sent;
  const topics = ['/user/topic/registration', '/user/topic/authorization'];
  assert.deepEqual([one.headers.destination, two.headers.destination], topics);
  assert.deepEqual([send.command, send.headers.destination], ['SEND', '/app/registration']);
  assert.deepEqual(JSON.parse(send.body), { webSocketId: OPERATION.webSocketId });
  hear(registration(true));
  assert.deepEqual(states.map(({ name }) => name), ['connecting', 'waiting']);
});

test('it says what came of it, and closes', async (t) => {
  const { register, hear, state, last, time, sockets } = waiting(t);
  register();
  hear(authorization('CONFIRMED'));
  assert.deepEqual(state(), { name: 'ended', authResult: 'CONFIRMED' });
  assert.deepEqual(last().closed, [1000]);
  await time.pass(10 * SILENCE_MS);
  assert.equal(sockets.length, 1, 'nothing goes on');
});

test('messages about something else are passed over', (t) => {
  const { register, hear, state } = waiting(t);
  register();
  hear(message('authorization', { webSocketId: 'b'.repeat(128), authResult: 'CONFIRMED' }));
  hear(message('authorization', { webSocketId: OPERATION.webSocketId }));
  hear(write('MESSAGE', { destination: '/user/topic/other' }, JSON.stringify({ webSocketId: OPERATION.webSocketId, authResult: 'CONFIRMED' })));
  hear(write('MESSAGE', { destination: '/user/topic/authorization' }, 'no JSON'));
  hear(write('RECEIPT', { 'receipt-id': '1' }));
  assert.equal(state()?.name, 'waiting');
});

for (const code of [1006, 1000, 1001, 1005, 1011, 1012, 1013, 4002]) {
  test(`after ${code} it comes back as the same page`, async (t) => {
    const { register, close, state, time, sockets, last } = waiting(t);
    register();
    close(code);
    assert.deepEqual(state(), { name: 'lost', retryMs: 1_000 });
    await time.pass(999);
    assert.equal(sockets.length, 1);
    await time.pass(1);
    assert.equal(sockets.length, 2);
    register();
    assert.equal(state()?.name, 'waiting');
    assert.equal(last().sent[0].headers.login, 'page-instance-0001');
  });
}

for (const code of [4001, 1008, 1002, 1009]) {
  test(`after ${code} it does not come back`, async (t) => {
    const { register, close, state, time, sockets } = waiting(t);
    register();
    close(code, 'a reason');
    assert.deepEqual(state(), { name: 'refused', why: 'a reason' });
    await time.pass(10 * LONGEST_PAUSE_MS);
    assert.equal(sockets.length, 1);
  });
}

test('after an ERROR the close code decides', async (t) => {
  const { open, hear, close, state, time, sockets, register } = waiting(t);
  open();
  hear(write('ERROR', { message: 'something went wrong on our side' }));
  close(1011);
  assert.equal(state()?.name, 'lost');
  await time.pass(1_000);
  register();
  hear(write('ERROR', { message: 'no closing follows' }));
  await time.pass(PATIENCE_MS);
  assert.equal(state()?.name, 'lost');
  await time.pass(1_000);
  register();
  hear(write('ERROR', { message: 'replaced' }));
  close(4001);
  assert.deepEqual([state(), sockets.length], [{ name: 'refused', why: 'replaced' }, 3]);
});

test('a refused registration and rubbish end it', async (t) => {
  for (const [data, why] of /** @type {const} */ ([
    [registration(false), 'registration'], ['rubbish', 'unreadable'], [new ArrayBuffer(1), 'unreadable'],
  ])) {
    await t.test(why, async (inner) => {
      const { open, hear, state, time, sockets, last } = waiting(inner);
      open();
      hear(CONNECTED);
      hear(data);
      assert.deepEqual([state(), last().closed], [{ name: 'refused', why }, [4000]]);
      await time.pass(10 * SILENCE_MS);
      assert.equal(sockets.length, 1);
    });
  }
});

test('the pauses grow up to a limit, and are short again once it worked', async (t) => {
  const { register, close, states, time } = waiting(t);
  for (let attempt = 0; attempt < 6; attempt += 1) {
    close(1006);
    await time.pass(LONGEST_PAUSE_MS);
  }
  const pauses = states.flatMap((state) => (state.name === 'lost' ? [state.retryMs] : []));
  assert.deepEqual(pauses, [1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
  register();
  close(1006);
  assert.deepEqual(states.at(-1), { name: 'lost', retryMs: 1_000 });
});

test('a server that says nothing is left: while connecting, and while waiting', async (t) => {
  const { register, hear, state, time, last, sockets } = waiting(t);
  await time.pass(PATIENCE_MS);
  assert.deepEqual([state()?.name, last().closed], ['lost', [4000]]);
  await time.pass(1_000);
  register();
  for (let beat = 0; beat < 4; beat += 1) {
    await time.pass(SILENCE_MS - 1);
    hear('\n');
  }
  assert.equal(state()?.name, 'waiting', 'heart-beats keep it');
  await time.pass(SILENCE_MS);
  assert.equal(state()?.name, 'lost');
  sockets[1].onmessage({ data: authorization('CONFIRMED') });
  assert.equal(state()?.name, 'lost', 'the socket that was left is not heard');
});

test('closed on purpose it says so to the server, and nothing any more to the page', async (t) => {
  const { register, wait, states, last, time, close, sockets } = waiting(t);
  register();
  const before = states.length;
  wait.close();
  close(1000);
  last().onmessage({ data: authorization('CANCELED') });
  await time.pass(10 * SILENCE_MS);
  assert.deepEqual([last().closed, states.length, sockets.length], [[1000], before, 1]);
});

test('a socket that cannot even be made is tried again', async (t) => {
  const time = clock(t);
  /** @type {string[]} */
  const states = [];
  class Forbidden { constructor() { throw new Error('blocked'); } }
  waitFor(OPERATION, ({ name }) => states.push(name), { page: 'p', Socket: /** @type {any} */ (Forbidden), random: () => 0.5 });
  await time.pass(1_000);
  assert.deepEqual(states, ['connecting', 'lost', 'connecting', 'lost']);
});

test('a page keeps its id when it is loaded again, if it may keep anything', (t) => {
  /** @type {Map<string, string>} */
  const kept = new Map();
  const storage = { getItem: (/** @type {string} */ key) => kept.get(key) ?? null, setItem: (/** @type {string} */ key, /** @type {string} */ value) => kept.set(key, value) };
  const define = (/** @type {() => unknown} */ get) => Object.defineProperty(globalThis, 'sessionStorage', { configurable: true, get });
  t.after(() => delete /** @type {any} */ (globalThis).sessionStorage);
  define(() => storage);
  const id = pageId();
  assert.match(id, /^[0-9a-f]{32}$/);
  assert.equal(pageId(), id);
  define(() => { throw new Error('blocked'); });
  assert.match(pageId(), /^[0-9a-f]{32}$/);
  assert.notEqual(pageId(), id);
});

test('sockets are where the accounts server is', () => {
  assert.equal(socketAddress('http://accounts.vestibule.localhost:8000'), 'ws://accounts.vestibule.localhost:8000/websocket');
});

test('frames are written and read as STOMP 1.2 has them', () => {
  const headers = { 'a:b': 'c\\d\ne\rf:g' };
  const text = write('SEND', headers, '{"x":1}');
  assert.equal(text, 'SEND\na\\cb:c\\\\d\\ne\\rf\\cg\n\n{"x":1}\0');
  assert.deepEqual(read(text), { command: 'SEND', headers, body: '{"x":1}' });
  assert.deepEqual(read(`\n\r\n${text}\n`), read(text));
  assert.deepEqual(read('MESSAGE\r\na:1\r\na:2\r\n\r\n\0'), { command: 'MESSAGE', headers: { a: '1' }, body: '' });
  assert.deepEqual(read('ERROR\nmessage:\\\\n\n\n\0')?.headers, { message: '\\n' });
  assert.equal(write('CONNECT', { host: 'a:1' }), 'CONNECT\nhost:a:1\n\n\0', 'CONNECT knows no escapes');
  assert.equal(read('CONNECTED\nsession:a\\b:c\n\n\0')?.headers.session, 'a\\b:c');
  assert.deepEqual([read('\n'), read('\r\n\n'), read('')], [null, null, null]);
});

test('what is no frame is none', () => {
  for (const text of ['x', 'SEND', 'SEND\n\0', 'SEND\n\nno end', 'SEND\nno colon\n\n\0', 'SEND\na:\\t\n\n\0', 'SEND\na:\\\n\n\0', 'A\n\n\0B\n\n\0', undefined, null, 1]) {
    assert.equal(read(text), undefined, JSON.stringify(text));
  }
});
