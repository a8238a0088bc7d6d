/**
 * The page that waits, its window, and what a person does in it.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { arrive } from '../../../browser/support/chromium.js';
import { fillSignIn } from '../../../browser/support/people.js';
import { until } from '../../../browser/support/until.js';
import { hosts } from './setting.js';

/**
 * @typedef {import('../../../browser/support/chromium.js').Page} Page
 * @typedef {import('../../../browser/support/chromium.js').Chromium} Chromium
 * @typedef {import('./setting.js').Setting} Setting
 * @typedef {import('./waiting_page.js').Known} Known
 * @typedef {import('./waiting_page.js').Waiting} Waiting
 * @typedef {import('./waiting_page.js').Ended} Ended
 */

/** With whom somebody is a customer there. */
export const CUSTOMER = 'customer-4711';

let settings = 0;

/**
 * - `host`: where the page is;
 * - the rest is for the page: see there.
 * @typedef {{ host?: string, provider?: string, cookie?: boolean, atOnce?: boolean }} How
 */

/**
 * A tab with a page of the shop, for a person's token; nothing has begun yet.
 * @param {Setting} setting
 * @param {Chromium} chromium
 * @param {import('./setting.js').Person} person
 * @param {How} how
 * @param {'/' | '/sdk'} [path] by hand, or with the SDK
 */
export async function tabWith({ sites, accounts, token }, chromium, person, { host = hosts.shop, ...how }, path = '/') {
  settings += 1;
  const told = { cookie: true, ...how, accounts, token: token(person) };
  sites.handle(host, `/setting/${settings}`, () => ({
    headers: { 'content-type': 'application/json' }, body: JSON.stringify(told),
  }));
  const tab = await chromium.tab();
  await tab.goto(`${sites.origin(host)}${path}?${settings}`);
  await tab.locator('body[data-ready]').waitFor();
  return tab;
}

/**
 * The page by hand.
 * @param {Setting} setting
 * @param {Chromium} chromium
 * @param {import('./setting.js').Person} person
 * @param {How} [how]
 */
export const openPage = async (setting, chromium, person, how = {}) => (
  waitingPage(await tabWith(setting, chromium, person, how))
);

/** The person clicks; gives the window. @param {Page} tab */
export async function prove(tab) {
  const opened = tab.waitForEvent('popup');
  await tab.getByRole('button', { name: 'Prove who you are' }).click();
  return opened;
}

/** The person follows the link instead. @param {Page} tab */
export async function followLink(tab) {
  // A link has no opener: to playwright its tab is any tab.
  const opened = tab.context().waitForEvent('page');
  await tab.getByRole('link', { name: 'Open the window' }).click();
  return opened;
}

/** @param {Page} tab */
function waitingPage(tab) {
  /** @template T @param {(known: Known) => T} look */
  const look = (look) => tab.evaluate(`(${look})(window.known)`).then((seen) => /** @type {T} */ (seen));
  /** @param {(heard: (Waiting | Ended)[]) => boolean} wanted @param {string} what */
  const hears = async (what, wanted) => {
    /** @type {(Waiting | Ended)[]} */
    let heard = [];
    await until(what, async () => {
      heard = await look((known) => known.heard);
      return wanted(heard);
    }, () => JSON.stringify(heard));
    return heard;
  };
  return {
    tab,
    /** The person clicks; gives the window. */
    prove: () => prove(tab),
    /** The person follows the link instead. */
    followLink: () => followLink(tab),
    /** What it was told first. @returns {Promise<Waiting>} */
    async waits() {
      const [first] = await hears('a start_uri', (heard) => heard.length > 0);
      assert.ok(first?.state === 'waiting');
      return first;
    },
    /** How it has ended, which it hears once. @returns {Promise<Ended>} */
    async ended() {
      const [, second, ...others] = await hears('the end', (heard) => heard.length > 1);
      assert.ok(second?.state === 'completed');
      assert.deepEqual(others, []);
      assert.equal(await until('the socket to be closed', () => look((known) => known.closed)), 1_000);
      return second;
    },
    /** What it has heard so far. */
    heard: () => look((known) => known.heard),
    /** Asks how it stands. @param {number} [seconds] that it waits for an end @returns {Promise<Waiting | Ended>} */
    outcome: (seconds = 0) => tab.evaluate((wait) => /** @type {any} */ (window).known.outcome(wait), seconds),
    /** Loses its socket. */
    async cut() {
      await look((known) => known.cut());
      await until('the socket to be closed', () => look((known) => known.closed));
    },
    /** With what its socket was closed. */
    closed: () => look((known) => known.closed),
    windowLooksClosed: () => look((known) => known.windowLooksClosed),
  };
}

/** @typedef {ReturnType<typeof waitingPage>} WaitingPage */

/** Goes on to the provider, where the window asks first. @param {Page} popup */
export async function goOn(popup) {
  await popup.getByRole('button', { name: /^Continue to / }).click();
}

/** Until the window is at a bank. @param {Page} popup @param {import('./bank.js').Bank} bank */
export const atBank = (popup, { issuer }) => arrive(popup, new RegExp(`^${issuer}/interaction/`));

/** Signs in at a bank, which leads back. @param {Page} popup @param {import('./bank.js').Bank} bank */
export async function proveAt(popup, bank, customer = CUSTOMER) {
  await atBank(popup, bank);
  await popup.getByLabel('Customer number').fill(customer);
  await popup.getByRole('button', { name: 'Sign in' }).click();
}

/** Says no at a bank. @param {Page} popup @param {import('./bank.js').Bank} bank */
export async function cancelAt(popup, bank) {
  await atBank(popup, bank);
  await popup.getByRole('button', { name: 'Cancel' }).click();
}

/** Signs in at the accounts server, in the window. @param {Page} popup @param {import('./setting.js').Person} person */
export async function signInThere(popup, person) {
  await arrive(popup, /\/signin\?/);
  await fillSignIn(popup, person);
}

/** Until the window has closed itself. @param {Page} popup */
export const closesItself = async (popup) => {
  if (!popup.isClosed()) await popup.waitForEvent('close');
};

/** What the window says at the end. @param {Page} popup @param {string} heading */
export const says = (popup, heading) => popup.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor();

/** Holds that it was a success, and how it is told. @param {Ended} ended @param {string} [provider] */
export function holdSucceeded(ended, provider = 'bank') {
  assert.ok(ended.state === 'completed' && ended.result === 'succeeded', JSON.stringify(ended));
  const { identified_at: at, ...told } = ended;
  assert.ok(Number.isSafeInteger(at));
  assert.deepEqual(told, { state: 'completed', result: 'succeeded', provider, level: 'substantial' });
  return at;
}

/**
 * Holds that it failed, for this reason, with these words in the window, and that the person is known as before.
 * @param {Setting} setting
 * @param {{ page: WaitingPage, popup: Page, person: import('./setting.js').Person, before: import('./setting.js').Stamp }} where
 * @param {string} reason
 * @param {string} heading
 */
export async function holdFailed(setting, { page, popup, person, before }, reason, heading) {
  await says(popup, heading);
  assert.deepEqual(await page.ended(), { state: 'completed', result: 'failed', reason });
  assert.deepEqual(await setting.stamp(person), before);
}
