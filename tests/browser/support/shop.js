/**
 * What people do in the demo's shop, and in pay's frame.
 *
 * @module
 */
import { arrive } from './chromium.js';
import { fillSignIn, pressGuarded } from './people.js';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('./demo.js').Demo} Demo */

/** The payments page in the page of an order. @param {Page} page */
export const payFrame = (page) => page.frameLocator('iframe[title="Payment"]');

/** Presses the button of a good on the shelf. @param {Page} page @param {Demo} demo @param {string} good */
export async function buy(page, demo, good) {
  await page.goto(`${demo.shop}/`);
  await page.getByRole('button', { name: `Buy ${good}` }).click();
}

/** Until a tab shows the page of an order; gives its address. @param {Page} page @param {Demo} demo */
export async function orderShown(page, demo) {
  await arrive(page, new RegExp(`^${demo.shop}/orders/[0-9a-f]{32}$`));
  return page.url();
}

/**
 * Buys something as somebody whom nobody knows yet, with the sign-in that follows.
 * @param {Page} page
 * @param {Demo} demo
 * @param {string} good
 * @param {import('./people.js').Credentials} person
 */
export async function buyAs(page, demo, good, person) {
  await buy(page, demo, good);
  await fillSignIn(page, person);
  return orderShown(page, demo);
}

/** Until pay's frame offers to pay: it does so only when it can be seen. @param {Page} page */
export async function payable(page) {
  await page.locator('iframe[title="Payment"]').evaluate((frame) => frame.scrollIntoView({ block: 'center' }));
  await payFrame(page).locator('button[data-pay]:enabled').waitFor();
}

/** Presses the button of pay's frame: the payer is asked then. @param {Page} page */
export async function press(page) {
  await payable(page);
  // By key: while two processes lay out a frame that is still moving, a click can miss the button.
  await payFrame(page).getByRole('button', { name: 'Pay' }).press('Enter');
}

/** Until pay's frame waits for the payer's answer, by its socket. @param {Page} page */
export const asked = (page) => payFrame(page).getByText('Waiting for your answer', { exact: true }).waitFor();

/** The number that pay's frame shows. @param {Page} page */
export const numberShown = (page) => payFrame(page).locator('[data-say="number"]').innerText();

/** Opens the page on which the payer answers, as pay's frame offers it. @param {Page} page */
export async function openQuestion(page) {
  const opening = page.context().waitForEvent('page');
  await payFrame(page).getByRole('link', { name: 'Confirm in a new window' }).press('Enter');
  const question = await opening;
  await question.getByRole('heading', { name: 'Pay asks for your approval' }).waitFor();
  return question;
}

/** Answers on the accounts server's page. @param {Page} question @param {'Approve' | 'Refuse'} answer */
export async function answer(question, answer) {
  await question.bringToFront();
  await pressGuarded(question.getByRole('button', { name: answer }));
}

/** Approves on the accounts server's page, which says so. @param {Page} question */
export async function approve(question) {
  await answer(question, 'Approve');
  await question.getByRole('heading', { name: 'You approved this' }).waitFor();
}

/** Pays what pay's frame shows: the button, and the answer in another window. @param {Page} page */
export async function pay(page) {
  await press(page);
  await asked(page);
  const question = await openQuestion(page);
  await approve(question);
  await question.close();
  await page.bringToFront();
}

/** Until the page of an order says that it is paid. @param {Page} page */
export const isPaid = (page) => page.getByRole('status').filter({ hasText: /^Paid on .*Receipt [0-9A-F]{12}\.$/ }).waitFor();

/** Until pay's frame refuses, with this text. @param {Page} page @param {string | RegExp} text */
export const refusedBy = (page, text) => payFrame(page).getByRole('alert').filter({ hasText: text }).waitFor();
