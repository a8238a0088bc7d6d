// A Cross-Origin-Opener-Policy anywhere in the chain cuts the window off for good: the outcome comes all the same.
import assert from 'node:assert/strict';
import test, { after, afterEach, before } from 'node:test';
import { frameAt } from '../support/framing.js';
import { places, startLadder } from '../support/ladder.js';
import { fillSignIn, pressGuarded } from '../support/people.js';
import { bob } from '../support/server.js';
import { sharedChromium } from '../support/shared.js';
import { until } from '../support/until.js';
import {
  confirmNumber, flowOf, isClosed, isPending, lastProgress, nameOf, numbersOf, openWindow, outcomeOf, seemsClosed, verdictOf,
} from '../support/widget.js';

const browserFor = sharedChromium();
/** @type {import('../support/ladder.js').Ladder} */
let ladder;
before(async () => { ladder = await startLadder(); });
afterEach(() => ladder.front.plain());
after(() => ladder?.stop());

const COOP = 'cross-origin-opener-policy';

/**
 * A tab with the widget, by itself or in a page of another site.
 * @param {import('node:test').TestContext} t
 * @param {{ top?: string, widget?: string, framed?: boolean, options?: Record<string, unknown> }} [policies]
 */
async function widgetWith(t, { top, widget: own, framed = true, options = {} } = {}) {
  const tab = await (await browserFor(t)).tab();
  const address = ladder.widget(places.far, options, own ? { [COOP]: own } : {});
  await tab.goto(framed ? ladder.around([places.specs], address, { headers: top ? { [COOP]: top } : {} }) : address);
  const widget = framed ? await frameAt(tab, address) : tab.mainFrame();
  await verdictOf(widget);
  return { tab, widget };
}

/** @type {[string, { top?: string, widget?: string, framed?: boolean }][]} */
const CUT = [
  ['the topmost page has same-origin', { top: 'same-origin' }],
  ['the widget, as a page of its own, has same-origin', { widget: 'same-origin', framed: false }],
];
for (const [name, policies] of CUT) {
  test(`${name}: the number is asked for, and the widget is signed in`, async (t) => {
    const { tab, widget } = await widgetWith(t, policies);
    const popup = await openWindow(tab, widget);
    const { number } = await flowOf(widget);
    const offered = await numbersOf(popup);
    assert.ok(offered.includes(number), `${number} is not among ${offered}`);
    assert.ok(await isPending(widget));
    // A frame is not even told that the window is open.
    const { blocked } = await lastProgress(widget);
    if (policies.top) assert.equal(blocked, true);
    else await seemsClosed(widget);

    await confirmNumber(popup, number);
    await fillSignIn(popup, bob);

    assert.equal((await outcomeOf(widget)).hasSession, true);
    assert.equal(await nameOf(widget), bob.fullName);
    await isClosed(popup);
  });
}

/** @type {[string, { top?: string, widget?: string, framed?: boolean }][]} */
const KEPT = [
  ['no page has any', {}],
  ['the topmost page has same-origin-allow-popups', { top: 'same-origin-allow-popups' }],
  ['the framed widget has same-origin, which means nothing there', { widget: 'same-origin' }],
  ['the widget, as a page of its own, has same-origin-allow-popups', { widget: 'same-origin-allow-popups', framed: false }],
];
for (const [name, policies] of KEPT) {
  test(`${name}: the opener vouches for the window, and no number is asked for`, async (t) => {
    const { tab, widget } = await widgetWith(t, policies);
    const popup = await openWindow(tab, widget);
    await fillSignIn(popup, bob);
    assert.equal((await outcomeOf(widget)).hasSession, true);
    await isClosed(popup);
  });
}

