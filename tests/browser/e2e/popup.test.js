// A window for the sign-in: blocked, closed, slow, and what becomes of it when it is done.
import assert from 'node:assert/strict';
import test, { after, afterEach, before } from 'node:test';
import { frameAt } from '../support/framing.js';
import { places, startLadder } from '../support/ladder.js';
import { fillSignIn, signIn } from '../support/people.js';
import { bob } from '../support/server.js';
import { sharedChromium } from '../support/shared.js';
import { until } from '../support/until.js';
import {
  confirmNumber, flowOf, isClosed, isPending, lastProgress, nameOf, numbersOf, openWindow, outcomeOf, passFlow, seemsClosed,
  tokenOf, verdictOf,
} from '../support/widget.js';

const browserFor = sharedChromium();
/** @type {import('../support/ladder.js').Ladder} */
let ladder;
before(async () => { ladder = await startLadder(); });
afterEach(() => ladder.front.plain());
after(() => ladder?.stop());

/** A tab with the widget, in a page of another site. @param {import('node:test').TestContext} t @param {Record<string, unknown>} [options] */
async function widgetIn(t, options = {}) {
  const chromium = await browserFor(t);
  const tab = await chromium.tab();
  const address = ladder.widget(places.far, options);
  await tab.goto(ladder.around([places.specs], address));
  const widget = await frameAt(tab, address);
  await verdictOf(widget);
  return { chromium, tab, widget };
}

test('the window is opened in the click itself, before anything is asked', async (t) => {
  const { tab, widget } = await widgetIn(t);
  ladder.front.taken();
  await widget.evaluate(() => {
    const open = window.open.bind(window);
    window.open = (...args) => {
      Object.assign(window, { opened: { inTask: /** @type {any} */ (window).inClick, address: args[0] } });
      return open(...args);
    };
    addEventListener('click', () => { Object.assign(window, { inClick: true }); }, { capture: true });
    // The task of the click ends before any message is heard.
    addEventListener('click', () => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => { Object.assign(window, { inClick: false }); };
      port2.postMessage(0);
    });
  });
  const popup = await openWindow(tab, widget);
  const opened = await widget.evaluate(() => /** @type {any} */ (window).opened);
  assert.equal(opened.inTask, true);
  assert.match(String(opened.address), new RegExp(`^${ladder.accounts}/flow/[0-9a-f]{64}$`));
  await popup.close();
});

test('a window that nobody clicked for is blocked, and a link is there in its place', async (t) => {
  const tab = await (await browserFor(t)).tab();
  // The page does it by itself while it loads: what a driver evaluates would count as a gesture.
  await tab.goto(ladder.widget(places.far, { panel: true, atOnce: true, rungs: ['popup'] }));
  const { uri, number } = await flowOf(tab);
  assert.equal((await lastProgress(tab)).blocked, true);

  const link = tab.getByRole('link');
  await link.waitFor();
  assert.equal(await link.getAttribute('href'), uri);
  const opening = tab.context().waitForEvent('page');
  await link.click();
  const popup = await opening;
  await passFlow(popup, number);
  await fillSignIn(popup, bob);

  assert.equal((await outcomeOf(tab)).hasSession, true);
  assert.equal(await nameOf(tab), bob.fullName);
});

test('a window that looks closed ends nothing: one is asked, and may go on', async (t) => {
  const { tab, widget } = await widgetIn(t);
  const popup = await openWindow(tab, widget);
  await popup.getByLabel('Username or e-mail').waitFor();
  const { uri, number } = await flowOf(widget);

  await popup.close();
  await seemsClosed(widget);
  assert.ok(await isPending(widget));

  // The link that the widget shows leads to the same flow, in a tab that nobody opened by script.
  const again = await tab.context().newPage();
  await again.goto(uri);
  await passFlow(again, number);
  await fillSignIn(again, bob);
  assert.equal((await outcomeOf(widget)).hasSession, true);
});

test('whoever closes the window and cancels has canceled', async (t) => {
  const { tab, widget } = await widgetIn(t);
  const popup = await openWindow(tab, widget);
  await popup.getByLabel('Username or e-mail').waitFor();
  await popup.close();
  await seemsClosed(widget);
  await widget.press('#cancel', 'Enter');
  const outcome = await outcomeOf(widget);
  assert.deepEqual([outcome.hasSession, outcome.reason], [false, 'canceled'], JSON.stringify(outcome));
});

test('canceled is canceled: who signs in afterwards in the window signs nobody in here', async (t) => {
  const tab = await (await browserFor(t)).tab();
  // The window is cut off, so that the page cannot close it.
  await tab.goto(ladder.widget(places.far, {}, { 'cross-origin-opener-policy': 'same-origin' }));
  await verdictOf(tab);
  const popup = await openWindow(tab, tab.mainFrame());
  const { number } = await flowOf(tab);
  await numbersOf(popup);
  await tab.click('#cancel');
  assert.equal((await outcomeOf(tab)).reason, 'canceled');

  await confirmNumber(popup, number);
  await fillSignIn(popup, bob);
  await isClosed(popup);

  assert.ok(ladder.front.seen().some(({ path }) => /^\/flow\/[0-9a-f]{64}\/done$/.test(path)), 'the window came to its end');
  const told = await tab.evaluate(() => /** @type {any} */ (window).told);
  assert.ok(!told.some((/** @type {any} */ { hasSession }) => hasSession));
  assert.equal(await tokenOf(tab), null);
});

