import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { alice, isMarked, knows, markPage, sidebar, startDemo } from '../support/demo.js';
import { browserFor } from '../support/family.js';
import { allowIfAsked } from '../support/notes_widget.js';
import { fillSignIn, fillSignUp, pressGuarded, signIn, signOut } from '../support/people.js';
import { until } from '../support/until.js';

/** @typedef {import('playwright-core').Page} Page */

/** @type {import('../support/demo.js').Demo} */
let demo;
before(async () => { demo = await startDemo(); });
after(() => demo?.stop());

/** Opens the page with the widget. @param {Page} tab */
const open = (tab) => tab.goto(`${demo.specs}/by-hand`);

/** The widget's own frame. @param {Page} tab */
const frameOf = (tab) => until('the widget', () => (
  tab.frames().find((frame) => frame.url().startsWith(`${demo.notes}/by-hand?page=`))
));

/** Until the widget asks to be authorised, for this reason. @param {Page} tab @param {string} reason */
const asks = (tab, reason) => sidebar(tab).locator(`[data-explain="${reason}"]`).waitFor();

/** Presses the button, and returns the window that opens. @param {Page} tab */
async function authorize(tab) {
  const opening = tab.context().waitForEvent('page');
  await sidebar(tab).getByRole('button', { name: 'Authorise the notes' }).press('Enter');
  return opening;
}

/** @param {Page} tab @param {string} text */
async function writeNote(tab, text) {
  await sidebar(tab).getByLabel('Your note').fill(text);
  await sidebar(tab).getByRole('button', { name: 'Add the note' }).press('Enter');
}

/** Every address that a browser has asked for since. @param {Page} tab */
function addressesOf(tab) {
  /** @type {string[]} */
  const addresses = [];
  tab.context().on('request', (request) => addresses.push(request.url()));
  return addresses;
}

test('third-party cookies blocked: a window authorises it, and nothing is loaded again', async (t) => {
  const chromium = await browserFor(t, 'blocked');
  const tab = await chromium.tab();
  const addresses = addressesOf(tab);
  await signIn(await chromium.tab(), demo.accounts, alice);
  await open(tab);
  await asks(tab, 'login_required');
  await markPage(tab);
  const frame = await frameOf(tab);
  await frame.evaluate(() => { /** @type {any} */ (window).marked = true; });

  await allowIfAsked(await authorize(tab));
  await knows(sidebar(tab), alice.fullName);
  await writeNote(tab, 'Written by hand');
  await sidebar(tab).getByRole('listitem').filter({ hasText: 'Written by hand' }).waitFor();

  assert.ok(await isMarked(tab));
  assert.ok(await frame.evaluate(() => /** @type {any} */ (window).marked));
  const token = await frame.evaluate(() => sessionStorage.getItem('by-hand.token'));
  assert.match(token ?? '', /^[0-9a-f]{64}$/);
  assert.ok(addresses.length > 0 && !addresses.some((address) => address.includes(/** @type {string} */ (token))));
});

test('a token of this tab is tried before it is believed, and asks for no second sign-in', async (t) => {
  const chromium = await browserFor(t, 'blocked');
  const tab = await chromium.tab();
  await signIn(tab, demo.accounts, alice);
  await open(tab);
  await asks(tab, 'login_required');
  await allowIfAsked(await authorize(tab));
  await knows(sidebar(tab), alice.fullName);

  const addresses = addressesOf(tab);
  await tab.reload();
  await knows(sidebar(tab), alice.fullName);
  assert.ok(addresses.some((address) => address === `${demo.accounts}/oauth/userinfo`));
  assert.ok(!addresses.some((address) => address.startsWith(`${demo.accounts}/oauth/authorize`)));

  await signOut(await chromium.tab(), demo.accounts);
  await tab.reload();
  await asks(tab, 'login_required');
});

test('whoever signs out elsewhere is asked again at the next note', async (t) => {
  const chromium = await browserFor(t, 'blocked');
  const tab = await chromium.tab();
  await open(tab);
  await asks(tab, 'login_required');
  const popup = await authorize(tab);
  await fillSignIn(popup, alice);
  await knows(sidebar(tab), alice.fullName);

  await signOut(await chromium.tab(), demo.accounts);
  await tab.bringToFront();
  await writeNote(tab, 'Never to be seen');

  await asks(tab, 'login_required');
  await sidebar(tab).getByRole('button', { name: 'Authorise the notes' }).waitFor();
});

test('third-party cookies allowed: it knows whoever has agreed once, without a click', async (t) => {
  const chromium = await browserFor(t, 'allowed');
  const first = await chromium.tab();
  await signIn(await chromium.tab(), demo.accounts, alice);
  await open(first);
  await knows(sidebar(first), alice.fullName);

  await sidebar(first).getByRole('button', { name: 'Sign out' }).press('Enter');
  await asks(first, 'signed_out');
  const kept = await (await frameOf(first)).evaluate(() => sessionStorage.length);
  assert.equal(kept, 0);
});

test('a no in the window, a blocked window and a foreign answer all leave the button there', async (t) => {
  const bob = {
    username: 'bob', email: 'bob@example.org', fullName: 'Bob Sample', password: 'seven-lamps-by-the-door',
  };
  const chromium = await browserFor(t, 'blocked');
  const tab = await chromium.tab();
  await tab.goto(`${demo.accounts}/signup`);
  await fillSignUp(tab, bob);
  await tab.waitForURL(`${demo.accounts}/account`);
  await open(tab);
  await asks(tab, 'login_required');

  const refused = await authorize(tab);
  await pressGuarded(refused.getByRole('button', { name: 'Not now' }));
  await asks(tab, 'access_denied');

  const foreign = await authorize(tab);
  await foreign.getByRole('button', { name: 'Allow' }).waitFor();
  const asked = addressesOf(tab);
  const query = new URLSearchParams({ code: 'c'.repeat(64), state: 'of-somebody-else', iss: demo.accounts });
  // By the page itself: what the driver opens has no opener any more.
  await foreign.evaluate((address) => { window.location.href = address; }, `${demo.notes}/by-hand/popup?${query}`);
  await asks(tab, 'wrong_answer');
  assert.ok(!asked.includes(`${demo.accounts}/oauth/token`));

  const frame = await frameOf(tab);
  await frame.evaluate(() => { window.open = () => null; });
  await sidebar(tab).getByRole('button', { name: 'Authorise the notes' }).press('Enter');
  await asks(tab, 'popup_blocked');
  await until('the button to be there still', () => (
    sidebar(tab).getByRole('button', { name: 'Authorise the notes' }).isEnabled()
  ));
});

test('the blank page can be framed by the widget alone, and the widget by the specs alone', async () => {
  /** @param {string} path */
  const ancestors = async (path) => {
    const local = new URL(path, demo.notes);
    const answer = await fetch(`http://127.0.0.1:${local.port}${path}`);
    return answer.headers.get('content-security-policy')?.split('frame-ancestors ')[1];
  };
  assert.equal(await ancestors('/by-hand/passive'), `${demo.notes} ${demo.specs}`);
  assert.equal(await ancestors('/by-hand/popup'), "'none'");
  assert.equal(await ancestors(`/by-hand?page=${demo.specs}/by-hand`), demo.specs);
});
