import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

import { ACCOUNTS, NONCE, PAYLOAD, WIKI, clock, fire, reply, turns } from './support/fakes.js';
import { answering, known, minted, no, site } from './support/site.js';

const changed = (/** @type {boolean} */ hasSession) => ({ type: 'vestibule.session.changed', hasSession });

/** A page and what accounts says at present. @param {object} [made] */
function living(made = {}) {
  const accounts = { says: /** @type {object | undefined} */ (no('login_required')) };
  return { accounts, ...site({ bridge: answering(() => accounts.says), ...made }) };
}

test('a sign-in elsewhere opens a session here, without a reload', async () => {
  const page = living();
  await page.session.resume();
  assert.deepEqual(page.changes(), []);
  page.accounts.says = minted;
  page.frames[0].say(changed(true));
  await turns();
  assert.deepEqual(page.changes(), [{ hasSession: true, outcome: 'created', reason: 'resumed' }]);
  assert.deepEqual(page.payloads(), [PAYLOAD]);
});

test('a sign-out elsewhere closes the session here', async () => {
  const page = living({ local: true });
  page.accounts.says = known;
  await page.session.resume();
  page.accounts.says = no('login_required');
  page.frames[0].say(changed(false));
  await turns();
  assert.deepEqual(page.changes(), [{ hasSession: false, outcome: 'closed', reason: 'closed' }]);
  assert.deepEqual(page.payloads(), ['']);
});

test('news of a sign-out alone closes nothing: the bridge must say login_required', async () => {
  for (const says of [known, minted, no('server_error'), no('rate_limited'), no('storage_blocked'), no('consent_required')]) {
    const page = living({ local: true });
    page.accounts.says = known;
    await page.session.resume();
    page.accounts.says = says;
    page.frames[0].say(changed(false));
    await turns();
    assert.deepEqual(page.payloads(), []);
    assert.equal(page.backend.hasSession, true);
  }
});

test('another person at accounts is noticed and not let in silently', async () => {
  const page = living({ local: true, post: async () => reply(409) });
  page.accounts.says = known;
  await page.session.resume();
  page.accounts.says = minted;
  for (let time = 0; time < 2; time += 1) {
    page.frames[0].say(changed(true));
    await turns();
  }
  assert.deepEqual(page.payloads(), [PAYLOAD, PAYLOAD]);
  assert.deepEqual(page.changes().map(({ hasSession, outcome, reason }) => ({ hasSession, outcome, reason })),
    [{ hasSession: true, outcome: 'already', reason: 'other_person' }]);
});

test('a session that another tab of this site opened is a change here', async () => {
  const page = living();
  await page.session.resume();
  page.backend.hasSession = true;
  page.accounts.says = minted;
  page.frames[0].say(changed(true));
  await turns();
  assert.deepEqual(page.changes(), [{ hasSession: true, outcome: 'already', reason: 'already' }]);
});

test('news during an attempt is followed by one more', async () => {
  /** @type {((response: Response) => void)[]} */
  const waiting = [];
  const page = living({ get: () => new Promise((resolve) => waiting.push(resolve)) });
  const first = page.session.resume();
  await turns();
  for (let time = 0; time < 5; time += 1) page.frames[0].say(changed(true));
  await turns();
  waiting[0]?.(reply(200, { hasSession: false, nonce: NONCE }));
  assert.equal((await first).reason, 'login_required');
  page.accounts.says = minted;
  await turns();
  assert.equal(waiting.length, 2);
  waiting[1]?.(reply(200, { hasSession: false, nonce: NONCE }));
  await turns();
  assert.equal(page.changes().length, 1);
  assert.equal(waiting.length, 2);
});

