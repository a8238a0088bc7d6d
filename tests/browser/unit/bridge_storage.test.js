/** What the bridge does where the browser keeps it from its cookies. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import '../../../assets/bridge/offer.js'; // so that loading it takes no time later
import { MOST_AT_ONCE, RETURN_MS, start } from '../../../assets/bridge/bridge.js';
import { ACCOUNTS, PAYLOAD, WIKI, clock, fakeWindow, fire, link, reply, turns } from './support/fakes.js';

const SPECS = 'https://specs.example.test';
const known = { hasSession: true, recoveryPayload: PAYLOAD, expiresIn: 60, mark: 'm1' };
const ask = (id = 'ask') => ({ type: 'vestibule.session.request', id, mint: true });
const offer = (id = '1') => ({ type: 'vestibule.storage.offer', id });
const withdraw = (id = '1') => ({ type: 'vestibule.storage.withdraw', id });
const result = (/** @type {object} */ members, id = '1') => ({ type: 'vestibule.storage.result', id, ...members });
const blocked = (/** @type {string} */ storageAccess, id = 'ask') => ({
  type: 'vestibule.session.response', id, hasSession: false, recoveryPayload: null, error: 'storage_blocked', storageAccess,
});
const refusal = () => Object.assign(new Error('no'), { name: 'NotAllowedError' });

/** An element as far as the button needs one. @param {string} name */
function fakeElement(name) {
  /** @type {any} */
  const element = new EventTarget();
  /** @type {Map<string, string>} */
  const attributes = new Map();
  Object.defineProperty(element, 'isConnected', { get: () => element.parent?.isConnected ?? false });
  return Object.assign(element, {
    name,
    /** @type {any} */
    parent: null,
    append(/** @type {any} */ child) { child.parent = element; },
    textContent: '',
    setAttribute: (/** @type {string} */ name, /** @type {string} */ value) => attributes.set(name, value),
    removeAttribute: (/** @type {string} */ name) => attributes.delete(name),
    getAttribute: (/** @type {string} */ name) => attributes.get(name) ?? null,
    remove() { element.parent = null; },
  });
}

/**
 * A bridge in a page of another site, in a browser that keeps its cookies until `request` resolves.
 * @param {{ request?: () => Promise<void>, state?: string, page?: string, policy?: boolean, part?: string }} [made]
 */
function framed({ request = async () => {}, state = 'prompt', page = WIKI, policy, part = new URL('../../../assets/bridge/offer.js', import.meta.url).href } = {}) {
  const dataset = { bridge: '', clientId: 'wiki', origins: JSON.stringify([WIKI]), mark: '', brand: 'Example', offer: part };
  const outer = fakeWindow(`${page}/page`);
  const window = fakeWindow(`${ACCOUNTS}/bridge?client_id=wiki`, { fetch: async () => reply(200, known), dataset });
  const { posted, outerSeen, innerSeen } = link(outer, window);
  window.parent = outerSeen;
  window.location.ancestorOrigins = [page];
  const browser = { has: false, state, requests: 0 };
  /** @type {any[]} */
  const buttons = [];
  window.navigator = { permissions: { query: async () => ({ state: browser.state }) } };
  window.CSSStyleSheet = class { replaceSync() {} };
  Object.assign(window.document, {
    hasStorageAccess: async () => browser.has,
    async requestStorageAccess() {
      browser.requests += 1;
      await request();
      browser.has = true;
    },
    createElement(/** @type {string} */ name) {
      const element = fakeElement(name);
      if (name === 'button') buttons.push(element);
      return element;
    },
    adoptedStyleSheets: [],
    ...(policy === undefined ? {} : { featurePolicy: { allowsFeature: () => policy } }),
  });
  window.document.body.append = (/** @type {any} */ element) => { element.parent = { isConnected: true }; };
  /** @type {any[]} */
  const heard = [];
  outer.addEventListener('message', (/** @type {any} */ event) => { if (event.data.type !== 'vestibule.bridge.ready') heard.push(event.data); });
  start(window);
  const say = async (/** @type {unknown} */ message) => {
    innerSeen.postMessage(message, ACCOUNTS);
    await turns();
  };
  return {
    window, browser, heard, posted, say, outerSeen,
    shown: () => buttons.filter(({ isConnected }) => isConnected),
    async click() {
      for (const button of buttons) if (button.isConnected) fire(button, 'click');
      await turns();
    },
  };
}

