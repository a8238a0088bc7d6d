/**
 * Loads of the pages, in a tab for each row.
 *
 * @module
 */

/** @typedef {import('./rows.mjs').Row} Row */
/** @typedef {import('./setting.mjs').Setting} Setting */
/** @typedef {import('../../tests/browser/support/chromium.js').Chromium} Chromium */
/** @typedef {{ ms: number, hasSession?: boolean, reason?: string, hint?: string, rungs?: { rung: string }[] }} Measured */

/** A verdict that holds takes less than the clock of a page can tell: asked so many times, and divided. */
const AGAIN = 50;

/**
 * Whether a verdict came by the rung of its row: on a busy machine another tab may be asked in vain. One that says that
 * nobody is there is no measurement.
 * @param {Row} row @param {Measured} measured
 */
function cameAsMeant({ name, by, empty }, { hasSession, reason, hint, rungs }) {
  if (empty) return true;
  const tried = rungs?.map(({ rung }) => rung) ?? [];
  if (!hasSession) throw new Error(`${name}: nobody is there after ${tried}: ${reason}, ${hint}`);
  return tried.at(-1) === by;
}

/** @param {import('playwright-core').Page} tab @param {string} address @returns {Promise<Measured>} */
async function open(tab, address) {
  await tab.goto(address);
  return tab.evaluate(() => /** @type {any} */ (window).measured);
}

/** @param {import('playwright-core').Page} tab @returns {Promise<Measured>} */
const askAgain = (tab) => tab.evaluate(async (times) => {
  const began = performance.now();
  let verdict;
  for (let time = 0; time < times; time += 1) verdict = await /** @type {any} */ (window).session.resume();
  return { ...verdict, ms: (performance.now() - began) / times };
}, AGAIN);

/**
 * A row in a browser: what comes first is done, and then each call is one load.
 * @param {Setting} setting @param {Chromium} browser @param {Row} row
 */
export async function loadsOf(setting, browser, row) {
  let load = 0;
  const next = () => {
    load += 1;
    return setting.address(row, row.oneClient ? 0 : load);
  };
  if (row.beside) await open(await browser.tab(), next());
  const tab = await browser.tab();
  if (row.oneClient && !row.beside) await open(tab, next());
  return {
    row,
    tab,
    async once() {
      // Tabs in the background have slower timers.
      await tab.bringToFront();
      const measured = await (row.again ? askAgain(tab) : open(tab, next()));
      return { ms: measured.ms, asMeant: cameAsMeant(row, measured) };
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof loadsOf>>} Loads */
/** @typedef {{ ms: number, asMeant: boolean }} Load */
