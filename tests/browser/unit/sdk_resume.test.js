import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readAnswer, reasonOfError, reasonOfStatus } from '../../../assets/sdk/vestibule.js';
import { ACCOUNTS, NONCE, PAYLOAD, WIKI, clock, fire, reply, turns } from './support/fakes.js';
import { answering, known, minted, no, response, site } from './support/site.js';

test('somebody who is signed in at accounts is signed in here', async () => {
  const page = site();
  assert.deepEqual(await page.session.resume(), { hasSession: true, outcome: 'created', reason: 'resumed' });
  assert.deepEqual(page.payloads(), [PAYLOAD]);
  assert.deepEqual(page.requests(), [`GET ${WIKI}/sso`, `POST ${WIKI}/sso`]);
  const [question] = page.questions;
  assert.match(question.id, /^[0-9a-f]{32}$/);
  assert.deepEqual(question, { type: 'vestibule.session.request', id: question.id, mint: true, nonce: NONCE });
  assert.equal(page.frames[0].element.src, `${ACCOUNTS}/bridge?client_id=wiki`);
  assert.equal(page.frames[0].element.style.display, 'none');
  for (const { targetOrigin, to } of page.frames[0].posted) assert.equal(targetOrigin, to.origin);
});

test('with a local session the bridge is only asked', async () => {
  const page = site({ local: true, bridge: answering(() => known) });
  assert.deepEqual(await page.session.resume(), { hasSession: true, outcome: 'already', reason: 'already' });
  assert.equal(page.questions[0].mint, false);
  assert.equal('nonce' in page.questions[0], false);
  assert.deepEqual(page.payloads(), []);
});

test('a local session of somebody who signed out at accounts is closed', async () => {
  const page = site({ local: true, bridge: answering(() => no('login_required')) });
  assert.deepEqual(await page.session.resume(), { hasSession: false, outcome: 'closed', reason: 'closed' });
  assert.deepEqual(page.payloads(), ['']);
});

test('the frame stays for the next time', async () => {
  const page = site({ bridge: answering(() => no('login_required')) });
  assert.equal((await page.session.resume()).reason, 'login_required');
  assert.equal((await page.session.resume()).reason, 'login_required');
  assert.equal(page.frames.length, 1);
  assert.equal(page.framed(), 1);
});

const errors = /** @type {const} */ ([
  ['consent_required', 'consent_required'], ['storage_blocked', 'storage_blocked'], ['rate_limited', 'rate_limited'],
  ['server_error', 'server_error'], ['nonce_required', 'misconfigured'], ['something_new', 'server_error'], ['constructor', 'server_error'],
]);
for (const [error, reason] of errors) {
  test(`${error} of the bridge is ${reason}, and a local session is left alone`, async () => {
    for (const local of [false, true]) {
      const page = site({ local, bridge: answering(() => no(error)) });
      const verdict = await page.session.resume();
      assert.equal(verdict.reason, reason);
      assert.equal(verdict.hasSession, local);
      assert.equal(verdict.outcome, local ? 'already' : 'none');
      assert.equal(verdict.consentUrl, error === 'consent_required' ? `${ACCOUNTS}/consent?client_id=wiki` : undefined);
      assert.deepEqual(page.payloads(), [], 'nothing is sent to the callback, least of all an empty payload');
    }
  });
}

test('login_required without a local session sends nothing', async () => {
  const page = site({ bridge: answering(() => no('login_required')) });
  assert.deepEqual(await page.session.resume(), { hasSession: false, outcome: 'none', reason: 'login_required' });
  assert.deepEqual(page.payloads(), []);
});

const posts = /** @type {const} */ ([
  [400, 'misconfigured'], [401, 'login_required'], [403, 'misconfigured'], [404, 'misconfigured'], [409, 'other_person'], [410, 'timed_out'],
  [415, 'misconfigured'], [429, 'rate_limited'], [500, 'server_error'], [502, 'server_error'], [503, 'server_error'], [504, 'timed_out'],
]);
for (const [status, reason] of posts) {
  test(`a payload answered ${status} is ${reason}`, async () => {
    const page = site({ post: async () => reply(status) });
    const verdict = await page.session.resume();
    assert.equal(verdict.reason, reason);
    assert.equal(verdict.hasSession, status === 409);
    assert.deepEqual(page.payloads(), [PAYLOAD], 'sent once, never an empty one after it');
  });
}

