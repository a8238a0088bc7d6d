// The widget in other people's pages: wherever it stands and whatever they forbid, it comes to a verdict.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { openChromium } from '../support/chromium.js';
import { browserFor } from '../support/family.js';
import { frameAt } from '../support/framing.js';
import { places, startLadder } from '../support/ladder.js';
import { fillSignIn, signIn } from '../support/people.js';
import { bob } from '../support/server.js';
import {
  flowOf, grantStorageAccess, lastProgress, nameOf, openWindow, outcomeOf, reasonsOf, verdictOf,
} from '../support/widget.js';

/** @type {import('../support/ladder.js').Ladder} */
let ladder;
/** @type {import('../support/chromium.js').Chromium} Somebody is signed in there. */
let chromium;
before(async () => {
  ladder = await startLadder();
  chromium = await openChromium();
  await signIn(await chromium.tab(), ladder.accounts, bob);
});
after(async () => {
  await chromium?.close();
  await ladder?.stop();
});

/** Silent rungs have a deadline each; with a busy machine in it this is far above their sum. */
const LONGEST_MS = 15_000;

/**
 * Loads the widget within pages, and gives what it came to without a person.
 * @param {import('node:test').TestContext} t
 * @param {{ hosts: string[], at: string, attributes?: string, top?: Record<string, string>,
 *   own?: Record<string, string>, options?: Record<string, unknown> }} how
 */
async function embedded(t, { hosts, at, attributes = '', top = {}, own = {}, options = {} }) {
  const tab = await chromium.tab();
  t.after(() => tab.close());
  const address = ladder.widget(at, options, own);
  const started = performance.now();
  await tab.goto(hosts.length > 0 ? ladder.around(hosts, address, { attributes, headers: top }) : address);
  const widget = hosts.length > 0 ? await frameAt(tab, address) : tab.mainFrame();
  const verdict = await verdictOf(widget);
  assert.ok(performance.now() - started < LONGEST_MS);
  return { tab, widget, verdict };
}

/** @param {import('playwright-core').Page} tab @param {import('playwright-core').Frame} widget */
async function signsInByPopup(tab, widget) {
  const popup = await openWindow(tab, widget);
  assert.equal((await outcomeOf(widget)).hasSession, true);
  assert.equal(await nameOf(widget), bob.fullName);
  if (!popup.isClosed()) await popup.close();
}

const STRICT = () => [
  "default-src 'none'", `script-src 'self' ${ladder.accounts}`, `connect-src 'self' ${ladder.accounts}`,
  `frame-src ${ladder.accounts}`, "base-uri 'none'", "form-action 'none'", "style-src 'none'",
  "require-trusted-types-for 'script'", "trusted-types 'none'",
].join('; ');

/** Where the topmost page is of accounts' own family. @type {Record<string, () => Parameters<typeof embedded>[1]>} */
const SILENT = {
  'a sibling, by itself': () => ({ hosts: [], at: places.near }),
  'a sibling in a page of a sibling': () => ({ hosts: [places.wiki], at: places.near }),
  'a sibling three deep in siblings': () => ({ hosts: [places.wiki, places.near, places.wiki], at: places.near }),
  'a sibling with a strict policy': () => ({ hosts: [], at: places.near, own: { 'content-security-policy': STRICT() } }),
  'a sibling with require-corp, by itself': () => ({
    hosts: [], at: places.near, own: { 'cross-origin-embedder-policy': 'require-corp', 'cross-origin-opener-policy': 'same-origin' },
  }),
  'a sibling in a page with require-corp': () => ({
    hosts: [places.wiki],
    at: places.near,
    top: { 'cross-origin-embedder-policy': 'require-corp' },
    own: { 'cross-origin-embedder-policy': 'require-corp', 'cross-origin-resource-policy': 'cross-origin' },
  }),
  'a sibling with credentialless, by itself': () => ({
    hosts: [], at: places.near, own: { 'cross-origin-embedder-policy': 'credentialless' },
  }),
  'a sibling without referrers': () => ({ hosts: [], at: places.near, own: { 'referrer-policy': 'no-referrer' } }),
  'another site in a page of a sibling of accounts, where the browser itself gives storage access': () => ({
    hosts: [places.wiki], at: places.far,
  }),
  'another site three deep below a sibling of accounts': () => ({ hosts: [places.wiki, places.paper, places.specs], at: places.far }),
  'a sibling sandboxed, with its origin kept': () => ({
    hosts: [places.wiki], at: places.near, attributes: 'sandbox="allow-scripts allow-same-origin"',
  }),
};
for (const [name, how] of Object.entries(SILENT)) {
  test(`${name} is signed in silently`, async (t) => {
    const { widget, verdict } = await embedded(t, how());
    assert.equal(verdict.hasSession, true, JSON.stringify(verdict));
    assert.equal(await nameOf(widget), bob.fullName);
  });
}