test('malformed and foreign news is ignored', async () => {
  const page = living();
  await page.session.resume();
  const [frame] = page.frames;
  for (const message of [null, 'changed', { type: 'vestibule.session.changed' }, changed(/** @type {any} */ ('yes')), [changed(true)]]) frame.say(message);
  fire(page.window, 'message', { data: changed(true), origin: ACCOUNTS, source: page.window });
  fire(page.window, 'message', { data: changed(true), origin: 'https://evil.test', source: frame.innerSeen });
  await turns();
  assert.equal(page.questions.length, 1);
});

test('a listener hears of it whoever caused it, until it unsubscribes', async () => {
  const page = site();
  let heard = 0;
  const unsubscribe = page.session.onChange(() => { heard += 1; });
  await page.session.resume();
  assert.equal(heard, 1);
  unsubscribe();
  await page.session.signOut();
  assert.equal(heard, 1);
});

test('a listener that throws harms nobody', async () => {
  const page = site();
  page.session.onChange(() => { throw new Error('mine'); });
  let heard = false;
  page.session.onChange(() => { heard = true; });
  assert.equal((await page.session.resume()).reason, 'resumed');
  assert.equal(heard, true);
  assert.equal(page.window.reportError.mock.callCount(), 1);
});

test('signing out ends both sessions', async () => {
  const page = site({ local: true, bridge: answering((question) => (question === 'signoff' ? { hasSession: false, recoveryPayload: null } : known)) });
  await page.session.resume();
  assert.deepEqual(await page.session.signOut(), { hasSession: false, outcome: 'closed', reason: 'closed' });
  assert.equal(page.questions.at(-1), 'signoff');
  assert.deepEqual(page.payloads(), ['']);
  assert.equal(page.changes().length, 1);
});

test('a sign-out that accounts does not confirm still closes the local session, and says where to go', async (t) => {
  const time = clock(t);
  const says = /** @type {[object | undefined, string][]} */ ([[undefined, 'timed_out'], [no('storage_blocked'), 'storage_blocked'], [no('server_error'), 'server_error'], [known, 'server_error']]);
  for (const [answer, reason] of says) {
    const page = site({ local: true, bridge: answering((question) => (question === 'signoff' ? answer : known)) });
    const verdict = page.session.signOut();
    await time.pass(1_500);
    const { hint: _hint, ...told } = await verdict;
    assert.deepEqual(told, { hasSession: false, outcome: 'closed', reason, signOutUrl: `${ACCOUNTS}/signout` });
    assert.deepEqual(page.payloads(), ['']);
  }
});

test('a local session that could not be closed is not called closed', async () => {
  const page = site({ local: true, bridge: answering(() => ({ hasSession: false, recoveryPayload: null })), post: async () => reply(503) });
  const { hasSession, reason } = await page.session.signOut();
  assert.deepEqual({ hasSession, reason }, { hasSession: true, reason: 'server_error' });
});

test('signing out waits for what is under way, so that it has the last word', async () => {
  const page = site({ bridge: answering((question) => (question === 'signoff' ? { hasSession: false, recoveryPayload: null } : minted)) });
  const [resumed, ended] = await Promise.all([page.session.resume(), page.session.signOut()]);
  assert.equal(resumed.reason, 'resumed');
  assert.equal(ended.reason, 'closed');
  assert.deepEqual(page.payloads(), [PAYLOAD, '']);
});

const targets = /** @type {[string | undefined, string][]} */ ([
  [undefined, '/page?a=1#b'], ['/edit?b=2&c=3', '/edit?b=2&c=3'], ['edit', '/edit'], [`${WIKI}/edit`, '/edit'],
  ['https://evil.test/x', '/page?a=1#b'], ['//evil.test/x', '/page?a=1#b'], ['javascript:alert(1)', '/page?a=1#b'], ['http://[', '/page?a=1#b'],
]);
for (const [returnTo, to] of targets) {
  test(`signing in with returnTo ${returnTo} comes back to ${to}`, () => {
    const page = site();
    page.session.signIn(returnTo === undefined ? undefined : { returnTo });
    const [call] = page.window.location.assign.mock.calls;
    assert.deepEqual(call.arguments, [`${WIKI}/sso/start?to=${encodeURIComponent(to)}`]);
    assert.equal(page.window.open.mock.callCount(), 0);
  });
}

