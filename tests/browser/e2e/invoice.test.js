import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { alice, startDemo } from '../support/demo.js';
import { browserFor } from '../support/family.js';
import {
  asked, atBank, becomeCustomer, beginWithoutClick, button, chooseInvoice, endedBecause, isOnInvoice, openWindow,
  orderOnInvoice, proveAtBank, refusedBecause,
} from '../support/invoice.js';
import { fillSignIn, pressGuarded, signIn, signOut } from '../support/people.js';
import { buy, buyAs, orderShown } from '../support/shop.js';
import { until } from '../support/until.js';

/** @typedef {import('playwright-core').Page} Page */

/** @type {import('../support/demo.js').Demo} */
let demo;
before(async () => { demo = await startDemo(); });
after(() => demo?.stop());

let people = 0;

/** Somebody whom neither server knows yet. */
function somebody() {
  people += 1;
  const username = `person-${people}`;
  return { username, email: `${username}@example.org`, fullName: `Person ${people}`, password: 'seven-lamps-by-the-door' };
}

/**
 * A tab of somebody new, who is signed in at accounts and at the bank, with an order that is to go on invoice.
 * @param {import('node:test').TestContext} t
 * @param {string} good
 */
async function customer(t, good) {
  const tab = await (await browserFor(t)).tab();
  const person = somebody();
  await becomeCustomer(tab, demo, person);
  await buy(tab, demo, good);
  const order = await orderShown(tab, demo);
  await chooseInvoice(tab);
  return { tab, person, order };
}

for (const cookies of /** @type {const} */ (['blocked', 'allowed'])) {
  test(`a customer proves who they are at the bank, and the order goes on invoice: third-party cookies ${cookies}`, async (t) => {
    const tab = await (await browserFor(t, cookies)).tab();
    const order = await orderOnInvoice(tab, demo, 'A Pocket Atlas', alice);
    await proveAtBank(await openWindow(tab), demo, alice);
    await isOnInvoice(tab);
    assert.equal(tab.url(), order);
    await tab.goto(`${demo.shop}/orders`);
    await tab.locator('li', { has: tab.locator(`a[href$="${order.slice(-32)}"]`) }).getByText('On invoice').waitFor();
    await tab.goto(`${order}/invoice`);
    assert.equal(tab.url(), order, 'there is nothing left to be proved');

    await tab.goto(`${demo.accounts}/account`);
    const shown = tab.getByRole('region', { name: 'Identification' });
    await shown.getByRole('heading', { name: 'Bank substantial' }).first().waitFor();
    await shown.getByText(alice.fullName, { exact: true }).first().waitFor();
    await shown.getByRole('listitem').filter({ hasText: 'Shop, ' }).first().waitFor();
  });
}

test('where the browser is given no cookie, the window asks before it goes to the bank', async (t) => {
  const { tab } = await customer(t, 'A Pocket Atlas');
  await tab.context().route(/\/identification\/monitor/, (route) => route.abort());
  const popup = await openWindow(tab);
  await popup.getByRole('heading', { name: 'Shop asks who you are' }).waitFor();
  assert.match(popup.url(), /[?&]monitor=/);
  await pressGuarded(popup.getByRole('button', { name: 'Continue to Bank' }));
  await proveAtBank(popup, demo);
  await isOnInvoice(tab);
});

test('where the browser opens no window, a link does', async (t) => {
  const { tab } = await customer(t, 'Doors, Drawn from Memory');
  await beginWithoutClick(tab);
  const opening = tab.context().waitForEvent('page');
  await tab.getByRole('link', { name: 'Open the window' }).click();
  const popup = await opening;
  // Whether script may close what a link has opened is up to the browser.
  await proveAtBank(popup, demo);
  await isOnInvoice(tab);
});

