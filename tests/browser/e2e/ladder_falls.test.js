// From each rung to the next: what one cannot do, the next one does, and the verdict tells both.
import assert from 'node:assert/strict';
import test, { after, afterEach, before } from 'node:test';
import { browserFor as ownBrowserFor } from '../support/family.js';
import { carol, places, startLadder } from '../support/ladder.js';
import { fillSignIn, pressGuarded, signIn } from '../support/people.js';
import { bob } from '../support/server.js';
import { sharedChromium } from '../support/shared.js';
import {
  grantStorageAccess, nameOf, offerIn, openWindow, outcomeOf, reasonsOf, tokenOf, verdictOf,
} from '../support/widget.js';

const browserFor = sharedChromium();
/** @type {import('../support/ladder.js').Ladder} */
let ladder;
before(async () => { ladder = await startLadder(); });
afterEach(() => ladder.front.plain());
after(() => ladder?.stop());

/**
 * @param {import('node:test').TestContext} t
 * @param {import('../support/chromium.js').ThirdPartyCookies} [cookies]
 */
async function signedInTab(t, cookies) {
  const tab = await (await browserFor(t, cookies)).tab();
  await signIn(tab, ladder.accounts, bob);
  return { tab };
}

/** Until the widget has been told, and shows its own content again. @param {import('../support/widget.js').Page} tab */
async function signedInByPanel(tab) {
  await tab.waitForFunction(() => /** @type {any} */ (window).told.some((/** @type {any} */ verdict) => verdict.hasSession));
  assert.equal(await nameOf(tab), bob.fullName);
  await tab.getByText('What the widget shows.').waitFor();
}

test('cache to prompt_none: nothing is kept yet', async (t) => {
  const { tab } = await signedInTab(t);
  await tab.goto(ladder.widget(places.near, { rungs: ['cache', 'prompt_none'] }));
  const verdict = await verdictOf(tab);
  assert.equal(verdict.hasSession, true, JSON.stringify(verdict));
  assert.deepEqual(verdict.rungs.map(({ rung }) => rung).slice(-1), ['prompt_none']);
});

test('bridge to prompt_none: the bridge is not there, the redirect is', async (t) => {
  const { tab } = await signedInTab(t);
  ladder.front.at(/^\/bridge\?/, () => 'cut');
  await tab.goto(ladder.widget(places.near));
  const verdict = await verdictOf(tab);
  assert.equal(verdict.hasSession, true, JSON.stringify(verdict));
  const { bridge, prompt_none: redirect } = reasonsOf(verdict);
  assert.ok(['blocked_by_policy', 'network', 'timed_out'].includes(bridge ?? ''), bridge);
  assert.equal(redirect, 'resumed');
});

test('silent to nothing: a person is needed, and each silent rung says why it was of no use', async (t) => {
  const { tab } = await signedInTab(t, 'blocked');
  await tab.goto(ladder.widget(places.far));
  const verdict = await verdictOf(tab);
  assert.equal(verdict.hasSession, false);
  assert.equal(reasonsOf(verdict).bridge, 'storage_blocked', JSON.stringify(verdict));
});

test('silent to storage_access: what the frame was kept from, it gets by a click in the panel', async (t) => {
  const chromium = await ownBrowserFor(t, 'blocked'); // with a permission that no other test may find
  const tab = await chromium.tab();
  await signIn(tab, ladder.accounts, bob);
  await tab.goto(ladder.widget(places.far, { panel: true }));
  await verdictOf(tab);
  const bridge = await offerIn(tab, ladder.accounts);
  await grantStorageAccess(chromium, ladder.sites.origin(places.far), ladder.accounts);
  await bridge.press('button', 'Enter');
  await signedInByPanel(tab);
});

test('storage_access to popup: a refusal is a rung like any other', async (t) => {
  const { tab } = await signedInTab(t, 'blocked');
  await tab.goto(ladder.widget(places.far, { panel: true }));
  await verdictOf(tab);
  // Without a grant headless chromium refuses, whoever clicks.
  const bridge = await offerIn(tab, ladder.accounts);
  await bridge.press('button', 'Enter');
  await bridge.locator('button').waitFor({ state: 'hidden' });
  await tab.getByRole('button', { name: 'Sign in', exact: true }).click();
  await signedInByPanel(tab);
});

