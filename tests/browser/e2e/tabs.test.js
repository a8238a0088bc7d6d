// Many tabs of one site: they share what one of them has, and do not stampede.
import assert from 'node:assert/strict';
import test, { after, afterEach, before } from 'node:test';
import { browserFor } from '../support/family.js';
import { places, startLadder } from '../support/ladder.js';
import { signIn } from '../support/people.js';
import { bob } from '../support/server.js';
import { tokenOf, verdictOf } from '../support/widget.js';

/** @type {import('../support/ladder.js').Ladder} */
let ladder;
before(async () => { ladder = await startLadder(); });
afterEach(() => ladder.front.plain());
after(() => ladder?.stop());

const TABS = 20;
/** So many are made at a time, before what is looked at happens in all of them at once. */
const GROUP = 5;
/** Twenty pages share a few processors. */
const TIMEOUT_MS = 20_000;
/** Tokens of the browser's own life are far longer than a test: these seem to be over at once. */
const SHORT_S = 1;

/** The grants that were asked for at the token endpoint. */
const grants = () => ladder.front.seen()
  .filter(({ method, path }) => method === 'POST' && path === '/oauth/token')
  .map(({ form }) => new URLSearchParams(form).get('grant_type'));
const silentRequests = () => ladder.front.seen().filter(({ path }) => path.startsWith('/oauth/authorize?')).length;

/**
 * Does the same for each, a few at a time.
 * @template A, B
 * @param {A[]} all
 * @param {(one: A) => Promise<B>} work
 */
async function inGroups(all, work) {
  /** @type {B[]} */
  const done = [];
  for (let from = 0; from < all.length; from += GROUP) done.push(...await Promise.all(all.slice(from, from + GROUP).map(work)));
  return done;
}

/** Opens so many tabs. @param {import('../support/chromium.js').Chromium} chromium @param {number} count */
const openTabs = (chromium, count) => inGroups(Array.from({ length: count }), () => chromium.tab());

/** @param {import('node:test').TestContext} t @param {number} count @param {string} address */
async function tabsAt(t, count, address) {
  const chromium = await browserFor(t);
  const first = await chromium.tab();
  await signIn(first, ladder.accounts, bob);
  ladder.front.taken();
  await first.goto(address);
  assert.equal((await verdictOf(first)).hasSession, true);
  const others = await openTabs(chromium, count - 1);
  return { first, others };
}

/** Lets tokens look as if they lasted a moment. */
function letTokensBeShort() {
  ladder.front.at(/^\/oauth\/token$/, () => ({
    change: (body) => body.replace(/"expires_in":\s*\d+/, `"expires_in":${SHORT_S}`),
  }));
}

test('twenty tabs whose tokens are over ask for one refresh among them', async (t) => {
  letTokensBeShort();
  const { first, others } = await tabsAt(t, TABS, ladder.widget(places.near, { timeout: TIMEOUT_MS }));
  ladder.front.plain();
  const tabs = [first, ...others];
  await inGroups(others, async (tab) => {
    await tab.goto(ladder.widget(places.near, { silent: false, timeout: TIMEOUT_MS }));
    await tab.waitForFunction(() => 'session' in window);
  });
  ladder.front.taken();

  const tokens = await Promise.all(tabs.map(async (tab) => {
    if (tab !== first) await tab.evaluate(() => /** @type {any} */ (window).session.resume());
    return tokenOf(tab);
  }));

  assert.deepEqual(grants(), ['refresh_token']);
  assert.equal(silentRequests(), 0);
  assert.ok(tokens.every((token) => /^[0-9a-f]{64}$/.test(token ?? '')), tokens.join(' '));
  assert.equal(new Set(tokens).size, 1, 'and all have the same');
});

test('twenty tabs that are opened at once make one silent sign-in', async (t) => {
  const chromium = await browserFor(t);
  const tabs = await openTabs(chromium, TABS);
  const [first] = tabs;
  if (first) await signIn(first, ladder.accounts, bob);
  ladder.front.taken();
  const address = ladder.widget(places.near, { timeout: TIMEOUT_MS });
  await Promise.all(tabs.map((tab) => tab.goto(address)));
  const verdicts = await Promise.all(tabs.map(verdictOf));

  assert.deepEqual(verdicts.filter(({ hasSession }) => !hasSession), []);
  assert.equal(silentRequests(), 1);
  assert.deepEqual(grants(), ['authorization_code']);
});

test('a tab that is opened later asks its elder, and not the token endpoint', async (t) => {
  const { others: [second] } = await tabsAt(t, 2, ladder.widget(places.near));
  ladder.front.taken();
  await second?.goto(ladder.widget(places.near));
  const verdict = await verdictOf(/** @type {import('playwright-core').Page} */ (second));
  assert.equal(verdict.hasSession, true);
  assert.ok(verdict.rungs.some(({ rung, reason }) => rung === 'cache' && ['resumed', 'already'].includes(reason)), JSON.stringify(verdict));
  assert.deepEqual(grants(), []);
});

test('calls in one tab share one attempt', async (t) => {
  const chromium = await browserFor(t);
  const tab = await chromium.tab();
  await signIn(tab, ladder.accounts, bob);
  await tab.goto(ladder.widget(places.near, { silent: false }));
  await tab.waitForFunction(() => 'session' in window);
  ladder.front.taken();
  const verdicts = await tab.evaluate(() => Promise.all(Array.from({ length: 10 }, () => /** @type {any} */ (window).session.resume())));
  assert.ok(verdicts.every((/** @type {any} */ { hasSession }) => hasSession));
  assert.deepEqual([silentRequests(), grants().length], [1, 1]);
});