const gets = /** @type {const} */ ([
  [204, 'misconfigured'], [401, 'misconfigured'], [404, 'misconfigured'], [409, 'misconfigured'], [429, 'rate_limited'], [500, 'server_error'], [504, 'timed_out'],
]);
for (const [status, reason] of gets) {
  test(`a callback that answers ${status} is ${reason}`, async () => {
    const page = site({ get: async () => reply(status) });
    const verdict = await page.session.resume();
    assert.equal(verdict.reason, reason);
    assert.match(verdict.hint ?? '', /GET https:\/\/wiki\.example\.org\/sso must answer/);
    assert.deepEqual(page.questions, []);
  });
}

for (const body of [null, [], 'yes', {}, { hasSession: 'no', nonce: NONCE }, { hasSession: false }, { hasSession: false, nonce: 'short' }, { hasSession: false, nonce: `${NONCE}"` }]) {
  test(`a callback that answers ${JSON.stringify(body)} is misconfigured`, async () => {
    const page = site({ get: async () => reply(200, body) });
    assert.equal((await page.session.resume()).reason, 'misconfigured');
  });
}

test('a callback that cannot be reached is network', async () => {
  const offline = async () => { throw new TypeError('Failed to fetch'); };
  assert.equal((await site({ get: offline }).session.resume()).reason, 'network');
  assert.deepEqual(await site({ post: offline }).session.resume(), { hasSession: false, outcome: 'none', reason: 'network' });
  const open = site({ local: true, bridge: answering(() => no('login_required')), post: offline });
  assert.deepEqual(await open.session.resume(), { hasSession: true, outcome: 'already', reason: 'network' });
});

const silences = /** @type {[string, (frame: any) => void, string][]} */ ([
  ['never loads', () => {}, 'timed_out'],
  ['loads and is never ready', (frame) => frame.load(), 'blocked_by_policy'],
  ['is ready and never answers', (frame) => frame.ready(), 'timed_out'],
  ['answers another id', (frame) => { frame.ready(); frame.hear(() => frame.say(response({ id: 'other' }, minted))); }, 'timed_out'],
  ['answers with a string', answering(() => undefined), 'timed_out'],
  ['answers like to a string', (frame) => { frame.ready(); frame.hear(() => frame.say(minted)); }, 'timed_out'],
  ['answers with rubbish', answering(() => ({ hasSession: 'true', recoveryPayload: PAYLOAD })), 'timed_out'],
  ['answers with no payload at all', answering(() => ({ hasSession: true })), 'timed_out'],
  ['answers with a payload in upper case', answering(() => ({ hasSession: true, recoveryPayload: PAYLOAD.toUpperCase() })), 'timed_out'],
  ['answers with an array', (frame) => { frame.ready(); frame.hear((/** @type {any} */ { id }) => frame.say(Object.assign([], response({ id }, minted)))); }, 'timed_out'],
]);
for (const [name, bridge, reason] of silences) {
  test(`a bridge that ${name} is ${reason} in time, and is taken away`, async (t) => {
    const time = clock(t);
    const page = site({ bridge });
    const verdict = page.session.resume();
    await time.pass(1_500);
    const { hasSession, outcome, reason: given } = await verdict;
    assert.deepEqual({ hasSession, outcome, given }, { hasSession: false, outcome: 'none', given: reason });
    assert.equal(page.framed(), 0);
    assert.deepEqual(page.payloads(), []);
    void page.session.resume();
    await turns();
    assert.equal(page.frames.length, 2, 'the next attempt starts with a new frame');
  });
}

test('an attempt that was not answered is made again in a while, three times', async (t) => {
  const time = clock(t);
  const page = site({ bridge: () => {} });
  const verdict = page.session.resume();
  await time.pass(1_500);
  assert.equal((await verdict).reason, 'timed_out');
  for (const [wait, frames] of /** @type {[number, number][]} */ ([[2_000, 2], [10_000, 3], [60_000, 4]])) {
    await time.pass(wait - 1);
    assert.equal(page.frames.length, frames - 1, `not before ${wait} ms`);
    await time.pass(1);
    assert.equal(page.frames.length, frames);
    await time.pass(1_500);
  }
  await time.pass(600_000);
  assert.equal(page.frames.length, 4);
});

test('the answer of a later attempt reaches the page without its asking', async (t) => {
  const time = clock(t);
  let answers = false;
  const page = site({ bridge: (frame) => { if (answers) answering(() => minted)(frame); } });
  const verdict = page.session.resume();
  await time.pass(1_500);
  assert.equal((await verdict).hasSession, false);
  answers = true;
  await time.pass(2_000);
  assert.deepEqual(page.changes().map(({ hasSession, reason }) => ({ hasSession, reason })), [{ hasSession: true, reason: 'resumed' }]);
  await time.pass(600_000);
  assert.equal(page.frames.length, 2, 'what was answered is not asked again');
});

