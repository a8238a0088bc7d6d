import assert from 'node:assert/strict';
import { test } from 'node:test';

import { GUARD_MS, guard } from '../../../assets/demo/in_sight.js';
import { clock } from './support/fakes.js';

/** A button in a frame, out of sight at first. @param {import('node:test').TestContext} t */
function frame(t) {
  /** @type {(entries: { isIntersecting: boolean }[]) => void} */
  let tell = () => {};
  /** @type {Set<() => void>} */
  const listeners = new Set();
  const document = {
    visibilityState: 'visible',
    addEventListener: (/** @type {string} */ _type, /** @type {() => void} */ listener) => listeners.add(listener),
    removeEventListener: (/** @type {string} */ _type, /** @type {() => void} */ listener) => listeners.delete(listener),
  };
  const window = {
    setTimeout: (/** @type {any[]} */ ...given) => setTimeout(.../** @type {[any, any, any]} */ (given)),
    clearTimeout: (/** @type {any} */ timer) => clearTimeout(timer),
  };
  class IntersectionObserver {
    /** @param {typeof tell} listener */
    constructor(listener) { tell = listener; }
    observe() {}
    disconnect() { tell = () => {}; }
  }
  const fakes = { document, window, IntersectionObserver };
  Object.assign(globalThis, fakes);
  t.after(() => { for (const name of Object.keys(fakes)) delete /** @type {any} */ (globalThis)[name]; });
  const button = { disabled: false };
  const hint = { textContent: '' };
  const guarded = guard(/** @type {any} */ (button), /** @type {any} */ (hint));
  return {
    button,
    hint,
    guarded,
    listeners,
    /** @param {boolean} isIntersecting */
    scroll: (isIntersecting) => tell([{ isIntersecting }]),
    /** @param {string} state */
    turn(state) {
      document.visibilityState = state;
      for (const listener of listeners) listener();
    },
  };
}

test('a button in a frame waits until it has been in sight for a second', async (t) => {
  const time = clock(t);
  const { button, hint, scroll } = frame(t);
  await time.pass(10 * GUARD_MS);
  assert.equal(button.disabled, true, 'nobody has seen it');
  assert.notEqual(hint.textContent, '');
  scroll(true);
  await time.pass(GUARD_MS - 1);
  assert.equal(button.disabled, true);
  await time.pass(1);
  assert.deepEqual([button.disabled, hint.textContent], [false, '']);
});

test('out of sight, in a hidden tab or with something new in it, it waits anew', async (t) => {
  const time = clock(t);
  const { button, guarded, scroll, turn } = frame(t);
  scroll(true);
  for (const away of [() => scroll(false), () => turn('hidden'), () => guarded.arm()]) {
    turn('visible');
    scroll(true);
    await time.pass(GUARD_MS);
    assert.equal(button.disabled, false);
    away();
    assert.equal(button.disabled, true);
    await time.pass(GUARD_MS - 1);
    assert.equal(button.disabled, true);
  }
});

test('once it is stopped it stays inactive, and nothing listens any more', async (t) => {
  const time = clock(t);
  const { button, guarded, hint, listeners, scroll } = frame(t);
  scroll(true);
  guarded.stop();
  scroll(true);
  await time.pass(10 * GUARD_MS);
  assert.deepEqual([button.disabled, hint.textContent, listeners.size], [true, '', 0]);
});
