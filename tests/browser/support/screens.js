/**
 * Looks at a page as people see it: light and dark, on a small phone and on a desk. Keeps a picture of each in
 * `tests/browser/out`, and says what axe-core and a ruler find wrong.
 *
 * @module
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').Frame} Frame */

const folder = fileURLToPath(new URL('../out', import.meta.url));
const SCHEMES = /** @type {const} */ (['light', 'dark']);
const WIDTHS = [320, 1280];
const HEIGHT = 800;
const TALLEST = 4_000;

/** The page's own frame, and those within it that can be seen. @param {Page} page */
async function visibleFrames(page) {
  const frames = [page.mainFrame()];
  for (const frame of page.frames()) {
    if (frame === page.mainFrame()) continue;
    const element = await frame.frameElement();
    if (await element.isVisible()) frames.push(frame);
  }
  return frames;
}

/** What axe-core finds in one frame, a line for each. @param {Frame} frame @returns {Promise<string[]>} */
async function axeFindings(frame) {
  await frame.evaluate(axe.source);
  // The bridge shows one button within the widget's own page, and is no page to be read by itself.
  const off = new URL(frame.url()).pathname === '/bridge' ? ['landmark-one-main', 'page-has-heading-one'] : [];
  return frame.evaluate(async (ids) => {
    const { run } = /** @type {typeof import('axe-core')} */ (/** @type {any} */ (window).axe);
    const rules = Object.fromEntries(ids.map((id) => [id, { enabled: false }]));
    const { violations } = await run(document, { iframes: false, resultTypes: ['violations'], rules });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary = '' }) => (
      `${id}: ${html.slice(0, 160)} ${failureSummary.replace(/\s+/g, ' ')}`
    )));
  }, off);
}

/** Whether the text has to be pushed sideways to be read. @param {Frame} frame @returns {Promise<string[]>} */
async function overflow(frame) {
  const { needed, given } = await frame.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return { needed: scrollWidth, given: clientWidth };
  });
  return needed > given ? [`is ${needed} wide where there is room for ${given}`] : [];
}

/**
 * Makes room for all of a page: what is below the fold is not drawn in frames of other sites.
 * @param {Page} page
 * @param {number} width
 */
async function showAll(page, width) {
  await page.setViewportSize({ width, height: HEIGHT });
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width, height: Math.min(Math.max(height, HEIGHT), TALLEST) });
  // What turns for ever, as a spinner does, is not waited for.
  await page.evaluate(() => Promise.all(document.getAnimations()
    .filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity)
    .map(({ finished }) => finished.catch(() => {}))));
}

/** Keeps one picture. @param {Page} page @param {string} name */
export async function takePicture(page, name) {
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

/**
 * Takes the pictures of what a tab shows, and returns what is wrong with it.
 * @param {Page} page
 * @param {string} name of the pictures
 * @param {number[]} [widths]
 * @returns {Promise<string[]>}
 */
export async function inspect(page, name, widths = WIDTHS) {
  /** @type {string[]} */
  const problems = [];
  for (const colorScheme of SCHEMES) {
    for (const width of widths) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await showAll(page, width);
      await takePicture(page, `${name}-${colorScheme}-${width}`);
      // What axe-core reads depends on the colours or on the width, not on both: each is read once.
      const reads = (colorScheme === 'light') === (width === widths[0]);
      for (const frame of await visibleFrames(page)) {
        const found = [...(reads ? await axeFindings(frame) : []), ...await overflow(frame)];
        problems.push(...found.map((problem) => `${name}, ${colorScheme}, ${width}: ${problem}`));
      }
    }
  }
  return problems;
}
