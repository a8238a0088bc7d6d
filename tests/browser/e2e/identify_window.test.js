// What is shown in the window of an identification must not lead the page elsewhere. So it has no opener; and the page
// can close it all the same.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test, { after, before } from 'node:test';
import { firefoxFor } from '../support/firefox.js';
import { sharedChromium } from '../support/shared.js';
import { startSites } from '../support/sites.js';
import { until } from '../support/until.js';
import { isClosed } from '../support/widget.js';

const SHOP = 'shop.example.localhost';
const BANK = 'bank.elsewhere.localhost';
const browserFor = sharedChromium();
/** @type {import('../support/sites.js').Sites} */
let sites;
/** @type {string} */
let shop;

/** A page with a policy that allows it no more than its own scripts. */
function shopPage() {
  for (const path of ['identify/proof_window.js', 'listening.js', 'values.js']) {
    sites.script(SHOP, `/src/${path}`, readFileSync(new URL(`../../../sdk/src/${path}`, import.meta.url), 'utf8'));
  }
  sites.script(SHOP, '/shop.js', `
    import { openWindow } from '/src/identify/proof_window.js';
    document.querySelector('button').onclick = () => {
      globalThis.proof = openWindow(window);
      if (location.hash === '') proof.go('${sites.origin(BANK)}/');
    };
  `);
  return sites.page(SHOP, '/', '<button>Prove</button><script type="module" src="/shop.js"></script>', {
    'content-security-policy': "default-src 'none'; script-src 'self'",
  });
}

/** A page that would lead the one that opened it elsewhere. */
function bankPage() {
  sites.script(BANK, '/bank.js', `
    document.documentElement.dataset.opener = String(opener);
    try { opener.top.location = '${sites.origin(BANK)}/phish'; } catch {}
  `);
  sites.page(BANK, '/', '<script src="/bank.js"></script>');
}

before(async () => {
  sites = await startSites();
  shop = shopPage();
  bankPage();
});
after(() => sites?.close());

// Both run in the page.
const opener = () => document.documentElement.dataset.opener;
const closeIt = () => /** @type {any} */ (globalThis).proof.close();
const framesLeft = () => document.querySelectorAll('iframe').length;

test('in chromium the window has no opener, and the page closes it', async (t) => {
  const chromium = await browserFor(t);
  const tab = await chromium.tab();
  await tab.goto(shop);
  const [popup] = await Promise.all([chromium.context.waitForEvent('page'), tab.click('button')]);
  await popup.waitForURL(`${sites.origin(BANK)}/`);
  assert.equal(await popup.evaluate(opener), 'null');
  await tab.evaluate(closeIt);
  await isClosed(popup);
  assert.deepEqual([tab.url(), await tab.evaluate(framesLeft)], [shop, 0]);
});

test('in chromium a window that is led nowhere says that it takes a moment, and is closed, too', async (t) => {
  const chromium = await browserFor(t);
  const tab = await chromium.tab();
  await tab.goto(`${shop}#wait`);
  const [popup] = await Promise.all([chromium.context.waitForEvent('page'), tab.click('button')]);
  assert.deepEqual([await popup.title(), await popup.locator('body').innerText()], ['One moment…', 'One moment…']);
  await tab.evaluate(closeIt);
  await isClosed(popup);
});

test('in Firefox the window has no opener, and the page closes it', async (t) => {
  const firefox = await firefoxFor(t);
  const tab = await firefox.tab();
  await tab.goto(shop);
  const next = firefox.nextWindow();
  await tab.click('button');
  const popup = await next;
  await popup.arrive(/^http:\/\/bank\./);
  assert.equal(await until('the page to be there', () => popup.evaluate(opener)), 'null');
  await tab.evaluate(closeIt);
  await popup.closed();
  assert.deepEqual([await tab.url(), await tab.evaluate(framesLeft)], [shop, 0]);
});
