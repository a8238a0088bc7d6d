// Each rung alone: no other may be tried, and it has to come to its verdict.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { arrive } from '../support/chromium.js';
import { browserFor as ownBrowserFor } from '../support/family.js';
import { frameAt } from '../support/framing.js';
import { places, startLadder } from '../support/ladder.js';
import { fillSignIn, signIn } from '../support/people.js';
import { bob } from '../support/server.js';
import { sharedChromium } from '../support/shared.js';
import {
  grantStorageAccess, isClosed, nameOf, offerIn, openWindow, outcomeOf, reasonsOf, tokenOf, verdictOf,
} from '../support/widget.js';

const browserFor = sharedChromium();
/** @type {import('../support/ladder.js').Ladder} */
let ladder;
before(async () => { ladder = await startLadder(); });
after(() => ladder?.stop());

const TOKEN = /^[0-9a-f]{64}$/;

/**
 * A tab of somebody who is signed in.
 * @param {import('node:test').TestContext} t
 * @param {import('../support/chromium.js').ThirdPartyCookies} [cookies]
 */
async function signedInTab(t, cookies) {
  const tab = await (await browserFor(t, cookies)).tab();
  await signIn(tab, ladder.accounts, bob);
  return { tab };
}

/** @param {import('../support/widget.js').Scope} scope */
async function isBob(scope) {
  assert.equal(await nameOf(scope), bob.fullName);
  assert.match(await tokenOf(scope) ?? '', TOKEN);
}

test('bridge: a backend of a sibling lets its person in', async (t) => {
  const { tab } = await signedInTab(t);
  await tab.goto(ladder.site(places.near, { rungs: ['bridge'] }));
  const verdict = await verdictOf(tab);
  assert.deepEqual([verdict.hasSession, verdict.outcome], [true, 'created'], JSON.stringify(verdict));
  // The backend is asked in any case: it has the nonce.
  assert.deepEqual(verdict.rungs.map(({ rung }) => rung), ['cache', 'bridge']);
  assert.equal(ladder.profiles().at(-1)?.username, bob.username);
});

for (const own of [false, true]) {
  test(`prompt_none: a sibling gets its tokens without a click, by ${own ? 'its own' : 'the hosted'} passive page`, async (t) => {
    const { tab } = await signedInTab(t);
    await tab.goto(ladder.widget(places.near, { rungs: ['prompt_none'], own }));
    const verdict = await verdictOf(tab);
    assert.deepEqual([verdict.hasSession, reasonsOf(verdict)], [true, { prompt_none: 'resumed' }], JSON.stringify(verdict));
    await isBob(tab);
  });
}

test('prompt_none: another site does so where third-party cookies are allowed, and in a frame as well', async (t) => {
  const { tab } = await signedInTab(t, 'allowed');
  const address = ladder.widget(places.far, { rungs: ['prompt_none'] });
  await tab.goto(address);
  assert.equal((await verdictOf(tab)).hasSession, true);
  await isBob(tab);

  await tab.goto(ladder.around([places.specs], address));
  const framed = await frameAt(tab, address);
  assert.equal((await verdictOf(framed)).hasSession, true);
  await isBob(framed);
});

test('prompt_none: another site is told login_required where they are blocked', async (t) => {
  const { tab } = await signedInTab(t, 'blocked');
  await tab.goto(ladder.widget(places.far, { rungs: ['prompt_none'] }));
  const verdict = await verdictOf(tab);
  assert.deepEqual([verdict.hasSession, verdict.reason], [false, 'login_required'], JSON.stringify(verdict));
});

test('cache: a page that is loaded again asks userinfo, and nothing else', async (t) => {
  const { front } = ladder;
  const { tab } = await signedInTab(t);
  const address = ladder.widget(places.near, { tokens: { cache: 'session' } });
  await tab.goto(address);
  assert.equal((await verdictOf(tab)).hasSession, true);

  front.taken();
  await tab.reload();
  const verdict = await verdictOf(tab);
  assert.deepEqual([verdict.hasSession, reasonsOf(verdict).cache], [true, 'resumed'], JSON.stringify(verdict));
  await isBob(tab);
  const asked = front.taken().map(({ path }) => path.replace(/\?.*/, ''));
  assert.deepEqual(asked.filter((path) => !path.startsWith('/sdk/')), ['/oauth/userinfo']);
});

