/**
 * How long a page waits for its verdict, in chromium, beside an empty page with an empty frame of the same origins.
 *
 *   node benches/browser/verdict.mjs [LOADS]    LOADS of each row are measured (100), after some that are not
 *
 * Somebody is signed in. Third-party cookies are allowed, which makes no difference to siblings. The rows take turns,
 * so that what else the machine does is spread over all of them. The empty pages are loaded in a second browser, which
 * is led elsewhere at the address of accounts: it must be an empty document that answers there. The page and its
 * backend, if it has one, are answered by this process.
 *
 * @module
 */
import { availableParallelism, loadavg } from 'node:os';
import { build } from './binary.mjs';
import { openChromium } from '../../tests/browser/support/chromium.js';
import { signIn } from '../../tests/browser/support/people.js';
import { bob } from '../../tests/browser/support/server.js';
import { counts } from './counts.mjs';
import { loadsOf } from './loads.mjs';
import { rows } from './rows.mjs';
import { ACCOUNTS_HOST, startSetting } from './setting.mjs';
import { requestsOf, tableOf } from './table.mjs';

const loads = Number(process.argv[2] ?? 100);
if (!(Number.isInteger(loads) && loads > 0)) throw new Error('how many loads?');
const WARM = Math.min(10, loads);

/** How busy the machine is. */
const busy = () => (loadavg()[0] ?? 0).toFixed(1);

/** @param {import('./setting.mjs').Setting} setting */
async function measure(setting) {
  const browser = await openChromium({ thirdPartyCookies: 'allowed' });
  const empty = await openChromium({ thirdPartyCookies: 'allowed', lead: { host: ACCOUNTS_HOST, port: setting.sitesPort } });
  try {
    await signIn(await browser.tab(), setting.accounts, bob);
    const all = [];
    for (const row of rows) all.push(await loadsOf(setting, row.empty ? empty : browser, row));
    /** @type {Map<string, import('./loads.mjs').Load[]>} */
    const measured = new Map(rows.map(({ id }) => [id, []]));
    for (let turn = -WARM; turn < loads; turn += 1) {
      for (const { row, once } of all) {
        const load = await once();
        if (turn >= 0) measured.get(row.id)?.push(load);
      }
    }
    return measured;
  } finally {
    await Promise.all([browser.close(), empty.close()]);
  }
}

const before = busy();
const setting = await startSetting(rows, loads + 2 * WARM);
try {
  const measured = await measure(setting);
  const counted = await counts(setting, rows);
  console.log(`The server is ${build}. ${loads} loads of each row. ${availableParallelism()} cores; `
    + `load average ${before} before, ${busy()} after.\n`);
  console.log(tableOf(rows, measured, counted));
  console.log(`\nRequests of the first loads:\n${requestsOf(rows, counted)}`);
} finally {
  await setting.stop();
}
