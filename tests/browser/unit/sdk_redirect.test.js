import assert from 'node:assert/strict';
import { test } from 'node:test';

import { completeRedirect, connect, popupCallback } from '../../../sdk/src/vestibule.js';
import { ACCOUNTS, WIKI, clock, fire, turns } from './support/fakes.js';
import { site } from './support/site.js';
import { NOTES, brief, browser, tabStorage, tried, until, widget } from './support/widget.js';

const RECORD = 'vestibule.notes-widget.redirect';
const PLACE = 'vestibule.notes-widget.place';

/** A page that has left for the accounts server, and what it went there with. @param {Parameters<typeof widget>[0]} [made] @param {object} [where] */
async function left(made = {}, where = {}) {
  const page = widget(made);
  const verdict = page.session.signIn({ how: 'redirect', ...where });
  await until(() => page.window.location.assign.mock.callCount());
  const url = new URL(page.window.location.assign.mock.calls[0].arguments[0]);
  return { ...page, verdict, url, request: url.searchParams };
}

/** The callback page in the same tab. @param {any} tab @param {object} response @param {string} [path] */
function callback(tab, response, path = '/callback') {
  const page = widget({ tab, href: `${NOTES}${path}?${new URLSearchParams(/** @type {any} */ (response))}` });
  return { known: completeRedirect(page.window), window: page.window };
}

test('it leaves with state, nonce and PKCE, and keeps for the way back no more than it needs', async () => {
  const page = await left();
  assert.equal(page.url.origin + page.url.pathname, `${ACCOUNTS}/oauth/authorize`);
  assert.deepEqual([...page.request.keys()], ['client_id', 'redirect_uri', 'response_type', 'scope', 'state', 'nonce', 'code_challenge', 'code_challenge_method']);
  assert.equal(page.request.get('redirect_uri'), `${NOTES}/callback`);
  const record = JSON.parse(page.tab[RECORD]);
  assert.deepEqual(Object.keys(record), ['accounts', 'scope', 'redirectUri', 'href', 'state', 'nonce', 'verifier']);
  assert.equal(page.sha256(record.verifier, 'base64url'), page.request.get('code_challenge'));
  assert.deepEqual(JSON.parse(page.tab[PLACE]), { href: `${NOTES}/widget?page=1#top`, x: 3, y: 1_200 });
});

test('it comes back to the same page and place, signed in', async () => {
  const at = browser();
  const tab = tabStorage();
  const page = await left({ at, tab });
  page.session.close();
  const { known, window } = callback(tab, at.server.authorize(page.request));
  assert.equal(known, true);
  assert.deepEqual(window.location.replace.mock.calls[0].arguments, [`${NOTES}/widget?page=1#top`]);

  const back = widget({ at, tab });
  const verdict = await back.session.resume();
  assert.deepEqual([brief(verdict), tried(verdict)], [[true, 'created', 'resumed'], ['redirect:resumed']]);
  assert.deepEqual(back.window.scrollTo.mock.calls.map((/** @type {any} */ call) => call.arguments), [[3, 1_200]]);
  assert.deepEqual(Object.keys(tab), [], 'neither verifier nor answer nor place is left');
  assert.equal(back.frames.length, 0);
  assert.deepEqual(brief(await widget({ at, tab, options: { rungs: ['redirect'] } }).session.resume()), [false, 'none', 'login_required'], 'once');
});

test('a callback page that is the page itself is not loaded again', async () => {
  const at = browser();
  const tab = tabStorage();
  const page = await left({ at, tab, tokens: { redirectUri: '/widget' } });
  const { window } = callback(tab, at.server.authorize(page.request), '/widget');
  assert.equal(window.location.replace.mock.callCount(), 0);
  assert.deepEqual(window.history.replaceState.mock.calls[0].arguments, [null, '', `${NOTES}/widget?page=1#top`]);
  assert.equal((await widget({ at, tab, tokens: { redirectUri: '/widget' } }).session.resume()).outcome, 'created');
});

for (const response of [{}, { state: '' }, { code: 'c' }, { code: 'c', state: 'other', iss: ACCOUNTS }, { code: 'c', state: 'undefined' }]) {
  test(`an answer that nobody asked for changes nothing: ${JSON.stringify(response)}`, async () => {
    const tab = tabStorage();
    await left({ tab });
    const before = tab[RECORD];
    const { known, window } = callback(tab, response);
    assert.deepEqual([known, tab[RECORD], window.location.replace.mock.callCount()], [false, before, 0]);
  });
}

