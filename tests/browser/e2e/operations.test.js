import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { startDemo } from '../support/demo.js';
import { browserFor } from '../support/family.js';
import { armed, fillSignIn, fillSignUp } from '../support/people.js';
import { startProxy } from '../support/proxy.js';
import {
  answer, approve, asked, buy, isPaid, numberShown, openQuestion, orderShown, pay, payFrame, payable, press, refusedBy,
} from '../support/shop.js';

/** @typedef {import('playwright-core').Page} Page */

/** @type {import('../support/demo.js').Demo} */
let demo;
before(async () => { demo = await startDemo(); });
after(() => demo?.stop());

let people = 0;

/**
 * Orders something as somebody new, since one person is asked only so often, and lets them be asked for the payment.
 * @param {Page} page
 */
async function beAsked(page) {
  people += 1;
  const username = `person-${people}`;
  const person = { username, email: `${username}@example.org`, fullName: `Person ${people}`, password: 'seven-lamps-by-the-door' };
  await buy(page, demo, 'A Pocket Atlas of Corridors');
  await page.getByRole('link', { name: 'Create an account' }).click();
  await fillSignUp(page, person);
  await orderShown(page, demo);
  await press(page);
  await asked(page);
  return person;
}

/** Pay's frame, waiting by itself. @param {Page} page */
const withoutSocket = (page) => payFrame(page).getByText('without a live connection').waitFor();

/** @param {Page} page */
const beginAgain = (page) => payFrame(page).getByRole('button', { name: 'Begin again' }).filter({ visible: true }).press('Enter');

/**
 * A proxy in front of the accounts server, for one browser.
 * @param {import('node:test').TestContext} t
 */
async function browserBehindProxy(t) {
  const { hostname, port } = new URL(demo.accounts);
  const proxy = await startProxy(Number(port));
  t.after(() => proxy.stop());
  const chromium = await browserFor(t, 'blocked', { host: hostname, port: proxy.port });
  return { proxy, tab: await chromium.tab() };
}

for (const cookies of /** @type {const} */ (['blocked', 'allowed'])) {
  test(`a payment waits for its payer, who confirms in another window: third-party cookies ${cookies}`, async (t) => {
    const tab = await (await browserFor(t, cookies)).tab();
    await beAsked(tab);
    const question = await openQuestion(tab);
    for (const text of ['Pay €24.50 to Shop', '€24.50', 'A Pocket Atlas of Corridors', new URL(tab.url()).pathname.slice(-32)]) {
      await question.getByText(text, { exact: true }).waitFor();
    }
    await question.getByText('there is no number to compare').waitFor();
    await approve(question);
    await isPaid(tab);
  });
}

test('on another browser the number of the waiting page must be picked', async (t) => {
  const [here, there] = [await browserFor(t), await browserFor(t)];
  const [tab, other] = [await here.tab(), await there.tab()];
  const person = await beAsked(tab);
  /** @param {string} number */
  const pick = async (number) => {
    await other.goto(`${demo.accounts}/account`);
    if (new URL(other.url()).pathname === '/signin') await fillSignIn(other, person);
    await other.getByRole('link', { name: 'Pay €24.50 to Shop' }).click();
    await armed(other.getByRole('button', { name: 'Approve' }));
    const offered = await other.locator('fieldset.numbers label').allInnerTexts();
    const picked = number === '' ? offered.find((one) => one !== shown) : offered.find((one) => one === number);
    assert.ok(picked, `${shown} is among ${offered}`);
    await other.getByRole('radio', { name: picked, exact: true }).check();
    await answer(other, 'Approve');
  };

  let shown = await numberShown(tab);
  await pick('');
  await other.getByRole('heading', { name: 'This has failed' }).waitFor();
  await refusedBy(tab, 'Another number');
  await payFrame(tab).getByText('If that was not you').waitFor();

  await beginAgain(tab);
  await press(tab);
  await asked(tab);
  shown = await numberShown(tab);
  await pick(shown);
  await other.getByRole('heading', { name: 'You approved this' }).waitFor();
  await isPaid(tab);
});

