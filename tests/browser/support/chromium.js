/**
 * Chromium as a person has it: started here and then attached to, since playwright's own launcher switches off
 * the partitioning of storage, which is what half of these tests are about.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium as engine } from 'playwright-core';
import { atMost, until } from './until.js';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').Frame} Frame */

const EXECUTABLE = process.env.CHROMIUM ?? 'chromium';
const ARGUMENTS = [
  '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', '--remote-debugging-port=0',
];
/** How long playwright waits for an element or a page before it says what it did not find. */
const PATIENCE_MS = 20_000;
/** An attachment takes half a second; now and then one hangs, and the next one does not. */
const ATTACH_MS = 10_000;
const FAREWELL_MS = 5_000;

/**
 * Debian blocks third-party cookies from the start, Chrome allows them: each test says which it means.
 * @typedef {'blocked' | 'allowed'} ThirdPartyCookies
 */

/** @param {string} profile @param {ThirdPartyCookies} cookies */
async function writePreferences(profile, cookies) {
  const blocked = cookies === 'blocked';
  await mkdir(join(profile, 'Default'));
  await writeFile(join(profile, 'Default', 'Preferences'), JSON.stringify({
    profile: { cookie_controls_mode: blocked ? 1 : 0, block_third_party_cookies: blocked },
  }));
}

/**
 * The port on which chromium can be driven; it writes it into its profile.
 * @param {string} profile
 * @param {import('node:child_process').ChildProcess} process
 */
function driverPort(profile, process) {
  return until('chromium to open its driver port', async () => {
    if (process.exitCode !== null) throw new Error(`chromium ended with ${process.exitCode} before it could be driven`);
    const [port, path] = (await readFile(join(profile, 'DevToolsActivePort'), 'utf8').catch(() => '')).split('\n');
    return path ? port : undefined;
  });
}

/**
 * Starts chromium with a profile of its own. `lead` leads connections for a host elsewhere.
 * @param {{ thirdPartyCookies?: ThirdPartyCookies, lead?: { host: string, port: number } }} [options]
 */
export async function openChromium({ thirdPartyCookies = 'blocked', lead } = {}) {
  const profile = await mkdtemp(join(tmpdir(), 'vestibule-chromium.'));
  await writePreferences(profile, thirdPartyCookies);
  // An empty page to begin with: the "new tab" page would still be on its way when playwright attaches.
  const rules = lead ? [`--host-resolver-rules=MAP ${lead.host} 127.0.0.1:${lead.port}`] : [];
  const child = spawn(EXECUTABLE, [...ARGUMENTS, ...rules, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: 'ignore',
    // Nothing of the person who runs the tests: neither a home, nor a proxy.
    env: { PATH: process.env.PATH, HOME: profile, LANG: 'C.UTF-8' },
  });
  if (child.pid === undefined) throw (await once(child, 'error'))[0];
  const ended = once(child, 'exit');
  const end = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const driver = `http://127.0.0.1:${await driverPort(profile, child)}`;
    const attach = () => engine.connectOverCDP(driver, { timeout: ATTACH_MS });
    return attached(await attach().catch(attach), ended, end);
  } catch (error) {
    await end();
    throw error;
  }
}

/** @typedef {Awaited<ReturnType<typeof openChromium>>} Chromium */

/**
 * @param {import('playwright-core').Browser} browser
 * @param {Promise<unknown>} ended
 * @param {() => Promise<void>} end
 */
function attached(browser, ended, end) {
  const [context] = browser.contexts();
  if (context === undefined) throw new Error('chromium came up without a profile');
  context.setDefaultTimeout(PATIENCE_MS);
  return {
    context,
    /** A new tab. */
    tab: () => context.newPage(),
    /** A new tab of somebody who has scripts switched off. */
    async tabWithoutScript() {
      const page = await context.newPage();
      const session = await context.newCDPSession(page);
      await session.send('Emulation.setScriptExecutionDisabled', { value: true });
      return page;
    },
    /** Every cookie, the ones that scripts cannot see included. */
    cookies: () => context.cookies(),
    /** Ends the browser in its own way, by force only if it does not. */
    async close() {
      const session = await browser.newBrowserCDPSession();
      await session.send('Browser.close').catch(() => {});
      await atMost(ended, FAREWELL_MS);
      await end();
    },
  };
}

/**
 * One step back in the tab's history. Not `page.goBack`: it waits for a load, and a page that comes out of the
 * back/forward cache does not load.
 * @param {Page} page
 * @param {RegExp} address where the step leads to
 */
export async function goBack(page, address) {
  await page.evaluate(() => { setTimeout(() => window.history.back()); });
  await arrive(page, address);
}

/** One step forward. @param {Page} page @param {RegExp} address */
export async function goForward(page, address) {
  await page.evaluate(() => { setTimeout(() => window.history.forward()); });
  await arrive(page, address);
}

/** Until the tab shows an address, however it got there. @param {Page} page @param {RegExp} address */
export async function arrive(page, address) {
  let shown = '';
  await until(`${address} to be shown`, async () => {
    // The page is asked: playwright does not hear of everything that the back/forward cache does.
    shown = await page.evaluate(() => window.location.href).catch(() => page.url());
    return address.test(shown);
  }, () => `it is ${shown}`);
}