test('a window that is closed too early is opened again by a link', async (t) => {
  const { tab } = await customer(t, 'Left Is Right');
  // It is held up on the way to the bank, so that its address is still good.
  await tab.context().route(/\/identification\/start/, (route) => route.abort());
  const popup = await openWindow(tab);
  await until('the window to be held up', () => popup.url().startsWith('chrome-error:'));
  await tab.context().unroute(/\/identification\/start/);
  await popup.close();
  await tab.getByRole('status').filter({ hasText: 'Did the window close' }).waitFor();
  const opening = tab.context().waitForEvent('page');
  await tab.getByRole('link', { name: 'Open the window' }).click();
  await pressGuarded((await opening).getByRole('button', { name: 'Allow' }));
  await isOnInvoice(tab);
});

test('a window that is closed at the bank is begun again', async (t) => {
  const { tab } = await customer(t, 'Twelve Postcards');
  const popup = await openWindow(tab);
  await atBank(popup, demo);
  await popup.close();
  await tab.getByRole('status').filter({ hasText: 'Did the window close' }).waitFor();
  await proveAtBank(await openWindow(tab, 'Begin again'), demo);
  await isOnInvoice(tab);
});

test('canceled on the page, nothing is proved, and one can begin again', async (t) => {
  const { tab } = await customer(t, 'Visiting Cards');
  const popup = await openWindow(tab);
  await atBank(popup, demo);
  await tab.bringToFront();
  await button(tab, 'Cancel').click();
  await endedBecause(tab, 'canceled', 'It was canceled');
  await proveAtBank(await openWindow(tab, 'Try again'), demo);
  await isOnInvoice(tab);
});

test('who says no at the bank is told so, and nothing is on invoice', async (t) => {
  const { tab, order } = await customer(t, 'A Pack of Playing Cards');
  const popup = await openWindow(tab);
  await pressGuarded(popup.getByRole('button', { name: 'Not now' }));
  await tab.bringToFront();
  await endedBecause(tab, 'denied_by_provider', 'The bank, or you there, said no');
  await tab.goto(order);
  await tab.getByRole('link', { name: 'Order on invoice' }).waitFor();
});

test('a page that only claims to be identified is not believed', async (t) => {
  const { tab, order } = await customer(t, 'A Pocket Atlas');
  await button(tab, 'Only say that it was done').click();
  await refusedBecause(tab, 'never', 'knows of no proof of who you are');
  assert.match(await asked(tab), /^GET \/v1\/accounts\/[0-9a-f]{32}\/identification\?since=\d{13}$/);
  assert.equal(await tab.locator('[data-say="answer"]').innerText(), '{"identified_at":null,"later":false}');
  await tab.goto(order);
  await tab.getByRole('link', { name: 'Order on invoice' }).waitFor();
});

test('a proof from before the order is not taken, and a new one is', async (t) => {
  const { tab } = await customer(t, 'Left Is Right');
  await proveAtBank(await openWindow(tab), demo);
  await isOnInvoice(tab);
  await button(tab, 'Order it again').click();
  await chooseInvoice(tab);
  await button(tab, 'Hand in the proof of before').click();
  await refusedBecause(tab, 'older', 'that was before this order');
  assert.match(await tab.locator('[data-say="answer"]').innerText(), /"provider":"bank".*"later":false/);

  await proveAtBank(await openWindow(tab), demo);
  await isOnInvoice(tab);
});

test('an order that was changed after the proof is a new one', async (t) => {
  const { tab, order } = await customer(t, 'Visiting Cards');
  const other = await tab.context().newPage();
  await buy(other, demo, 'Doors, Drawn');
  await orderShown(other, demo);
  await chooseInvoice(other);
  await proveAtBank(await openWindow(other), demo);
  await isOnInvoice(other);

  await tab.goto(order);
  await tab.getByLabel('Pieces').fill('9');
  await tab.getByRole('button', { name: 'Change' }).click();
  await tab.getByText('€67.50').waitFor();
  await chooseInvoice(tab);
  await button(tab, 'Hand in the proof of before').click();
  await refusedBecause(tab, 'older', 'that was before this order');
});

