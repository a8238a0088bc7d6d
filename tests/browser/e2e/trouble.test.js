// The accounts server is away, late, or talks rubbish; the network goes and comes back: never a hang.
import assert from 'node:assert/strict';
import test, { after, afterEach, before } from 'node:test';
import { goBack } from '../support/chromium.js';
import { browserFor as ownBrowserFor } from '../support/family.js';
import { places, startLadder } from '../support/ladder.js';
import { fillSignIn, signIn, signOut } from '../support/people.js';
import { bob } from '../support/server.js';
import { sharedChromium } from '../support/shared.js';
import { silence, until } from '../support/until.js';
import {
  isPending, nameOf, openWindow, outcomeOf, reasonsOf, verdictOf,
} from '../support/widget.js';

const browserFor = sharedChromium();
/** @type {import('../support/ladder.js').Ladder} */
let ladder;
before(async () => { ladder = await startLadder(); });
afterEach(() => ladder.front.plain());
after(() => ladder?.stop());

/** @param {import('node:test').TestContext} t */
async function signedInTab(t) {
  const tab = await (await browserFor(t)).tab();
  await signIn(tab, ladder.accounts, bob);
  return tab;
}

/**
 * A page in the place of the bridge.
 * @param {string} script
 * @returns {import('../support/front.js').Reply}
 */
const inPlaceOfTheBridge = (script) => ({
  headers: {
    'content-type': 'text/html', 'cross-origin-embedder-policy': 'require-corp', 'cross-origin-resource-policy': 'cross-origin',
  },
  body: `<!doctype html><script>${script}</script>`,
});
const READY = "parent.postMessage({ type: 'vestibule.bridge.ready' }, '*');";
const ANSWER = "{ type: 'vestibule.session.response', id: data.id, hasSession: true, recoveryPayload: 'f'.repeat(64), expiresIn: 60 }";
const RUNGS = ['bridge'];

/** What a site with a backend, which has nothing but the bridge, comes to. @param {import('../support/widget.js').Page} tab @param {Record<string, unknown>} [options] */
async function comesTo(tab, options = {}) {
  await tab.goto(ladder.site(places.near, { rungs: RUNGS, timeout: 1_000, ...options }));
  const verdict = await verdictOf(tab);
  if (!verdict.hasSession && verdict.reason !== 'login_required') assert.ok(verdict.hint, 'with what to look at');
  return verdict;
}

/** What stands in the place of the bridge, and the reasons that are right for it. @type {Record<string, [import('../support/front.js').Rule, string[]]>} */
const STRANGE = {
  'cannot be reached': [() => 'cut', ['blocked_by_policy', 'network', 'timed_out']],
  'never answers the request': [() => new Promise(() => {}), ['timed_out']],
  'is an error page': [() => ({ status: 503, body: 'away' }), ['blocked_by_policy', 'timed_out']],
  'says that it is ready, and nothing more': [() => inPlaceOfTheBridge(READY), ['timed_out']],
  'talks rubbish': [() => inPlaceOfTheBridge(`${READY}
    for (const what of [null, 1, '', 'x'.repeat(1e6), [], {}, { type: 'vestibule.session.response' }]) parent.postMessage(what, '*');
    onmessage = ({ data }) => { for (const rest of [{}, { hasSession: 'yes' }, { hasSession: true, recoveryPayload: 'F'.repeat(64) },
      { hasSession: true, recoveryPayload: ['f'.repeat(64)] }, { hasSession: true }])
      parent.postMessage({ type: 'vestibule.session.response', id: data.id, ...rest }, '*'); };`), ['timed_out', 'server_error']],
  'answers questions that nobody asked': [() => inPlaceOfTheBridge(`${READY}
    onmessage = ({ data }) => { parent.postMessage({ ...${ANSWER}, id: 'another' }, '*'); };`), ['timed_out']],
};
for (const [name, [rule, reasons]] of Object.entries(STRANGE)) {
  test(`a bridge that ${name} costs one deadline, and gives its reason`, async (t) => {
    const tab = await signedInTab(t);
    ladder.front.at(/^\/bridge\?/, rule);
    const verdict = await comesTo(tab);
    assert.equal(verdict.hasSession, false);
    assert.ok(reasons.includes(verdict.reason), JSON.stringify(verdict));
  });
}

