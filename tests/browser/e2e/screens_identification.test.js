// How an order on invoice looks, and the window and the account page of whoever proves who they are.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { alice, startDemo } from '../support/demo.js';
import { browserFor } from '../support/family.js';
import {
  atBank, beginWithoutClick, button, chooseInvoice, endedBecause, isOnInvoice, openWindow, orderOnInvoice, proveAtBank,
  refusedBecause,
} from '../support/invoice.js';
import { waitForProof } from '../support/identifying.js';
import { fillSignIn, fillSignUp, pressGuarded, signIn, signOut } from '../support/people.js';
import { inspect } from '../support/screens.js';
import { bob, startServer } from '../support/server.js';
import { orderShown } from '../support/shop.js';
import { startSites } from '../support/sites.js';

/** @typedef {import('playwright-core').Page} Page */

/** @type {import('../support/demo.js').Demo} */
let demo;
before(async () => { demo = await startDemo(); });
after(() => demo?.stop());

/** @param {import('node:test').TestContext} t @returns {(tab: Page, name: string) => Promise<void>} */
const looker = (t) => async (tab, name) => {
  await t.test(name, async () => {
    await tab.bringToFront();
    assert.deepEqual(await inspect(tab, name), []);
  });
};

test('an order on invoice and its window look well and have nothing that axe-core finds', async (t) => {
  const look = looker(t);
  const tab = await (await browserFor(t)).tab();
  await orderOnInvoice(tab, demo, 'A Pocket Atlas', alice);
  await look(tab, 'invoice');
  await button(tab, 'Only say that it was done').click();
  await refusedBecause(tab, 'never', 'knows of no proof');
  await look(tab, 'invoice-refused');

  const address = await beginWithoutClick(tab);
  await look(tab, 'invoice-blocked');
  const popup = await tab.context().newPage();
  await popup.goto(`${address}&ask=on`);
  await popup.locator('button[value=confirm]:enabled').waitFor();
  await look(popup, 'identification-asked');
  await popup.getByRole('button', { name: 'Cancel' }).click();
  await popup.getByRole('heading', { name: 'Nothing was proved' }).waitFor();
  await look(popup, 'identification-canceled');
  await popup.goto(address);
  await popup.getByRole('heading', { name: 'This has ended' }).waitFor();
  await look(popup, 'identification-gone');
  await popup.goto(`${demo.accounts}/identification/return/bank?code=a&state=${'b'.repeat(64)}`);
  await popup.getByRole('heading', { name: 'Nothing was begun here' }).waitFor();
  await look(popup, 'identification-strange');
  await popup.close();
  await endedBecause(tab, 'canceled', 'It was canceled');
  await look(tab, 'invoice-ended');

  const bank = await openWindow(tab, 'Try again');
  await atBank(bank, demo);
  await bank.getByLabel('Password', { exact: true }).waitFor();
  await look(bank, 'bank-signin');
  await look(tab, 'invoice-waiting');
  await bank.bringToFront();
  await fillSignIn(bank, alice);
  await bank.locator('button[value=allow]:enabled').waitFor();
  await look(bank, 'bank-consent');
  await bank.close();
  await tab.getByRole('status').filter({ hasText: 'Did the window close' }).waitFor();
  await look(tab, 'invoice-window-closed');

  const again = await beginWithoutClick(tab);
  const proof = await tab.context().newPage();
  await proof.goto(again);
  await pressGuarded(proof.getByRole('button', { name: 'Allow' }));
  await proof.getByRole('heading', { name: 'You have proved who you are' }).waitFor();
  await look(proof, 'identification-succeeded');
  await isOnInvoice(tab);
  await look(tab, 'shop-order-on-invoice');
  await proof.goto(`${demo.accounts}/account`);
  await proof.getByText(/Shop, \d+ times/).click();
  await look(proof, 'account-identification');

  await tab.bringToFront();
  await button(tab, 'Order it again').click();
  await orderShown(tab, demo);
  await chooseInvoice(tab);
  await button(tab, 'Hand in the proof of before').click();
  await refusedBecause(tab, 'older', 'before this order');
  await look(tab, 'invoice-older');
  await proveAtBank(await openWindow(tab), demo);
  await isOnInvoice(tab);

  await orderOnInvoice(tab, demo, 'Left Is Right');
  const foreign = await beginWithoutClick(tab);
  await signOut(proof, demo.accounts);
  await proof.goto(`${demo.accounts}/signup`);
  await fillSignUp(proof, bob);
  await proof.waitForURL(`${demo.accounts}/account`);
  await proof.goto(foreign);
  await proof.getByText('waits for somebody who is not signed in here').waitFor();
  await look(proof, 'identification-wrong-account');
});

test('the choice of a provider looks well and has nothing that axe-core finds', async (t) => {
  const sites = await startSites();
  t.after(() => sites.close());
  const callback = sites.page('shop.vestibule.localhost', '/callback', '<h1>Checkout</h1>');
  const server = await startServer({
    clients: [{
      client_id: 'shop', client_name: 'Shop', origins: [new URL(callback).origin], redirect_uris: [callback],
      scope: 'openid identification', first_party: true,
    }],
    providers: ['North Bank', 'The Identity Card of a Rather Long Name'].map((name, index) => ({
      id: `provider-${index}`, name, issuer: `https://provider-${index}.example`, client_id: 'accounts', client_secret: 'secret',
    })),
    people: [bob],
  });
  t.after(() => server.stop());
  const tab = await (await browserFor(t)).tab();
  await signIn(tab, server.issuer, bob);
  const popup = await tab.context().newPage();
  await popup.goto(await waitForProof(tab, server, 'shop', callback));
  await popup.getByText('Choose where you prove it').waitFor();
  await looker(t)(popup, 'identification-choose');
});