test('rubbish in the storage, or none, is no answer', () => {
  for (const rubbish of ['', 'null', '[]', '{"state":1}']) assert.equal(callback(Object.assign(tabStorage(), { [RECORD]: rubbish }), { state: 's', code: 'c' }).known, false);
  assert.equal(callback(Object.assign(tabStorage(), { [RECORD]: '{"href":"/"}' }), { code: 'c' }).known, false);
  const page = widget({ prepare: (window) => { Object.defineProperty(window, 'sessionStorage', { get() { throw new Error('SecurityError'); } }); } });
  assert.equal(completeRedirect(page.window), false);
});

test('a page that was left for is of this site, whatever the storage says', async () => {
  const tab = tabStorage();
  const page = await left({ tab });
  tab[RECORD] = JSON.stringify({ ...JSON.parse(tab[RECORD]), href: 'https://evil.test/' });
  const { window } = callback(tab, { state: page.request.get('state') });
  for (const call of window.location.replace.mock.calls) assert.equal(new URL(call.arguments[0]).origin, NOTES);
});

const noes = /** @type {[object, string][]} */ ([
  [{ error: 'access_denied', error_description: 'No.' }, 'canceled'], [{ error: 'invalid_scope' }, 'misconfigured'], [{ error: 'server_error' }, 'server_error'], [{ iss: 'https://evil.test', code: 'c' }, 'misconfigured'],
]);
for (const [answer, reason] of noes) {
  test(`back with ${JSON.stringify(answer)} it is ${reason}, and nobody is asked behind the person's back`, async () => {
    const at = browser();
    const tab = tabStorage();
    const page = await left({ at, tab });
    callback(tab, { state: page.request.get('state'), iss: ACCOUNTS, ...answer });
    const back = widget({ at, tab });
    const verdict = await back.session.resume();
    assert.deepEqual([brief(verdict), tried(verdict)], [[false, 'none', reason], [`redirect:${reason}`]]);
    assert.equal(back.frames.length, 0);
    back.session.close();
  });
}

test('a code that has grown too old leaves it to the other rungs', async () => {
  const at = browser();
  const tab = tabStorage();
  const page = await left({ at, tab });
  callback(tab, { state: page.request.get('state'), iss: ACCOUNTS, code: 'old' });
  assert.deepEqual(tried(await widget({ at, tab }).session.resume()), ['redirect:login_required', 'cache:login_required', 'bridge:already', 'prompt_none:resumed']);
});

test('an answer for another client, another accounts server or another scope is left alone', async () => {
  const at = browser();
  const tab = tabStorage();
  const page = await left({ at, tab });
  callback(tab, at.server.authorize(page.request));
  const answered = tab[RECORD];
  await widget({ tab, options: { clientId: 'other', rungs: ['redirect'] } }).session.resume();
  await widget({ tab, options: { accounts: 'https://other.example.org', rungs: ['redirect'] } }).session.resume();
  await widget({ tab, tokens: { scope: 'openid' }, options: { rungs: ['redirect'] } }).session.resume();
  assert.equal(tab[RECORD], answered);
  await widget({ tab, at, options: { rungs: ['cache', 'bridge'] } }).session.resume();
  assert.equal(tab[RECORD], answered, 'nor is it taken where a redirect is not among the rungs');
  assert.deepEqual(tried(await widget({ tab, at, options: { rungs: ['redirect'] } }).session.resume()), ['redirect:resumed']);
});

test('the way back leads to a page of this site', async () => {
  const page = await left({}, { returnTo: 'https://evil.test/' });
  assert.equal(JSON.parse(page.tab[RECORD]).href, `${NOTES}/widget?page=1#top`);
  const other = await left({}, { returnTo: '/other?b=2' });
  assert.equal(JSON.parse(other.tab[RECORD]).href, `${NOTES}/other?b=2`);
});

test('without storage, or without a redirect URI, it stays and says so', async () => {
  const denied = widget({ prepare: (window) => { Object.defineProperty(window, 'sessionStorage', { get() { throw new Error('SecurityError'); } }); } });
  const verdict = await denied.session.signIn({ how: 'redirect' });
  assert.deepEqual([verdict.reason, /sessionStorage/.test(verdict.hint ?? '')], ['storage_blocked', true]);
  const none = await widget({ tokens: { redirectUri: undefined } }).session.signIn({ how: 'redirect' });
  assert.deepEqual([none.reason, /redirectUri/.test(none.hint ?? '')], ['misconfigured', true]);
  assert.equal(denied.window.location.assign.mock.callCount(), 0);
});