for (const policy of ['same-origin', 'same-origin-allow-popups', 'noopener-allow-popups']) {
  test(`a page in between, of somebody else, has ${policy}: it cuts what is no longer needed`, async (t) => {
    const { front, sites } = ladder;
    const { tab, widget } = await widgetWith(t);
    // The sign-in of accounts leads to an upstream, whose page leads back, as an upstream's would.
    let detours = 0;
    front.at(/^\/signin\?/, (path) => {
      detours += 1;
      if (detours > 1) return undefined;
      const back = `<a id="back" href="${ladder.accounts}${path.replaceAll('&', '&amp;')}">back</a>`;
      return { status: 303, headers: { location: sites.page(places.upstream, '/login', back, { [COOP]: policy }) } };
    });

    const popup = await openWindow(tab, widget);
    await popup.locator('#back').waitFor();
    await seemsClosed(widget);
    assert.ok(await isPending(widget), 'a window that looks closed ends nothing');
    await popup.click('#back');
    await fillSignIn(popup, bob);

    assert.equal((await outcomeOf(widget)).hasSession, true);
    assert.equal(await nameOf(widget), bob.fullName);
    await isClosed(popup);
    assert.equal(detours, 2);
  });
}

test('an upstream that only redirects, with the policy on its redirect, cuts as well, and it arrives', async (t) => {
  const { front, sites } = ladder;
  const { tab, widget } = await widgetWith(t);
  let detours = 0;
  front.at(/^\/signin\?/, (path) => {
    detours += 1;
    if (detours > 1) return undefined;
    const location = sites.handle(places.upstream, '/pass', () => ({
      status: 302, headers: { [COOP]: 'same-origin', location: ladder.accounts + path },
    }));
    return { status: 303, headers: { location } };
  });
  const popup = await openWindow(tab, widget);
  await seemsClosed(widget);
  await fillSignIn(popup, bob);
  assert.equal((await outcomeOf(widget)).hasSession, true);
});

/** What accounts shows once the opener has vouched for the window. Nobody has agreed to the guest before. @type {[string, RegExp, string][]} */
const LATER = [
  ['the authorization request', /^\/oauth\/authorize\?/, 'pad'],
  ['the sign-in', /^\/signin\?/, 'pad'],
  ['the consent', /^\/consent\?/, 'guest'],
];
for (const [name, address, clientId] of LATER) {
  test(`an answer of accounts itself that cuts, added by something in between to ${name}, costs nothing`, async (t) => {
    const { front } = ladder;
    const { tab, widget } = await widgetWith(t, { options: { clientId } });
    front.at(address, () => ({ more: { [COOP]: 'same-origin' } }));
    const popup = await openWindow(tab, widget);
    if (clientId === 'guest') {
      await fillSignIn(popup, bob);
      await seemsClosed(widget);
      await pressGuarded(popup.getByRole('button', { name: 'Allow' }));
    } else {
      await seemsClosed(widget);
      await fillSignIn(popup, bob);
    }
    assert.equal((await outcomeOf(widget)).hasSession, true);
    await isClosed(popup);
  });
}

test('an answer of accounts itself that cuts, added by something in between to the first page, costs the number and no more', async (t) => {
  const { tab, widget } = await widgetWith(t);
  ladder.front.at(/^\/flow\/[0-9a-f]{64}$/, () => ({ more: { [COOP]: 'same-origin' } }));
  const popup = await openWindow(tab, widget);
  const { number } = await flowOf(widget);
  await numbersOf(popup);
  await confirmNumber(popup, number);
  await fillSignIn(popup, bob);
  assert.equal((await outcomeOf(widget)).hasSession, true);
});

test('every page that can stand in the window leaves the opener alone; others do not', async (t) => {
  const { front } = ladder;
  const { tab, widget } = await widgetWith(t);
  /** @type {Map<string, string | null>} */
  const policies = new Map();
  tab.context().on('response', (response) => {
    const { origin, pathname } = new URL(response.url());
    if (origin !== ladder.accounts || response.request().resourceType() !== 'document') return;
    policies.set(pathname.replace(/[0-9a-f]{64}/, '…'), response.headers()[COOP] ?? null);
  });
  const popup = await openWindow(tab, widget);
  await fillSignIn(popup, bob);
  await outcomeOf(widget);
  const account = await tab.context().newPage();
  await account.goto(`${ladder.accounts}/account`);
  await until('the account page to be noted', () => policies.has('/account'));
  assert.equal(policies.get('/account'), 'same-origin');
  for (const path of ['/flow/…', '/signin', '/oauth/authorize']) {
    assert.ok(policies.has(path), `${path} was not seen among ${[...policies.keys()]}`);
    assert.ok([null, 'unsafe-none'].includes(policies.get(path) ?? null), `${path}: ${policies.get(path)}`);
  }
  front.plain();
});
