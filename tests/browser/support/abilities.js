/**
 * Which rung works where: measured in each browser, for each relation between the widget, what it stands in, and the
 * accounts server. The person is signed in at accounts all the while.
 *
 * @module
 */
import { openChromium } from './chromium.js';
import { openFirefox } from './firefox.js';
import { signInFirefox } from './firefox_tab.js';
import { ask, frameAt, framingPage } from './framing.js';
import { places } from './ladder.js';
import { signIn } from './people.js';
import { bob } from './server.js';
import { until } from './until.js';
import {
  flowOf, grantStorageAccess, isClosed, offerIn, outcomeOf, pickNumber, verdictOf,
} from './widget.js';

/** @typedef {import('./ladder.js').Ladder} Ladder */
/** @typedef {import('./widget.js').Scope} Scope */
/**
 * One browser, whichever it is, as far as this needs it.
 * @typedef {{ goto: (address: string) => Promise<unknown>, frame: (address: string) => Promise<Clickable> }} Tab
 * @typedef {Scope & { click: (selector: string) => Promise<unknown> }} Clickable
 * @typedef {{ scope: Clickable & { activate: () => Promise<unknown> },
 *   closed: () => Promise<unknown>, close: () => Promise<unknown> }} Opened
 * @typedef {{ tab: Tab & Clickable, opens: (work: () => Promise<unknown>) => Promise<Opened>,
 *   allowStorage?: (top: string) => Promise<() => Promise<void>>, close: () => Promise<unknown> }} View
 * @typedef {{ view: () => Promise<View>, close: () => Promise<void> }} Browser
 */

/** @param {import('./chromium.js').ThirdPartyCookies} cookies @param {Ladder} ladder @returns {Promise<Browser>} */
async function chromiumWith(cookies, ladder) {
  const chromium = await openChromium({ thirdPartyCookies: cookies });
  await signIn(await chromium.tab(), ladder.accounts, bob);
  const view = async () => {
    const page = await chromium.tab();
    return {
      tab: {
        goto: (/** @type {string} */ address) => page.goto(address),
        async frame(/** @type {string} */ address) {
          const frame = await frameAt(page, address);
          return {
            evaluate: (/** @type {any} */ work, /** @type {any[]} */ ...args) => frame.evaluate(work, ...args),
            // By key: a click can miss a frame of another process that has just appeared.
            click: (/** @type {string} */ selector) => frame.press(selector, 'Enter'),
          };
        },
        evaluate: (/** @type {any} */ work, /** @type {any[]} */ ...args) => page.evaluate(work, ...args),
        click: (/** @type {string} */ selector) => page.click(selector),
      },
      async opens(/** @type {() => Promise<unknown>} */ work) {
        const opening = page.context().waitForEvent('page');
        await work();
        const popup = await opening;
        const scope = {
          evaluate: (/** @type {any} */ work, /** @type {any[]} */ ...args) => popup.evaluate(work, ...args),
          click: (/** @type {string} */ selector) => popup.click(selector),
          activate: () => popup.bringToFront(),
        };
        return { scope, closed: () => isClosed(popup), close: () => popup.close() };
      },
      /** What the person answers, and the click that makes the browser ask. @param {string} top */
      async allowStorage(top) {
        const bridge = await offerIn(page, ladder.accounts);
        const takeBack = await grantStorageAccess(chromium, top, ladder.accounts);
        await bridge.press('button', 'Enter');
        return takeBack;
      },
      close: () => page.close(),
    };
  };
  return { view, close: () => chromium.close() };
}

/** @param {Ladder} ladder @returns {Promise<Browser>} */
async function firefox(ladder) {
  const browser = await openFirefox();
  await signInFirefox(await browser.tab(), ladder.accounts, bob);
  const view = async () => {
    const tab = await browser.tab();
    return {
      tab,
      async opens(/** @type {() => Promise<unknown>} */ work) {
        const opening = browser.nextWindow();
        await work();
        const scope = await opening;
        // It may be closing itself just now; the next tab must not be made beside one that is.
        return { scope, closed: () => scope.closed(), close: () => scope.close().catch(() => {}).then(scope.closed) };
      },
      close: () => tab.close(),
    };
  };
  return { view, close: () => browser.close() };
}

/** The browsers, by the names they have in the table. @type {Record<string, (ladder: Ladder) => Promise<Browser>>} */
export const BROWSERS = {
  'Chromium, third-party cookies allowed': (ladder) => chromiumWith('allowed', ladder),
  'Chromium, third-party cookies blocked': (ladder) => chromiumWith('blocked', ladder),
  'Firefox ESR, as it comes': firefox,
};

/** What stands above the widget, and where the widget is. @type {Record<string, { hosts: string[], at: string }>} */
export const RELATIONS = {
  'sibling, a page of its own': { hosts: [], at: places.near },
  'sibling, in a page of a sibling': { hosts: [places.wiki], at: places.near },
  'sibling, in a page of another site': { hosts: [places.specs], at: places.near },
  'another site, a page of its own': { hosts: [], at: places.far },
  'another site, in a page of another site': { hosts: [places.specs], at: places.far },
  'another site, in a page of a sibling': { hosts: [places.wiki], at: places.far },
};

export const RUNGS = /** @type {const} */ (['bridge', 'prompt_none', 'storage_access', 'popup', 'redirect']);