test('a page that offers it gets a button; the click asks the browser, and then the server knows who is there', async () => {
  const bridge = framed();
  await bridge.say(ask('before'));
  await bridge.say(offer());
  assert.deepEqual(bridge.shown().map(({ textContent }) => textContent), ['Let Example know you here']);
  assert.deepEqual([...bridge.heard], [blocked('prompt', 'before')]);
  assert.equal(bridge.browser.requests, 0, 'the browser is asked by the click alone');

  await bridge.click();
  await bridge.say(ask('after'));

  assert.deepEqual(bridge.heard[1], result({ granted: true }));
  assert.equal(bridge.heard[2].recoveryPayload, PAYLOAD);
  assert.deepEqual(bridge.shown(), []);
  assert.deepEqual(bridge.window.document.adoptedStyleSheets, []);
});

test('the click does nothing but ask the browser', async () => {
  const bridge = framed();
  await bridge.say(offer());
  await bridge.click();
  assert.equal(bridge.browser.requests, 1);
  assert.equal(bridge.window.fetch.mock.callCount(), 0);
  assert.deepEqual(bridge.heard, [result({ granted: true })]);
  assert.equal(bridge.window.open.mock.callCount() + bridge.window.location.assign.mock.callCount(), 0);
});

test('a refusal is told with its name, and what is asked later hears that it was refused', async () => {
  const bridge = framed({ request: async () => { throw refusal(); } });
  await bridge.say(offer());
  await bridge.click();
  await bridge.say(ask());
  assert.deepEqual(bridge.heard, [result({ granted: false, error: 'NotAllowedError' }), blocked('denied')]);
  assert.deepEqual(bridge.shown(), []);
  await bridge.say(offer('2'));
  assert.equal(bridge.shown().length, 1, 'a page may offer it again');
});

test('a refusal without a reason is one too', async () => {
  const bridge = framed({ request: () => Promise.reject(undefined) });
  await bridge.say(offer());
  await bridge.click();
  assert.deepEqual(bridge.heard, [result({ granted: false, error: 'NotAllowedError' })]);
});

test('what was granted before needs no button', async () => {
  const asked = framed({ state: 'granted' });
  await asked.say(ask());
  assert.equal(asked.heard[0].recoveryPayload, PAYLOAD);
  const offered = framed({ state: 'granted' });
  await offered.say(offer());
  assert.deepEqual(offered.heard, [result({ granted: true })]);
  assert.deepEqual(offered.shown(), []);
});

test('where the browser lets the frame have its cookies, nothing is asked and nothing shown', async () => {
  const bridge = framed();
  bridge.browser.has = true;
  await bridge.say(offer());
  assert.deepEqual(bridge.heard, [result({ granted: true })]);
  assert.deepEqual([bridge.browser.requests, bridge.shown().length], [0, 0]);
});

test('a browser that does not give back what was granted is not waited for', async (t) => {
  const time = clock(t);
  const bridge = framed({ state: 'granted', request: () => new Promise(() => {}) });
  await bridge.say(ask());
  assert.deepEqual(bridge.heard, []);
  await time.pass(RETURN_MS);
  assert.deepEqual(bridge.heard, [blocked('prompt')]);
});

test('without hope there is no button', async () => {
  /** @type {[string, (bridge: ReturnType<typeof framed>) => void][]} */
  const hopeless = [
    ['unsupported', ({ window }) => { window.document.requestStorageAccess = undefined; }],
    ['unsupported', ({ window }) => { window.document.featurePolicy = { allowsFeature: () => false }; }],
    ['denied', ({ browser }) => { browser.state = 'denied'; }],
  ];
  for (const [error, prepare] of hopeless) {
    const bridge = framed();
    prepare(bridge);
    await bridge.say(offer());
    await bridge.say(ask());
    assert.deepEqual(bridge.heard, [result({ granted: false, error }), blocked(error)]);
    assert.deepEqual(bridge.shown(), []);
  }
});

