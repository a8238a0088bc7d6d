/**
 * The plumbing of a browser, as far as these tests need it: windows that post messages to one another with
 * checked target origins, frames, storage and channels. Nothing of our own logic is imitated here.
 */
import { mock } from 'node:test';

export const ACCOUNTS = 'https://accounts.example.org';
export const WIKI = 'https://wiki.example.org';
export const PAYLOAD = 'e7'.repeat(32);
export const NONCE = 'n'.repeat(43);

/** @param {EventTarget} target @param {string} type @param {Record<string, unknown>} [members] */
export function fire(target, type, members = {}) {
  const event = Object.assign(new Event(type, { cancelable: true }), members);
  target.dispatchEvent(event);
  return event;
}

/** Lets everything run that waits for nothing but its turn. */
export async function turns() {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => { setImmediate(resolve); });
}

/** Takes over `setTimeout` until the test ends. @param {import('node:test').TestContext} test */
export function clock(test) {
  mock.timers.enable({ apis: ['setTimeout'] });
  test.after(() => mock.timers.reset());
  return {
    /** @param {number} ms */
    async pass(ms) {
      await turns();
      mock.timers.tick(ms);
      await turns();
    },
  };
}

/** What documents of one origin share in one browser. */
export function sharedStorage() {
  /** @type {Map<string, string>} */
  const values = new Map();
  /** @type {Set<any>} */
  const windows = new Set();
  /** @type {Set<EventTarget & { name: string }>} */
  const channels = new Set();
  /** @param {any} owner */
  const localStorageOf = (owner) => ({
    getItem: (/** @type {string} */ key) => values.get(key) ?? null,
    setItem(/** @type {string} */ key, /** @type {string} */ newValue) {
      values.set(key, newValue);
      for (const window of windows) if (window !== owner) queueMicrotask(() => fire(window, 'storage', { key, newValue }));
    },
  });
  class BroadcastChannel extends EventTarget {
    /** @param {string} name */
    constructor(name) {
      super();
      this.name = name;
      channels.add(this);
    }
    /** @param {unknown} data */
    postMessage(data) {
      for (const other of channels) if (other !== this && other.name === this.name) queueMicrotask(() => fire(other, 'message', { data }));
    }
    close() {
      channels.delete(this);
    }
  }
  return { values, windows, localStorageOf, BroadcastChannel };
}

/**
 * @param {string} href
 * @param {{ fetch?: Function, storage?: ReturnType<typeof sharedStorage> | null, dataset?: Record<string, string> }} [made]
 * @returns {any}
 */
export function fakeWindow(href, { fetch = async () => new Response(null, { status: 500 }), storage = sharedStorage(), dataset = {} } = {}) {
  /** @type {any} */
  const window = new EventTarget();
  const document = Object.assign(new EventTarget(), {
    visibilityState: 'visible',
    body: { dataset, append() {} },
    /** @type {undefined | (() => Promise<boolean>)} */
    hasStorageAccess: undefined,
  });
  Object.assign(window, {
    document,
    origin: new URL(href).origin,
    location: { href, origin: new URL(href).origin, assign: mock.fn() },
    fetch: mock.fn(fetch),
    open: mock.fn(() => null),
    console: { error: mock.fn() },
    reportError: mock.fn(),
    // A long one, which a page that is left would take along, keeps no test waiting.
    setTimeout: (/** @type {() => void} */ work, /** @type {number} */ ms) => {
      const timer = setTimeout(work, ms);
      if (ms >= 2_000) timer.unref?.();
      return timer;
    },
    clearTimeout: (/** @type {any} */ timer) => clearTimeout(timer),
  });
  window.parent = window;
  window.top = window;
  if (storage === null) {
    Object.defineProperty(window, 'localStorage', { get() { throw new Error('SecurityError'); } });
    window.BroadcastChannel = class { constructor() { throw new Error('SecurityError'); } };
  } else {
    storage.windows.add(window);
    window.localStorage = storage.localStorageOf(window);
    window.BroadcastChannel = storage.BroadcastChannel;
  }
  return window;
}

/**
 * Two windows as they see each other: a message arrives only if its target origin is the receiver's.
 * @param {any} outer
 * @param {any} inner
 */
export function link(outer, inner) {
  /** @type {{ to: any, message: unknown, targetOrigin: string }[]} everything posted, arrived or not */
  const posted = [];
  /** @param {any} to @param {any} from @param {() => any} source */
  const seen = (to, from, source) => ({
    postMessage(/** @type {unknown} */ message, /** @type {string} */ targetOrigin) {
      const data = structuredClone(message);
      posted.push({ to, message: data, targetOrigin });
      if (targetOrigin === to.origin) queueMicrotask(() => fire(to, 'message', { data, origin: from.origin, source: source() }));
    },
  });
  /** @type {any} */
  const outerSeen = seen(outer, inner, () => innerSeen);
  /** @type {any} */
  const innerSeen = seen(inner, outer, () => outerSeen);
  return { posted, outerSeen, innerSeen };
}

/** @param {number} status @param {unknown} [body] @param {Record<string, string>} [headers] */
export function reply(status, body, headers = {}) {
  return new Response(body === undefined ? null : JSON.stringify(body), { status, headers });
}
