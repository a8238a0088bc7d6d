import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { panelStyle } from '../../../sdk/src/panel_style.js';
import { panelContent, panelTexts, scopeLines } from '../../../sdk/src/panel_words.js';

/** @typedef {import('../../../sdk/src/panel_words.js').PanelAction} PanelAction */

const REASONS = [
  'login_required', 'consent_required', 'storage_blocked', 'blocked_by_policy', 'popup_blocked', 'canceled', 'timed_out',
  'network', 'misconfigured', 'rate_limited', 'server_error',
];
const href = 'https://accounts.example.org/flow/1';

/** @type {import('../../../sdk/src/panel_words.js').PanelTexts} */
const texts = panelTexts;

/** @param {string} reason @param {PanelAction[]} actions */
const offer = (reason, actions) => panelContent({ kind: 'offer', reason, actions }, texts);

for (const reason of REASONS) {
  test(`${reason} is told in plain words`, () => {
    const { message = '' } = offer(reason, ['popup']);
    const told = texts[message] ?? '';
    assert.match(told, /^[A-Z].*[.?]$/);
    assert.doesNotMatch(told, /_|cookie|iframe|storage|policy|server\b|OAuth|token/i);
    assert.deepEqual(REASONS.filter((other) => texts[other] === told), [reason], 'no two reasons read the same');
  });
}

test('no text is longer than can be taken in at a glance', () => {
  for (const text of Object.values(panelTexts)) assert.ok(text.length <= 80, text);
});

test('every title, control and sentence of every state is among the texts', () => {
  /** @type {PanelAction[]} */
  const actions = ['retry', 'popup', 'redirect', 'storage_access'];
  const contents = [
    panelContent({ kind: 'busy' }, texts),
    ...[{}, { still: true }, { blocked: true }].map((how) => panelContent({ kind: 'waiting', href, ...how }, texts)),
    ...REASONS.flatMap((reason) => [offer(reason, actions), offer(reason, ['retry']), offer(reason, [])]),
  ];
  for (const { title, message, controls } of contents) {
    for (const name of [title, ...(message === undefined ? [] : [message]), ...controls]) assert.ok(texts[name], name);
  }
});

test('an offer names what is asked for, and the best action first', () => {
  assert.deepEqual(offer('login_required', ['popup', 'redirect']), {
    title: 'offer', message: 'login_required', controls: ['popup', 'redirect'], prime: true, frame: false, asks: true,
  });
  assert.equal(offer('consent_required', ['popup']).title, 'title:consent_required');
  assert.equal(offer('something_new', ['popup']).title, 'offer');
});

test('where there is only trying again, nothing is asked for and no sign-in is promised', () => {
  for (const actions of /** @type {PanelAction[][]} */ ([['retry'], []])) {
    const { title, asks, controls } = offer('network', actions);
    assert.deepEqual([title, asks, controls], ['trouble', false, actions]);
  }
  assert.equal(offer('network', ['retry', 'popup']).title, 'offer');
});

test('the button in the frame stands for storage access, and is the first then', () => {
  const { frame, prime, controls, title } = offer('storage_blocked', ['storage_access', 'popup']);
  assert.deepEqual([frame, prime, controls, title], [true, false, ['popup'], 'offer']);
  assert.equal(offer('storage_blocked', ['storage_access']).title, 'offer');
});

test('a window that looks closed is asked about, and never taken for canceled', () => {
  assert.deepEqual(
    panelContent({ kind: 'waiting', number: '42', href }, texts),
    { title: 'waiting', message: 'wait', controls: ['open', 'cancel'], prime: false },
  );
  assert.deepEqual(
    panelContent({ kind: 'waiting', number: '42', href, still: true }, texts),
    { title: 'still', message: 'closed', controls: ['open', 'cancel'], prime: true },
  );
  assert.deepEqual(panelContent({ kind: 'waiting' }, texts), { title: 'waiting', message: 'wait', controls: ['cancel'], prime: false }, 'before anything is known of it');
});

test('a window that did not open is opened by the link', () => {
  assert.deepEqual(
    panelContent({ kind: 'waiting', number: '42', href, blocked: true }, texts),
    { title: 'offer', message: 'popup_blocked', controls: ['open', 'cancel'], prime: true },
  );
});

test('while it is being found out there is nothing to press', () => {
  assert.deepEqual(panelContent({ kind: 'busy' }, texts), { title: 'busy', controls: [] });
});

test('names of scopes have words where they are known, and are themselves otherwise', () => {
  assert.deepEqual(scopeLines('openid profile notes', texts), ['See your name and username', 'Use “notes” for you']);
  assert.deepEqual(scopeLines('', texts), []);
  assert.deepEqual(scopeLines('  openid  ', texts), []);
  assert.deepEqual(scopeLines('constructor $&', texts), ['Use “constructor” for you', 'Use “$&” for you']);
  assert.deepEqual(scopeLines('notes', { ...texts, 'scope:notes': 'Keep your notes' }), ['Keep your notes']);
});

test('the documentation names every text, as it is', async () => {
  const page = await readFile(new URL('../../../docs/browser-sdk.md', import.meta.url), 'utf8');
  for (const [name, text] of Object.entries(panelTexts)) {
    assert.ok(page.includes(`\`${name}\``) || page.includes(`\`${name} `), name);
    assert.ok(page.includes(text), text);
  }
});

test('the documentation names every property and part of the panel', async () => {
  const page = await readFile(new URL('../../../docs/browser-sdk.md', import.meta.url), 'utf8');
  const parts = panelStyle.match(/\.(?=[a-z])[a-z]+/g)?.map((name) => name.slice(1)) ?? [];
  const known = parts.filter((name) => !['pending', 'em'].includes(name));
  for (const name of [...new Set(known)]) assert.ok(page.includes(`\`${name}\``), name);
  for (const name of new Set(panelStyle.match(/--vestibule-[a-z]+/g))) assert.ok(page.includes(`\`${name}\``), name);
});
