import assert from 'node:assert/strict';
import { test } from 'node:test';

import { offerToClose } from '../../../assets/flow/close.js';
import { SHOWN_MS, end } from '../../../assets/flow/done.js';
import { PATIENCE_MS, readNext, readOrigins, readProof, start } from '../../../assets/flow/flow.js';
import { ACCOUNTS, WIKI, clock, fakeWindow, fire, link, reply, turns } from './support/fakes.js';

const FLOW = 'f1'.repeat(32);
const SECRET = '5e'.repeat(32);
const NEXT = '/oauth/authorize?client_id=wiki';
const OTHER = 'https://www.wiki.example.org';
const PROOF = { type: 'vestibule.flow.proof', flow: FLOW, waitingSecret: SECRET };

/**
 * The window, opened by a page of the wiki or of somebody else.
 * @param {{ opener?: string | null, flow?: string, origins?: unknown, answer?: () => Promise<Response> }} [made]
 */
function opened({ opener = WIKI, flow = FLOW, origins = [OTHER, WIKI], answer = async () => reply(200, { next: NEXT }) } = {}) {
  const window = fakeWindow(`${ACCOUNTS}/flow/${flow}`, { fetch: answer });
  const form = { hidden: false };
  const busy = { hidden: true };
  const page = { dataset: { flow, origins: typeof origins === 'string' ? origins : JSON.stringify(origins) } };
  const found = /** @type {Record<string, unknown>} */ ({ '[data-flow]': page, '[data-flow] form': form, '[data-busy]': busy });
  window.document.querySelector = (/** @type {string} */ selector) => found[selector] ?? null;
  /** @type {string[]} */
  const replaced = [];
  window.location.replace = (/** @type {string} */ to) => { replaced.push(to); };
  const outer = fakeWindow(opener ?? WIKI);
  const { posted, outerSeen, innerSeen } = link(outer, window);
  window.opener = opener === null ? null : outerSeen;
  /** @type {unknown[]} */
  const heard = [];
  outer.addEventListener('message', (/** @type {any} */ event) => heard.push(event.data));
  start(window);
  return { window, outer, form, busy, replaced, posted, innerSeen, heard, isShown: () => !form.hidden && busy.hidden };
}

test('the opener is asked at exactly the origins of the client, once each', async (t) => {
  clock(t);
  const page = opened();
  await turns();
  const message = { type: 'vestibule.flow.prove', flow: FLOW };
  assert.deepEqual(page.posted.map(({ message: sent, targetOrigin }) => [sent, targetOrigin]), [[message, OTHER], [message, WIKI]]);
  assert.deepEqual(page.heard, [message], 'a page of the client hears it once');
  assert.equal(page.form.hidden, true);
  assert.equal(page.busy.hidden, false);
});

test('a window that somebody else has opened asks nobody who could hear it, and shows the numbers', async (t) => {
  const time = clock(t);
  const page = opened({ opener: 'https://evil.example' });
  await turns();
  assert.deepEqual(page.heard, []);
  page.innerSeen.postMessage(PROOF, ACCOUNTS);
  await time.pass(PATIENCE_MS);
  assert.equal(page.window.fetch.mock.callCount(), 0);
  assert.equal(page.isShown(), true);
});

test('the secret of the opener goes to the server, and the window goes on', async (t) => {
  clock(t);
  const page = opened();
  page.innerSeen.postMessage(PROOF, ACCOUNTS);
  await turns();
  const [path, request] = page.window.fetch.mock.calls[0].arguments;
  assert.equal(path, `/flow/${FLOW}/proof`);
  assert.deepEqual([request.method, request.body], ['POST', JSON.stringify({ waitingSecret: SECRET })]);
  assert.deepEqual(request.headers, { 'Content-Type': 'application/json' });
  assert.deepEqual(page.replaced, [NEXT]);
  page.innerSeen.postMessage(PROOF, ACCOUNTS);
  await turns();
  assert.equal(page.window.fetch.mock.callCount(), 1, 'once');
});

test('an opener that does not answer is waited for a second, and still heard after that', async (t) => {
  const time = clock(t);
  const page = opened();
  await time.pass(PATIENCE_MS - 1);
  assert.equal(page.isShown(), false);
  await time.pass(1);
  assert.equal(page.isShown(), true);
  page.innerSeen.postMessage(PROOF, ACCOUNTS);
  await turns();
  assert.deepEqual(page.replaced, [NEXT]);
});

