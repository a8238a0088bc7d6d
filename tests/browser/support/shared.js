/**
 * One chromium for all tests of a file: between them it forgets everything that a test could notice.
 *
 * @module
 */
import { after } from 'node:test';
import { openChromium } from './chromium.js';

/** @typedef {import('./chromium.js').Chromium} Chromium */
/** @typedef {import('./chromium.js').ThirdPartyCookies} ThirdPartyCookies */

/** Closes every tab but the first, which keeps the browser alive, and forgets who was there. @param {Chromium} chromium */
async function forget({ context }) {
  const [first, ...others] = context.pages();
  await Promise.all(others.map((page) => page.close()));
  await first?.goto('about:blank');
  await context.setOffline(false);
  await context.clearCookies();
}

/** To be called at the top of a file; what it gives lets a test have a browser, as `browserFor` does. */
export function sharedChromium() {
  /** @type {Map<ThirdPartyCookies, Promise<Chromium>>} */
  const open = new Map();
  after(async () => {
    for (const chromium of open.values()) await (await chromium).close();
  });
  /** @param {import('node:test').TestContext} t @param {ThirdPartyCookies} [cookies] */
  return async (t, cookies = 'blocked') => {
    const there = open.get(cookies) ?? openChromium({ thirdPartyCookies: cookies });
    open.set(cookies, there);
    const chromium = await there;
    t.after(() => forget(chromium));
    return chromium;
  };
}