test('a frame that holds an error page is tried again: the server may have been away', async (t) => {
  const time = clock(t);
  let answers = false;
  const page = site({ bridge: (frame) => { if (answers) answering(() => minted)(frame); else frame.load(); } });
  const verdict = page.session.resume();
  await time.pass(500);
  assert.equal((await verdict).reason, 'blocked_by_policy');
  answers = true;
  await time.pass(2_000);
  assert.equal(page.changes().at(-1)?.reason, 'resumed');
});

test('offline an error page is the network, and back on line it is tried again', async (t) => {
  const time = clock(t);
  let answers = false;
  const page = site({ bridge: (frame) => { if (answers) answering(() => minted)(frame); else frame.load(); } });
  page.window.navigator = { onLine: false };
  const verdict = page.session.resume();
  await time.pass(500);
  const { reason, hint } = await verdict;
  assert.equal(reason, 'network');
  assert.equal(hint, undefined, 'of a policy nothing is said');
  answers = true;
  fire(page.window, 'online');
  await turns();
  assert.equal(page.changes().at(-1)?.reason, 'resumed');
});

test('nothing is tried again after a final answer, or once the connection is closed', async (t) => {
  const time = clock(t);
  const refused = site({ bridge: answering(() => no('login_required')) });
  await refused.session.resume();
  const left = site({ bridge: () => {} });
  const verdict = left.session.resume();
  await time.pass(1_500);
  await verdict;
  left.session.close();
  await time.pass(600_000);
  assert.equal(refused.questions.length, 1);
  assert.equal(left.frames.length, 1);
});

test('a bridge that mints nothing when asked to is a server error', async () => {
  assert.equal((await site({ bridge: answering(() => known) }).session.resume()).reason, 'server_error');
});

test('the page\'s own policy is heard of at once', async () => {
  const page = site({ bridge: () => fire(page.window.document, 'securitypolicyviolation', { effectiveDirective: 'frame-src', blockedURI: `${ACCOUNTS}/bridge?client_id=wiki`, disposition: 'enforce' }) });
  const verdict = await page.session.resume();
  assert.equal(verdict.reason, 'blocked_by_policy');
  assert.match(verdict.hint ?? '', /frame-src/);
});

test('another violation of the page\'s policy means nothing, nor one that is only reported', async () => {
  const page = site({ bridge: (frame) => {
    for (const violation of [
      { effectiveDirective: 'frame-src', blockedURI: `${ACCOUNTS}.evil.test/` }, { effectiveDirective: 'img-src', blockedURI: `${ACCOUNTS}/x.png` },
      { effectiveDirective: 'frame-src', blockedURI: `${ACCOUNTS}/bridge`, disposition: 'report' },
    ]) fire(page.window.document, 'securitypolicyviolation', { disposition: 'enforce', ...violation });
    answering(() => minted)(frame);
  } });
  assert.equal((await page.session.resume()).reason, 'resumed');
});

test('a sandboxed page without an origin is blocked by policy, and asks nobody', async () => {
  const page = site({ prepare: (window) => { window.origin = 'null'; } });
  assert.equal((await page.session.resume()).reason, 'blocked_by_policy');
  assert.deepEqual(page.requests(), []);
  assert.equal(page.frames.length, 0);
});

for (const origin of ['null', `${ACCOUNTS}.evil.test`, 'http://accounts.example.org', `${ACCOUNTS}:443`, 'https://ACCOUNTS.example.org', '']) {
  test(`a bridge at ${origin || 'no origin'} is not believed`, async (t) => {
    const time = clock(t);
    const page = site({ bridge: (frame) => {
      frame.inner.origin = origin;
      frame.ready();
      frame.load();
    } });
    const verdict = page.session.resume();
    await time.pass(1_500);
    assert.equal((await verdict).reason, 'blocked_by_policy');
    assert.deepEqual(page.questions, []);
    assert.equal(page.framed(), 0);
  });
}

test('messages of other windows are not believed, whatever origin they have', async (t) => {
  const time = clock(t);
  const page = site({ bridge: (frame) => {
    frame.ready();
    frame.hear((/** @type {any} */ question) => {
      for (const source of [null, page.window, { postMessage() {} }]) {
        fire(page.window, 'message', { data: response(question, minted), origin: ACCOUNTS, source });
      }
    });
  } });
  const verdict = page.session.resume();
  await time.pass(1_500);
  assert.equal((await verdict).reason, 'timed_out');
  assert.deepEqual(page.payloads(), []);
});

