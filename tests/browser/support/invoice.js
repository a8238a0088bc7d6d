/**
 * What people do to have an order go on invoice, in the demo: on the shop's page, and at the bank.
 *
 * @module
 */
import { arrive } from './chromium.js';
import { fillSignIn, fillSignUp, pressGuarded } from './people.js';
import { buy, orderShown } from './shop.js';
import { until } from './until.js';
import { isClosed } from './widget.js';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('./demo.js').Demo} Demo */
/** @typedef {import('./people.js').Credentials} Credentials */

/** From the page of an order to that of its invoice. @param {Page} page */
export async function chooseInvoice(page) {
  await page.getByRole('link', { name: 'Order on invoice' }).click();
  await ready(page);
}

/**
 * Orders something, as somebody who is known or signs in on the way, and chooses the invoice; gives the order's address.
 * @param {Page} page
 * @param {Demo} demo
 * @param {string} good
 * @param {Credentials} [person] who signs in for it
 */
export async function orderOnInvoice(page, demo, good, person) {
  await buy(page, demo, good);
  if (person) await fillSignIn(page, person);
  const order = await orderShown(page, demo);
  await chooseInvoice(page);
  return order;
}

/**
 * Makes an account at the accounts server, and one at the bank, for somebody who then is signed in at both.
 * @param {Page} page
 * @param {Demo} demo
 * @param {import('./server.js').Person} person
 */
export async function becomeCustomer(page, demo, person) {
  for (const server of [demo.bank, demo.accounts]) {
    await page.goto(`${server}/signup`);
    await fillSignUp(page, person);
    await page.waitForURL(`${server}/account`);
  }
}

/** Until the page offers to begin. @param {Page} page */
export const ready = (page) => button(page, 'Prove it at my bank').waitFor();

/** The button of that name that can be seen. @param {Page} page @param {string} name */
export const button = (page, name) => page.getByRole('button', { name }).filter({ visible: true });

/** Presses a button of the page, and returns the window that opens. @param {Page} page @param {string} [name] */
export async function openWindow(page, name = 'Prove it at my bank') {
  const opening = page.context().waitForEvent('page');
  await button(page, name).click();
  return opening;
}

/** Until a window shows the bank's sign-in form, or its question. @param {Page} popup @param {Demo} demo */
export const atBank = (popup, demo) => arrive(popup, new RegExp(`^${demo.bank}/`));

/**
 * Proves at the bank who one is, in the window, which then closes by itself, or says that it can be closed: while it
 * comes back from the bank, chromium may not let the page close it.
 * @param {Page} popup
 * @param {Demo} demo
 * @param {Credentials} [person] who signs in there; without one, somebody is
 */
export async function proveAtBank(popup, demo, person) {
  const ends = [isClosed(popup), popup.getByRole('heading', { name: 'You have proved who you are' }).waitFor()];
  const end = Promise.any(ends);
  if (person) {
    await atBank(popup, demo);
    await fillSignIn(popup, person);
  }
  // Asked once, unless that was before.
  pressGuarded(popup.getByRole('button', { name: 'Allow' })).catch(() => {});
  await end;
  await popup.close();
}

/** Until the shop says that the order goes on invoice. @param {Page} page */
export const isOnInvoice = (page) => page.getByRole('status').filter({ hasText: /^On invoice since .* by bank, level substantial\./ }).waitFor();

/** Until the shop's server has refused, for this reason. @param {Page} page @param {string} code @param {string | RegExp} text */
export const refusedBecause = (page, code, text) => (
  page.locator(`[data-state="refused"][data-code="${code}"]`).getByRole('alert').filter({ hasText: text }).waitFor()
);

/** Until the page says that nothing was proved, for this reason. @param {Page} page @param {string} reason @param {string} text */
export const endedBecause = (page, reason, text) => (
  page.locator(`[data-state="ended"][data-reason="${reason}"]`).getByRole('alert').filter({ hasText: text }).waitFor()
);

/** What the page tells of the question that the shop's server asked. @param {Page} page */
export const asked = (page) => page.locator('[data-say="asked"]').innerText();

/**
 * Loads the page again and begins as script does, not in a click: a browser opens no window then. Gives the address of
 * the window, which a link has now.
 * @param {Page} page
 */
export async function beginWithoutClick(page) {
  const session = await page.context().newCDPSession(page);
  /** What playwright itself evaluates, to wait for something say, counts as a click. @param {string} expression */
  const evaluate = async (expression) => (
    (await session.send('Runtime.evaluate', { expression, userGesture: false, returnByValue: true })).result.value
  );
  // Asked while the page goes, a browser may not answer.
  const loaded = page.waitForEvent('load');
  await session.send('Page.reload');
  await loaded;
  await until('the page to be there again', () => evaluate('document.querySelector(\'[data-state="ready"]\')?.hidden === false'));
  await evaluate('document.querySelector(\'[data-state="ready"] [data-begin]\').click()');
  await page.getByRole('alert').filter({ hasText: 'did not open the window' }).waitFor();
  return await page.getByRole('link', { name: 'Open the window' }).getAttribute('href') ?? '';
}
