/**
 * Firefox ESR as a person has it: started here and driven by WebDriver BiDi, without the preferences that drivers
 * usually set, since those switch off the popup blocker and the tracking protection, which these tests are about.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectBidi } from './bidi.js';
import { tabsOf } from './firefox_tab.js';
import { atMost, until } from './until.js';

const EXECUTABLE = process.env.FIREFOX ?? 'firefox-esr';
const FAREWELL_MS = 5_000;
/** A first start writes a whole profile, which takes long on a busy machine. */
const START_MS = 60_000;

/** Nothing is fetched from elsewhere, nothing is shown first. What a page can notice stays as it is. */
const PREFERENCES = {
  'remote.prefs.recommended': false,
  'app.normandy.enabled': false,
  'app.update.disabledForTesting': true,
  'browser.aboutwelcome.enabled': false,
  'browser.backup.enabled': false,
  'browser.newtabpage.enabled': false,
  'browser.region.network.url': '',
  'browser.safebrowsing.blockedURIs.enabled': false,
  'browser.safebrowsing.downloads.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.safebrowsing.update.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'browser.startup.page': 0,
  'browser.topsites.contile.enabled': false,
  'datareporting.healthreport.uploadEnabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.push.connection.enabled': false,
  'extensions.getAddons.cache.enabled': false,
  'extensions.systemAddon.update.enabled': false,
  'extensions.update.enabled': false,
  'media.gmp-manager.updateEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'signon.rememberSignons': false,
  'termsofuse.bypassNotification': true,
  'toolkit.telemetry.server': '',
};

/** @param {string} profile */
const writePreferences = (profile) => writeFile(join(profile, 'user.js'), Object.entries(PREFERENCES)
  .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`).join(''));

/** The address at which it can be driven, which it prints. @param {import('node:child_process').ChildProcess} child */
function driverAddress(child) {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (part) => { text = (text + part).slice(-100_000); });
  return until('firefox to open its driver port', () => {
    if (child.exitCode !== null) throw new Error(`firefox ended with ${child.exitCode} before it could be driven:\n${text}`);
    return /WebDriver BiDi listening on (ws:\S+)/.exec(text)?.[1];
  }, () => text, START_MS);
}

/** Starts Firefox with a profile of its own. */
export async function openFirefox() {
  const profile = await mkdtemp(join(tmpdir(), 'vestibule-firefox.'));
  await writePreferences(profile);
  const child = spawn(EXECUTABLE, ['--headless', '--no-remote', '--remote-debugging-port', '0', '--profile', profile, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // Nothing of the person who runs the tests: neither a home, nor a proxy.
    env: { PATH: process.env.PATH, HOME: profile, LANG: 'C.UTF-8', MOZ_CRASHREPORTER_DISABLE: '1' },
  });
  if (child.pid === undefined) throw (await once(child, 'error'))[0];
  const ended = once(child, 'exit');
  const end = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const bidi = await connectBidi(await driverAddress(child));
    return {
      bidi,
      ...await tabsOf(bidi),
      /** Every cookie, the ones that scripts cannot see included. @returns {Promise<{ name: string, domain: string }[]>} */
      cookies: async () => (await bidi.send('storage.getCookies')).cookies,
      /** Ends the browser in its own way, by force only if it does not. */
      async close() {
        await bidi.send('browser.close').catch(() => {});
        await atMost(ended, FAREWELL_MS);
        bidi.close();
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** @typedef {Awaited<ReturnType<typeof openFirefox>>} Firefox */

/** Lets a test have a Firefox, which is closed at its end, whatever that is. @param {import('node:test').TestContext} t */
export async function firefoxFor(t) {
  const firefox = await openFirefox();
  t.after(() => firefox.close());
  return firefox;
}