test('a late answer changes nothing', async (t) => {
  const time = clock(t);
  /** @type {() => void} */
  let answer = () => {};
  const page = site({ bridge: (frame) => {
    frame.ready();
    frame.hear((/** @type {any} */ question) => { answer = () => frame.say(response(question, minted)); });
  } });
  const verdict = page.session.resume();
  await time.pass(1_500);
  assert.equal((await verdict).reason, 'timed_out');
  answer();
  await time.pass(5_000);
  assert.deepEqual(page.payloads(), []);
  assert.deepEqual(page.changes(), []);
});

test('a callback that hangs is given up in time, and its late answer starts nothing', async (t) => {
  const time = clock(t);
  /** @type {(response: Response) => void} */
  let late = () => {};
  const page = site({ get: () => new Promise((resolve) => { late = resolve; }) });
  const verdict = page.session.resume();
  await time.pass(1_499);
  assert.equal(page.framed(), 1);
  await time.pass(1);
  assert.deepEqual(await verdict, { hasSession: false, outcome: 'none', reason: 'timed_out', hint: 'no answer within 1500 ms' });
  late(reply(200, { hasSession: false, nonce: NONCE }));
  await time.pass(5_000);
  assert.deepEqual(page.questions, []);
  assert.equal(page.framed(), 1, 'the bridge was ready and is not to blame');
});

test('all of it together has one deadline, which the caller sets', async (t) => {
  const time = clock(t);
  const later = (/** @type {() => any} */ value) => new Promise((resolve) => { setTimeout(() => resolve(value()), 200); });
  const slow = () => site({
    options: { timeout: 500 },
    get: () => later(() => reply(200, { hasSession: false, nonce: NONCE })),
    post: () => later(() => reply(204)),
    bridge: (frame) => { frame.ready(); frame.hear((/** @type {any} */ question) => setTimeout(() => frame.say(response(question, minted)), 200)); },
  });
  const verdict = slow().session.resume();
  for (const ms of [200, 200, 99]) await time.pass(ms);
  assert.equal(await Promise.race([verdict, 'open']), 'open');
  await time.pass(1);
  assert.equal((await verdict).reason, 'timed_out');
});

test('attempts at the same time are one', async () => {
  const page = site();
  const [first, second] = await Promise.all([page.session.resume(), page.session.resume()]);
  assert.equal(first, second);
  assert.equal(page.questions.length, 1);
  assert.equal(page.payloads().length, 1);
});

const mistakes = /** @type {[object, RegExp][]} */ ([
  [{ accounts: 'accounts' }, /accounts/], [{ accounts: 'javascript:alert(1)' }, /accounts/], [{ accounts: undefined }, /accounts/],
  [{ clientId: '' }, /clientId/], [{ clientId: undefined }, /clientId/], [{ callback: 'https://evil.test/sso' }, /callback/],
  [{ callback: '//evil.test/sso' }, /callback/], [{ timeout: 0 }, /timeout/], [{ timeout: NaN }, /timeout/], [{ timeout: Infinity }, /timeout/],
]);
for (const [options, hint] of mistakes) {
  test(`a mistake is told, not thrown: ${Object.entries(options)}`, async () => {
    const page = site({ options });
    const verdict = await page.session.resume();
    assert.equal(verdict.reason, 'misconfigured');
    assert.match(verdict.hint ?? '', hint);
    assert.deepEqual(page.requests(), []);
    assert.equal(page.frames.length, 0);
  });
}

test('the callback may be elsewhere, and fetch another', async () => {
  const page = site({ options: { accounts: `${ACCOUNTS}/`, callback: '/wiki/sso/', fetch: async () => reply(404) } });
  const verdict = await page.session.resume();
  assert.match(verdict.hint ?? '', /GET https:\/\/wiki\.example\.org\/wiki\/sso /);
  assert.deepEqual(page.requests(), [], 'the window\'s own is not used then');
});

test('the pure parts know nothing but what is written down', () => {
  assert.equal(reasonOfError(undefined), 'server_error');
  assert.equal(reasonOfStatus(0), 'misconfigured', 'a redirect');
  assert.equal(readAnswer({}), null);
  assert.equal(readAnswer({ hasSession: true, recoveryPayload: '' }), null);
  assert.deepEqual(readAnswer({ hasSession: false, error: 7 }), { hasSession: false, error: undefined });
});
