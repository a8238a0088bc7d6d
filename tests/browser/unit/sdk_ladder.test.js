import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ACCOUNTS, clock, fire, turns } from './support/fakes.js';
import { NOTES, brief, browser, tabStorage, tried, until, widget } from './support/widget.js';

/** A bridge that answers this error. @param {string} error @param {object} [more] */
const no = (error, more = {}) => (/** @type {any} */ { id }, /** @type {any} */ frame) => frame.say({
  type: 'vestibule.session.response', id, hasSession: false, recoveryPayload: null, error, ...more,
});
const violation = (/** @type {any} */ window) => fire(window.document, 'securitypolicyviolation', { effectiveDirective: 'frame-src', blockedURI: ACCOUNTS, disposition: 'enforce' });

for (const error of ['login_required', 'consent_required', 'storage_blocked', 'rate_limited']) {
  test(`when the bridge says ${error}, no other silent rung can know better`, async () => {
    const page = widget({ bridge: no(error) });
    const verdict = await page.session.resume();
    assert.deepEqual(brief(verdict), [false, 'none', error]);
    assert.deepEqual(tried(verdict), ['cache:login_required', `bridge:${error}`]);
    assert.ok(verdict.hint, 'there is something to do');
    assert.equal(page.of('authorize'), 0);
    page.session.close();
  });
}

test('consent is asked for at its page', async () => {
  const page = widget({ bridge: no('consent_required') });
  assert.equal((await page.session.resume()).consentUrl, `${ACCOUNTS}/consent?client_id=notes-widget`);
});

const falls = /** @type {[string, string, object][]} */ ([

  ['fails', 'server_error', { bridge: no('server_error') }],
  ['wants a nonce', 'misconfigured', { bridge: no('nonce_required') }],
]);
for (const [name, reason, made] of falls) {
  test(`from a bridge that ${name} it goes on to prompt=none`, async () => {
    const page = widget(made);
    const verdict = await page.session.resume();
    assert.deepEqual(brief(verdict), [true, 'created', 'resumed']);
    assert.deepEqual(tried(verdict), ['cache:login_required', `bridge:${reason}`, 'prompt_none:resumed']);
  });
}

for (const [name, bridge] of /** @type {[string, (question: any, frame: any) => void][]} */ ([
  ['never answers', () => {}],
  ['answers rubbish', (_question, frame) => { for (const rubbish of [null, 'yes', [], { type: 'vestibule.session.response' }, { hasSession: true }]) frame.say(rubbish); }],
  ['answers from the wrong origin', ({ id }, frame) => { frame.inner.origin = `${ACCOUNTS}.evil.test`; frame.say({ type: 'vestibule.session.response', id, hasSession: false, error: 'login_required' }); }],
])) {
  test(`a bridge that ${name} is given up in its time, and the next rung has its own`, async (t) => {
    const page = widget({ bridge });
    const time = clock(t);
    const verdict = page.session.resume();
    await time.pass(60); // the other tabs do not answer
    await time.pass(1_499);
    assert.equal(page.of('authorize'), 0);
    await time.pass(1);
    await turns();
    assert.deepEqual(tried(await verdict), ['cache:login_required', 'bridge:timed_out', 'prompt_none:resumed']);
  });
}

test('a bridge that answers twice is heard once', async () => {
  const page = widget({ bridge: (question, frame) => { for (let time = 0; time < 2; time += 1) no(time ? 'login_required' : 'server_error')(question, frame); } });
  assert.deepEqual(tried(await page.session.resume()), ['cache:login_required', 'bridge:server_error', 'prompt_none:resumed']);
});

test('a frame that the page\'s policy forbids is not tried again in this tab', async () => {
  const tab = tabStorage();
  const page = widget({ tab, ready: false });
  page.session.onProgress(({ rung }) => { if (rung === 'bridge') queueMicrotask(() => violation(page.window)); });
  const verdict = await page.session.resume();
  assert.deepEqual(tried(verdict), ['cache:login_required', 'bridge:blocked_by_policy', 'prompt_none:resumed']);
  page.session.close();
  const next = widget({ tab, at: browser() });
  const again = await next.session.resume();
  assert.deepEqual(tried(again), tried(verdict));
  assert.deepEqual([again.rungs[1]?.ms, next.of('bridge')], [0, 0]);
});

