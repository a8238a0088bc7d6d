import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { answerOf, greeted, idKeeper, readOrigins, understand } from '../../../assets/bridge/bridge.js';
import { NONCE, PAYLOAD, WIKI } from './support/fakes.js';

const type = 'vestibule.session.request';

const questions = /** @type {const} */ ([
  ['hi', { kind: 'ask', id: null, mint: true }],
  ['ping', { kind: 'ask', id: null, mint: true }],
  ['ping:null', { kind: 'ask', id: null, mint: true }],
  ['ping:alice', { kind: 'ask', id: null, mint: true, username: 'alice' }],
  ['signoff', { kind: 'signoff', id: null }],
  [{ type, id: '1', mint: false }, { kind: 'ask', id: '1', mint: false }],
  [{ type, id: 'i'.repeat(64), mint: true, nonce: NONCE }, { kind: 'ask', id: 'i'.repeat(64), mint: true, nonce: NONCE }],
  [{ type, id: '1', mint: true, nonce: 'n'.repeat(128), v: 1 }, { kind: 'ask', id: '1', mint: true, nonce: 'n'.repeat(128) }],
  [Object.assign(Object.create(null), { type, id: '1', mint: true }), { kind: 'ask', id: '1', mint: true }],
]);

for (const [message, question] of questions) {
  test(`a question is understood: ${JSON.stringify(message).slice(0, 70)}`, () => {
    assert.deepEqual(understand(message), question);
  });
}

const hostile = new Proxy({}, {
  get() { throw new Error('get'); },
  getPrototypeOf() { throw new Error('getPrototypeOf'); },
});
const malformed = /** @type {[string, unknown][]} */ ([
  ['nothing', undefined], ['null', null], ['a number', 7], ['a boolean', true], ['a symbol', Symbol('hi')], ['a function', () => 'hi'],
  ['an empty string', ''], ['upper case', 'HI'], ['white space', ' ping'], ['a line after it', 'ping\n'], ['JSON text', `{"type":"${type}"}`],
  ['ping without a name', 'ping:'], ['an over-long name', `ping:${'a'.repeat(129)}`], ['a name of two lines', 'ping:a\nb'], ['sign-off of somebody', 'signoff:alice'],
  ['a very long string', 'ping'.repeat(250_000)],
  ['an empty object', {}], ['an array', [type, '1', true]], ['an array with members', Object.assign([], { type, id: '1', mint: true })],
  ['a map', new Map([['type', type]])], ['a date with members', Object.assign(new Date(), { type, id: '1', mint: true })],
  ['no id', { type, mint: true }], ['an empty id', { type, id: '', mint: true }], ['a long id', { type, id: 'i'.repeat(65), mint: true }],
  ['a number as id', { type, id: 1, mint: true }], ['an object as id', { type, id: { toString: () => '1' }, mint: true }],
  ['no type', { id: '1', mint: true }], ['another type', { type: 'vestibule.session.response', id: '1', mint: true }],
  ['no mint', { type, id: '1' }], ['mint as text', { type, id: '1', mint: 'true' }], ['mint as number', { type, id: '1', mint: 1 }],
  ['a short nonce', { type, id: '1', mint: true, nonce: 'n'.repeat(15) }], ['a long nonce', { type, id: '1', mint: true, nonce: 'n'.repeat(129) }],
  ['a nonce of other characters', { type, id: '1', mint: true, nonce: `${NONCE}=` }], ['a nonce with a line end', { type, id: '1', mint: true, nonce: `${NONCE}\n` }],
  ['null as nonce', { type, id: '1', mint: true, nonce: null }], ['an array as nonce', { type, id: '1', mint: true, nonce: [NONCE] }],
  ['an object whose every trap throws', hostile],
  ['an object whose members throw', { type, get id() { throw new Error('id'); }, mint: true }],
]);

for (const [name, message] of malformed) {
  test(`${name} is no question`, () => {
    assert.equal(understand(message), null);
  });
}

test('the answer has only what the page may know', () => {
  const body = { hasSession: true, recoveryPayload: PAYLOAD, expiresIn: 60, mark: 'm1', uid: 'u1' };
  assert.deepEqual(answerOf(200, body), { hasSession: true, recoveryPayload: PAYLOAD, expiresIn: 60 });
  assert.deepEqual(answerOf(200, { ...body, recoveryPayload: null }), { hasSession: true, recoveryPayload: null });
  assert.deepEqual(answerOf(200, { ...body, sameUser: false }), { hasSession: true, recoveryPayload: PAYLOAD, expiresIn: 60, sameUser: false });
  assert.deepEqual(answerOf(200, { ...body, sameUser: 'alice' }), { hasSession: true, recoveryPayload: PAYLOAD, expiresIn: 60 });
});