test('a proof that the server does not take, or that gets lost, leads to the numbers', async (t) => {
  clock(t);
  const answers = [
    async () => reply(403, { error: 'access_denied' }),
    async () => reply(200, { next: 'https://evil.example/' }),
    async () => reply(200, { next: '//evil.example/' }),
    async () => reply(200, {}),
    async () => new Response('<html>', { status: 200 }),
    async () => { throw new TypeError('offline'); },
  ];
  for (const answer of answers) {
    const page = opened({ answer });
    page.innerSeen.postMessage(PROOF, ACCOUNTS);
    await turns();
    assert.equal(page.isShown(), true);
    assert.deepEqual(page.replaced, []);
  }
});

test('without an opener, or with a page that is not as it should be, the numbers stay', async (t) => {
  const time = clock(t);
  for (const made of [{ opener: null }, { flow: 'x' }, { flow: FLOW.toUpperCase() }]) {
    const page = opened(made);
    assert.equal(page.isShown(), true);
    assert.deepEqual(page.posted, []);
  }
  const page = opened({ origins: '{' });
  await time.pass(PATIENCE_MS);
  assert.equal(page.isShown(), true);
  assert.deepEqual(page.posted, []);
});

test('only the opener, at an origin of the client, with exactly this message, proves anything', () => {
  const opener = {};
  const expected = { opener, origins: [WIKI], flow: FLOW };
  const good = { source: opener, origin: WIKI, data: PROOF };
  assert.equal(readProof(good, expected), SECRET);
  const getter = Object.defineProperty({}, 'type', { get() { throw new Error('trap'); } });
  const bad = [
    { ...good, source: {} },
    { ...good, source: null },
    { ...good, origin: OTHER },
    { ...good, origin: `${WIKI}.evil.example` },
    { ...good, origin: 'null' },
    ...[null, undefined, 'text', 7, [], [PROOF], {}, getter].map((data) => ({ ...good, data })),
    { ...good, data: { ...PROOF, type: 'vestibule.flow.prove' } },
    { ...good, data: { ...PROOF, flow: SECRET } },
    { ...good, data: { ...PROOF, waitingSecret: SECRET.toUpperCase() } },
    { ...good, data: { ...PROOF, waitingSecret: `${SECRET}0` } },
    { ...good, data: { ...PROOF, waitingSecret: [SECRET] } },
    { ...good, data: { ...PROOF, waitingSecret: undefined } },
  ];
  for (const event of bad) assert.equal(readProof(event, expected), null);
  assert.equal(readProof({ ...good, source: null }, { ...expected, opener: null }), null);
});

test('origins are exact, and the way on is one of ours', () => {
  const listed = [WIKI, '*', 'null', `${WIKI}/`, 'https:', 7, null, 'http://localhost:80', OTHER];
  assert.deepEqual(readOrigins(JSON.stringify(listed)), [WIKI, OTHER]);
  for (const json of [undefined, '', '{', '"x"', '{}', 'null']) assert.deepEqual(readOrigins(json), []);
  assert.equal(readNext({ next: NEXT }), NEXT);
  for (const body of [null, 'x', {}, { next: 7 }, { next: '/signin' }, { next: ' /oauth/authorize?' }]) assert.equal(readNext(body), null);
});

/** A page with a button to close it, or without. @param {boolean} has */
function closing(has) {
  const window = fakeWindow(`${ACCOUNTS}/flow/${FLOW}/done`);
  const button = Object.assign(new EventTarget(), { hidden: true });
  window.document.querySelector = () => (has ? button : null);
  let closed = 0;
  window.close = () => { closed += 1; };
  return { window, button, closed: () => closed };
}

test('the end closes by itself after a moment, and by its button', async (t) => {
  const time = clock(t);
  const page = closing(true);
  end(page.window);
  assert.equal(page.button.hidden, false);
  await time.pass(SHOWN_MS - 1);
  assert.equal(page.closed(), 0);
  await time.pass(1);
  assert.equal(page.closed(), 1);
  fire(page.button, 'click');
  assert.equal(page.closed(), 2);
});

test('a page that has ended otherwise closes by its button only', async (t) => {
  const time = clock(t);
  const page = closing(true);
  offerToClose(page.window);
  await time.pass(10 * SHOWN_MS);
  assert.equal(page.closed(), 0);
  fire(page.button, 'click');
  assert.equal(page.closed(), 1);
  offerToClose(closing(false).window);
});