/**
 * Shows something within what stands above it.
 * @param {Ladder} ladder @param {View} browser @param {string[]} hosts @param {string} address
 * @returns {Promise<Clickable>}
 */
async function show(ladder, { tab }, hosts, address) {
  await tab.goto(hosts.length > 0 ? ladder.around(hosts, address) : address);
  return hosts.length > 0 ? tab.frame(address) : tab;
}

/** @typedef {(ladder: Ladder, browser: View, relation: { hosts: string[], at: string }) => Promise<string>} Measure */

/** @param {{ hasSession: boolean, reason?: string, error?: string }} verdict */
const said = ({ hasSession, reason, error }) => (hasSession ? 'yes' : reason ?? error ?? 'no');

/** What each rung comes to, in a word. @type {Record<typeof RUNGS[number], Measure>} */
const MEASURES = {
  async bridge(ladder, browser, { hosts, at }) {
    const address = framingPage(ladder.sites, at, '/asks', ladder.bridge);
    const frame = await show(ladder, browser, hosts, address);
    return said(await ask(/** @type {any} */ (frame), ladder.accounts, { mint: false }));
  },
  async prompt_none(ladder, browser, { hosts, at }) {
    const address = ladder.widget(at, { rungs: ['prompt_none'], timeout: 5_000 });
    return said(await verdictOf(await show(ladder, browser, hosts, address)));
  },
  async storage_access(ladder, browser, { hosts, at }) {
    if (browser.allowStorage === undefined) return 'not measured';
    const address = ladder.widget(at, { rungs: ['bridge', 'prompt_none', 'storage_access'], panel: true });
    const frame = await show(ladder, browser, hosts, address);
    if ((await verdictOf(frame)).hasSession) return 'not needed';
    await frame.click('#storage_access');
    const takeBack = await browser.allowStorage(ladder.sites.origin(hosts[0] ?? at));
    const outcome = said(await outcomeOf(frame));
    await takeBack();
    return outcome;
  },
  async popup(ladder, browser, { hosts, at }) {
    const frame = await show(ladder, browser, hosts, ladder.widget(at, { rungs: ['popup'] }));
    await verdictOf(frame);
    const { closed } = await browser.opens(() => frame.click('#popup'));
    const outcome = said(await outcomeOf(frame));
    await closed();
    return outcome;
  },
  async redirect(ladder, browser, { hosts, at }) {
    const frame = await show(ladder, browser, hosts, ladder.widget(at, { rungs: ['cache', 'redirect'], tokens: { cache: 'session' } }));
    await verdictOf(frame);
    if (hosts.length > 0) {
      // That tab may stay: Firefox lets no script close one that has a history and no opener.
      const { scope, close } = await browser.opens(() => frame.click('#redirect'));
      await pickNumber(scope, (await flowOf(frame)).number);
      const outcome = `${said(await outcomeOf(frame))}, in a new tab`;
      await close();
      return outcome;
    }
    await frame.evaluate(() => { /** @type {any} */ (window).before = true; });
    await frame.click('#redirect');
    await until('the page to be back', () => frame.evaluate(() => (
      location.pathname === '/widget' && /** @type {any} */ (window).before === undefined
    )).catch(() => false));
    return said(await verdictOf(frame));
  },
};

/**
 * Measures one browser: for each relation, each rung.
 * @param {Ladder} ladder
 * @param {string} name
 * @returns {Promise<Record<string, Record<string, string>>>}
 */
export async function measure(ladder, name) {
  /** @type {Record<string, Record<string, string>>} */
  const found = {};
  const browser = await /** @type {(ladder: Ladder) => Promise<Browser>} */ (BROWSERS[name])(ladder);
  try {
    for (const [relation, place] of Object.entries(RELATIONS)) found[relation] = await rowOf(ladder, browser, place);
  } finally {
    await browser.close();
  }
  return found;
}

/** @param {Ladder} ladder @param {Browser} browser @param {{ hosts: string[], at: string }} place */
async function rowOf(ladder, browser, place) {
  /** @type {Record<string, string>} */
  const row = {};
  for (const rung of RUNGS) {
    // In a tab of its own: what a tab has learnt must not help or hinder the next rung.
    const view = await browser.view();
    row[rung] = await MEASURES[rung](ladder, view, place).catch((error) => `failed: ${error.message}`);
    await view.close();
  }
  return row;
}

/** The heads of the columns. @type {Record<typeof RUNGS[number], string>} */
const HEADS = {
  bridge: 'bridge', prompt_none: '`prompt=none`', storage_access: 'Storage Access', popup: 'popup', redirect: 'redirect',
};

/**
 * The table of one browser, in Markdown.
 * @param {string} name
 * @param {Record<string, Record<string, string>>} found
 */
export const tableOf = (name, found) => [
  `### ${name}`,
  '',
  `| the widget is | ${RUNGS.map((rung) => HEADS[rung]).join(' | ')} |`,
  `|---|${RUNGS.map(() => '---').join('|')}|`,
  ...Object.entries(found).map(([relation, row]) => (
    `| ${relation} | ${RUNGS.map((rung) => (row[rung] ?? '').replace(/^[a-z]+_[a-z_]+$/, '`$&`')).join(' | ')} |`
  )),
  '',
].join('\n');
