/**
 * A page in chromium that waits with @stomp/stompjs, as the library comes and as our documentation shows it.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { pageId } from './operations.js';
import { until } from '../../browser/support/until.js';

/** @typedef {import('../../browser/support/chromium.js').Page} Page */
/** @typedef {import('./operations.js').Operation} Operation */
/** @typedef {{ registrations: any[], results: any[], errors: string[], codes: number[] }} Heard */

/** `till` is a sibling of the accounts server, and `evil` is nobody's client. */
export const hosts = { till: 'till.vestibule.localhost', evil: 'evil.vestibule.localhost' };

const LIBRARY = new URL('../node_modules/@stomp/stompjs/bundles/stomp.umd.min.js', import.meta.url);

/** What it waits for is kept in the tab, so that a reload waits for the same, as the same page. */
const PAGE = `
  window.heard = { registrations: [], results: [], errors: [], codes: [] };
  const wait = ({ brokerURL, login, passcode, webSocketId }) => {
    const { registrations, results, errors, codes } = window.heard;
    window.client = new StompJs.Client({
      brokerURL, connectHeaders: { login, passcode }, reconnectDelay: 200,
      onConnect: () => {
        client.subscribe('/user/topic/registration', ({ body }) => registrations.push(JSON.parse(body)));
        client.subscribe('/user/topic/authorization', ({ body }) => results.push(JSON.parse(body)));
        client.publish({ destination: '/app/registration', body: JSON.stringify({ webSocketId }) });
      },
      onStompError: ({ headers }) => { errors.push(headers.message); client.reconnectDelay = 0; },
      onWebSocketClose: ({ code }) => codes.push(code),
    });
    client.activate();
  };
  window.begin = (what) => { sessionStorage.setItem('waits', JSON.stringify(what)); wait(what); };
  const kept = sessionStorage.getItem('waits');
  if (kept) wait(JSON.parse(kept));
`;

/** Puts the page on both hosts. @param {import('../../browser/support/sites.js').Sites} sites */
export async function publish(sites) {
  const library = await readFile(LIBRARY, 'utf8');
  for (const host of Object.values(hosts)) {
    sites.script(host, '/stomp.js', library);
    sites.script(host, '/page.js', PAGE);
    sites.page(host, '/', '<body><script src="/stomp.js"></script><script src="/page.js"></script>');
    sites.page(host, '/elsewhere', '<body>');
  }
}

/**
 * Lets a page wait.
 * @param {Page} tab
 * @param {string} issuer
 * @param {Operation} operation
 */
export function wait(tab, issuer, { waitSecret, webSocketId }, login = pageId()) {
  const brokerURL = `${issuer.replace('http', 'ws')}/websocket`;
  return tab.evaluate((what) => /** @type {any} */ (window).begin(what), { brokerURL, login, passcode: waitSecret, webSocketId });
}

/** What a page has heard. @param {Page} tab @returns {Promise<Heard>} */
export const heard = (tab) => tab.evaluate(() => /** @type {any} */ (window).heard);

/**
 * Until a page has heard this.
 * @param {Page} tab
 * @param {string} what
 * @param {(heard: Heard) => boolean} wanted
 */
export async function hears(tab, what, wanted) {
  /** @type {Heard | undefined} */
  let last;
  await until(what, async () => {
    last = await heard(tab);
    return wanted(last);
  }, () => JSON.stringify(last));
}

/** Until a page is registered, so many times in all. @param {Page} tab */
export const registered = (tab, times = 1) => hears(tab, 'a registration', ({ registrations }) => (
  registrations.length === times && registrations.every(({ registrationSucceeded }) => registrationSucceeded)
));

/** Until a page has heard a result. @param {Page} tab @param {string} authResult */
export const ended = (tab, authResult) => hears(tab, authResult, ({ results }) => results[0]?.authResult === authResult);
