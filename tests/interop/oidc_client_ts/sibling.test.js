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

/**
 * A tab of the application in which alice is signed in.
 * @param {import('node:test').TestContext} t
 * @param {Record<string, unknown>} [how]
 */
async function signedInTab(t, how) {
  const { chromium, tab } = await tabFor(t);
  await tab.goto(apps.app);
  await signinRedirect(tab, how);
  await fillSignIn(tab, alice);
  await arrive(tab, new RegExp(`^${apps.app}/$`));
  return { chromium, tab };
}

test('one signs in by redirect, and the page knows who it is', async (t) => {
  const { tab } = await signedInTab(t, { state: 'as before', nonce: 'a-nonce-of-the-page' });

  const { profile, ...user } = await knownUserOf(tab);

  assert.match(user.access_token, /^[0-9a-f]{64}$/);
  assert.ok(user.refresh_token);
  assert.ok(user.expires_in > 500);
  assert.deepEqual(user.scope.split(' ').sort(), ['email', 'openid', 'profile']);
  assert.equal(await tab.evaluate(() => sessionStorage.getItem('state of the request')), 'as before');
  assert.deepEqual(
    [profile.iss, profile.aud, profile.name, profile.preferred_username, profile.email],
    [apps.accounts, 'app', alice.fullName, alice.username, alice.email],
  );
});

test('the answer may come in the fragment', async (t) => {
  const { tab } = await signedInTab(t, { response_mode: 'fragment' });
  assert.equal((await knownUserOf(tab)).profile.name, alice.fullName);

  const renewed = await tab.evaluate(async () => {
    const { manager, oidc } = /** @type {any} */ (window);
    const other = new oidc.UserManager({ ...manager.settings, response_mode: 'fragment' });
    return (await other.signinSilent({ forceIframeAuth: true })).profile.name;
  });

  assert.equal(renewed, alice.fullName);
});

for (const cookies of /** @type {const} */ (['blocked', 'allowed'])) {
  test(`third-party cookies ${cookies}: the silent frame says login_required, and knows who signed in`, async (t) => {
    const { tab } = await tabFor(t, cookies);
    await tab.goto(apps.app);
    const before = await signinSilent(tab);
    assert.deepEqual([before.name, before.error], ['ErrorResponse', 'login_required']);
    assert.ok(before.ms < AT_ONCE_MS, `it took ${before.ms} ms`);

    await signIn(tab, apps.accounts, alice);
    await tab.goto(apps.app);
    assert.equal(await userOf(tab), null);
    const now = await signinSilent(tab);

    assert.equal(typeof now.sub, 'string', now.error);
    assert.equal((await knownUserOf(tab)).profile.sub, now.sub);
  });
}

test('the frame renews with the id token as a hint, and finds the same person', async (t) => {
  const { tab } = await signedInTab(t);
  const { id_token: hint, profile } = await knownUserOf(tab);

  const renewed = await signinSilent(tab, { forceIframeAuth: true, id_token_hint: hint });

  assert.equal(renewed.sub, profile.sub, renewed.error);
});

test('a refresh token renews, and is another one afterwards', async (t) => {
  const { tab } = await signedInTab(t);
  const before = await knownUserOf(tab);

  const renewed = await signinSilent(tab);

  const now = await knownUserOf(tab);
  assert.equal(renewed.sub, before.profile.sub, renewed.error);
  assert.notEqual(now.access_token, before.access_token);
  assert.ok(now.refresh_token && now.refresh_token !== before.refresh_token);
  assert.equal(await userinfoStatus(tab, now.access_token), 200);
  assert.equal((await signinSilent(tab)).sub, before.profile.sub);
});

test('revoked tokens are dead, and the session is not', async (t) => {
  const { chromium, tab } = await signedInTab(t);
  const { access_token: token, refresh_token: refresh } = await knownUserOf(tab);
  assert.equal(await userinfoStatus(tab, token), 200);

  await tab.evaluate(() => /** @type {any} */ (window).manager.revokeTokens());

  assert.equal(await userinfoStatus(tab, token), 401);
  assert.equal((await knownUserOf(tab)).refresh_token ?? null, null);
  const retried = await tab.evaluate(async (old) => {
    const { manager } = /** @type {any} */ (window);
    const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'app', refresh_token: old ?? '' });
    const answer = await fetch(await manager.metadataService.getTokenEndpoint(), { method: 'POST', body });
    return [answer.status, (await answer.json()).error];
  }, refresh);
  assert.deepEqual(retried, [400, 'invalid_grant']);
  assert.ok(await isSignedIn(chromium, apps.accounts));
  assert.equal(typeof (await signinSilent(tab)).sub, 'string');
});

test('a sign-out by redirect is silent, comes back, and has ended everything', async (t) => {
  const { chromium, tab } = await signedInTab(t);
  const { access_token: token } = await knownUserOf(tab);

  await signoutRedirect(tab, { state: 'signed out' });
  await signedOut(tab, 'signed out');
  assert.equal(new URL(tab.url()).origin, apps.app);

  assert.equal(await userOf(tab), null);
  assert.equal(await isSignedIn(chromium, apps.accounts), false);
  assert.equal(await userinfoStatus(tab, token), 401);
  assert.equal((await signinSilent(tab)).error, 'login_required');
});

test('a page of no client gets no answers', async (t) => {
  const { tab } = await tabFor(t);
  await signIn(tab, apps.accounts, alice);
  await tab.goto(apps.evil);

  const { name, sub } = await signinSilent(tab);

  assert.deepEqual([name, sub], ['TypeError', undefined]);
});
