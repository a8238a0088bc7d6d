/**
 * What a load asks of the accounts server: requests, and the bytes of the answers, heads included.
 *
 * @module
 */
import { openChromium } from '../../tests/browser/support/chromium.js';
import { signIn } from '../../tests/browser/support/people.js';
import { bob } from '../../tests/browser/support/server.js';
import { until } from '../../tests/browser/support/until.js';
import { loadsOf } from './loads.mjs';
import { ACCOUNTS_HOST } from './setting.mjs';

/** @typedef {{ asked: string[], bytes: number }} Count */

/** @param {import('./setting.mjs').Setting} setting @returns {Promise<Count>} */
async function taken({ front }) {
  await until('every answer', () => front.seen().every(({ status }) => status > 0));
  const all = front.taken();
  const asked = all.map(({ method, path, status }) => `${method} ${path.replace(/\?.*/, '')} ${status}`);
  return { asked, bytes: all.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** @param {import('./setting.mjs').Setting} setting @param {import('./loads.mjs').Loads} loads */
async function count(setting, { tab, once }) {
  const session = await tab.context().newCDPSession(tab);
  await session.send('Network.clearBrowserCache');
  setting.front.taken();
  await once();
  const first = await taken(setting);
  await once();
  return { first, later: await taken(setting) };
}

/**
 * For each row its first load, with nothing in the browser's cache, and a later one. In a browser of its own, whose
 * requests take a way that counts them: no time is taken there.
 * @param {import('./setting.mjs').Setting} setting @param {import('./rows.mjs').Row[]} rows
 */
export async function counts(setting, rows) {
  const { accounts, front, server, sitesPort } = setting;
  front.leadTo(server.port);
  const browser = await openChromium({ thirdPartyCookies: 'allowed', lead: { host: ACCOUNTS_HOST, port: front.port } });
  try {
    await signIn(await browser.tab(), accounts, bob);
    /** @type {Map<string, { first: Count, later: Count }>} */
    const counted = new Map();
    for (const row of rows) {
      front.leadTo(row.empty ? sitesPort : server.port);
      counted.set(row.id, await count(setting, await loadsOf(setting, browser, row)));
    }
    return counted;
  } finally {
    await browser.close();
  }
}