for (const error of ['login_required', 'consent_required', 'nonce_required', 'rate_limited', 'server_error']) {
  test(`the server's ${error} is passed on`, () => {
    const body = { hasSession: false, recoveryPayload: null, error, mark: 'm1' };
    assert.deepEqual(answerOf(200, body), { hasSession: false, recoveryPayload: null, error });
  });
}

const rubbish = /** @type {[number, unknown][]} */ ([
  [0, null], [200, null], [200, []], [200, 'hi'], [200, {}], [200, { hasSession: 'yes' }], [200, { hasSession: true }],
  [200, { hasSession: true, recoveryPayload: PAYLOAD.toUpperCase() }], [200, { hasSession: true, recoveryPayload: PAYLOAD.slice(1) }],
  [200, { hasSession: true, recoveryPayload: `${PAYLOAD}\n` }], [200, { hasSession: true, recoveryPayload: [PAYLOAD] }],
  [200, { hasSession: false }], [200, { hasSession: false, error: 'constructor' }], [201, { hasSession: true, recoveryPayload: PAYLOAD }],
  [403, { error: 'forbidden' }], [404, null], [500, { hasSession: true, recoveryPayload: PAYLOAD }], [503, null],
]);
for (const [status, body] of rubbish) {
  test(`${status} with ${JSON.stringify(body)?.slice(0, 50)} is a server error`, () => {
    assert.deepEqual(answerOf(status, body), { hasSession: false, recoveryPayload: null, error: 'server_error' });
  });
}

test('429 is rate_limited, whatever its body says', () => {
  for (const body of [null, { error: 'rate_limited' }, { hasSession: true, recoveryPayload: PAYLOAD }]) {
    assert.deepEqual(answerOf(429, body), { hasSession: false, recoveryPayload: null, error: 'rate_limited' });
  }
});

test('only exact serialised origins are registered', () => {
  const listed = ['*', 'null', 'https:', '', 'wiki.example.org', `${WIKI}/`, 'https://WIKI.example.org', `${WIKI}:443`, 7, null, {}, WIKI];
  assert.deepEqual(readOrigins(JSON.stringify(listed)), [WIKI]);
  for (const json of [undefined, '', '{', '"*"', 'null', '{"0":"*"}']) assert.deepEqual(readOrigins(json), []);
});

const vectors = readFileSync(new URL('../../vectors/origins.txt', import.meta.url), 'utf8').split('\n')
  .filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split('\t'));
for (const [asked = '', accepted] of vectors) {
  test(`registered docs.webplatform.org, asked by ${asked}: ${accepted}`, () => {
    const origins = readOrigins('["https://docs.webplatform.org"]');
    assert.equal(origins.includes(asked), accepted === 'yes');
    assert.deepEqual(greeted(origins, asked === 'null' ? 'https://other.test' : asked), accepted === 'yes' ? origins : []);
  });
}

test('readiness goes to the parent where it is known, and never to a stranger', () => {
  const both = [WIKI, 'https://docs.example.org'];
  assert.deepEqual(greeted(both, WIKI), [WIKI]);
  assert.deepEqual(greeted(both, 'https://specs.example.test'), []);
  assert.deepEqual(greeted(both, undefined), both);
  assert.deepEqual(greeted(both, 'null'), both);
});

test('an id is taken once, also long afterwards, and the memory of ids is bounded', () => {
  const ids = idKeeper();
  assert.equal(ids.take('open'), true);
  for (let count = 0; count < 5_000; count += 1) {
    assert.equal(ids.take(`id ${count}`), true);
    ids.settle(`id ${count}`);
  }
  assert.equal(ids.take('id 4999'), false);
  assert.equal(ids.take('id 4000'), false);
  assert.equal(ids.take('id 0'), true, 'forgotten, so that memory does not grow');
  assert.equal(ids.take('open'), false, 'what is not yet answered is never forgotten');
});

test('strings have no id and can always be asked', () => {
  const ids = idKeeper();
  assert.equal(ids.take(null), true);
  ids.settle(null);
  assert.equal(ids.take(null), true);
});
