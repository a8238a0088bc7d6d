/** Pages of a widget that is a public client: in tabs of one browser, with one accounts server. */
import assert from 'node:assert/strict';
import { mock } from 'node:test';

import { connection } from '../../../../sdk/src/connection.js';
import { accountsServer, sha256 } from './accounts.js';
import { ACCOUNTS, fakeWindow, fire, link, sharedStorage } from './fakes.js';

export const NOTES = 'https://notes.example.org';
/** What the widget's tabs share, by name. */
export const SHARED = `vestibule.notes-widget ${ACCOUNTS} notes openid profile`;
export const PASSIVE = `${ACCOUNTS}/callback/notes-widget/passive`;

/** The storage of one tab, whose keys are its own members, as in browsers. @returns {any} */
export function tabStorage() {
  /** @type {any} */
  const methods = {
    getItem(/** @type {string} */ key) { return Object.hasOwn(this, key) ? this[key] : null; },
    setItem(/** @type {string} */ key, /** @type {string} */ value) { this[key] = String(value); },
    removeItem(/** @type {string} */ key) { delete this[key]; },
  };
  return Object.create(methods);
}

/** Web Locks: of each name whoever comes first, one at a time. */
export function fakeLocks() {
  /** @type {Record<string, Promise<void>>} */
  const last = {};
  return {
    request(/** @type {string} */ name, /** @type {() => unknown} */ work) {
      const turn = (last[name] ?? Promise.resolve()).then(work);
      last[name] = turn.then(() => {}, () => {});
      return turn;
    },
  };
}

/** @returns {any} a socket class whose instances are kept, and do nothing by themselves */
export function fakeSockets() {
  /** @type {any[]} */
  const made = [];
  class WebSocket {
    /** @param {string} url */
    constructor(url) {
      this.url = url;
      /** @type {any[]} */
      this.sent = [];
      this.closed = false;
      made.push(this);
    }
    /** @param {string} text */
    send(text) { this.sent.push(JSON.parse(text)); }
    close() { this.closed = true; }
  }
  return Object.assign(WebSocket, { made, last: () => made.at(-1) });
}

/** What the tabs of one browser share. */
export const browser = () => ({ storage: sharedStorage(), locks: /** @type {any} */ (fakeLocks()), server: accountsServer() });

/** @typedef {ReturnType<typeof browser>} Browser */

/** A bridge that knows what the server knows. @param {any} server @returns {(question: any, frame: any) => void} */
const honest = (server) => ({ id }, frame) => frame.say({
  type: 'vestibule.session.response', id, ...(server.person ? { hasSession: true, recoveryPayload: null } : { hasSession: false, recoveryPayload: null, error: 'login_required' }),
});

/**
 * @param {{ at?: Browser, bridge?: (question: any, frame: any) => void, options?: object, tokens?: object, tab?: any, href?: string, framed?: boolean,
 *   panel?: boolean, ready?: boolean, listen?: boolean, loadPanel?: () => Promise<any>, passive?: (frame: any, request: URLSearchParams, answer: () => void) => void, prepare?: (window: any) => void }} [made]
 */
