/**
 * One chromium for all tests of a file, in which alice is signed in all the time, here and at the bank: signing in anew
 * would take most of the time of a short test. Third-party cookies are blocked, and the shop is a sibling: its windows
 * are known by the cookie, and go straight to the bank, which sends them straight back.
 *
 * @module
 */
import { openChromium } from '../../../browser/support/chromium.js';
import { signIn } from '../../../browser/support/people.js';
import { closesItself, holdSucceeded, openPage, proveAt } from './page.js';
import { alice, startSetting } from './setting.js';

/** @typedef {import('./setting.js').Setting} Setting */
/** @typedef {import('../../../browser/support/chromium.js').Chromium} Chromium */

/** Proves once who she is, so that the bank knows her, and the later tests have something to leave alone. @param {Setting} setting @param {Chromium} chromium */
async function begin(setting, chromium) {
  const tab = await chromium.tab();
  await signIn(tab, setting.accounts, alice);
  const page = await openPage(setting, chromium, alice, { provider: 'bank' });
  const popup = await page.prove();
  await proveAt(popup, setting.bank);
  holdSucceeded(await page.ended());
  await closesItself(popup);
  await Promise.all([tab.close(), page.tab.close()]);
}

/** @param {Parameters<typeof startSetting>[0]} [given] */
export async function startSignedIn(given) {
  const setting = await startSetting(given);
  const chromium = await openChromium();
  const stop = async () => {
    await chromium.close();
    await setting.stop();
  };
  try {
    await begin(setting, chromium);
  } catch (error) {
    await stop();
    throw error;
  }
  /**
   * A page of alice's.
   * @param {import('node:test').TestContext} t
   * @param {Parameters<typeof openPage>[3]} [how]
   */
  const page = async (t, how) => {
    const opened = await openPage(setting, chromium, alice, { provider: 'bank', ...how });
    t.after(() => opened.tab.close());
    return opened;
  };
  return {
    setting,
    chromium,
    page,
    /**
     * Such a page that waits, and its window, on the way.
     * @param {import('node:test').TestContext} t
     * @param {Parameters<typeof openPage>[3]} [how]
     */
    async underWay(t, how) {
      const before = await setting.stamp(alice);
      const opened = await page(t, how);
      const popup = await opened.prove();
      t.after(() => popup.close());
      return { page: opened, popup, person: alice, before };
    },
    /** Has the bank forget her, until she signs in there. */
    forgottenAtTheBank: () => chromium.context.clearCookies({ domain: new URL(setting.bank.issuer).hostname }),
    stop,
  };
}

/** @typedef {Awaited<ReturnType<typeof startSignedIn>>} SignedIn */
