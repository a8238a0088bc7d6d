/** A page of the wiki with the SDK, its backend, and a bridge that is scripted by the test. */
import assert from 'node:assert/strict';
import { mock } from 'node:test';

import { connect } from '../../../../assets/sdk/vestibule.js';
import { ACCOUNTS, NONCE, PAYLOAD, WIKI, fakeWindow, fire, link, reply } from './fakes.js';

export const response = (/** @type {any} */ question, /** @type {object} */ answer) => ({
  ...(typeof question === 'string' ? {} : { type: 'vestibule.session.response', id: question.id }), ...answer,
});
export const minted = { hasSession: true, recoveryPayload: PAYLOAD, expiresIn: 60 };
export const known = { hasSession: true, recoveryPayload: null };
export const no = (/** @type {string} */ error) => ({ hasSession: false, recoveryPayload: null, error });

/**
 * A bridge that answers as `answer` says; undefined is silence.
 * @param {(question: any) => object | undefined} answer
 */
export const answering = (answer) => (/** @type {any} */ frame) => {
  frame.ready();
  frame.hear((/** @type {any} */ question) => {
    const said = answer(question);
    if (said !== undefined) frame.say(response(question, said));
  });
};

/** The verdicts as they are told by what was tried, which has tests of its own. */
const plainOf = new WeakMap();
const plainVerdict = (/** @type {any} */ verdict) => {
  if (!plainOf.has(verdict)) {
    const { rungs, ...rest } = verdict;
    assert.ok(Array.isArray(rungs));
    plainOf.set(verdict, rest);
  }
  return plainOf.get(verdict);
};

/** @param {any} session */
const plain = (session) => ({
  ...session,
  resume: async () => plainVerdict(await session.resume()),
  signOut: async () => plainVerdict(await session.signOut()),
  onChange: (/** @type {(verdict: any) => void} */ heard) => session.onChange((/** @type {any} */ verdict) => heard(plainVerdict(verdict))),
});

/**
 * @param {{ bridge?: (frame: any) => void, local?: boolean, get?: (init: any) => Promise<Response>, post?: (payload: string, init: any) => Promise<Response>,
 *   options?: object, href?: string, prepare?: (window: any) => void }} [made]
 */
export function site({ bridge = answering(() => minted), local = false, get, post, options = {}, href = `${WIKI}/page?a=1#b`, prepare = () => {} } = {}) {
  /** @type {{ hasSession: boolean, get: (init: any) => Promise<Response>, post: (payload: string, init: any) => Promise<Response> }} */
  const backend = {
    hasSession: local,
    get: get ?? (async () => reply(200, { hasSession: backend.hasSession, nonce: NONCE })),
    post: post ?? (async (/** @type {string} */ payload) => {
      const before = backend.hasSession;
      backend.hasSession = payload !== '';
      if (payload === '') return reply(401, undefined, { 'x-vestibule-outcome': before ? 'closed' : 'none' });
      return reply(204, undefined, { 'x-vestibule-outcome': before ? 'already' : 'created' });
    }),
  };
  const fetch = async (/** @type {string} */ _url, /** @type {any} */ init) => (
    init.method === 'POST' ? backend.post(new URLSearchParams(init.body).get('recoveryPayload') ?? 'none', init) : backend.get(init)
  );
  const window = fakeWindow(href, { fetch });
  prepare(window);
  /** @type {any[]} */
  const frames = [];
  /** @type {any[]} */
  const questions = [];
  window.document.createElement = () => Object.assign(new EventTarget(), {
    style: {}, isConnected: false, contentWindow: null, remove() { Object.assign(this, { isConnected: false, contentWindow: null }); },
  });
  window.document.body.append = (/** @type {any} */ element) => {
    const inner = fakeWindow(element.src);
    const { posted, outerSeen, innerSeen } = link(window, inner);
    Object.assign(element, { isConnected: true, contentWindow: innerSeen });
    const frame = {
      element, inner, posted, innerSeen,
      say: (/** @type {unknown} */ message) => outerSeen.postMessage(message, window.origin),
      ready: () => frame.say({ type: 'vestibule.bridge.ready' }),
      load: () => fire(element, 'load'),
      hear: (/** @type {(question: any) => void} */ heard) => inner.addEventListener('message', (/** @type {any} */ { data }) => heard(data)),
    };
    frame.hear((question) => questions.push(question));
    frames.push(frame);
    queueMicrotask(() => bridge(frame));
  };
  const session = plain(connect({ accounts: ACCOUNTS, clientId: 'wiki', ...options }, window));
  const changes = mock.fn();
  session.onChange(changes);
  return {
    window, session, frames, questions, backend,
    changes: () => changes.mock.calls.map(({ arguments: [verdict] }) => verdict),
    framed: () => frames.filter(({ element }) => element.isConnected).length,
    requests: () => window.fetch.mock.calls.map((/** @type {any} */ { arguments: [url, init] }) => `${init.method ?? 'GET'} ${url}`),
    payloads: () => window.fetch.mock.calls.filter((/** @type {any} */ { arguments: [, init] }) => init.method === 'POST')
      .map((/** @type {any} */ { arguments: [, init] }) => new URLSearchParams(init.body).get('recoveryPayload')),
  };
}
