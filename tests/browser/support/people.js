/**
 * What people do on the pages of the accounts server.
 *
 * @module
 */
import { until } from './until.js';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').Locator} Locator */
/** @typedef {{ username: string, password: string }} Credentials */

/** How long one look at a button may take: it may not be there yet. */
const LOOK_MS = 1_000;

/**
 * Until a button that waits until it has been looked at for a moment is active. Before its script has run it only looks
 * as if it were, and what is pressed then is lost: scripts of ours have run when a page is complete.
 * @param {Locator} button
 */
export async function armed(button) {
  await until('a button to become active', () => {
    if (button.page().isClosed()) throw new Error('the window has closed before its button became active');
    return button.evaluate(
      (element) => document.readyState === 'complete' && element.matches(':enabled'), undefined, { timeout: LOOK_MS },
    ).catch(() => false);
  });
}

/** Presses a button that waits until it has been looked at for a moment. @param {Locator} button */
export async function pressGuarded(button) {
  await armed(button);
  await button.click();
}

/** Fills in and sends the sign-in form that a page shows. @param {Page} page @param {Credentials} person */
export async function fillSignIn(page, { username, password }) {
  await page.getByLabel('Username or e-mail').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/**
 * Signs in at the accounts server, in this tab.
 * @param {Page} page
 * @param {string} accounts
 * @param {Credentials} person
 */
export async function signIn(page, accounts, person) {
  await page.goto(`${accounts}/signin`);
  await fillSignIn(page, person);
  await page.waitForURL(`${accounts}/account`);
}

/** Signs out at the accounts server, in this tab. @param {Page} page @param {string} accounts */
export async function signOut(page, accounts) {
  await page.goto(`${accounts}/signout`);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL((url) => url.pathname !== '/signout');
}

/**
 * Fills in and sends the form for a new account that a page shows.
 * @param {Page} page
 * @param {import('./server.js').Person} person
 */
export async function fillSignUp(page, { fullName, username, email, password }) {
  await page.getByLabel('Full name').fill(fullName);
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Create account' }).click();
}

/**
 * Whether this browser is signed in at the accounts server, asked in a tab of its own.
 * @param {import('./chromium.js').Chromium} chromium
 * @param {string} accounts
 */
export async function isSignedIn(chromium, accounts) {
  const tab = await chromium.tab();
  try {
    await tab.goto(`${accounts}/account`);
    return new URL(tab.url()).pathname === '/account';
  } finally {
    await tab.close();
  }
}

/** The secret of the session, which no page can see. @param {import('./chromium.js').Chromium} chromium */
export function sessionSecret(chromium) {
  return until('a session cookie', async () => (
    (await chromium.cookies()).find(({ name }) => name === '__Host-session')?.value
  ));
}
