import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

import { CLOSE_MS, answerIn, readOrigins, start } from '../../../assets/callback/callback.js';
import { ACCOUNTS, WIKI, clock, fakeWindow } from './support/fakes.js';

const DOCS = 'https://docs.example.org';
const code = { code: 'abc', state: 's p', iss: ACCOUNTS };
const search = '?code=abc&state=s+p&iss=https%3A%2F%2Faccounts.example.org';

test('an answer is read from the query, or else from the fragment', () => {
  assert.deepEqual(answerIn({ search, hash: '' }), code);
  assert.deepEqual(answerIn({ search: '', hash: search.replace('?', '#') }), code);
  assert.deepEqual(answerIn({ search: '?utm=1', hash: search.replace('?', '#') }), code);
  assert.deepEqual(answerIn({ search: '?error=login_required&state=1&x=2', hash: '#code=evil' }), { error: 'login_required', state: '1' });
  assert.deepEqual(answerIn({ search: '?error=a&error_description=b%20c&state=1&iss=i', hash: '' }), { error: 'a', error_description: 'b c', state: '1', iss: 'i' });
});

test('what is no answer is none', () => {
  for (const text of ['', '?', '?state=1', '?code=a&error=b', '?code=a&code=b', '?code=a&state=1&state=2', '?iss=x', '?%', '?Code=a']) {
    assert.equal(answerIn({ search: text, hash: '' }), null, text);
  }
});

test('only exact origins are told', () => {
  const listed = [WIKI, '*', 'null', '', `${WIKI}/`, `${WIKI}:443`, 'https:', 'HTTPS://wiki.example.org', DOCS];
  assert.deepEqual(readOrigins(JSON.stringify([WIKI, DOCS])), [WIKI, DOCS]);
  for (const wrong of [undefined, '', '{}', 'null', '"https://wiki.example.org"', JSON.stringify([7])]) assert.deepEqual(readOrigins(wrong), []);
  const told = listed.flatMap((origin) => readOrigins(JSON.stringify([origin])));
  assert.deepEqual(told, [WIKI, DOCS]);
});

/** @param {'passive' | 'popup'} kind @param {{ query?: string, receiver?: any }} [made] */
function opened(kind, { query = search, receiver = { postMessage: mock.fn() } } = {}) {
  const dataset = { callback: kind, origins: JSON.stringify([WIKI, DOCS]) };
  const window = fakeWindow(`${ACCOUNTS}/callback/wiki/${kind}${query}`, { dataset });
  const { search: asked, hash, pathname } = new URL(window.location.href);
  Object.assign(window.location, { search: asked, hash, pathname });
  window.history = { replaceState: mock.fn() };
  window.close = mock.fn();
  window.opener = null;
  window[kind === 'popup' ? 'opener' : 'parent'] = receiver;
  start(window);
  return { window, told: () => receiver?.postMessage.mock.calls.map((/** @type {any} */ { arguments: told }) => told) };
}

test('the passive page tells its parent, once for each registered origin, and stays', async (t) => {
  const time = clock(t);
  const { window, told } = opened('passive');
  const message = { type: 'authorization_response', response: code };
  assert.deepEqual(told(), [[message, WIKI], [message, DOCS]]);
  await time.pass(CLOSE_MS);
  assert.equal(window.close.mock.callCount(), 0);
});

test('the popup tells its opener and closes a moment later', async (t) => {
  const time = clock(t);
  const { window, told } = opened('popup');
  const message = { type: 'authorization_response', response: code };
  assert.deepEqual(told(), [[message, WIKI], [message, DOCS]]);
  await time.pass(CLOSE_MS - 1);
  assert.equal(window.close.mock.callCount(), 0);
  await time.pass(1);
  assert.equal(window.close.mock.callCount(), 1);
});

test('a popup that has lost its opener closes all the same', async (t) => {
  const time = clock(t);
  const { window } = opened('popup', { receiver: null });
  await time.pass(CLOSE_MS);
  assert.equal(window.close.mock.callCount(), 1);
});

test('the answer does not stay in the address', () => {
  for (const kind of /** @type {const} */ (['passive', 'popup'])) {
    const { window } = opened(kind);
    assert.deepEqual(window.history.replaceState.mock.calls[0].arguments, [null, '', `/callback/wiki/${kind}`]);
  }
});

test('without an answer nobody is told anything', () => {
  for (const kind of /** @type {const} */ (['passive', 'popup'])) assert.deepEqual(opened(kind, { query: '?state=1' }).told(), []);
});

test('a passive page in a window of its own tells nobody', () => {
  const window = fakeWindow(`${ACCOUNTS}/callback/wiki/passive${search}`, { dataset: { callback: 'passive', origins: JSON.stringify([ACCOUNTS]) } });
  Object.assign(window.location, { search, hash: '', pathname: '/callback/wiki/passive' });
  window.history = { replaceState() {} };
  window.postMessage = () => assert.fail('told itself');
  start(window);
});
