import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { arrive } from '../../browser/support/chromium.js';
import { fillSignIn, isSignedIn, signIn } from '../../browser/support/people.js';
import {
  knownUserOf, signedOut, signinRedirect, signinSilent, signoutRedirect, startApps, tabFor, userOf, userinfoStatus,
} from '../support/app.js';
import { alice } from '../support/clients.js';

/** @type {import('../support/app.js').Apps} */
let apps;
before(async () => { apps = await startApps(); });
after(() => apps?.stop());

/** The library itself gives up after ten seconds: an answer came, if it took less. */
const AT_ONCE_MS = 5_000;

/** @param {{ name?: string, error?: string, ms: number }} outcome @param {string} error */
function assertToldAtOnce(outcome, error) {
  assert.deepEqual([outcome.name, outcome.error], ['ErrorResponse', error]);
  assert.ok(outcome.ms < AT_ONCE_MS, `it took ${outcome.ms} ms`);
}

/**
 * Says yes, if asked, and waits for the application.
 * @param {import('../../browser/support/chromium.js').Page} tab in which accounts is on its way or shown
 */
async function allow(tab) {
  await arrive(tab, new RegExp(`^${apps.guest}/$|/consent\\?`));
  if (new URL(tab.url()).pathname === '/consent') await tab.getByRole('button', { name: 'Allow' }).click();
  await arrive(tab, new RegExp(`^${apps.guest}/$`));
}

/**
 * A tab of the application in which alice is signed in.
 * @param {import('node:test').TestContext} t
 * @param {import('../../browser/support/chromium.js').ThirdPartyCookies} thirdPartyCookies
 */
async function signedInTab(t, thirdPartyCookies) {
  const { chromium, tab } = await tabFor(t, thirdPartyCookies);
  await tab.goto(apps.guest);
  await signinRedirect(tab);
  await fillSignIn(tab, alice);
  await allow(tab);
  return { chromium, tab };
}

test('third-party cookies allowed: it is agreed to once, and silent from then on', async (t) => {
  const { tab } = await tabFor(t, 'allowed');
  await tab.goto(apps.guest);
  assertToldAtOnce(await signinSilent(tab), 'login_required');
  await signIn(tab, apps.accounts, alice);
  await tab.goto(apps.guest);
  assertToldAtOnce(await signinSilent(tab), 'consent_required');

  await signinRedirect(tab);
  await arrive(tab, /\/consent\?/);
  await allow(tab);
  const { profile, ...user } = await knownUserOf(tab);
  assert.deepEqual([user.scope, profile.name, profile.email], ['openid profile', alice.fullName, undefined]);

  const renewed = await signinSilent(tab, { forceIframeAuth: true });
  assert.equal(renewed.sub, profile.sub, renewed.error);
});

test('third-party cookies blocked: the silent frame says login_required at once, signed in or not', async (t) => {
  const { tab } = await tabFor(t, 'blocked');
  await tab.goto(apps.guest);
  assertToldAtOnce(await signinSilent(tab), 'login_required');

  await signinRedirect(tab);
  await fillSignIn(tab, alice);
  await allow(tab);
  assertToldAtOnce(await signinSilent(tab, { forceIframeAuth: true }), 'login_required');
});

test('third-party cookies blocked: a refresh token renews all the same, and tokens can be revoked', async (t) => {
  const { tab } = await signedInTab(t, 'blocked');
  const before = await knownUserOf(tab);

  const renewed = await signinSilent(tab);

  assert.equal(renewed.sub, before.profile.sub, renewed.error);
  const now = await knownUserOf(tab);
  assert.notEqual(now.access_token, before.access_token);
  assert.equal(await userinfoStatus(tab, now.access_token), 200);
  await tab.evaluate(() => /** @type {any} */ (window).manager.revokeTokens());
  assert.equal(await userinfoStatus(tab, now.access_token), 401);
});

test('third-party cookies blocked: the sign-out by redirect reaches accounts and comes back', async (t) => {
  const { chromium, tab } = await signedInTab(t, 'blocked');

  await signoutRedirect(tab, { state: 'signed out' });
  await signedOut(tab, 'signed out');

  assert.equal(await userOf(tab), null);
  assert.equal(await isSignedIn(chromium, apps.accounts), false);
});

test('signed out elsewhere, the frame and the refresh token hear it', async (t) => {
  const { chromium, tab } = await signedInTab(t, 'allowed');
  const other = await chromium.tab();
  await other.goto(`${apps.accounts}/signout`);
  await other.getByRole('button', { name: 'Sign out' }).click();
  await other.waitForURL((url) => url.pathname !== '/signout');

  const refreshed = await signinSilent(tab);
  assert.deepEqual([refreshed.name, refreshed.error], ['ErrorResponse', 'invalid_grant']);
  assertToldAtOnce(await signinSilent(tab, { forceIframeAuth: true }), 'login_required');
});
