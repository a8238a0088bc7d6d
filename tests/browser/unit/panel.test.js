import assert from 'node:assert/strict';
import { test } from 'node:test';
import { panelContent, panelTexts, scopeLines } from '../../../sdk/src/panel_words.js';

const REASONS = [
  'login_required', 'consent_required', 'storage_blocked', 'blocked_by_policy', 'popup_blocked', 'canceled', 'timed_out',
  'network', 'misconfigured', 'rate_limited', 'server_error',
];

/** @type {import('../../../sdk/src/panel_words.js').PanelTexts} */
const texts = panelTexts;

/** @param {string} reason @param {import('../../../sdk/src/panel_words.js').PanelAction[]} actions @param {string} [href] */
const offer = (reason, actions, href) => panelContent({ kind: 'offer', reason, actions, href }, texts, 'openid email');

for (const reason of REASONS) {
  test(`${reason} is told in a plain sentence`, () => {
    const { message } = offer(reason, ['popup']);
    assert.match(message ?? '', /^[A-Z].*[.?]$/);
    assert.doesNotMatch(message ?? '', /_|cookie|iframe|storage|policy|server\b|OAuth|token/i);
    const told = REASONS.filter((other) => texts[other] === message);
    assert.deepEqual(told, [reason], 'no two reasons read the same');
  });
}

test('no text is longer than can be taken in at a glance', () => {
  for (const text of Object.values(panelTexts)) assert.ok(text.length <= 90, text);
});

test('a reason that nobody has heard of offers what there is, without a sentence', () => {
  for (const reason of ['something_new', '']) {
    const { title, message, controls } = offer(reason, ['popup']);
    assert.deepEqual([title, message, controls], [panelTexts.offer, undefined, ['popup']]);
  }
});

test('an offer names what is asked for, and the best action first', () => {
  assert.deepEqual(offer('login_required', ['popup', 'redirect']), {
    title: 'Sign in to use {name}', message: 'You are not signed in yet.', scopes: ['See your e-mail address'],
    controls: ['popup', 'redirect'], href: undefined, frame: false, prime: true,
  });
  assert.equal(offer('consent_required', ['popup']).title, 'Let {name} know you');
});

test('where there is only trying again, nothing is asked for and no sign-in is promised', () => {
  for (const actions of /** @type {const} */ ([['retry'], []])) {
    const { title, scopes, controls } = offer('network', [...actions]);
    assert.deepEqual([title, scopes, controls], [panelTexts.trouble, [], [...actions]]);
  }
  assert.equal(offer('network', ['retry', 'popup']).title, panelTexts.offer);
});

test('the button in the frame stands for storage access, and is the first then', () => {
  const { frame, prime, controls, title } = offer('storage_blocked', ['storage_access', 'popup']);
  assert.deepEqual([frame, prime, controls], [true, false, ['popup']]);
  assert.equal(title, panelTexts.offer);
  assert.equal(offer('storage_blocked', ['storage_access']).title, panelTexts.offer);
});

test('a blocked pop-up comes with a link, before the buttons', () => {
  const { controls, href } = offer('popup_blocked', ['popup'], 'https://accounts.example.org/flow/1');
  assert.deepEqual([controls, href], [['open', 'popup'], 'https://accounts.example.org/flow/1']);
});

test('a window that looks closed is asked about, and never taken for canceled', () => {
  const href = 'https://accounts.example.org/flow/1';
  const open = panelContent({ kind: 'waiting', number: '42', href }, texts, 'email');
  assert.deepEqual(
    [open.title, open.message, open.number, open.controls, open.prime],
    [panelTexts.waiting, panelTexts.wait, '42', ['open', 'cancel'], undefined],
  );
  const still = panelContent({ kind: 'waiting', number: '42', href, still: true }, texts, 'email');
  assert.deepEqual(
    [still.title, still.message, still.number, still.controls, still.prime],
    [panelTexts.still, panelTexts.closed, '42', ['open', 'cancel'], true],
  );
  assert.deepEqual(panelContent({ kind: 'waiting' }, texts, '').controls, ['cancel']);
});

test('while it is being found out there is nothing to press', () => {
  assert.deepEqual(panelContent({ kind: 'busy' }, texts, 'email'), { title: panelTexts.busy, scopes: [], controls: [] });
});

test('names of scopes have words where they are known, and are themselves otherwise', () => {
  assert.deepEqual(scopeLines('openid profile notes', texts), ['See your username and your full name', 'Use “notes” for you']);
  assert.deepEqual(scopeLines('', texts), []);
  assert.deepEqual(scopeLines('  openid  ', texts), []);
  assert.deepEqual(scopeLines('constructor $&', texts), ['Use “constructor” for you', 'Use “$&” for you']);
  assert.deepEqual(scopeLines('notes', { ...texts, 'scope:notes': 'Keep your notes' }), ['Keep your notes']);
});