test('a bridge of the wrong origin is not heard, whatever it says', async (t) => {
  const tab = await signedInTab(t);
  const imposter = ladder.sites.page(places.evil, '/imposter', `<script>${READY}
    onmessage = ({ data }) => parent.postMessage(${ANSWER}, '*');</script>`);
  ladder.front.at(/^\/bridge\?/, () => ({ status: 302, headers: { location: imposter } }));
  const before = ladder.profiles().length;
  const verdict = await comesTo(tab);
  assert.equal(verdict.hasSession, false);
  assert.ok(['blocked_by_policy', 'timed_out'].includes(verdict.reason), JSON.stringify(verdict));
  assert.equal(ladder.profiles().length, before);
});

test('a bridge that answers twice is heard once', async (t) => {
  const tab = await signedInTab(t);
  ladder.front.at(/^\/bridge\?/, () => inPlaceOfTheBridge(`${READY} onmessage = ({ data }) => {
    for (const hasSession of [false, true]) parent.postMessage({ ...${ANSWER}, hasSession,
      ...(hasSession ? {} : { recoveryPayload: null, error: 'login_required' }) }, '*'); };`));
  const verdict = await comesTo(tab, { timeout: 8_000 });
  assert.deepEqual([verdict.hasSession, verdict.reason], [false, 'login_required']);
  await silence();
  assert.ok(!await tab.evaluate(() => /** @type {any} */ (window).told.some((/** @type {any} */ { hasSession }) => hasSession)));
});

test('an answer that comes after the deadline changes no verdict, and the next question gets its own', async (t) => {
  const tab = await signedInTab(t);
  /** @type {(value?: unknown) => void} */
  let release = () => {};
  const held = new Promise((resolve) => { release = resolve; });
  let late = true;
  ladder.front.at(/^\/bridge\/payload$/, async () => { if (late) await held; return undefined; });
  assert.equal((await comesTo(tab)).reason, 'timed_out');

  late = false;
  release();
  await until('the late answer', () => ladder.front.seen().some(({ path, status }) => path === '/bridge/payload' && status > 0));
  assert.equal((await verdictOf(tab)).hasSession, false);
  // On a busy machine more than one may come too late.
  await until('an answer in time', () => tab.evaluate(async () => (
    (await /** @type {any} */ (window).session.resume()).hasSession
  )));
});

test('nothing of accounts can be reached: a widget with every rung comes to a verdict in the sum of its deadlines', async (t) => {
  const tab = await signedInTab(t);
  // The script itself has come from elsewhere, or from the cache.
  ladder.front.at(/^\/(?!sdk\/)/, () => 'cut');
  await tab.goto(ladder.widget(places.near, { timeout: 1_000 }));
  const verdict = await verdictOf(tab);
  assert.equal(verdict.hasSession, false);
  for (const { rung, ms } of verdict.rungs) assert.ok(ms < 4_000, `${rung}: ${ms} ms`);
  assert.ok(['network', 'timed_out', 'blocked_by_policy'].includes(verdict.reason), JSON.stringify(verdict));
});

test('nothing of accounts ever answers: the same', async (t) => {
  const tab = await signedInTab(t);
  ladder.front.at(/^\/(?!sdk\/)/, () => new Promise(() => {}));
  await tab.goto(ladder.widget(places.near, { timeout: 1_000 }));
  const verdict = await verdictOf(tab);
  assert.deepEqual([verdict.hasSession, verdict.reason], [false, 'timed_out'], JSON.stringify(verdict));
});

test('a code that is refused at the token endpoint signs nobody in, and is said', async (t) => {
  const tab = await signedInTab(t);
  ladder.front.at(/^\/oauth\/token$/, () => ({
    status: 400,
    headers: { 'content-type': 'application/json', 'access-control-allow-origin': '*' },
    body: '{"error":"invalid_grant","error_description":"No."}',
  }));
  await tab.goto(ladder.widget(places.near, { rungs: ['prompt_none'] }));
  const verdict = await verdictOf(tab);
  assert.equal(verdict.hasSession, false, JSON.stringify(verdict));
});

/** Answers of the redirect that must not be believed. @type {[string, (given: URLSearchParams) => Record<string, string>][]} */
const FORGED = [
  ['another state', (given) => ({ code: 'f'.repeat(64), state: `${given.get('state')}x`, iss: ladder.accounts })],
  ['no state', () => ({ code: 'f'.repeat(64), iss: ladder.accounts })],
  ['another issuer', (given) => ({ code: 'f'.repeat(64), state: given.get('state') ?? '', iss: 'https://other.example.org' })],
];
for (const [name, response] of FORGED) {
  test(`a redirect that comes back with ${name} is not believed`, async (t) => {
    const tab = await signedInTab(t);
    ladder.front.at(/^\/oauth\/authorize\?/, (path) => {
      const given = new URL(path, ladder.accounts).searchParams;
      return { status: 303, headers: { location: `${given.get('redirect_uri')}?${new URLSearchParams(response(given))}` } };
    });
    ladder.front.taken();
    await tab.goto(ladder.widget(places.near, { rungs: ['prompt_none'], timeout: 1_500 }));
    const verdict = await verdictOf(tab);
    assert.equal(verdict.hasSession, false, JSON.stringify(verdict));
    assert.ok(!ladder.front.taken().some(({ path }) => path === '/oauth/token'), 'no code was redeemed');
  });
}