/** Where the topmost page is of another family. @type {Record<string, () => Parameters<typeof embedded>[1]>} */
const BY_POPUP = {
  'another site, by itself': () => ({ hosts: [], at: places.far }),
  'another site in a page of its family': () => ({ hosts: [places.specs], at: places.far }),
  'a sibling in a page of another site': () => ({ hosts: [places.specs], at: places.near }),
  'a sibling three deep, below two other families': () => ({ hosts: [places.paper, places.specs, places.wiki], at: places.near }),
  'another site three deep': () => ({ hosts: [places.paper, places.wiki, places.specs], at: places.far }),
  'a widget sandboxed, with popups and its origin': () => ({
    hosts: [places.specs], at: places.far, attributes: 'sandbox="allow-scripts allow-same-origin allow-popups"',
  }),
  'a widget whose popups escape the sandbox': () => ({
    hosts: [places.specs],
    at: places.far,
    attributes: 'sandbox="allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-forms"',
  }),
  'a widget with a strict policy': () => ({ hosts: [places.specs], at: places.far, own: { 'content-security-policy': STRICT() } }),
  'a widget in a page with a strict policy': () => ({
    hosts: [places.specs],
    at: places.far,
    top: { 'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; frame-src ${ladder.sites.origin(places.far)}` },
  }),
};
for (const [name, how] of Object.entries(BY_POPUP)) {
  test(`${name} is told why nothing silent works, and signs in by a popup`, async (t) => {
    const { tab, widget, verdict } = await embedded(t, how());
    assert.equal(verdict.hasSession, false, JSON.stringify(verdict));
    assert.equal(reasonsOf(verdict).bridge, 'storage_blocked', JSON.stringify(verdict));
    await signsInByPopup(tab, widget);
  });
}

/** Each with the reason it must give. @type {Record<string, [() => Parameters<typeof embedded>[1], string[]]>} */
const REFUSED = {
  'a widget without an origin of its own': [() => ({
    hosts: [places.wiki], at: places.near, attributes: 'sandbox="allow-scripts"',
  }), ['blocked_by_policy', 'misconfigured', 'network']],
  'a widget that may not frame accounts': [() => ({
    hosts: [], at: places.near, own: { 'content-security-policy': "frame-src 'self'" },
  }), ['blocked_by_policy']],
  'a widget under an ancestor that is not registered': [() => ({
    hosts: [places.evil], at: places.near,
  }), ['blocked_by_policy', 'timed_out']],
};
for (const [name, [how, reasons]] of Object.entries(REFUSED)) {
  test(`${name} is told so`, async (t) => {
    const { verdict } = await embedded(t, how());
    assert.equal(verdict.hasSession, false);
    assert.ok(reasons.includes(verdict.reason), JSON.stringify(verdict));
    assert.ok(verdict.hint, 'with what to mend');
  });
}

test('a widget that may not open windows says so, has a link, and can be canceled', async (t) => {
  const { tab, widget } = await embedded(t, {
    hosts: [places.specs], at: places.far, attributes: 'sandbox="allow-scripts allow-same-origin"', options: { rungs: ['cache', 'popup'] },
  });
  await widget.press('#popup', 'Enter');
  const { uri } = await flowOf(widget);
  assert.match(uri, new RegExp(`^${ladder.accounts}/flow/[0-9a-f]{64}$`));
  assert.equal((await lastProgress(widget)).blocked, true);
  await widget.press('#cancel', 'Enter');
  const outcome = await outcomeOf(widget);
  assert.deepEqual([outcome.hasSession, outcome.reason], [false, 'canceled'], JSON.stringify(outcome));
  assert.equal(tab.context().pages().filter((page) => page.url().includes('/flow/')).length, 0);
});

test('in a sandbox that allows it, storage access that a person has given serves', async (t) => {
  const own = await browserFor(t); // with a permission that no other test may find
  const tab = await own.tab();
  await signIn(tab, ladder.accounts, bob);
  await grantStorageAccess(own, ladder.sites.origin(places.specs), ladder.accounts);
  const address = ladder.widget(places.far);
  const attributes = 'sandbox="allow-scripts allow-same-origin allow-storage-access-by-user-activation"';
  await tab.goto(ladder.around([places.specs], address, { attributes }));
  const verdict = await verdictOf(await frameAt(tab, address));
  assert.equal(verdict.hasSession, true, JSON.stringify(verdict));
});

test('the widget never reloads the page it is in, nor itself', async (t) => {
  const { tab, widget } = await embedded(t, { hosts: [places.specs], at: places.far, options: { panel: true } });
  const mark = () => { /** @type {any} */ (window).marked = true; };
  const isMarked = () => /** @type {any} */ (window).marked === true;
  await tab.evaluate(mark);
  await widget.evaluate(mark);
  const popup = await openWindow(tab, widget);
  await outcomeOf(widget);
  if (!popup.isClosed()) await popup.close();
  assert.ok(await tab.evaluate(isMarked));
  assert.ok(await widget.evaluate(isMarked));
  await widget.locator('text=What the widget shows.').waitFor();
});

test('somebody who is not signed in anywhere does so from three frames down', async (t) => {
  const own = await browserFor(t);
  const tab = await own.tab();
  const address = ladder.widget(places.near);
  await tab.goto(ladder.around([places.paper, places.specs, places.wiki], address));
  const widget = await frameAt(tab, address);
  await verdictOf(widget);
  const popup = await openWindow(tab, widget);
  await fillSignIn(popup, bob);
  assert.equal((await outcomeOf(widget)).hasSession, true);
});
