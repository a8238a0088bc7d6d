import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MARK_KEY } from '../../../assets/bridge/bridge.js';
import { GUARD_MS, guard } from '../../../assets/page/consent.js';
import { RESEND_MS, revealPasswords, sendOnce } from '../../../assets/page/form.js';
import { send } from '../../../assets/page/form_post.js';
import { clock, fakeWindow, fire } from './support/fakes.js';

/** A page with a guarded fieldset and two guarded buttons in a form, in front or not, hidden or not. */
function consentPage({ focused = true, hidden = false } = {}) {
  const window = fakeWindow('https://accounts.example.org/consent');
  const { document } = window;
  const hint = { textContent: '' };
  /** @type {(() => void)[]} */
  const observers = [];
  window.MutationObserver = class {
    /** @param {() => void} heard */
    constructor(heard) { Object.assign(this, { heard }); }
    /** @param {unknown} target @param {{ attributeFilter: string[] }} what */
    observe(target, { attributeFilter }) {
      assert.deepEqual([target, attributeFilter], [form, ['hidden']]);
      observers.push(/** @type {any} */ (this).heard);
    }
  };
  /** @type {any} */
  const form = { hidden };
  const control = (/** @type {string} */ kind, /** @type {unknown[]} */ inside = []) => {
    /** @type {any} */
    const made = {
      disabled: false,
      focus() { document.activeElement = made; },
      matches: (/** @type {string} */ selector) => selector === kind,
      contains: (/** @type {unknown} */ other) => other === made || inside.includes(other),
      closest: (/** @type {string} */ selector) => (selector === 'form' || form.hidden ? form : null),
    };
    return made;
  };
  const radio = control('input');
  const [numbers, ...buttons] = [control('fieldset', [radio]), control('button'), control('button')];
  const state = { focused };
  Object.assign(document, {
    activeElement: document.body,
    hasFocus: () => state.focused,
    querySelectorAll: () => [numbers, ...buttons],
    querySelector: () => hint,
  });
  guard(window);
  return {
    window, document, hint, buttons, numbers, radio, state,
    /** @param {boolean} shown */
    show(shown) {
      form.hidden = !shown;
      for (const heard of observers) heard();
    },
    disabled: () => buttons.map(({ disabled }) => disabled),
  };
}

test('what is hidden at first waits for a second from when it is shown, the numbers too', async (t) => {
  const time = clock(t);
  for (const hidden of [true, false]) {
    const page = consentPage({ hidden });
    // The window of a flow hides its form right after this script has run.
    page.show(false);
    await time.pass(GUARD_MS);
    assert.deepEqual([page.numbers.disabled, ...page.disabled()], [true, true, true]);
    page.show(true);
    await time.pass(GUARD_MS - 1);
    assert.deepEqual([page.numbers.disabled, ...page.disabled()], [true, true, true]);
    await time.pass(1);
    assert.deepEqual([page.numbers.disabled, ...page.disabled()], [false, false, false]);
  }
});

test('the keyboard comes back to the number it was at', async (t) => {
  const time = clock(t);
  const page = consentPage();
  await time.pass(GUARD_MS);
  page.radio.focus();
  fire(page.window, 'blur');
  assert.equal(page.numbers.disabled, true);
  page.document.activeElement = page.document.body;
  fire(page.window, 'focus');
  await time.pass(GUARD_MS);
  assert.equal(page.document.activeElement, page.radio);
});

test('a button that agrees waits until the page has been in front for a second', async (t) => {
  const time = clock(t);
  const page = consentPage();
  assert.deepEqual(page.disabled(), [true, true]);
  assert.notEqual(page.hint.textContent, '');
  await time.pass(GUARD_MS - 1);
  assert.deepEqual(page.disabled(), [true, true]);
  await time.pass(1);
  assert.deepEqual(page.disabled(), [false, false]);
  assert.equal(page.hint.textContent, '');
});

test('a page in the background never becomes active, one that comes forward waits anew', async (t) => {
  const time = clock(t);
  const page = consentPage({ focused: false });
  await time.pass(10 * GUARD_MS);
  assert.deepEqual(page.disabled(), [true, true]);
  page.state.focused = true;
  fire(page.window, 'focus');
  await time.pass(GUARD_MS - 1);
  assert.deepEqual(page.disabled(), [true, true]);
  await time.pass(1);
  assert.deepEqual(page.disabled(), [false, false]);
});

test('losing focus or sight disarms at once, and the second starts over', async (t) => {
  const time = clock(t);
  const page = consentPage();
  await time.pass(GUARD_MS);
  page.buttons[0].focus();
  page.state.focused = false;
  fire(page.window, 'blur');
  assert.deepEqual(page.disabled(), [true, true]);
  page.document.activeElement = page.document.body;
  page.state.focused = true;
  fire(page.window, 'focus');
  await time.pass(GUARD_MS - 1);
  page.document.visibilityState = 'hidden';
  fire(page.document, 'visibilitychange');
  await time.pass(GUARD_MS);
  assert.deepEqual(page.disabled(), [true, true]);
  page.document.visibilityState = 'visible';
  fire(page.document, 'visibilitychange');
  await time.pass(GUARD_MS);
  assert.deepEqual(page.disabled(), [false, false]);
  assert.equal(page.document.activeElement, page.buttons[0], 'the keyboard is where it was');
});