test('canceled in the moment of leaving, it stays', async () => {
  const page = widget();
  const verdict = page.session.signIn({ how: 'redirect' });
  page.session.cancel();
  assert.equal((await verdict).reason, 'canceled');
  for (let turn = 0; turn < 6; turn += 1) await crypto.subtle.digest('SHA-256', new Uint8Array(1));
  await turns();
  assert.deepEqual([page.window.location.assign.mock.callCount(), Object.keys(page.tab)], [0, []]);
});

test('the promise of a page that is being left settles when the person comes back by "back", or nothing happens', async (t) => {
  const page = await left();
  fire(page.window, 'pageshow', { persisted: true });
  assert.equal((await page.verdict).reason, 'canceled');
  page.session.close();
  const time = clock(t);
  const stays = widget();
  const verdict = stays.session.signIn({ how: 'redirect' });
  await until(() => stays.window.location.assign.mock.callCount());
  await time.pass(10_000);
  assert.equal((await verdict).reason, 'timed_out');
  stays.session.close();
});

test('a place of another page is forgotten', async () => {
  const tab = Object.assign(tabStorage(), { [PLACE]: JSON.stringify({ href: `${NOTES}/other`, x: 0, y: 9 }) });
  const page = widget({ tab });
  await page.session.resume();
  assert.deepEqual([page.window.scrollTo.mock.callCount(), Object.keys(tab)], [0, []]);
});

test('a page that is still loading is scrolled once it has loaded', async () => {
  const tab = Object.assign(tabStorage(), { [PLACE]: JSON.stringify({ href: `${NOTES}/widget?page=1#top`, x: 0, y: 9 }) });
  const page = widget({ tab, prepare: (window) => { window.document.readyState = 'interactive'; } });
  await page.session.resume();
  assert.equal(page.window.scrollTo.mock.callCount(), 0);
  fire(page.window, 'load');
  assert.equal(page.window.scrollTo.mock.callCount(), 1);
});

test('a site with a backend comes back to its place as well, and its sign-in settles', async () => {
  const tab = tabStorage();
  const prepare = (/** @type {any} */ window) => Object.assign(window, { sessionStorage: tab, scrollX: 0, scrollY: 700, scrollTo() { window.scrolled = true; }, requestAnimationFrame: (/** @type {() => void} */ work) => work() });
  const page = site({ prepare });
  const verdict = page.session.signIn();
  assert.equal(JSON.parse(tab['vestibule.wiki.place']).href, `${WIKI}/page?a=1#b`);
  page.session.cancel();
  assert.equal((await verdict).reason, 'canceled');
  const back = site({ prepare: (window) => { prepare(window); window.document.readyState = 'complete'; } });
  await back.session.resume();
  assert.equal(back.window.scrolled, true);
});

test('the new tab of a framed site with a backend is waited for until somebody is there', async () => {
  const page = site({ prepare: (window) => Object.assign(window, { top: {}, open: () => ({}) }) });
  const verdict = page.session.signIn();
  await turns();
  fire(page.window.document, 'visibilitychange');
  assert.deepEqual(brief(await verdict), [true, 'created', 'resumed']);
});

test('the popup callback page tells its opener, and closes', async (t) => {
  const time = clock(t);
  const page = widget({ href: `${NOTES}/popup?code=c` });
  const told = /** @type {string[]} */ ([]);
  const heard = /** @type {unknown[]} */ ([]);
  page.window.BroadcastChannel = class { postMessage(/** @type {unknown} */ message) { heard.push(message); } };
  Object.assign(page.window, { opener: { popupCompleted: (/** @type {string} */ href) => told.push(href) }, close: () => told.push('closed') });
  popupCallback(page.window);
  assert.deepEqual(told, [`${NOTES}/popup?code=c`]);
  assert.deepEqual(heard, [], 'nobody else');
  await time.pass(200);
  assert.deepEqual(told.at(-1), 'closed');
  for (const opener of [null, {}, new Proxy({}, { get() { throw new DOMException('', 'SecurityError'); } })]) popupCallback(Object.assign(page.window, { opener }));
});

test('connect is what makes a connection', () => {
  const { window } = widget();
  assert.deepEqual(Object.keys(connect({ accounts: ACCOUNTS, clientId: 'x' }, window)),
    ['resume', 'signIn', 'cancel', 'signOut', 'onChange', 'onProgress', 'accessToken', 'profile', 'close']);
});
