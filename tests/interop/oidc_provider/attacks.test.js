// What somebody tries to bind another one's identity to an account of theirs, in the victim's own browser.
import assert from 'node:assert/strict';
import test, { after, afterEach, before } from 'node:test';
import { signIn, signOut } from '../../browser/support/people.js';
import { sharedChromium } from '../../browser/support/shared.js';
import { until } from '../../browser/support/until.js';
import { comesBack, holdsBack } from './support/lies.js';
import {
  atBank, holdFailed, openPage, proveAt, says, signInThere,
} from './support/page.js';
import { NEVER, alice, bob, hosts, startSetting } from './support/setting.js';

const WRONG = 'This was begun for another account';
const browserFor = sharedChromium();
/** @type {import('./support/setting.js').Setting} */
let setting;
before(async () => { setting = await startSetting(); });
afterEach(async () => {
  setting.bank.honest();
  // Alice is the victim, and bob would like to be her.
  assert.deepEqual([await setting.stamp(alice), await setting.stamp(bob)], [NEVER, NEVER]);
});
after(() => setting?.stop());

/** A browser in which somebody is signed in. @param {import('node:test').TestContext} t @param {import('./support/setting.js').Person} person */
async function browserOf(t, person) {
  const chromium = await browserFor(t);
  await signIn(await chromium.tab(), setting.accounts, person);
  return chromium;
}

test('the link of bob\'s monitor, opened by alice, ends for bob', async (t) => {
  const attacker = await browserFor(t, 'allowed');
  const page = await openPage(setting, attacker, bob, { cookie: false, atOnce: true });
  const { start_uri: link } = await page.waits();
  const popup = await (await browserOf(t, alice)).tab();

  assert.equal((await popup.goto(link))?.status(), 403);

  await popup.getByText('If you did not begin this yourself', { exact: false }).waitFor();
  await holdFailed(setting, { page, popup, person: bob, before: NEVER }, 'wrong_account', WRONG);
  await popup.goto(link);
  await says(popup, 'This has ended');
});

test('nor is alice led on when she signs in only then', async (t) => {
  const attacker = await browserFor(t, 'allowed');
  const page = await openPage(setting, attacker, bob, { cookie: false, atOnce: true });
  const popup = await (await browserFor(t)).tab();
  await popup.goto((await page.waits()).start_uri);
  await signInThere(popup, alice);
  await holdFailed(setting, { page, popup, person: bob, before: NEVER }, 'wrong_account', WRONG);
});

test('a page that waits in alice\'s browser for bob, by the cookie of it, hears no', async (t) => {
  const page = await openPage(setting, await browserOf(t, alice), bob);
  const popup = await page.prove();
  assert.equal((await page.waits()).start_uri, `${setting.accounts}/identification/start`);
  await holdFailed(setting, { page, popup, person: bob, before: NEVER }, 'wrong_account', WRONG);
});

test('whoever signs out while they are at the bank, and in as another, proves nothing', async (t) => {
  const chromium = await browserOf(t, alice);
  const next = holdsBack(setting.bank, setting.accounts);
  const page = await openPage(setting, chromium, alice);
  const popup = await page.prove();
  await proveAt(popup, setting.bank);
  const answer = await next();
  const tab = await chromium.tab();
  await signOut(tab, setting.accounts);
  await signIn(tab, setting.accounts, bob);

  await comesBack(popup, answer);

  await holdFailed(setting, { page, popup, person: alice, before: NEVER }, 'wrong_account', WRONG);
});

test('nor does whoever only signs out', async (t) => {
  const chromium = await browserOf(t, alice);
  const page = await openPage(setting, chromium, alice);
  const popup = await page.prove();
  await atBank(popup, setting.bank);
  await signOut(await chromium.tab(), setting.accounts);
  await proveAt(popup, setting.bank);
  await holdFailed(setting, { page, popup, person: alice, before: NEVER }, 'wrong_account', WRONG);
});

for (const host of /** @type {const} */ (['mall', 'evil'])) {
  test(`a page on ${host} cannot wait with a token of the shop's`, async (t) => {
    const page = await openPage(setting, await browserOf(t, alice), alice, { host: hosts[host], cookie: false, atOnce: true });
    assert.equal(await until('the socket to be closed', page.closed), 1_008);
    assert.deepEqual(await page.heard(), []);
  });
}

test('a site that is registered nowhere is given no cookie', async (t) => {
  const chromium = await browserOf(t, alice);
  const page = await openPage(setting, chromium, alice, { host: hosts.evil });
  const failed = page.tab.waitForEvent('requestfailed', (request) => request.url().endsWith('/identification/monitor'));
  await page.tab.getByRole('button', { name: 'Prove who you are' }).click();
  await failed;
  assert.deepEqual((await chromium.cookies()).filter(({ name }) => name === '__Host-monitor'), []);
  assert.deepEqual(await page.heard(), []);
});

test('the person is asked for whom it is, and can say no', async (t) => {
  const page = await openPage(setting, await browserOf(t, alice), alice, { host: hosts.market });
  const popup = await page.prove();
  await popup.getByText(hosts.market).waitFor();
  await popup.getByRole('button', { name: 'Cancel' }).click();
  await holdFailed(setting, { page, popup, person: alice, before: NEVER }, 'canceled', 'Nothing was proved');
});