test('a form is sent once, and again after coming back to it', async (t) => {
  const time = clock(t);
  const window = fakeWindow('https://accounts.example.org/signin');
  sendOnce(window);
  const form = new EventTarget();
  const submit = (/** @type {EventTarget} */ target) => {
    const event = Object.defineProperty(new Event('submit', { cancelable: true }), 'target', { value: target });
    window.document.dispatchEvent(event);
    return !event.defaultPrevented;
  };
  assert.equal(submit(form), true);
  assert.equal(submit(form), false);
  assert.equal(submit(new EventTarget()), true, 'another form is another matter');
  fire(window, 'pageshow', { persisted: true });
  assert.equal(submit(form), true);
  assert.equal(submit(form), false);
  await time.pass(RESEND_MS);
  assert.equal(submit(form), true);
});

/** A page that has this to send, and what became of it. @param {any} form */
function sendingPage(form) {
  const window = fakeWindow('https://accounts.example.org/oauth/authorize');
  /** @type {unknown[]} */
  const sent = [];
  class HTMLFormElement {
    requestSubmit() {
      const event = Object.defineProperty(new Event('submit', { cancelable: true }), 'target', { value: this });
      window.document.dispatchEvent(event);
      if (!event.defaultPrevented) sent.push(this);
    }
  }
  const asked = /** @type {string[]} */ ([]);
  window.document.querySelector = (/** @type {string} */ selector) => { asked.push(selector); return form; };
  Object.assign(window, { HTMLFormElement });
  return { window, sent, asked, click: () => HTMLFormElement.prototype.requestSubmit.call(form) };
}

test('an answer to a client is sent by itself, whatever its fields are called', () => {
  const form = { requestSubmit: 'a field', submit: 'another' };
  const page = sendingPage(form);
  send(page.window);
  assert.deepEqual(page.sent, [form]);
  assert.deepEqual(page.asked, ['form[data-send]']);
});

test('who is quicker than the script does not send the answer twice', () => {
  const form = new EventTarget();
  const page = sendingPage(form);
  sendOnce(page.window);
  send(page.window);
  page.click();
  assert.deepEqual(page.sent, [form]);
});

test('a page with nothing to send sends nothing', () => {
  const page = sendingPage(null);
  send(page.window);
  assert.deepEqual(page.sent, []);
});

test('a password can be shown, and is sent as a password', () => {
  const window = fakeWindow('https://accounts.example.org/signin');
  const element = () => {
    const attributes = /** @type {Record<string, string>} */ ({});
    return Object.assign(new EventTarget(), { attributes, setAttribute: (/** @type {string} */ name, /** @type {string} */ value) => { attributes[name] = value; } });
  };
  /** @type {any} */
  let button;
  const form = new EventTarget();
  const input = { id: 'password', type: 'password', form, ownerDocument: { createElement: element }, after: (/** @type {any} */ made) => { button = made; } };
  window.document.querySelectorAll = () => [input];
  revealPasswords(window);
  assert.equal(button.type, 'button');
  assert.deepEqual(button.attributes, { 'aria-label': 'Show password', 'aria-pressed': 'false', 'aria-controls': 'password' });
  fire(button, 'click');
  assert.equal(input.type, 'text');
  assert.equal(button.attributes['aria-pressed'], 'true');
  fire(form, 'submit');
  assert.equal(input.type, 'password');
  assert.equal(button.attributes['aria-pressed'], 'false');
});

/** @param {string | undefined} mark */
async function ownPage(mark) {
  const window = fakeWindow('https://accounts.example.org/account');
  let reloads = 0;
  const documentElement = { dataset: mark === undefined ? {} : { mark } };
  Object.assign(window.document, { documentElement });
  Object.assign(window.location, { reload: () => { reloads += 1; } });
  const global = /** @type {any} */ (globalThis);
  global.window = window;
  try {
    const path = `../../../assets/page/mark.js?${random()}`;
    await import(path);
  } finally {
    delete global.window;
  }
  return { window, reloads: () => reloads };
}

const random = () => Math.random().toString(36).slice(2);

test('a page of ours announces its mark when it is loaded, and a page without one nothing', async () => {
  const marks = /** @type {[string | undefined, string | null][]} */ ([['m1', 'm1'], [undefined, null]]);
  for (const [mark, kept] of marks) assert.equal((await ownPage(mark)).window.localStorage.getItem(MARK_KEY), kept);
});

test('a page that shows a person is loaded anew when that person is signed out elsewhere', async () => {
  const { window, reloads } = await ownPage('m1');
  fire(window, 'storage', { key: MARK_KEY });
  fire(window, 'pageshow', { persisted: true });
  assert.equal(reloads(), 0);
  window.localStorage.setItem(MARK_KEY, '');
  fire(window, 'storage', { key: 'other' });
  fire(window, 'pageshow', { persisted: false });
  assert.equal(reloads(), 0);
  fire(window, 'storage', { key: MARK_KEY });
  fire(window, 'pageshow', { persisted: true });
  assert.equal(reloads(), 2);
});

test('a page that shows nobody is left alone: somebody may be typing in it', async () => {
  const { window, reloads } = await ownPage('');
  window.localStorage.setItem(MARK_KEY, 'm2');
  fire(window, 'storage', { key: MARK_KEY });
  assert.equal(reloads(), 0);
});