test('refused, nothing is paid, and one can be asked again', async (t) => {
  const tab = await (await browserFor(t)).tab();
  await beAsked(tab);
  const question = await openQuestion(tab);
  await answer(question, 'Refuse');
  await question.getByRole('heading', { name: 'You refused this' }).waitFor();
  await tab.bringToFront();
  await refusedBy(tab, 'You refused it');
  await tab.reload();
  await pay(tab);
  await isPaid(tab);
});

test('canceled on the page, the question is no longer asked', async (t) => {
  const tab = await (await browserFor(t)).tab();
  await beAsked(tab);
  const question = await openQuestion(tab);
  await tab.bringToFront();
  await payFrame(tab).getByRole('button', { name: 'Cancel' }).press('Enter');
  await refusedBy(tab, 'It was taken back here');
  await question.reload();
  await question.getByRole('heading', { name: 'This is no longer asked' }).waitFor();
  await tab.bringToFront();
  await beginAgain(tab);
  await payable(tab);
});

test('loaded again while it waits, the page waits for the same answer', async (t) => {
  const tab = await (await browserFor(t)).tab();
  await beAsked(tab);
  const number = await numberShown(tab);
  const question = await openQuestion(tab);
  await tab.bringToFront();
  await tab.reload();
  await asked(tab);
  assert.equal(await numberShown(tab), number);
  await approve(question);
  await isPaid(tab);
});

test('confirmed while the page was away, it is paid when the page is back', async (t) => {
  const tab = await (await browserFor(t)).tab();
  await beAsked(tab);
  const question = await openQuestion(tab);
  const order = tab.url();
  await tab.goto('about:blank');
  await approve(question);
  await tab.bringToFront();
  await tab.goto(order);
  await isPaid(tab);
});

test('a second window of the same order hears of it without a socket', async (t) => {
  const chromium = await browserFor(t);
  const [first, second] = [await chromium.tab(), await chromium.tab()];
  await beAsked(first);
  await second.goto(first.url());
  await withoutSocket(second);
  assert.equal(await numberShown(second), await numberShown(first));
  await approve(await openQuestion(second));
  // One of them takes the money, and the other finds it taken.
  await isPaid(first);
  await second.bringToFront();
  await isPaid(second);
});

test('a connection that is cut comes back', async (t) => {
  const { proxy, tab } = await browserBehindProxy(t);
  await beAsked(tab);
  proxy.refuse(/^GET \/websocket/);
  proxy.cut();
  await payFrame(tab).getByText('Connection lost').waitFor();
  proxy.refuse();
  await asked(tab);
  await approve(await openQuestion(tab));
  await isPaid(tab);
});

test('a page that gets no socket at all gets its answer', async (t) => {
  const { proxy, tab } = await browserBehindProxy(t);
  await beAsked(tab);
  proxy.refuse(/^GET \/websocket/);
  proxy.cut();
  await withoutSocket(tab);
  await approve(await openQuestion(tab));
  await isPaid(tab);

  await tab.goto(`${demo.shop}/`);
  await tab.getByRole('button', { name: 'Buy Left Is Right' }).click();
  await orderShown(tab, demo);
  await press(tab);
  await withoutSocket(tab);
  await answer(await openQuestion(tab), 'Refuse');
  await tab.bringToFront();
  await refusedBy(tab, 'You refused it');
});

test('without an answer in time nothing is paid', async (t) => {
  const tab = await (await browserFor(t)).tab();
  await beAsked(tab);
  await payFrame(tab).getByRole('button', { name: 'Cancel' }).press('Enter');
  await beginAgain(tab);
  await payable(tab);
  await payFrame(tab).getByLabel('Give me half a minute only').check();
  await press(tab);
  await asked(tab);
  const question = await openQuestion(tab);
  await tab.bringToFront();
  await payFrame(tab).getByText(/^0:[0-2]\d$/).waitFor();
  await payFrame(tab).getByRole('alert').filter({ hasText: 'There was no answer in time' }).waitFor({ timeout: 45_000 });
  await question.reload();
  await question.getByRole('heading', { name: 'The time is over' }).waitFor();
});
