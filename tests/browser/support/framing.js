/**
 * Pages that frame the bridge, and what they hear of it.
 *
 * @module
 */
import { silence, until } from './until.js';

/** @typedef {import('playwright-core').Frame} Frame */
/** A document of whichever browser. @typedef {{ evaluate: (work: any, ...args: any[]) => Promise<any> }} Scope */
/** @typedef {import('playwright-core').Page} Page */
/** @typedef {{ origin: string, data: any, fromBridge: boolean }} Heard */

/** Keeps every message this window gets, from the beginning. Served as a file: some pages allow no inline script. */
const EAR = `
  window.heard = [];
  addEventListener('message', ({ origin, data, source }) => {
    const bridge = document.querySelector('iframe')?.contentWindow;
    window.heard.push({ origin, data, fromBridge: source !== null && source === bridge });
  });
`;

/**
 * Puts a page somewhere that frames an address and keeps what it hears.
 * @param {import('./sites.js').Sites} sites
 * @param {string} host
 * @param {string} path
 * @param {string} address
 * @param {{ attributes?: string, headers?: Record<string, string>, more?: string }} [how]
 */
export function framingPage(sites, host, path, address, { attributes = '', headers = {}, more = '' } = {}) {
  const ear = new URL(sites.script(host, '/ear.js', EAR)).pathname;
  const html = `<script src="${ear}"></script><iframe title="framed" ${attributes} src="${address}"></iframe>${more}`;
  return sites.page(host, path, html, headers);
}

/** Everything a page has heard. @param {Scope} frame @returns {Promise<Heard[]>} */
export const heard = (frame) => frame.evaluate(() => /** @type {any} */ (window).heard);

/** What a page hears while nothing should be said. @param {Scope} frame @returns {Promise<Heard[]>} */
export async function heardInSilence(frame) {
  await silence();
  return heard(frame);
}

/** The first message of this kind that a page hears. @param {Scope} frame @param {(message: Heard) => boolean} wanted */
export async function awaitMessage(frame, wanted) {
  /** @type {Heard[]} */
  let all = [];
  const found = await until('a message of the bridge', async () => {
    all = await heard(frame);
    return all.find(wanted);
  }, () => `heard ${JSON.stringify(all)}`);
  return found.data;
}

/** Until the bridge has said that it is ready. @param {Scope} frame */
export const bridgeReady = (frame) => awaitMessage(frame, ({ data }) => data?.type === 'vestibule.bridge.ready');

/**
 * Posts something to the framed window, and waits for nothing.
 * @param {Scope} frame
 * @param {unknown} message
 * @param {string} origin
 */
export const say = (frame, message, origin) => frame.evaluate((/** @type {[unknown, string]} */ [what, target]) => {
  document.querySelector('iframe')?.contentWindow?.postMessage(what, target);
}, [message, origin]);

let asked = 0;

/**
 * Asks the bridge in a page as a site would, and returns its answer.
 * @param {Scope} frame
 * @param {string} accounts
 * @param {{ mint?: boolean, nonce?: string }} [question]
 */
export async function ask(frame, accounts, { mint = true, nonce } = {}) {
  await bridgeReady(frame);
  asked += 1;
  const id = `question-${asked}`;
  const bound = nonce === undefined ? {} : { nonce };
  await say(frame, { type: 'vestibule.session.request', id, mint, ...bound }, accounts);
  return awaitMessage(frame, ({ data }) => data?.id === id);
}

/**
 * Says one of the strings of old, and returns the next answer to a string.
 * @param {Scope} frame
 * @param {string} accounts
 * @param {string} text
 */
export async function askString(frame, accounts, text) {
  await bridgeReady(frame);
  /** @param {Heard} message */
  const isAnswer = ({ data }) => data?.type === undefined && typeof data?.hasSession === 'boolean';
  const before = (await heard(frame)).filter(isAnswer).length;
  await say(frame, text, accounts);
  const answers = await until(`an answer to ${text}`, async () => {
    const all = (await heard(frame)).filter(isAnswer);
    return all.length > before ? all : undefined;
  });
  return answers.at(-1)?.data;
}

/** The frame at an address, further down in a page. @param {Page} page @param {string} address */
export const frameAt = (page, address) => until(`a frame at ${address}`, () => (
  page.frames().find((frame) => frame.url() === address)
));

/**
 * Until a child of a page's frame shows the browser's own error page: it was refused.
 * @param {Frame} parent
 */
export const refusedFrame = (parent) => until('the browser to refuse a frame', () => (
  parent.childFrames().some((child) => child.url().startsWith('chrome-error:'))
), () => `it has ${parent.childFrames().map((child) => child.url()).join(', ')}`);
