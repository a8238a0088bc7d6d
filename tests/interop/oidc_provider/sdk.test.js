// The SDK's identify(), which does what the pages of the other tests do by hand, at the same real provider.
import assert from 'node:assert/strict';
import test, { after, afterEach, before } from 'node:test';
import { openChromium } from '../../browser/support/chromium.js';
import { signIn } from '../../browser/support/people.js';
import { startProxy } from '../../browser/support/proxy.js';
import { until } from '../../browser/support/until.js';
import { comesBack, holdsBack, saysInstead } from './support/lies.js';
import { atBank, cancelAt, followLink, goOn, prove, proveAt, tabWith } from './support/page.js';
import { alice, bob, hosts, startSetting } from './support/setting.js';

/** @typedef {import('./support/sdk_page.js').Outcome} Outcome */
/** @typedef {import('./support/sdk_page.js').Standing} Standing */
/** @typedef {import('../../browser/support/chromium.js').Page} Page */

/** @type {import('./support/setting.js').Setting} */
let setting;
/** @type {import('../../browser/support/proxy.js').Proxy} */
let proxy;
/** @type {import('../../browser/support/chromium.js').Chromium} */
let chromium;
before(async () => {
  setting = await startSetting();
  proxy = await startProxy(setting.server.port);
  chromium = await openChromium({ lead: { host: new URL(setting.accounts).hostname, port: proxy.port } });
  await signIn(await chromium.tab(), setting.accounts, alice);
});
afterEach(async () => {
  setting.bank.honest();
  await chromium.context.clearCookies({ domain: hosts.bank });
});
after(async () => {
  await chromium?.close();
  await proxy?.stop();
  await setting?.stop();
});

/** @param {import('node:test').TestContext} t @param {import('./support/page.js').How} [how] @param {import('./support/setting.js').Person} [person] */
async function pageOf(t, how = { host: hosts.market }, person = alice) {
  const tab = await tabWith(setting, chromium, person, how, '/sdk');
  t.after(() => tab.close());
  return tab;
}

/** How it ended. @param {Page} tab @returns {Promise<Outcome>} */
const outcomeOf = (tab) => until('the outcome', () => tab.evaluate(() => /** @type {any} */ (window).told.outcomes[0]));

/** Until it stands like this. @param {Page} tab @param {string} what @param {(standing: Standing) => boolean} wanted */
async function stands(tab, what, wanted) {
  /** @type {Standing | undefined} */
  let last;
  await until(what, async () => {
    last = await tab.evaluate(() => /** @type {any} */ (window).told.standings.at(-1));
    return last && wanted(last);
  }, () => JSON.stringify(last));
}

/** @param {Page} tab */
async function holdSucceeded(tab) {
  const outcome = await outcomeOf(tab);
  const { identified_at: at } = await setting.stamp(alice);
  assert.deepEqual(outcome, { result: 'succeeded', identifiedAt: at, provider: 'bank', level: 'substantial' });
}

/** @param {Page} tab @param {string} reason */
async function holdFailed(tab, reason) {
  const outcome = await outcomeOf(tab);
  assert.ok(outcome.result === 'failed' && outcome.hint, JSON.stringify(outcome));
  assert.equal(outcome.reason, reason);
}

for (const host of /** @type {const} */ (['shop', 'market'])) {
  test(`a page on ${host} hears of the proof, and stays as it is`, async (t) => {
    const tab = await pageOf(t, { host: hosts[host] });
    const address = tab.url();
    const popup = await prove(tab);
    if (host === 'market') await goOn(popup);
    await proveAt(popup, setting.bank);
    await holdSucceeded(tab);
    assert.equal(tab.url(), address);
  });
}

test('where the window is blocked, the page is told where the link goes', async (t) => {
  const tab = await pageOf(t, { host: hosts.market, atOnce: true });
  await stands(tab, 'a link', ({ state, blocked, uri }) => state === 'waiting' && blocked && uri !== undefined);
  const popup = await followLink(tab);
  await goOn(popup);
  await proveAt(popup, setting.bank);
  await holdSucceeded(tab);
});

test('a window that was closed is opened again by the link', async (t) => {
  const tab = await pageOf(t);
  const closed = await prove(tab);
  await closed.getByRole('button', { name: /^Continue to / }).waitFor();
  await closed.close();
  await stands(tab, 'a look at the window', ({ looksClosed }) => looksClosed);
  const popup = await followLink(tab);
  await goOn(popup);
  await proveAt(popup, setting.bank);
  await holdSucceeded(tab);
});

test('a bank that cuts the window off does not matter', async (t) => {
  setting.bank.at(/./, async (context, next) => {
    context.set('cross-origin-opener-policy', 'same-origin');
    await next();
  });
  const tab = await pageOf(t);
  const popup = await prove(tab);
  await goOn(popup);
  await proveAt(popup, setting.bank);
  await holdSucceeded(tab);
});

test('nor does it that the connection breaks while the person is at the bank', async (t) => {
  const next = holdsBack(setting.bank, setting.accounts);
  const tab = await pageOf(t);
  const popup = await prove(tab);
  await goOn(popup);
  await proveAt(popup, setting.bank);
  const answer = await next();
  proxy.cut();
  await comesBack(popup, answer);
  await holdSucceeded(tab);
});

test('a no at the bank, a lie of the bank, and another person are told as such', async (t) => {
  const tab = await pageOf(t);
  const popup = await prove(tab);
  await goOn(popup);
  await cancelAt(popup, setting.bank);
  await holdFailed(tab, 'denied_by_provider');

  saysInstead(setting.bank, { nonce: 'another' });
  const lied = await pageOf(t);
  const there = await prove(lied);
  await goOn(there);
  await proveAt(there, setting.bank);
  await holdFailed(lied, 'provider_unreachable');

  const bobs = await pageOf(t, {}, bob);
  await prove(bobs);
  await holdFailed(bobs, 'wrong_account');
});

test('a page that cancels closes the window, wherever that is', async (t) => {
  const tab = await pageOf(t);
  const popup = await prove(tab);
  await goOn(popup);
  await atBank(popup, setting.bank);
  await tab.evaluate(() => /** @type {any} */ (window).told.cancel());
  await holdFailed(tab, 'canceled');
  await until('the window to be closed', () => popup.isClosed(), () => `it is at ${popup.url()}`);
});