test('popup to redirect: where no window may be opened, the whole page goes and comes back', async (t) => {
  const tab = await (await browserFor(t)).tab();
  await tab.addInitScript(() => {
    window.open = () => {
      sessionStorage.setItem('refused', 'yes');
      return null;
    };
  });
  const address = ladder.widget(places.far);
  await tab.goto(address);
  await verdictOf(tab);
  await tab.click('#whichever');
  await tab.waitForURL(/\/signin\?/);
  await fillSignIn(tab, bob);
  await tab.waitForURL(address);
  assert.equal((await verdictOf(tab)).hasSession, true);
  assert.equal(await tab.evaluate(() => sessionStorage.getItem('refused')), 'yes', 'a window was tried first');
});

test('a rung that was of no use is not tried again in this tab', async (t) => {
  const { tab } = await signedInTab(t);
  await tab.addInitScript(() => {
    Object.assign(window, { violations: 0 });
    document.addEventListener('securitypolicyviolation', () => { /** @type {any} */ (window).violations += 1; });
  });
  const violations = () => tab.evaluate(() => /** @type {any} */ (window).violations);
  await tab.goto(ladder.widget(places.near, {}, { 'content-security-policy': "frame-src 'self'" }));
  const first = reasonsOf(await verdictOf(tab));
  assert.deepEqual([first.bridge, first.prompt_none], ['blocked_by_policy', 'blocked_by_policy']);
  assert.ok(await violations() > 0);

  await tab.reload();

  assert.deepEqual(reasonsOf(await verdictOf(tab)), first, 'it is said all the same');
  assert.equal(await violations(), 0);
});

test('rungs that are not wanted are not tried', async (t) => {
  const { tab } = await signedInTab(t);
  ladder.front.taken();
  await tab.goto(ladder.widget(places.near, { rungs: ['cache'] }));
  const verdict = await verdictOf(tab);
  assert.equal(verdict.hasSession, false);
  assert.equal(await tokenOf(tab), null);
  assert.deepEqual(ladder.front.taken().map(({ path }) => path).filter((path) => !path.startsWith('/sdk/')), []);
});

test('nobody is signed in: the verdict is login_required, and nothing but questions was asked', async (t) => {
  const tab = await (await browserFor(t)).tab();
  ladder.front.taken();
  await tab.goto(ladder.widget(places.near));
  const verdict = await verdictOf(tab);
  assert.deepEqual([verdict.hasSession, verdict.reason], [false, 'login_required'], JSON.stringify(verdict));
  assert.ok(!ladder.front.taken().some(({ path }) => path.startsWith('/oauth/token') || path.startsWith('/flow')));
});

test('a person who has not agreed is told consent_required, agrees in the popup, and is known silently from then on', async (t) => {
  const { tab } = await signedInTab(t);
  const address = ladder.widget(places.near, { clientId: 'guest' });
  await tab.goto(address);
  const verdict = await verdictOf(tab);
  assert.deepEqual([verdict.hasSession, verdict.reason], [false, 'consent_required'], JSON.stringify(verdict));

  const popup = await openWindow(tab, tab.mainFrame());
  await pressGuarded(popup.getByRole('button', { name: 'Allow' }));
  assert.equal((await outcomeOf(tab)).hasSession, true);

  const other = await tab.context().newPage();
  await other.goto(address);
  assert.equal((await verdictOf(other)).hasSession, true);
});

test('a person who does not agree in the popup has said no, and nothing else is tried', async (t) => {
  const tab = await (await browserFor(t)).tab();
  await signIn(tab, ladder.accounts, carol);
  await tab.goto(ladder.widget(places.far, { clientId: 'guest' }));
  await verdictOf(tab);
  const popup = await openWindow(tab, tab.mainFrame());
  await pressGuarded(popup.getByRole('button', { name: 'Not now' }));
  const outcome = await outcomeOf(tab);
  assert.deepEqual([outcome.hasSession, outcome.reason], [false, 'canceled'], JSON.stringify(outcome));
});
