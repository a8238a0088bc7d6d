// The demo's widget that acts by a token which the page around hands it.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

import { fire, reply, turns } from './support/fakes.js';

/** As much of an element as the page's scripts touch. */
class Part extends EventTarget {
  hidden = false;
  textContent = '';
  dataset = { target: '/page', giver: 'https://wiki.example.org' };
  replaceChildren() {}
  toggleAttribute() {}
  getAttribute() { return ''; }
  querySelector() { return null; }
}

const parent = { postMessage: mock.fn() };
/** @type {Map<string, Part>} */
const parts = new Map();
const part = (/** @type {string} */ selector) => parts.get(selector) ?? parts.set(selector, new Part()).get(selector);
const page = Object.assign(new EventTarget(), { parent, setTimeout: () => 0, clearTimeout() {} });
/** Tokens that the server takes, and where it does. @type {(path: string, token: string) => boolean} */
let takes = () => false;
const fetch = async (/** @type {string} */ path, /** @type {{ headers: Headers }} */ { headers }) => {
  const token = headers.get('authorization')?.slice('Bearer '.length);
  if (token && !takes(path, token)) return reply(401, { error: 'invalid_token' });
  return path === '/api/token' ? reply(200, { name: 'Alice', facts: {}, expires_in: 600 }) : reply(200, { notes: [] });
};
Object.assign(globalThis, {
  window: page, fetch, HTMLElement: Part, HTMLFormElement: Part, HTMLTemplateElement: Part, HTMLButtonElement: Part,
  document: Object.assign(new Part(), { body: new Part(), querySelector: part, querySelectorAll: () => [] }),
});
await import('../../../assets/demo/handed.js');

const asked = () => parent.postMessage.mock.callCount();
/** The page around hands a token. @param {string | null} token */
async function hand(token) {
  fire(page, 'message', { source: parent, origin: 'https://wiki.example.org', data: { type: 'notes.token', token } });
  await turns();
}

test('it asks for a token when it is there', () => assert.equal(asked(), 1));

test('a token that is refused is followed by one question for another, and no more', async () => {
  for (const [token, count] of /** @type {const} */ ([['old', 2], ['old too', 2], ['older', 2]])) {
    await hand(token);
    assert.equal(asked(), count, token);
  }
});

test('one that is taken by one part of the API and refused by another makes no loop', async () => {
  takes = (path) => path === '/api/token';
  for (let time = 0; time < 3; time += 1) await hand('half');
  assert.equal(asked(), 2);
});

test('once one was good, the next that is refused is followed by a question again', async () => {
  takes = (_, token) => token === 'good';
  await hand('good');
  assert.equal(asked(), 2);
  await hand('over');
  assert.equal(asked(), 3);
});