test('offline and back: what waits for a person goes on waiting, and hears how it ended', async (t) => {
  const tab = await (await browserFor(t)).tab();
  await tab.goto(ladder.widget(places.far));
  await verdictOf(tab);
  const popup = await openWindow(tab, tab.mainFrame());
  await popup.getByLabel('Username or e-mail').waitFor();

  const wire = await tab.context().newCDPSession(tab);
  /** @param {boolean} offline */
  const network = (offline) => wire.send('Network.emulateNetworkConditions', {
    offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1,
  });
  await wire.send('Network.enable');
  await network(true);
  ladder.front.at(/^\/flow\/(events|outcome)/, () => 'cut');
  ladder.front.unreachable(true);
  ladder.front.unreachable(false);
  await fillSignIn(popup, bob);
  await until('the window to be done', () => popup.isClosed());
  assert.ok(await isPending(tab));

  ladder.front.plain();
  await network(false);
  assert.equal((await outcomeOf(tab)).hasSession, true);
  assert.equal(await nameOf(tab), bob.fullName);
});

test('offline, a widget says network or timed_out, and is signed in when it asks again', async (t) => {
  const tab = await signedInTab(t);
  await tab.goto(ladder.widget(places.near, { silent: false }));
  await tab.waitForFunction(() => 'session' in window);
  await tab.context().setOffline(true);
  const away = await tab.evaluate(() => /** @type {any} */ (window).session.resume());
  assert.equal(away.hasSession, false);
  assert.ok(['network', 'timed_out', 'blocked_by_policy'].includes(away.reason), JSON.stringify(away));
  await tab.context().setOffline(false);
  const back = await tab.evaluate(() => /** @type {any} */ (window).session.resume());
  assert.equal(back.hasSession, true, JSON.stringify(back));
});

test('out of the back/forward cache: who was signed out meanwhile is not shown as signed in', async (t) => {
  const tab = await signedInTab(t);
  await tab.goto(ladder.widget(places.near, {}, { 'cache-control': 'no-cache' }));
  assert.equal((await verdictOf(tab)).hasSession, true);
  await tab.evaluate(() => {
    addEventListener('pageshow', ({ persisted }) => { /** @type {any} */ (window).restored = persisted; });
  });
  await tab.goto(ladder.sites.page(places.wiki, '/elsewhere', 'elsewhere'));
  // In another browser: news of it in this one would have the page thrown out of the cache.
  const other = await (await ownBrowserFor(t)).tab();
  await signIn(other, ladder.accounts, bob);
  await other.getByRole('button', { name: 'Sign out all other sessions' }).click();
  await other.getByRole('status').waitFor();

  await goBack(tab, /\/widget\?/);

  await until('the page to come out of the cache', () => tab.evaluate(() => /** @type {any} */ (window).restored === true));
  await until('the widget to know', () => tab.evaluate(() => /** @type {any} */ (window).told.at(-1)?.hasSession === false));
});

test('gone back to after a sign-out in this browser, a page knows nobody', async (t) => {
  const tab = await signedInTab(t);
  await tab.goto(ladder.widget(places.near, {}, { 'cache-control': 'no-cache' }));
  assert.equal((await verdictOf(tab)).hasSession, true);
  await tab.goto(ladder.sites.page(places.wiki, '/elsewhere', 'elsewhere'));
  const other = await tab.context().newPage();
  await signOut(other, ladder.accounts);
  await goBack(tab, /\/widget\?/);
  await until('the widget to know', () => tab.evaluate(() => (
    /** @type {any} */ (window).told?.at(-1)?.hasSession === false || /** @type {any} */ (window).verdict?.hasSession === false
  )));
});

test('a sign-out elsewhere is heard, without a question and without a reload', async (t) => {
  const tab = await signedInTab(t);
  await tab.goto(ladder.widget(places.near));
  assert.equal((await verdictOf(tab)).hasSession, true);
  const other = await tab.context().newPage();
  await signOut(other, ladder.accounts);
  await tab.waitForFunction(() => /** @type {any} */ (window).told.at(-1)?.hasSession === false);
  assert.deepEqual(reasonsOf(await tab.evaluate(() => /** @type {any} */ (window).session.resume())).bridge, 'login_required');
});
