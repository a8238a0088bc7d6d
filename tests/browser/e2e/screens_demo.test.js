import assert from 'node:assert/strict';
import test from 'node:test';
import { alice, knows, knowsNobody, sidebar, startDemo } from '../support/demo.js';
import { browserFor } from '../support/family.js';
import { allowIfAsked, asksForPerson, openWindow, writeNote } from '../support/notes_widget.js';
import { fillSignIn, signIn } from '../support/people.js';
import { inspect } from '../support/screens.js';
import { answer, asked, buy, isPaid, openQuestion, orderShown, pay, payFrame, payable, press, refusedBy } from '../support/shop.js';

/** @typedef {import('playwright-core').Page} Page */

test('the sites of the demo look well and have nothing that axe-core finds', async (t) => {
  const demo = await startDemo();
  t.after(() => demo.stop());
  const tab = await (await browserFor(t)).tab();
  /** @param {string} name @param {string} address @param {() => Promise<unknown>} ready */
  const look = (name, address, ready) => t.test(name, async () => {
    await tab.goto(address);
    await ready();
    assert.deepEqual(await inspect(tab, name), []);
  });
  const everywhere = async () => { await knows(tab, alice.fullName); await knows(sidebar(tab), alice.fullName); };

  const switchboard = tab.frameLocator('iframe[title="Switchboard"]');
  /** @param {Page | import('playwright-core').FrameLocator} scope */
  const tried = (scope) => scope.locator('[data-rung="prompt_none"][data-reason]').waitFor();

  await look('wiki-stranger', demo.wiki, () => knowsNobody(sidebar(tab)));
  await look('wiki-option-two-stranger', `${demo.wiki}/option-two`, () => knowsNobody(tab));
  await signIn(tab, demo.accounts, alice);
  await look('wiki', `${demo.wiki}/page/how-it-knows-you`, everywhere);
  await sidebar(tab).getByLabel('Your note').fill('How does it hear of a sign-out?');
  await sidebar(tab).getByRole('button', { name: 'Add the note' }).click();
  await look('wiki-with-note', `${demo.wiki}/page/how-it-knows-you`, everywhere);
  for (const [name, path] of /** @type {const} */ ([
    ['wiki-edit', '/page/front-page/edit'], ['wiki-new', '/new'], ['wiki-pages', '/pages'],
    ['wiki-history', '/page/front-page/history'],
  ])) {
    await look(name, demo.wiki + path, () => knows(tab, alice.fullName));
  }
  await look('notes', demo.notes, () => knows(tab, alice.fullName));
  await look('wiki-option-two-step', `${demo.wiki}/option-two`, () => knows(tab, alice.fullName));
  await look('wiki-option-two', `${demo.wiki}/option-two`, async () => {
    await tab.getByRole('link', { name: 'Let the wiki tell the notes' }).click();
    await knows(sidebar(tab), alice.username);
  });
  await look('wiki-option-two-refused', `${demo.wiki}/oidc/callback`, () => tab.getByRole('alert').first().waitFor());
  await look('specs', demo.specs, async () => {
    await tab.locator('[data-verdict]', { hasText: 'storage_blocked' }).waitFor();
    await asksForPerson(tab);
  });
  await look('specs-known', demo.specs, async () => {
    await asksForPerson(tab);
    await allowIfAsked(await openWindow(tab));
    await knows(sidebar(tab), alice.fullName);
    await writeNote(tab, 'Which way is left?');
  });
  await look('specs-by-hand-known', `${demo.specs}/by-hand`, async () => {
    const opening = tab.context().waitForEvent('page');
    await sidebar(tab).getByRole('button', { name: 'Authorise the notes' }).press('Enter');
    await allowIfAsked(await opening);
    await knows(sidebar(tab), alice.fullName);
  });
  await look('specs-by-hand', `${demo.specs}/by-hand`, async () => {
    await sidebar(tab).getByRole('button', { name: 'Sign out' }).press('Enter');
    await sidebar(tab).getByRole('button', { name: 'Authorise the notes' }).waitFor();
  });
  await look('specs-switchboard', `${demo.specs}/switchboard`, () => tried(switchboard));
  await look('notes-switchboard', `${demo.notes}/switchboard`, () => tried(tab));
  await look('notes-by-hand-window', `${demo.notes}/by-hand/popup`, () => (
    tab.getByRole('heading', { name: 'You can close this window' }).waitFor()
  ));
  await look('notes-callback', `${demo.notes}/widget/callback`, () => (
    tab.getByRole('heading', { name: 'You can close this tab' }).waitFor()
  ));
  await look('wiki-not-found', `${demo.wiki}/page/nowhere`, () => knows(tab, alice.fullName));
});

test('shop and pay look well and have nothing that axe-core finds', async (t) => {
  const demo = await startDemo();
  t.after(() => demo.stop());
  const tab = await (await browserFor(t)).tab();
  /** @param {string} name @param {() => Promise<unknown>} show */
  const look = (name, show) => t.test(name, async () => {
    await show();
    assert.deepEqual(await inspect(tab, name), []);
  });
  /** @param {string} path */
  const go = (path) => () => tab.goto(demo.shop + path);

  await look('shop', go('/'));
  await look('shop-orders-stranger', go('/orders'));
  await look('shop-not-found', go('/nowhere'));
  await look('shop-not-signed-in', go('/oidc/callback'));
  await buy(tab, demo, 'A Pocket Atlas');
  await fillSignIn(tab, alice);
  const order = await orderShown(tab, demo);
  await look('shop-order', () => payable(tab));
  await look('shop-order-wide', async () => {
    await tab.getByRole('button', { name: 'Try with the wide token' }).click();
    await refusedBy(tab, 'not aimed at Pay');
  });
  await look('shop-order-scopeless', async () => {
    await tab.getByRole('button', { name: 'Try with a token without the scope' }).click();
    await refusedBy(tab, 'it cannot pay');
  });
  await payFrame(tab).getByRole('button', { name: 'Begin again' }).press('Enter');
  await look('shop-order-asked', async () => {
    await press(tab);
    await asked(tab);
  });
  const question = await openQuestion(tab);
  await look('shop-order-not-confirmed', async () => {
    await answer(question, 'Refuse');
    await tab.bringToFront();
    await refusedBy(tab, 'You refused it');
  });
  await question.close();
  await look('shop-order-paid', async () => {
    await payFrame(tab).getByRole('button', { name: 'Begin again' }).press('Enter');
    await pay(tab);
    await isPaid(tab);
  });
  await buy(tab, demo, 'Twelve Postcards');
  await look('shop-orders', go('/orders'));
  await look('shop-signed-out', async () => {
    await tab.getByRole('button', { name: 'Sign out' }).click();
    await tab.getByRole('heading', { name: 'You are signed out' }).waitFor();
  });
  await look('shop-order-stranger', async () => {
    await tab.goto(order);
    await tab.getByRole('heading', { name: 'Sign in to see this' }).waitFor();
  });
  await look('pay', () => tab.goto(demo.pay));
  await look('pay-alone', async () => {
    await tab.goto(`${demo.pay}/checkout`);
    await tab.getByText('This page stands in a frame of a shop').waitFor();
  });
});
