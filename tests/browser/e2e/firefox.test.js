import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { firefoxFor } from '../support/firefox.js';
import { signInFirefox, submitSignIn } from '../support/firefox_tab.js';
import { ask, framingPage } from '../support/framing.js';
import { places, startLadder } from '../support/ladder.js';
import { bob } from '../support/server.js';
import { until } from '../support/until.js';
import {
  flowOf, isPending, lastProgress, nameOf, outcomeOf, pickNumber, reasonsOf, tokenOf, verdictOf,
} from '../support/widget.js';

/** @type {import('../support/ladder.js').Ladder} */
let ladder;
before(async () => { ladder = await startLadder(); });
after(() => ladder?.stop());

/** A question must be answered by then, and nobody kept waiting. */
const AT_ONCE_MS = 1_000;

/** How long an answer takes. Runs in the page. @param {string} target @param {string} id @returns {Promise<number>} */
const timed = (target, id) => new Promise((resolve) => {
  const start = performance.now();
  addEventListener('message', ({ data }) => { if (data.id === id) resolve(performance.now() - start); });
  document.querySelector('iframe')?.contentWindow?.postMessage({ type: 'vestibule.session.request', id, mint: false }, target);
});

/** @param {import('node:test').TestContext} t */
async function signedIn(t) {
  const firefox = await firefoxFor(t);
  const tab = await firefox.tab();
  await signInFirefox(tab, ladder.accounts, bob);
  return { firefox, tab };
}

test('the bridge in a page of a sibling says who is there', async (t) => {
  const { tab } = await signedIn(t);
  await tab.goto(framingPage(ladder.sites, places.near, '/', ladder.bridge));
  assert.equal((await ask(tab, ladder.accounts, { mint: false })).hasSession, true);
});

test('in a page of another site, at the top or above, the bridge says storage_blocked within a second', async (t) => {
  const { tab } = await signedIn(t);
  const { accounts, around, bridge, sites } = ladder;
  const near = framingPage(sites, places.near, '/', bridge);
  const far = framingPage(sites, places.far, '/', bridge);
  const three = [[far, far], [around([places.specs], near), near], [around([places.paper, places.wiki], far), far]];
  for (const [page = '', asking = ''] of three) {
    await tab.goto(page);
    const frame = page === asking ? tab : await tab.frame(asking);
    const answer = await ask(frame, accounts, { mint: false });
    assert.deepEqual([answer.hasSession, answer.error], [false, 'storage_blocked'], page);
    // Again, and timed in the page: neither the browser's start nor the driver counts. On a busy machine one may be
    // held up, but not each.
    const times = [];
    for (const id of ['first', 'second', 'third']) times.push(await frame.evaluate(timed, accounts, id));
    assert.ok(Math.min(...times) < AT_ONCE_MS, `${page}: ${times.join(', ')} ms`);
  }
});

test('below another site in a page of the own family the browser gives storage access by itself, and the bridge takes it', async (t) => {
  const { tab } = await signedIn(t);
  const far = framingPage(ladder.sites, places.far, '/', ladder.bridge);
  await tab.goto(ladder.around([places.wiki], far));
  assert.equal((await ask(await tab.frame(far), ladder.accounts, { mint: false })).hasSession, true);
});

test('a redirect with prompt=none in a frame ends on the hosted page, which answers the widget', async (t) => {
  const { tab } = await signedIn(t);
  await tab.goto(ladder.widget(places.near, { rungs: ['prompt_none'] }));
  const verdict = await verdictOf(tab);
  assert.deepEqual([verdict.hasSession, reasonsOf(verdict).prompt_none], [true, 'resumed'], JSON.stringify(verdict));
  assert.equal(await nameOf(tab), bob.fullName);

  await tab.goto(ladder.widget(places.far, { rungs: ['prompt_none'] }));
  const refused = await verdictOf(tab);
  assert.deepEqual([refused.hasSession, refused.reason], [false, 'login_required'], JSON.stringify(refused));
});

test('a widget in a page of another site signs in by a popup that its opener vouches for', async (t) => {
  const firefox = await firefoxFor(t);
  const tab = await firefox.tab();
  const address = ladder.widget(places.far);
  await tab.goto(ladder.around([places.specs], address));
  const widget = await tab.frame(address);
  assert.equal((await verdictOf(widget)).hasSession, false);

  const opening = firefox.nextWindow();
  await widget.click('#popup');
  const popup = await opening;
  await popup.arrive(/\/signin\?/);
  await submitSignIn(popup, bob);

  assert.equal((await outcomeOf(widget)).hasSession, true);
  assert.equal(await nameOf(widget), bob.fullName);
  await popup.closed();
});

test('a popup that is cut off from its opener asks for the number, and its outcome arrives all the same', async (t) => {
  const { firefox, tab } = await signedIn(t);
  await tab.goto(ladder.widget(places.far, {}, { 'cross-origin-opener-policy': 'same-origin' }));
  await verdictOf(tab);

  const opening = firefox.nextWindow();
  await tab.click('#popup');
  const popup = await opening;
  const { number } = await flowOf(tab);
  await popup.arrive(/\/flow\/[0-9a-f]{64}$/);
  await until('the numbers', () => popup.evaluate(() => document.querySelector('input[type="radio"]') !== null));
  assert.ok(await isPending(tab));
  await pickNumber(popup, number);

  assert.equal((await outcomeOf(tab)).hasSession, true);
});

test('where locks throw, tokens are fetched and renewed all the same', async (t) => {
  const { firefox, tab } = await signedIn(t);
  const address = ladder.widget(places.far, { noLocks: true });
  await tab.goto(ladder.around([places.specs], address));
  const widget = await tab.frame(address);
  await verdictOf(widget);
  assert.equal(await widget.evaluate(() => navigator.locks.request('any', () => 'held').catch(({ name }) => name)), 'SecurityError');

  const opening = firefox.nextWindow();
  await widget.click('#popup');
  await opening;

  assert.equal((await outcomeOf(widget)).hasSession, true);
  assert.match(await tokenOf(widget) ?? '', /^[0-9a-f]{64}$/);
});

test('a popup that nobody clicked for is blocked, and said to be', async (t) => {
  const firefox = await firefoxFor(t);
  const tab = await firefox.tab();
  const count = await firefox.count();

  await tab.goto(ladder.widget(places.far, { atOnce: true }));

  assert.match((await flowOf(tab)).uri, /\/flow\/[0-9a-f]{64}$/);
  assert.equal((await lastProgress(tab)).blocked, true);
  assert.equal(await firefox.count(), count);
});
