// What can become of the window: it signs in first, is blocked, closed, cut off, and the page may lose its socket.
import assert from 'node:assert/strict';
import test, { after, afterEach, before } from 'node:test';
import { signIn } from '../../browser/support/people.js';
import { sharedChromium } from '../../browser/support/shared.js';
import { until } from '../../browser/support/until.js';
import {
  atBank, closesItself, goOn, holdSucceeded, openPage, proveAt, says, signInThere,
} from './support/page.js';
import { alice, hosts, startSetting } from './support/setting.js';

const browserFor = sharedChromium();
/** @type {import('./support/setting.js').Setting} */
let setting;
before(async () => {
  setting = await startSetting({ registrations: [{ id: 'bank', bank: 'bank' }, { id: 'post', bank: 'post' }] });
});
afterEach(() => setting.bank.honest());
after(() => setting?.stop());

/**
 * A page on another site in a browser in which alice is signed in; third-party cookies are blocked, so the window asks.
 * @param {import('node:test').TestContext} t
 * @param {{ provider?: string, atOnce?: boolean }} [how]
 */
async function pageOf(t, how = {}) {
  const chromium = await browserFor(t);
  await signIn(await chromium.tab(), setting.accounts, alice);
  return openPage(setting, chromium, alice, { host: hosts.market, provider: 'bank', ...how });
}

for (const [host, way] of /** @type {const} */ ([['shop', 'by the cookie'], ['market', 'by its address']])) {
  test(`a window that is known ${way} has the person sign in first, and asks then`, async (t) => {
    const page = await openPage(setting, await browserFor(t), alice, { host: hosts[host], provider: 'bank' });
    const popup = await page.prove();
    await signInThere(popup, alice);
    await popup.getByText(hosts[host]).waitFor();
    await popup.getByText(alice.fullName).first().waitFor();
    await goOn(popup);
    await proveAt(popup, setting.bank);
    holdSucceeded(await page.ended());
    await closesItself(popup);
  });
}

test('of two providers the person chooses one', async (t) => {
  const chromium = await browserFor(t);
  const page = await openPage(setting, chromium, alice, { host: hosts.market });
  const popup = await page.prove();
  await signInThere(popup, alice);
  await popup.locator('button:enabled', { hasText: 'The post' }).click();
  await proveAt(popup, setting.post);
  holdSucceeded(await page.ended(), 'post');
});

test('a blocked window is opened by a link', async (t) => {
  const page = await pageOf(t, { atOnce: true });
  await page.waits();
  assert.equal(page.tab.context().pages().some((tab) => tab.url().includes('/empty')), false, 'it was blocked');
  const popup = await page.followLink();
  await goOn(popup);
  await proveAt(popup, setting.bank);
  holdSucceeded(await page.ended());
});

test('a window that was closed too soon is opened again', async (t) => {
  const page = await pageOf(t);
  const closed = await page.prove();
  await closed.getByRole('button', { name: /^Continue to / }).waitFor();
  await closed.close();
  await until('the page to see it', page.windowLooksClosed);
  assert.equal((await page.outcome()).state, 'waiting');

  const popup = await page.followLink();
  await goOn(popup);
  await proveAt(popup, setting.bank);
  holdSucceeded(await page.ended());
});

test('whoever closes it at the bank begins anew: an address is used once', async (t) => {
  const page = await pageOf(t);
  const closed = await page.prove();
  await goOn(closed);
  await atBank(closed, setting.bank);
  await closed.close();
  const again = await page.followLink();
  await says(again, 'This has ended');
  assert.equal((await page.heard()).length, 1, 'nothing has ended for the page');

  const popup = await page.prove();
  await goOn(popup);
  await proveAt(popup, setting.bank);
  await until('the second one to succeed', async () => {
    const last = (await page.heard()).at(-1);
    return last?.state === 'completed' && holdSucceeded(last);
  });
});

test('a bank with a Cross-Origin-Opener-Policy cuts the window off, and the page hears all the same', async (t) => {
  setting.bank.at(/./, async (context, next) => {
    context.set('cross-origin-opener-policy', 'same-origin');
    await next();
  });
  const page = await pageOf(t);
  const popup = await page.prove();
  await goOn(popup);
  await atBank(popup, setting.bank);
  await until('the window to look closed', page.windowLooksClosed);
  assert.equal(popup.isClosed(), false);
  await proveAt(popup, setting.bank);
  holdSucceeded(await page.ended());
});

test('a page that has lost its socket asks for the outcome', async (t) => {
  const page = await pageOf(t);
  const popup = await page.prove();
  await goOn(popup);
  await atBank(popup, setting.bank);
  await page.cut();
  assert.equal((await page.outcome()).state, 'waiting');
  const asked = page.outcome(25);
  await proveAt(popup, setting.bank);
  const ended = await asked;
  assert.ok(ended.state === 'completed');
  holdSucceeded(ended);
  assert.deepEqual(await page.outcome(), ended, 'it is told again');
});