test('what was learnt in one tab is no other tab\'s affair', async () => {
  const at = browser();
  const tab = Object.assign(tabStorage(), { 'vestibule.notes-widget.learnt': '{"bridge":"blocked_by_policy","prompt_none":"blocked_by_policy"}' });
  const page = widget({ at, tab });
  assert.deepEqual(tried(await page.session.resume()), ['cache:login_required', 'bridge:blocked_by_policy', 'prompt_none:blocked_by_policy']);
  assert.equal((await widget({ at }).session.resume()).outcome, 'created');
});

test('prompt=none alone: nobody, somebody, and consent that is missing', async () => {
  const options = { rungs: ['prompt_none'] };
  const page = widget({ options });
  assert.deepEqual(tried(await page.session.resume()), ['prompt_none:resumed']);
  const nobody = widget({ options });
  nobody.server.person = '';
  assert.deepEqual(brief(await nobody.session.resume()), [false, 'none', 'login_required']);
  const asking = widget({ options, passive: (frame, request) => frame.answer({ error: 'consent_required', state: request.get('state'), iss: ACCOUNTS }) });
  assert.deepEqual(brief(await asking.session.resume()), [false, 'none', 'consent_required']);
  assert.equal(page.of('bridge') + nobody.of('bridge') + asking.of('bridge'), 0);
});

test('prompt=none ends at a blank page of the site as well', async () => {
  const page = widget({ tokens: { passiveRedirectUri: '/passive' }, options: { rungs: ['prompt_none'] } });
  assert.equal((await page.session.resume()).outcome, 'created');
  assert.equal(page.frames[0].url.searchParams.get('redirect_uri'), `${NOTES}/passive`);
});

const silences = /** @type {[string, (frame: any, request: URLSearchParams) => void, string][]} */ ([
  ['never loads', () => {}, 'timed_out'],
  ['holds an error page', (frame) => frame.load(), 'blocked_by_policy'],
  ['answers with another state', (frame) => frame.answer({ code: 'c', state: 'other', iss: ACCOUNTS }), 'blocked_by_policy'],
  ['posts from another origin', (frame, request) => { frame.inner.origin = 'https://evil.test'; frame.answer({ code: 'c', state: request.get('state'), iss: ACCOUNTS }); }, 'blocked_by_policy'],
  ['answers as another issuer', (frame, request) => frame.answer({ code: 'c', state: request.get('state'), iss: 'https://evil.test' }), 'misconfigured'],
  ['answers with a used code', (frame, request) => frame.answer({ code: 'old', state: request.get('state'), iss: ACCOUNTS }), 'login_required'],
]);
for (const [name, passive, reason] of silences) {
  test(`a hidden sign-in that ${name} is ${reason}, in time, and its frame goes`, async (t) => {
    const page = widget({ passive, options: { rungs: ['prompt_none'] } });
    const time = clock(t);
    const verdict = page.session.resume();
    await until(() => page.frames.length);
    await time.pass(500);
    await time.pass(1_000);
    assert.equal((await verdict).reason, reason);
    assert.equal(page.framed(), 0);
    assert.equal(await Promise.race([page.session.accessToken(), turns()]), null);
    page.session.close();
  });
}

test('a late answer of the hidden sign-in changes nothing', async (t) => {
  /** @type {() => void} */
  let late = () => {};
  const page = widget({ options: { rungs: ['prompt_none'] }, passive: (_frame, _request, answer) => { late = answer; } });
  const time = clock(t);
  const verdict = page.session.resume();
  await until(() => page.frames.length);
  await time.pass(1_500);
  assert.equal((await verdict).reason, 'timed_out');
  late();
  await time.pass(0);
  assert.deepEqual(page.changes(), []);
  page.session.close();
});