test('within a frame one signs in in a new tab without opener, and is known on coming back', async () => {
  const opened = { opener: 'the page' };
  const page = living({ prepare: (/** @type {any} */ window) => { window.top = {}; window.open = mock.fn(() => opened); } });
  page.accounts.says = no('storage_blocked');
  await page.session.resume();
  fire(page.window.document, 'visibilitychange');
  await turns();
  assert.equal(page.questions.length, 1, 'no asking for its own sake');
  page.session.signIn({ returnTo: '/done' });
  assert.deepEqual(page.window.open.mock.calls[0].arguments, [`${WIKI}/sso/start?to=%2Fdone`, '_blank']);
  assert.equal(opened.opener, null);
  assert.equal(page.window.location.assign.mock.callCount(), 0);
  page.window.document.visibilityState = 'hidden';
  fire(page.window.document, 'visibilitychange');
  await turns();
  assert.equal(page.questions.length, 1);
  page.accounts.says = minted;
  page.window.document.visibilityState = 'visible';
  fire(page.window.document, 'visibilitychange');
  await turns();
  assert.equal(page.changes()[0].reason, 'resumed');
  fire(page.window.document, 'visibilitychange');
  await turns();
  assert.equal(page.questions.length, 2);
});

test('a tab that the browser refuses to open is told at once, with what to mend', async () => {
  const page = living({ prepare: (/** @type {any} */ window) => { window.top = {}; } });
  const { reason, hint, rungs } = await page.session.signIn();
  assert.deepEqual([reason, rungs.map((/** @type {any} */ one) => `${one.rung}:${one.reason}`)], ['popup_blocked', ['redirect:popup_blocked']]);
  assert.match(hint ?? '', /allow-popups/);
});

test('a tab in which nobody signs in is waited for a quarter of an hour', async (t) => {
  const time = clock(t);
  const page = living({ prepare: (/** @type {any} */ window) => { window.top = {}; window.open = () => ({}); } });
  const verdict = page.session.signIn();
  await time.pass(899_999);
  assert.equal(await Promise.race([verdict, 'waiting']), 'waiting');
  await time.pass(1);
  assert.equal((await verdict).reason, 'timed_out');
});

test('consent given in another tab is noticed on coming back', async () => {
  const page = living();
  page.accounts.says = no('consent_required');
  await page.session.resume();
  page.accounts.says = minted;
  fire(page.window.document, 'visibilitychange');
  await turns();
  assert.equal(page.changes()[0].reason, 'resumed');
});

test('a page from the back/forward cache looks again', async () => {
  const page = living({ local: true });
  fire(page.window, 'pageshow', { persisted: true });
  await turns();
  assert.equal(page.frames.length, 0, 'not before the site has asked for the first time');
  page.accounts.says = known;
  await page.session.resume();
  page.accounts.says = no('login_required');
  fire(page.window, 'pageshow', { persisted: false });
  fire(page.window, 'pageshow', { persisted: true });
  await turns();
  assert.equal(page.questions.length, 2);
  assert.equal(page.changes()[0].reason, 'closed');
});

test('a closed connection is over', async () => {
  const page = site({ bridge: (frame) => frame.ready() });
  const under = page.session.resume();
  await turns();
  page.session.close();
  assert.equal((await under).reason, 'misconfigured');
  assert.equal(page.framed(), 0);
  assert.equal((await page.session.resume()).reason, 'misconfigured');
  assert.equal((await page.session.signOut()).reason, 'misconfigured');
  assert.equal(page.frames.length, 1);
  assert.deepEqual(page.changes(), []);
});

test('a page that throws the frame away gets a new one', async () => {
  const page = living();
  await page.session.resume();
  page.frames[0].element.remove();
  assert.equal((await page.session.resume()).reason, 'login_required');
  assert.equal(page.frames.length, 2);
});
