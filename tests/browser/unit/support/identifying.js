/** A page of a shop that asks a person for a proof, and the accounts server as such a page sees it. */
import { mock } from 'node:test';

import { identify } from '../../../../sdk/src/identify.js';
import { ACCOUNTS, fakeWindow, reply } from './fakes.js';
import { fakeSockets, until } from './widget.js';

export const SHOP = 'https://shop.example.org';
export const TOKEN = 'a1'.repeat(32);
export const SECRET = 'b2'.repeat(32);
export const START = `${ACCOUNTS}/identification/start`;
export const WAITING = { state: 'waiting', start_uri: START, monitor_secret: SECRET, expires_in: 900 };
export const PROVED = { state: 'completed', result: 'succeeded', identified_at: 1_795_293_420_000, provider: 'bank', level: 'substantial' };
export const SUCCEEDED = { result: 'succeeded', identifiedAt: 1_795_293_420_000, provider: 'bank', level: 'substantial' };

/** An empty window, which notes whom it had as opener when it was led on. @param {any} window @param {any[]} frames */
function emptyWindow(window, frames) {
  /** @type {{ uri: string, opener: unknown }[]} */
  const led = [];
  const popup = {
    opener: window, closed: false, led, close: mock.fn(() => { popup.closed = true; }),
    open: mock.fn((/** @type {string} */ _url, /** @type {string} */ name) => frames.find((frame) => frame.name === name)?.contentWindow ?? null),
    document: { title: '', documentElement: { style: {} }, body: { append: mock.fn() } },
    location: { replace: mock.fn((/** @type {string} */ uri) => { led.push({ uri, opener: popup.opener }); }) },
  };
  return popup;
}

/** Frames as a document makes them. @param {any} document */
function fakeFrames(document) {
  /** @type {any[]} */
  const frames = [];
  document.createElement = () => ({
    style: {}, isConnected: false, contentWindow: null, remove() { Object.assign(this, { isConnected: false, contentWindow: null }); },
  });
  document.body.append = (/** @type {any} */ frame) => {
    frames.push(Object.assign(frame, { isConnected: true, contentWindow: { Array } }));
  };
  return frames;
}

/**
 * The page, before its click. `answers` are what the server says instead of its own.
 * @param {{ prepare?: (window: any) => void, answers?: Record<string, (fields: URLSearchParams, init: any) => any> }} [made]
 */
export function shop({ prepare = () => {}, answers = {} } = {}) {
  /** @type {{ path: string, fields: URLSearchParams, init: any }[]} */
  const asked = [];
  const window = fakeWindow(`${SHOP}/checkout`, {
    async fetch(/** @type {string} */ url, /** @type {any} */ init) {
      await null;
      init.signal?.throwIfAborted();
      const path = url.slice(ACCOUNTS.length);
      const fields = new URLSearchParams(init.body);
      asked.push({ path, fields, init });
      return answers[path]?.(fields, init) ?? (path === '/identification/monitor' ? reply(204) : new Promise(() => {}));
    },
  });
  const sockets = fakeSockets();
  const frames = fakeFrames(window.document);
  /** @type {any[]} */
  const popups = [];
  window.WebSocket = sockets;
  window.open = mock.fn(() => {
    const popup = emptyWindow(window, frames);
    popups.push(popup);
    return popup;
  });
  prepare(window);
  /** @type {any[]} */
  const standings = [];
  return {
    window, sockets, frames, popups, standings, asked, answers,
    polls: () => asked.filter(({ path }) => path === '/identification/outcome').length,
    click: (/** @type {object} */ options = {}) => identify({
      accounts: ACCOUNTS, accessToken: TOKEN, onChange: (standing) => standings.push(standing), ...options,
    }, window),
  };
}

/** The page once the server was shown the token. @param {Parameters<typeof shop>[0]} [made] @param {object} [options] */
export async function shown(made, options) {
  const page = shop(made);
  const outcome = page.click(options);
  await until(() => page.sockets.made.length);
  const socket = page.sockets.last();
  socket.onopen();
  const hear = (/** @type {unknown} */ body) => socket.onmessage({ data: JSON.stringify(body) });
  return { ...page, outcome, socket, hear, popup: page.popups[0] };
}

/** The page while the person is at it. @param {Parameters<typeof shop>[0]} [made] @param {object} [options] */
export async function waiting(made, options) {
  const page = await shown(made, options);
  page.hear(WAITING);
  return page;
}
