import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { ask, stateOf, takeBack, wait, wrongNumber } from '../support/asking.js';
import { browserFor, startFamily } from '../support/family.js';
import { armed, fillSignIn, pressGuarded, signIn } from '../support/people.js';
import { sentForms } from '../support/requests.js';
import { bob } from '../support/server.js';

/** @typedef {import('playwright-core').Page} Page */

/** @type {import('../support/family.js').Family} */
let family;
before(async () => { family = await startFamily(); });
after(() => family?.stop());

/** @param {Page} tab @param {string} name */
const press = (tab, name) => pressGuarded(tab.getByRole('button', { name, exact: true }));

/** @param {Page} tab @param {string} name */
const heading = (tab, name) => tab.getByRole('heading', { name }).waitFor();

for (const { name, script } of [{ name: 'with script', script: true }, { name: 'without script', script: false }]) {
  test(`somebody signs in, picks the number and approves ${name}`, async (t) => {
    const chromium = await browserFor(t);
    const tab = await (script ? chromium.tab() : chromium.tabWithoutScript());
    const operation = await ask(family, bob.username);

    await tab.goto(operation.verificationUri);
    await tab.getByText('to answer what you are asked').waitFor();
    await fillSignIn(tab, bob);
    await heading(tab, 'Wiki asks for your approval');
    await armed(tab.getByRole('button', { name: 'Approve' }));
    await tab.getByLabel(operation.number, { exact: true }).check();
    await press(tab, 'Approve');

    await heading(tab, 'You approved this');
    await tab.getByText('You can close this window').waitFor();
    assert.equal(await tab.getByRole('button').count(), 0);
    assert.equal(await stateOf(family, operation), 'confirmed');
  });
}

test('in the browser where the page waits there is no number, and that page hears of it', async (t) => {
  const chromium = await browserFor(t);
  const [waiting, tab] = [await chromium.tab(), await chromium.tab()];
  await signIn(tab, family.accounts, bob);
  const operation = await ask(family, bob.username);
  const result = await wait(family, waiting, operation);

  await tab.bringToFront();
  await tab.goto(operation.verificationUri);
  await tab.getByText('is open in this browser').waitFor();
  assert.equal(await tab.getByRole('radio').count(), 0);
  await press(tab, 'Approve');

  await heading(tab, 'You approved this');
  assert.equal(await result(), 'CONFIRMED');
});

test('in another browser than the waiting one the number is needed, and a wrong one ends it', async (t) => {
  const [here, there] = [await browserFor(t), await browserFor(t)];
  const [waiting, tab] = [await there.tab(), await here.tab()];
  await signIn(waiting, family.accounts, bob);
  await signIn(tab, family.accounts, bob);
  const operation = await ask(family, bob.username);
  const result = await wait(family, waiting, operation);

  await tab.goto(operation.verificationUri);
  await press(tab, 'Approve');
  assert.equal(await tab.evaluate(() => document.querySelectorAll('input:invalid').length), 6, 'the browser asks for it');
  assert.equal(await stateOf(family, operation), 'pending');
  await tab.getByLabel(await wrongNumber(tab, operation), { exact: true }).check();
  await press(tab, 'Approve');

  await heading(tab, 'This has failed');
  assert.equal(await result(), 'AUTH_FAILED');
});

test('a no needs no number', async (t) => {
  const tab = await (await browserFor(t)).tab();
  await signIn(tab, family.accounts, bob);
  const operation = await ask(family, bob.username);
  await tab.goto(operation.verificationUri);
  await press(tab, 'Refuse');
  await heading(tab, 'You refused this');
  assert.equal(await stateOf(family, operation), 'canceled');
});

test('a click within the first second does nothing', async (t) => {
  const tab = await (await browserFor(t)).tab();
  await signIn(tab, family.accounts, bob);
  const operation = await ask(family, bob.username);
  const forms = sentForms(tab);
  // In the page itself, since what drives the browser from here may take longer than a second.
  await tab.addInitScript(() => {
    const clicks = () => {
      for (const button of document.querySelectorAll('button')) for (let n = 0; n < 3; n += 1) button.click();
    };
    window.addEventListener('load', clicks);
  });

  await tab.goto(operation.verificationUri);
  await tab.getByLabel(operation.number, { exact: true }).check();
  await tab.locator('button[value=approve]:enabled').waitFor();

  assert.deepEqual(await forms(), []);
  assert.equal(await stateOf(family, operation), 'pending');
  await press(tab, 'Approve');
  await heading(tab, 'You approved this');
});

test('what waits is found on the account page, and gone when it is answered or taken back', async (t) => {
  const tab = await (await browserFor(t)).tab();
  await signIn(tab, family.accounts, bob);
  const operation = await ask(family, bob.username, { title: 'Publish the new page?' });
  const other = await ask(family, bob.username, { title: 'Delete the front page?', lines: [] });
  await tab.goto(`${family.accounts}/account`);
  await heading(tab, 'Waiting for your answer');
  await tab.getByRole('link', { name: 'Answer Wiki: Publish the new page?' }).click();
  await tab.waitForURL(operation.verificationUri);
  await press(tab, 'Refuse');
  await heading(tab, 'You refused this');
  await takeBack(family, other);
  await tab.goto(`${family.accounts}/account`);
  await heading(tab, bob.fullName);
  assert.equal(await tab.getByRole('link', { name: /Publish the new|Delete the front/ }).count(), 0);
});
