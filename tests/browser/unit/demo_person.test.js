import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

import { elsewhere } from '../../../assets/demo/person.js';

const URL_THERE = 'https://accounts.example.org/signout';
const LINK = `${URL_THERE}?next=https%3A%2F%2Fwiki.example.org%2F`;

/** A page, framed or not, and the window that it opens. @param {{ framed: boolean, blocked?: boolean }} made */
function page({ framed, blocked = false }) {
  const opened = { opener: /** @type {unknown} */ ('the page'), close: mock.fn(), location: { replace: mock.fn() } };
  const window = /** @type {any} */ ({ open: mock.fn(() => (blocked ? null : opened)), location: { assign: mock.fn() } });
  window.top = framed ? {} : window;
  const calls = (/** @type {any} */ spy) => spy.mock.calls.map((/** @type {any} */ call) => call.arguments[0]);
  return {
    window, opened, opens: () => window.open.mock.callCount(), closes: () => opened.close.mock.callCount(),
    led: () => [calls(window.location.assign), calls(opened.location.replace)],
  };
}

test('in a frame the window to finish in opens at once, without an opener, and is led there', () => {
  const { window, opened, opens, led } = page({ framed: true });
  const finish = elsewhere(window);
  assert.deepEqual([opens(), opened.opener], [1, null]);
  finish(URL_THERE, LINK);
  assert.deepEqual(led(), [[], [URL_THERE]]);
});

test('in a frame the window is closed when there is nothing to finish', () => {
  const { window, closes, led } = page({ framed: true });
  elsewhere(window)(undefined, LINK);
  assert.deepEqual([closes(), led()], [1, [[], []]]);
});

test('in a frame a blocked window leaves the page as it is', () => {
  const { window, led } = page({ framed: true, blocked: true });
  elsewhere(window)(URL_THERE, LINK);
  elsewhere(window)(undefined, LINK);
  assert.deepEqual(led(), [[], []]);
});

test('a page by itself opens nothing, and goes there only when there is something to finish', () => {
  const { window, opens, led } = page({ framed: false });
  elsewhere(window)(undefined, LINK);
  assert.deepEqual(led(), [[], []]);
  elsewhere(window)(URL_THERE, LINK);
  assert.deepEqual([opens(), led()], [0, [[LINK], []]]);
});