test('cache: a token that has been revoked is not believed', async (t) => {
  const { accounts } = ladder;
  const { tab } = await signedInTab(t);
  await tab.goto(ladder.widget(places.near, { rungs: ['cache', 'prompt_none'], tokens: { cache: 'session' } }));
  await verdictOf(tab);
  const before = await tokenOf(tab) ?? '';
  const status = await tab.evaluate(async ([address, token]) => (await fetch(`${address}/oauth/revoke`, {
    method: 'POST', body: new URLSearchParams({ token: token ?? '', client_id: 'pad' }),
  })).status, [accounts, before]);
  assert.equal(status, 200);

  await tab.reload();

  assert.equal((await verdictOf(tab)).hasSession, true);
  assert.notEqual(await tokenOf(tab), before);
  await isBob(tab);
});

test('storage_access: one click in the frame, where the person lets the browser allow it', async (t) => {
  const chromium = await ownBrowserFor(t, 'blocked'); // with a permission that no other test may find
  const tab = await chromium.tab();
  await signIn(tab, ladder.accounts, bob);
  const address = ladder.widget(places.far, { rungs: ['bridge', 'prompt_none', 'storage_access'], panel: true });
  await tab.goto(address);
  assert.equal((await verdictOf(tab)).hasSession, false);
  await tab.click('#storage_access');
  const bridge = await offerIn(tab, ladder.accounts);

  await grantStorageAccess(chromium, ladder.sites.origin(places.far), ladder.accounts);
  await bridge.press('button', 'Enter');

  assert.equal((await outcomeOf(tab)).hasSession, true);
  await isBob(tab);

  // From then on it takes no click, neither after a reload nor in another tab.
  const other = await chromium.tab();
  for (const page of [tab, other]) {
    await page.goto(address);
    assert.equal((await verdictOf(page)).hasSession, true);
    await isBob(page);
  }
});

test('popup: a widget in a page of another site signs in where it stands', async (t) => {
  const tab = await (await browserFor(t)).tab();
  const address = ladder.widget(places.far, { rungs: ['popup'] });
  await tab.goto(ladder.around([places.specs], address));
  const widget = await frameAt(tab, address);
  await widget.evaluate(() => { /** @type {any} */ (window).marked = true; });

  const popup = await openWindow(tab, widget);
  await fillSignIn(popup, bob);

  assert.equal((await outcomeOf(widget)).hasSession, true);
  await isBob(widget);
  await isClosed(popup);
  assert.equal(await widget.evaluate(() => /** @type {any} */ (window).marked), true, 'nothing was loaded again');
});

test('popup: whoever is signed in has nothing to do but the click', async (t) => {
  const { tab } = await signedInTab(t);
  await tab.goto(ladder.widget(places.far, { rungs: ['popup'] }));
  const popup = await openWindow(tab, tab.mainFrame());
  assert.equal((await outcomeOf(tab)).hasSession, true);
  await isBob(tab);
  await isClosed(popup);
});

test('redirect: one comes back to the same page, at the same place of it', async (t) => {
  const tab = await (await browserFor(t)).tab();
  const address = `${ladder.widget(places.far, { rungs: ['cache', 'redirect'] })}#here`;
  await tab.goto(address);
  await verdictOf(tab);
  await tab.evaluate(() => {
    document.body.style.minHeight = '5000px';
    window.scrollTo(0, 1234);
  });

  await tab.evaluate(() => document.querySelector('button')?.focus({ preventScroll: true }));
  await tab.evaluate(() => { /** @type {HTMLElement} */ (document.querySelector('#redirect')).click(); });
  await arrive(tab, /\/signin\?/);
  await tab.addInitScript(() => {
    addEventListener('DOMContentLoaded', () => { document.body.style.minHeight = '5000px'; });
  });
  await fillSignIn(tab, bob);
  await arrive(tab, /\/widget\?/);

  assert.equal(tab.url(), address);
  assert.equal((await verdictOf(tab)).hasSession, true);
  await isBob(tab);
  await tab.waitForFunction(() => window.scrollY === 1234);
});