test('a browser that cannot say what was granted is asked by a click', async () => {
  const bridge = framed({ policy: true });
  bridge.window.navigator = {};
  await bridge.say(offer());
  assert.equal(bridge.shown().length, 1);
});

test('an offer that is taken back leaves no button and no answer', async () => {
  const bridge = framed();
  await bridge.say(offer());
  await bridge.say(withdraw('other'));
  assert.equal(bridge.shown().length, 1);
  await bridge.say(withdraw());
  assert.deepEqual(bridge.shown(), []);
  await bridge.say(offer());
  assert.deepEqual([bridge.shown(), bridge.heard], [[], []], 'its id is not taken again');
  await bridge.say(offer('2'));
  assert.equal(bridge.shown().length, 1);
});

test('an offer that is taken back at once is never shown', async () => {
  const bridge = framed();
  bridge.say(offer());
  await bridge.say(withdraw());
  await turns();
  assert.deepEqual([bridge.shown(), bridge.heard], [[], []]);
});

test('an offer that is taken back while the browser asks is not answered', async () => {
  /** @type {() => void} */
  let grant = () => {};
  const bridge = framed({ request: () => new Promise((resolve) => { grant = resolve; }) });
  await bridge.say(offer());
  await bridge.click();
  await bridge.say(withdraw());
  grant();
  await turns();
  assert.deepEqual([bridge.shown(), bridge.heard], [[], []]);
});

test('two clicks ask once, and all that wait are answered once', async () => {
  /** @type {() => void} */
  let grant = () => {};
  const bridge = framed({ request: () => new Promise((resolve) => { grant = resolve; }) });
  await bridge.say(offer('1'));
  await bridge.say(offer('1'));
  await bridge.say(offer('2'));
  assert.equal(bridge.shown().length, 1);
  await bridge.click();
  await bridge.click();
  grant();
  await turns();
  assert.equal(bridge.browser.requests, 1);
  assert.deepEqual(bridge.heard, [result({ granted: true }, '1'), result({ granted: true }, '2')]);
});

test('too many offers at once are refused', async () => {
  const bridge = framed();
  for (let id = 0; id <= MOST_AT_ONCE; id += 1) await bridge.say(offer(`${id}`));
  assert.deepEqual(bridge.heard, [result({ granted: false, error: 'rate_limited' }, `${MOST_AT_ONCE}`)]);
});

test('a button that cannot be loaded is told, and tried again', async () => {
  const bridge = framed({ part: 'file:///nowhere/offer.js' });
  await bridge.say(offer('1'));
  await bridge.say(offer('2'));
  while (bridge.heard.length < 2) await turns();
  const failed = { granted: false, error: 'network' };
  assert.deepEqual(bridge.heard, [result(failed, '1'), result(failed, '2')]);
});

test('malformed offers, foreign pages and other frames get silence and no button', async () => {
  const bridge = framed();
  for (const members of [{ id: '' }, { id: 1 }, { id: 'i'.repeat(65) }, { id: undefined }]) await bridge.say({ ...offer(), ...members });
  await bridge.say([offer()]);
  await bridge.say('vestibule.storage.offer');
  for (const origin of [SPECS, 'null', `${WIKI}.evil.test`, `${WIKI}/`]) fire(bridge.window, 'message', { data: offer(), origin, source: bridge.outerSeen });
  for (const source of [null, bridge.window, {}]) fire(bridge.window, 'message', { data: offer(), origin: WIKI, source });
  await turns();
  assert.deepEqual([bridge.heard, bridge.shown()], [[], []]);

  const direct = framed({ page: SPECS });
  await direct.say(offer());
  assert.deepEqual([direct.heard, direct.shown()], [[], []]);
  assert.deepEqual(direct.posted.filter(({ to }) => to !== direct.window), []);
});

test('what is said about storage goes to exactly the origin that asked', async () => {
  const bridge = framed();
  await bridge.say(offer());
  await bridge.click();
  const targets = bridge.posted.filter(({ message }) => /** @type {any} */ (message).type === 'vestibule.storage.result');
  assert.deepEqual(targets.map(({ targetOrigin }) => targetOrigin), [WIKI]);
});
