import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ASK_AFTER_MS, confirming } from '../../../assets/demo/confirming.js';
import { connectionText, endedText, minutes } from '../../../assets/demo/pay_words.js';
import { write } from '../../../assets/demo/stomp_frame.js';
import { clock } from './support/fakes.js';

const ASKED = {
  operationId: '1'.repeat(32), waitSecret: '5'.repeat(64), webSocketId: 'a'.repeat(128), number: '42',
  verificationUri: 'https://accounts.example.org/operations/1', state: 'pending', expiresIn: 300,
};

/** A page that waits for an answer. @param {import('node:test').TestContext} t */
function page(t) {
  const time = clock(t);
  /** @type {any[]} */
  const sockets = [];
  class Socket {
    constructor() { sockets.push(this); }
    send() {}
    close() {}
  }
  /** @type {import('../../../assets/demo/confirming.js').View[]} */
  const views = [];
  /** @type {import('../../../assets/demo/confirming.js').Standing[]} */
  const ends = [];
  /** @type {((answer: import('../../../assets/demo/confirming.js').Answer) => void)[]} */
  const questions = [];
  const following = confirming('https://accounts.example.org', ASKED, {
    ask: () => new Promise((resolve) => { questions.push(resolve); }),
    show: (view) => views.push(view),
    end: (standing) => ends.push(standing),
  }, { page: 'page-instance-0001', Socket: /** @type {any} */ (Socket), random: () => 0.5 });
  t.after(() => following.stop());
  const { webSocketId } = ASKED;
  /** @param {string} topic @param {object} body */
  const hear = (topic, body) => sockets.at(-1).onmessage({
    data: write('MESSAGE', { destination: `/user/topic/${topic}` }, JSON.stringify({ webSocketId, ...body })),
  });
  return {
    time, sockets, ends, questions, following, hear,
    how: () => views.at(-1)?.how,
    /** @param {number} code */
    close: (code) => sockets.at(-1).onclose({ code, reason: '' }),
    register() {
      sockets.at(-1).onopen();
      hear('registration', { registrationSucceeded: true });
    },
  };
}

test('what the socket says of a yes is passed on, once', async (t) => {
  const { register, hear, ends, how, questions, time } = page(t);
  assert.equal(how(), 'connecting');
  register();
  assert.equal(how(), 'live');
  hear('authorization', { authResult: 'CONFIRMED' });
  await time.pass(1_000_000);
  assert.deepEqual([ends, questions.length], [[{ state: 'confirmed' }], 0]);
});

test('of a no this site’s own server is asked for the reason', async (t) => {
  const { register, hear, ends, questions, time } = page(t);
  register();
  hear('authorization', { authResult: 'CANCELED' });
  questions[0]?.({ good: { state: 'canceled', reason: 'refused' } });
  await time.pass(0);
  assert.deepEqual(ends, [{ state: 'canceled', reason: 'refused' }]);
});

test('without a socket this site’s own server is asked again and again, until there is one', async (t) => {
  const { register, close, ends, how, questions, time, sockets } = page(t);
  close(1006);
  assert.equal(how(), 'lost');
  for (let step = 0; step < 4; step += 1) {
    await time.pass(1_000);
    if (questions.length === 0) close(1006);
  }
  assert.equal(how(), 'asking');
  assert.equal(questions.length, 1);
  questions[0]?.({ good: { state: 'pending' } });
  await time.pass(0);
  assert.equal(questions.length, 2);
  questions[1]?.({ refused: {} });
  await time.pass(1_000);
  assert.equal(questions.length, 2, 'a server that cannot be reached is left alone for a while');
  await time.pass(10_000);
  assert.equal(questions.length, 3);
  const before = sockets.length;
  while (sockets.length === before) await time.pass(1_000);
  register();
  assert.equal(how(), 'live');
  questions[2]?.({ good: { state: 'pending' } });
  await time.pass(0);
  assert.deepEqual([questions.length, ends], [3, []], 'the socket tells now');
});

test('a short break is no reason to ask', async (t) => {
  const { register, close, questions, time } = page(t);
  register();
  close(1006);
  await time.pass(1_000);
  register();
  await time.pass(ASK_AFTER_MS);
  assert.equal(questions.length, 0);
});

test('refused by the socket, it asks at once', (t) => {
  const { close, how, questions } = page(t);
  close(4001);
  assert.deepEqual([how(), questions.length], ['asking', 1]);
});

test('when time is over and nothing was heard, it asks', async (t) => {
  const { register, hear, questions, ends, time, sockets } = page(t);
  register();
  for (let second = 0; second < ASKED.expiresIn; second += 20) {
    await time.pass(20_000);
    sockets.at(-1).onmessage({ data: '\n' });
  }
  assert.equal(questions.length, 0);
  await time.pass(ASK_AFTER_MS);
  questions[0]?.({ good: { state: 'expired', reason: 'expired' } });
  await time.pass(0);
  hear('authorization', { authResult: 'AUTH_FAILED' });
  assert.deepEqual(ends, [{ state: 'expired', reason: 'expired' }]);
});

test('stopped, it says nothing more', async (t) => {
  const { close, following, questions, ends, time } = page(t);
  close(4001);
  following.stop();
  questions[0]?.({ good: { state: 'confirmed' } });
  await time.pass(100_000);
  assert.deepEqual([ends, questions.length], [[], 1]);
});

test('every end and every connection has its words', () => {
  const reasons = ['refused', 'canceled', 'left', 'expired', 'sign_in_failed', 'number_failed', 'method_failed', 'of another day'];
  const texts = reasons.map((reason) => endedText({ state: 'failed', reason }).text);
  assert.equal(new Set(texts).size, reasons.length);
  assert.equal(endedText({ state: 'expired' }).text, endedText({ state: 'expired', reason: 'expired' }).text);
  const views = /** @type {const} */ (['connecting', 'live', 'lost', 'asking']).map((how) => connectionText({ how, retry: 2, left: 1 }));
  assert.equal(new Set(views).size, 4);
  assert.deepEqual([minutes(300), minutes(61), minutes(9), minutes(0)], ['5:00', '1:01', '0:09', '0:00']);
});