test('the proof of somebody else is worth nothing, whomever the page names', async (t) => {
  const { tab, order } = await customer(t, 'A Pocket Atlas');
  const other = await customer(t, 'A Pocket Atlas');
  await button(other.tab, 'Only say that it was done').click();
  await refusedBecause(other.tab, 'never', 'knows of no proof');
  const [foreign] = /[0-9a-f]{32}/.exec(await asked(other.tab)) ?? [''];
  // It is good, and later than the order for which it is handed in.
  await proveAtBank(await openWindow(other.tab), demo);
  await isOnInvoice(other.tab);

  await tab.getByLabel('Account').fill(foreign);
  await button(tab, 'Hand in somebody else’s proof').click();
  await refusedBecause(tab, 'never', /named another account.*knows of no proof/);
  assert.ok(!(await asked(tab)).includes(foreign), 'it is not asked about');
  await tab.goto(order);
  await tab.getByRole('link', { name: 'Order on invoice' }).waitFor();
});

test('signed in as somebody else at accounts meanwhile, nothing is proved for anybody', async (t) => {
  const { tab, order } = await customer(t, 'Doors, Drawn');
  const bob = somebody();
  await becomeCustomer(await (await browserFor(t)).tab(), demo, bob);
  const popup = await openWindow(tab);
  await popup.getByRole('button', { name: 'Allow' }).waitFor();
  const accounts = await tab.context().newPage();
  await signOut(accounts, demo.accounts);
  await signIn(accounts, demo.accounts, bob);
  await popup.bringToFront();
  await pressGuarded(popup.getByRole('button', { name: 'Allow' }));
  await tab.bringToFront();
  await endedBecause(tab, 'wrong_account', 'Somebody else is signed in at the accounts site');
  await accounts.reload();
  await accounts.getByText('You have not proved who you are').waitFor();
  await tab.goto(order);
  await tab.getByRole('heading', { name: 'Sign in to see this' }).waitFor();
});

test('one customer of the bank is not two people at accounts', async (t) => {
  const first = await customer(t, 'A Pocket Atlas');
  await proveAtBank(await openWindow(first.tab), demo);
  await isOnInvoice(first.tab);
  const { tab } = await customer(t, 'A Pocket Atlas');
  await signOut(await tab.context().newPage(), demo.bank);
  await tab.bringToFront();
  const popup = await openWindow(tab);
  await atBank(popup, demo);
  await fillSignIn(popup, first.person);
  await tab.bringToFront();
  await endedBecause(tab, 'conflict', 'belongs to another account already');
});

test('without script the order is not lost', async (t) => {
  const tab = await (await browserFor(t)).tabWithoutScript();
  const order = await buyAs(tab, demo, 'A Pocket Atlas', alice);
  await tab.getByRole('link', { name: 'Order on invoice' }).click();
  await tab.getByText('Your order is not lost').waitFor();
  assert.equal(await button(tab, 'Prove it at my bank').count(), 0);
  await tab.getByRole('link', { name: 'Your orders' }).click();
  assert.equal(await tab.locator(`a[href$="${order.slice(-32)}"]`).count(), 1);
});

test('the token of the page stands in no address, no storage, no page and no log', async (t) => {
  const { tab } = await customer(t, 'Twelve Postcards');
  /** @type {string[]} */
  const places = [];
  /** @type {Promise<{ token: string, facts: { scope: string[] } }>[]} */
  const handed = [];
  tab.context().on('request', (request) => { places.push(request.url(), JSON.stringify(request.headers())); });
  tab.on('response', (response) => { if (response.url().endsWith('/token')) handed.push(response.json()); });
  const popup = await openWindow(tab);
  await popup.getByRole('button', { name: 'Allow' }).waitFor();
  for (const page of [tab, popup]) {
    places.push(await page.evaluate(() => JSON.stringify({
      local: { ...localStorage }, session: { ...sessionStorage }, cookies: document.cookie, name: window.name,
      history: history.state, page: document.documentElement.outerHTML,
    })));
  }
  await proveAtBank(popup, demo);
  await isOnInvoice(tab);
  places.push(demo.output());
  const [given, ...others] = await Promise.all(handed);
  assert.ok(given && others.length === 0);
  assert.deepEqual(given.facts.scope, ['identification']);
  assert.match(given.token, /^[0-9a-f]{64}$/);
  for (const place of places) assert.ok(!place.includes(given.token), `it stands in ${place.slice(0, 200)}`);
});
