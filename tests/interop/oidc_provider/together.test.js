// Several windows at once, for one page or for several: each page hears what is true of it, and one proof is one.
import assert from 'node:assert/strict';
import test, { after, afterEach, before } from 'node:test';
import { comesBack, holdsBack } from './support/lies.js';
import { closesItself, goOn, holdSucceeded } from './support/page.js';
import { alice, hosts } from './support/setting.js';
import { startSignedIn } from './support/signed_in.js';

/** @type {import('./support/signed_in.js').SignedIn} */
let world;
before(async () => { world = await startSignedIn(); });
afterEach(() => world.setting.bank.honest());
after(() => world?.stop());

test('of two windows of one page one goes on', async (t) => {
  const { setting, chromium } = world;
  const next = holdsBack(setting.bank, setting.accounts);
  const page = await world.page(t, { atOnce: true });
  const { start_uri: address } = await page.waits();
  const windows = await Promise.all([chromium.tab(), chromium.tab()]);
  t.after(() => Promise.all(windows.map((tab) => tab.close())));
  const statuses = await Promise.all(windows.map(async (tab) => (await tab.goto(address))?.status()));
  assert.deepEqual(statuses.sort(), [200, 410], 'the bank\'s page, and that it has ended');
  const [first] = windows;
  await first.goto((await next()).href);
  const at = holdSucceeded(await page.ended());
  assert.equal((await setting.stamp(alice)).identified_at, at);
});

test('an answer that comes twice at once is taken once', async (t) => {
  const { setting, chromium } = world;
  const next = holdsBack(setting.bank, setting.accounts);
  const { page } = await world.underWay(t);
  const answer = await next();
  const windows = await Promise.all([chromium.tab(), chromium.tab()]);
  t.after(() => Promise.all(windows.map((tab) => tab.close())));
  const statuses = await Promise.all(windows.map(async (tab) => (await tab.goto(answer.href))?.status()));
  assert.deepEqual(statuses.sort(), [200, 400]);
  holdSucceeded(await page.ended());
});

test('two pages, each with its window, both come to their end', async (t) => {
  const { setting } = world;
  const next = holdsBack(setting.bank, setting.accounts);
  const one = await world.underWay(t, { host: hosts.market });
  await goOn(one.popup);
  const first = await next();
  const other = await world.underWay(t, { host: hosts.market });
  await goOn(other.popup);
  const second = await next();

  await comesBack(other.popup, second);
  const later = holdSucceeded(await other.page.ended());
  assert.equal((await one.page.outcome()).state, 'waiting');
  await comesBack(one.popup, first);
  assert.ok(holdSucceeded(await one.page.ended()) >= later);
});

test('a page that begins in between does not take the window of one that waits', async (t) => {
  const { setting } = world;
  const first = await world.page(t, { atOnce: true });
  await first.waits();
  const second = await world.page(t, { atOnce: true });
  assert.ok(new URL((await second.waits()).start_uri).searchParams.has('monitor'));

  const window = await first.followLink();
  t.after(() => window.close());

  const at = holdSucceeded(await first.ended());
  assert.equal((await second.outcome()).state, 'waiting');
  const other = await second.followLink();
  t.after(() => other.close());
  await goOn(other);
  assert.ok(holdSucceeded(await second.ended()) >= at);
  assert.ok(((await setting.stamp(alice)).identified_at ?? 0) >= at);
});

test('when it has ended, the next one is known by the cookie again', async (t) => {
  for (const page of [await world.page(t), await world.page(t)]) {
    const popup = await page.prove();
    assert.equal(new URL((await page.waits()).start_uri).searchParams.has('monitor'), false);
    holdSucceeded(await page.ended());
    await closesItself(popup);
  }
});
