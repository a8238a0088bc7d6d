import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { alice, isMarked, knows, markPage, sidebar, startDemo } from '../support/demo.js';
import { browserFor } from '../support/family.js';
import { fillSignIn, signIn, signOut } from '../support/people.js';
import { until } from '../support/until.js';
import { allowIfAsked, asksForPerson, openWindow, widgetFrame, writeNote } from '../support/notes_widget.js';

/** @type {import('../support/demo.js').Demo} */
let demo;
before(async () => { demo = await startDemo(); });
after(() => demo?.stop());

test('third-party cookies blocked: a stranger signs in in a window, and nothing is loaded again', async (t) => {
  const chromium = await browserFor(t, 'blocked');
  const tab = await chromium.tab();
  await tab.goto(demo.specs);
  await asksForPerson(tab);
  await markPage(tab);
  const frame = await widgetFrame(tab, demo);
  await frame.evaluate(() => { /** @type {any} */ (window).marked = true; });

  const popup = await openWindow(tab);
  await fillSignIn(popup, alice);
  await allowIfAsked(popup);
  await knows(sidebar(tab), alice.fullName);
  await writeNote(tab, 'From a window');

  assert.ok(await isMarked(tab));
  assert.ok(await frame.evaluate(() => /** @type {any} */ (window).marked));
});

test('a reload asks for no second sign-in, and a sign-out elsewhere is noticed at the next note', async (t) => {
  const chromium = await browserFor(t, 'blocked');
  const tab = await chromium.tab();
  await signIn(await chromium.tab(), demo.accounts, alice);
  await tab.bringToFront();
  await tab.goto(demo.specs);
  await asksForPerson(tab);
  await allowIfAsked(await openWindow(tab));
  await knows(sidebar(tab), alice.fullName);
  await tab.reload();
  await knows(sidebar(tab), alice.fullName);

  await signOut(await chromium.tab(), demo.accounts);
  await tab.bringToFront();
  await sidebar(tab).getByLabel('Your note').fill('Never to be seen');
  await sidebar(tab).getByRole('button', { name: 'Add the note' }).press('Enter');

  await asksForPerson(tab);
});

test('third-party cookies allowed: whoever has agreed once is known without a click', async (t) => {
  const chromium = await browserFor(t, 'allowed');
  const first = await chromium.tab();
  await signIn(await chromium.tab(), demo.accounts, alice);
  await first.bringToFront();
  await first.goto(demo.specs);
  // The tests before this one may have agreed already.
  const state = await Promise.race([
    asksForPerson(first).then(() => 'asks'), knows(sidebar(first), alice.fullName).then(() => 'knows'),
  ]);
  if (state === 'asks') await allowIfAsked(await openWindow(first));
  await knows(sidebar(first), alice.fullName);
  await first.close();

  const second = await chromium.tab();
  await second.goto(demo.specs);
  await knows(sidebar(second), alice.fullName);
  await sidebar(second).locator('[data-tried-list]', { hasText: 'resumed' }).waitFor();
});

test('a sign-out in the widget ends its tokens, and says where to end the rest', async (t) => {
  const chromium = await browserFor(t, 'blocked');
  const tab = await chromium.tab();
  await tab.goto(demo.specs);
  await asksForPerson(tab);
  const popup = await openWindow(tab);
  await fillSignIn(popup, alice);
  await allowIfAsked(popup);
  await knows(sidebar(tab), alice.fullName);

  await sidebar(tab).getByRole('button', { name: 'Sign out' }).press('Enter');
  const opening = chromium.context.waitForEvent('page');
  await sidebar(tab).getByRole('link', { name: 'Sign out of accounts, too' }).press('Enter');
  const opened = await opening;
  await opened.getByRole('heading', { name: 'Sign out?' }).waitFor();
  await asksForPerson(tab);
  const kept = await (await widgetFrame(tab, demo)).evaluate(() => JSON.stringify({ ...sessionStorage }));
  assert.ok(!/[0-9a-f]{64}/.test(kept), kept);
});

test('no token of the widget is in an address, and its calls carry no cookie', async (t) => {
  const chromium = await browserFor(t, 'blocked');
  const tab = await chromium.tab();
  /** @type {{ address: string, headers: Promise<Record<string, string>> }[]} */
  const requests = [];
  chromium.context.on('request', (request) => {
    requests.push({ address: request.url(), headers: request.allHeaders().catch(() => ({})) });
  });
  await tab.goto(demo.specs);
  await asksForPerson(tab);
  const popup = await openWindow(tab);
  await fillSignIn(popup, alice);
  await allowIfAsked(popup);
  await knows(sidebar(tab), alice.fullName);
  await writeNote(tab, 'Without a cookie');

  const calls = requests.filter(({ address }) => address.startsWith(`${demo.notes}/api/`));
  const sent = await Promise.all(calls.map(({ headers }) => headers));
  const bearers = sent.flatMap(({ authorization }) => authorization?.replace('Bearer ', '') ?? []);
  await until('a call by token', () => bearers.length > 0);
  assert.ok(sent.every(({ cookie }) => cookie === undefined));
  for (const { address } of requests) assert.ok(!bearers.some((token) => address.includes(token)), address);
});