test('the server is slow: the window waits for the flow, and the flow for the window', async (t) => {
  const { tab, widget } = await widgetIn(t);
  /** @type {(value?: unknown) => void} */
  let release = () => {};
  const held = new Promise((resolve) => { release = resolve; });
  ladder.front.at(/^\/flow$/, async () => { await held; return undefined; });
  const opening = openWindow(tab, widget); // which is there for playwright once it has an answer
  await until('both to be asked', () => {
    const paths = ladder.front.seen().map(({ path }) => path);
    return paths.includes('/flow') && paths.some((path) => /^\/flow\/[0-9a-f]{64}$/.test(path));
  });
  release();
  await fillSignIn(await opening, bob);
  assert.equal((await outcomeOf(widget)).hasSession, true);
});

test('the socket is refused: the outcome comes by asking', async (t) => {
  const { tab, widget } = await widgetIn(t);
  ladder.front.at(/^\/flow\/events/, () => 'cut');
  const popup = await openWindow(tab, widget);
  await fillSignIn(popup, bob);
  assert.equal((await outcomeOf(widget)).hasSession, true);
  assert.ok(ladder.front.taken().some(({ path }) => path === '/flow/outcome'));
});

test('a flow that cannot be made says so, and the window does not stay', async (t) => {
  const { tab, widget } = await widgetIn(t);
  ladder.front.at(/^\/flow$/, () => ({
    status: 429,
    headers: { 'content-type': 'application/json', 'retry-after': '60', 'access-control-allow-origin': '*' },
    body: '{"error":"rate_limited","error_description":"Too many."}',
  }));
  await openWindow(tab, widget);
  const outcome = await outcomeOf(widget);
  assert.equal(outcome.hasSession, false);
  assert.equal(outcome.reason, 'rate_limited', JSON.stringify(outcome));
});

test('a second click does not begin a second sign-in', async (t) => {
  const { tab, widget } = await widgetIn(t);
  ladder.front.taken();
  const popup = await openWindow(tab, widget);
  await popup.getByLabel('Username or e-mail').waitFor();
  await widget.press('#popup', 'Enter');
  await fillSignIn(popup, bob);
  assert.equal((await outcomeOf(widget)).hasSession, true);
  assert.equal(ladder.front.taken().filter(({ path, method }) => path === '/flow' && method === 'POST').length, 1);
});

test('the last page closes itself, and has text and a button where it cannot', async (t) => {
  const { tab, widget, chromium } = await widgetIn(t);
  const popup = await openWindow(tab, widget);
  const { uri } = await flowOf(widget);
  await fillSignIn(popup, bob);
  assert.equal((await outcomeOf(widget)).hasSession, true);
  await isClosed(popup);

  const typed = await chromium.tab();
  await typed.goto(`${uri}/done`);
  await typed.getByText('You can close this window').first().waitFor();
  await typed.getByRole('button', { name: 'Close' }).waitFor();
});

test('the hosted popup page tells registered origins only', async (t) => {
  const { accounts, sites, front } = ladder;
  const chromium = await browserFor(t);
  const tab = await chromium.tab();
  const ear = `<script>heard = []; onmessage = ({ data }) => heard.push(data);</script>
    <button onclick="window.open('${accounts}/callback/pad/popup?code=stolen&state=x')">open</button>`;
  for (const [host, count] of /** @type {[string, number][]} */ ([[places.evil, 0], [places.specs, 0], [places.far, 1]])) {
    front.taken();
    await tab.goto(sites.page(host, '/opens', ear));
    const opening = tab.context().waitForEvent('page');
    await tab.click('button');
    await isClosed(await opening); // it has told whomever it tells
    const heard = await tab.evaluate(() => /** @type {any} */ (window).heard);
    assert.equal(heard.length, count, `${host}: ${JSON.stringify(heard)}`);
  }
});

test('whoever is signed in is asked nothing in the window, and nothing of the code is ever in an address', async (t) => {
  const { chromium, tab, widget } = await widgetIn(t);
  const accounts = await chromium.tab();
  await signIn(accounts, ladder.accounts, bob);
  ladder.front.taken();
  /** @type {string[]} */
  const shown = [];
  tab.context().on('page', (page) => page.on('framenavigated', (frame) => shown.push(frame.url())));
  const popup = await openWindow(tab, widget);
  assert.equal((await outcomeOf(widget)).hasSession, true);
  await isClosed(popup);
  const asked = ladder.front.taken().map(({ path }) => path);
  for (const address of [...shown, ...asked]) assert.doesNotMatch(address, /[?&]code=/, address);
});