test('without any rung that may be tried, nobody is asked', async () => {
  const page = widget({ options: { rungs: [] } });
  assert.deepEqual(brief(await page.session.resume()), [false, 'none', 'login_required']);
  assert.equal(page.frames.length, 0);
});

test('a sandboxed page is told so at once, whatever it tries', async () => {
  const page = widget({ prepare: (window) => { window.origin = 'null'; } });
  for (const attempt of [page.session.resume, page.session.signIn, page.session.signOut]) {
    const verdict = await attempt();
    assert.equal(verdict.reason, 'blocked_by_policy');
    assert.match(verdict.hint ?? '', /allow-same-origin/);
  }
  assert.equal(page.frames.length + page.popups.length, 0);
});

test('calls at the same time share one attempt', async () => {
  const page = widget();
  const [one, two] = await Promise.all([page.session.resume(), page.session.resume()]);
  assert.equal(one, two);
  assert.equal(page.server.count('/oauth/token'), 1);
});

test('a token asked for during the attempt waits for it', async () => {
  const page = widget();
  void page.session.resume();
  assert.match(await page.session.accessToken() ?? '', /^access-/);
});

test('back on line, what had failed is tried again, and only that', async () => {
  const page = widget();
  page.server.instead['/oauth/token'] = () => { throw new TypeError('Failed to fetch'); };
  assert.equal((await page.session.resume()).reason, 'network');
  page.server.instead = {};
  fire(page.window, 'online');
  await until(() => page.changes().length);
  assert.deepEqual(brief(page.changes()[0]), [true, 'created', 'resumed']);
  const { length } = page.server.asked;
  fire(page.window, 'online');
  await turns();
  assert.equal(page.server.asked.length, length);
});

test('back from the back/forward cache the tokens are checked', async () => {
  const page = widget();
  await page.session.resume();
  page.server.signOut();
  fire(page.window, 'pageshow', { persisted: true });
  await until(() => page.changes().length === 2);
  assert.deepEqual(brief(page.changes()[1]), [false, 'closed', 'closed']);
});

test('a browser without channels, locks or storage is no hindrance', async () => {
  const page = widget({ prepare: (window) => { for (const name of ['BroadcastChannel', 'navigator', 'sessionStorage', 'WebSocket']) delete window[name]; } });
  assert.equal((await page.session.resume()).outcome, 'created');
  assert.match(await page.session.accessToken() ?? '', /^access-/);
});

for (const [name, locks] of /** @type {[string, () => any][]} */ ([
  ['throw', () => ({ request() { throw new DOMException('', 'SecurityError'); } })],
  ['refuse', () => ({ request: async () => { throw new DOMException('', 'SecurityError'); } })],
])) {
  test(`Web Locks that ${name} are no hindrance`, async () => {
    const page = widget({ prepare: (window) => { window.navigator = { locks: locks() }; } });
    assert.equal((await page.session.resume()).outcome, 'created');
  });
}

test('a Web Lock that never comes is waited for in the time of the rung, and no longer', async () => {
  const page = widget({ prepare: (window) => { window.navigator = { locks: { request: () => new Promise(() => {}) } }; }, options: { timeout: 200 } });
  assert.deepEqual(tried(await page.session.resume()), ['cache:login_required', 'bridge:already', 'prompt_none:timed_out']);
  assert.equal(page.of('authorize'), 0);
  page.session.close();
});

test('a closed connection is over', async () => {
  const page = widget({ bridge: () => {} });
  const verdict = page.session.resume();
  await until(() => page.questions.length);
  page.session.close();
  assert.equal((await verdict).reason, 'misconfigured');
  assert.equal((await page.session.resume()).reason, 'misconfigured');
  assert.equal(await page.session.accessToken(), null);
  assert.equal(page.framed(), 0);
});

test('progress names each rung as it is tried', async () => {
  const page = widget();
  await page.session.resume();
  assert.deepEqual(page.progress().map((/** @type {any} */ { rung, state }) => `${rung} ${state}`), ['cache trying', 'bridge trying', 'prompt_none trying']);
});