export function widget({
  at = browser(), bridge = honest(at.server), options = {}, tokens = {}, tab = tabStorage(), href = `${NOTES}/widget?page=1#top`, framed = false,
  panel = false, ready = true, listen = true, loadPanel, passive = (_frame, _request, answer) => answer(), prepare = () => {},
} = {}) {
  const { server, storage, locks } = at;
  const window = fakeWindow(href, { fetch: server.fetch, storage });
  const sockets = fakeSockets();
  /** @type {any[]} */
  const popups = [];
  Object.assign(window, {
    sessionStorage: tab, navigator: { locks }, WebSocket: sockets, scrollX: 3, scrollY: 1_200,
    scrollTo: mock.fn(), requestAnimationFrame: (/** @type {() => void} */ work) => work(), history: { replaceState: mock.fn() },
    open: mock.fn((/** @type {string} */ url, _target, /** @type {string} */ features) => {
      if (/noopener/.test(features)) return null;
      const popup = { url, opener: window, closed: false, focus: mock.fn(), close: mock.fn(), postMessage: mock.fn(), location: { replace: mock.fn() } };
      popups.push(popup);
      return popup;
    }),
  });
  Object.assign(window.document, { readyState: 'complete' });
  Object.assign(window.location, { replace: mock.fn(), pathname: new URL(href).pathname, search: new URL(href).search });
  if (framed) window.top = {};

  /** @type {any[]} */
  const frames = [];
  /** @type {any[]} */
  const questions = [];
  window.document.createElement = () => Object.assign(new EventTarget(), {
    style: {}, isConnected: false, contentWindow: null, remove() { Object.assign(this, { isConnected: false, contentWindow: null }); },
  });
  const insert = (/** @type {any} */ element) => {
    const inner = fakeWindow(element.src);
    const { posted, outerSeen, innerSeen } = link(window, inner);
    Object.assign(element, { isConnected: true, contentWindow: innerSeen });
    const url = new URL(element.src);
    const frame = {
      element, inner, posted, url, kind: url.pathname === '/bridge' ? 'bridge' : 'authorize',
      say: (/** @type {unknown} */ message) => outerSeen.postMessage(message, window.origin),
      load: () => fire(element, 'load'),
      /** @param {any} response */
      answer(response) {
        const target = new URL(url.searchParams.get('redirect_uri') ?? '');
        if (target.origin === ACCOUNTS) frame.say({ type: 'authorization_response', response });
        else Object.assign(element, { contentWindow: { location: { search: `?${new URLSearchParams(response)}` } } });
        frame.load();
      },
    };
    frames.push(frame);
    if (frame.kind === 'bridge') {
      inner.addEventListener('message', (/** @type {any} */ { data }) => { questions.push(data); bridge(data, frame); });
      if (ready) queueMicrotask(() => frame.say({ type: 'vestibule.bridge.ready' }));
    } else queueMicrotask(() => passive(frame, url.searchParams, () => frame.answer(server.authorize(url.searchParams))));
  };
  window.document.body.append = insert;

  /** @type {any[]} */
  const shown = [];
  /** @type {{ act: (action: string) => void }} */
  const panels = { act: () => {} };
  const slot = { append: insert, contains: (/** @type {any} */ element) => frames.some((frame) => frame.element === element) };
  const fakePanel = async () => /** @type {any} */ ({ createPanel: (/** @type {any} */ _window, /** @type {any} */ _container, /** @type {any} */ { onAction }) => {
    panels.act = onAction;
    return { frameSlot: slot, show: (/** @type {any} */ state) => shown.push(state), hide: () => shown.push('hidden') };
  } });
  prepare(window);
  const session = connection({
    accounts: ACCOUNTS, clientId: 'notes-widget', tokens: { scope: 'openid profile notes', redirectUri: '/callback', ...tokens },
    ...(panel ? { panel: /** @type {any} */ ({}) } : {}), ...options,
  }, window, loadPanel ?? fakePanel);
  const changes = mock.fn();
  const progress = mock.fn();
  session.onChange(changes);
  if (listen) session.onProgress(progress);
  const heard = (/** @type {any} */ spy) => spy.mock.calls.map((/** @type {any} */ { arguments: [value] }) => value);
  return {
    at, server, window, tab, session, frames, questions, popups, sockets, shown, act: (/** @type {string} */ action) => panels.act(action),
    changes: () => heard(changes), progress: () => heard(progress),
    of: (/** @type {string} */ kind) => frames.filter((frame) => frame.kind === kind).length,
    framed: () => frames.filter(({ element }) => element.isConnected).length,
    flowOf: (/** @type {any} */ popup) => new URL(popup.url).pathname.split('/').at(-1),
    sha256,
  };
}

/** @param {any} verdict */
export const brief = ({ hasSession, outcome, reason }) => [hasSession, outcome, reason];
/** @param {any} verdict */
export const tried = ({ rungs }) => rungs.map((/** @type {any} */ { rung, reason }) => `${rung}:${reason}`);

/** Waits until it is so, while time may stand still. @param {() => unknown} look */
export async function until(look) {
  const deadline = performance.now() + 10_000;
  while (!look() && performance.now() < deadline) await new Promise((resolve) => { setImmediate(resolve); });
  assert.ok(look(), String(look));
}
