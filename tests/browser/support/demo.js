/**
 * The demo, all sites in one process, as `vestibule demo` starts it.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, serve } from './program.js';

/** Who is there from the beginning. */
export const alice = { username: 'alice', fullName: 'Alice Liddell', password: 'looking-glass-1871' };

const OFFSETS = { accounts: 0, wiki: 1, notes: 2, shop: 3, pay: 4, specs: 5, bank: 6 };

/**
 * Starts the demo on free ports, with its state in a folder that goes with it, unless one is given.
 * @param {{ data?: string }} [options]
 */
export async function startDemo({ data } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'vestibule-demo.'));
  const first = await freePorts(Object.values(OFFSETS));
  const local = Object.values(OFFSETS).map((offset) => `http://127.0.0.1:${first + offset}/`);
  const args = ['demo', '--first-port', String(first), '--data', data ?? join(folder, 'data')];
  const program = await serve(args, local, { cwd: folder });
  return {
    accounts: `http://accounts.vestibule.localhost:${first + OFFSETS.accounts}`,
    wiki: `http://wiki.vestibule.localhost:${first + OFFSETS.wiki}`,
    notes: `http://notes.vestibule.localhost:${first + OFFSETS.notes}`,
    shop: `http://shop.vestibule.localhost:${first + OFFSETS.shop}`,
    pay: `http://pay.vestibule.localhost:${first + OFFSETS.pay}`,
    specs: `http://specs.example.localhost:${first + OFFSETS.specs}`,
    bank: `http://bank.example.localhost:${first + OFFSETS.bank}`,
    /** Everything it has printed and logged so far. */
    output: program.output,
    async stop() {
      await program.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof startDemo>>} Demo */

/**
 * A page, or the widget in it.
 * @typedef {import('playwright-core').Page | import('playwright-core').FrameLocator} Scope
 */

/** The notes widget in a page. @param {import('playwright-core').Page} page */
export const sidebar = (page) => page.frameLocator('iframe[title="Notes on this page"]');

/** Until a page or the widget shows that somebody is signed in. @param {Scope} scope @param {string} name */
export const knows = (scope, name) => scope.locator('.who', { hasText: name }).waitFor();

/** Until a page or the widget offers to sign in. @param {Scope} scope */
export const knowsNobody = (scope) => scope.getByRole('link', { name: 'Sign in' }).waitFor();

/** Lets a page remember that it was not loaded again. @param {import('playwright-core').Page} page */
export const markPage = (page) => page.evaluate(() => { /** @type {any} */ (window).marked = true; });

/** Whether it is still the page that was marked. @param {import('playwright-core').Page} page */
export const isMarked = (page) => page.evaluate(() => /** @type {any} */ (window).marked === true);
