/**
 * What a widget has been told, and what a person does with it.
 *
 * @module
 */
import { createHash, randomBytes } from 'node:crypto';
import { armed } from './people.js';
import { until } from './until.js';

/**
 * A document of chromium or of Firefox.
 * @typedef {{ evaluate: (work: any, ...args: any[]) => Promise<any> }} Scope
 * @typedef {import('playwright-core').Page} Page
 * @typedef {import('playwright-core').Frame} Frame
 * @typedef {{ rung: string, reason: string, ms: number }} Rung
 * @typedef {{ hasSession: boolean, outcome: string, reason: string, hint?: string, rungs: Rung[] }} Verdict
 */

/** @param {Scope} scope @param {'verdict' | 'outcome'} name @returns {Promise<Verdict>} */
const kept = (scope, name) => until(`the widget's ${name}`, () => (
  scope.evaluate((/** @type {string} */ which) => /** @type {any} */ (window)[which], name)
));

/** What came of the silent rungs when the widget was loaded. @param {Scope} scope */
export const verdictOf = (scope) => kept(scope, 'verdict');

/** What came of the last click. @param {Scope} scope */
export const outcomeOf = (scope) => kept(scope, 'outcome');

/** Whether the last click is still without an outcome. @param {Scope} scope @returns {Promise<boolean>} */
export const isPending = (scope) => scope.evaluate(() => /** @type {any} */ (window).outcome === undefined);

/** What each rung said. @param {Verdict} verdict @returns {Record<string, string>} */
export const reasonsOf = ({ rungs }) => Object.fromEntries(rungs.map(({ rung, reason }) => [rung, reason]));

/** The name in the profile of whoever is signed in. @param {Scope} scope @returns {Promise<string | undefined>} */
export const nameOf = (scope) => scope.evaluate(() => /** @type {any} */ (window).session.profile().then((/** @type {any} */ profile) => profile?.name));

/** The access token that the widget has. @param {Scope} scope @returns {Promise<string | null>} */
export const tokenOf = (scope) => scope.evaluate(() => /** @type {any} */ (window).session.accessToken());

/** The last word on a flow that waits. @param {Scope} scope @returns {Promise<any>} */
export const lastProgress = (scope) => scope.evaluate(() => /** @type {any} */ (window).progress.at(-1));

/** The flow that the widget waits for, as soon as it is known. @param {Scope} scope @returns {Promise<{ number: string, uri: string }>} */
export const flowOf = (scope) => until('a flow', () => scope.evaluate(() => (
  /** @type {any} */ (window).progress.findLast((/** @type {any} */ state) => state.flow !== undefined)?.flow
)));

/** Until the widget has noticed that the window looks closed. @param {Scope} scope */
export const seemsClosed = (scope) => until('the widget to ask whether one is still signing in', () => scope.evaluate(() => (
  /** @type {any} */ (window).progress.some((/** @type {any} */ state) => state.still === true)
)));

/**
 * Presses what opens a window; gives the window. By key: a click can miss a frame of another process that has just
 * appeared, since the mouse is led by what was drawn last.
 * @param {Page} page
 * @param {Frame} frame
 * @param {string} [selector]
 */
export async function openWindow(page, frame, selector = '#popup') {
  const opening = page.context().waitForEvent('page');
  await frame.press(selector, 'Enter');
  return opening;
}

/**
 * The bridge that a page has framed, once it shows something to click.
 * @param {Page} page
 * @param {string} accounts
 */
export async function offerIn(page, accounts) {
  const frame = await until('the bridge', () => page.frames().find((one) => one.url().startsWith(`${accounts}/bridge?`)));
  await frame.locator('button').waitFor();
  return frame;
}

/** Until a window is gone. @param {Page} popup */
export const isClosed = (popup) => until('the window to close itself', () => popup.isClosed());

/**
 * The numbers that the page of a flow offers.
 * @param {Page} popup
 * @returns {Promise<string[]>}
 */
export async function numbersOf(popup) {
  await popup.getByRole('radio').first().waitFor({ state: 'attached' });
  return popup.getByRole('radio').evaluateAll((inputs) => inputs.map((input) => /** @type {HTMLInputElement} */ (input).value));
}

/** Picks a number on the page of a flow, and confirms it. @param {Page} popup @param {string} number */
export async function confirmNumber(popup, number) {
  const button = popup.locator('button[value="confirm"]');
  await armed(button);
  await popup.locator(`input[type="radio"][value="${number}"]`).check({ force: true });
  await button.click();
}

/**
 * The same in whichever browser. The button is armed when the page has been looked at for a moment; until its script
 * has run it only looks as if it were.
 * @param {Scope & { click: (selector: string) => Promise<unknown>, activate?: () => Promise<unknown> }} popup
 * @param {string} number
 */
export async function pickNumber(popup, number) {
  let stands = '';
  await until('the number to be asked for', async () => {
    stands = await popup.evaluate((/** @type {string} */ value) => {
      const radio = /** @type {HTMLInputElement | null} */ (document.querySelector(`input[type="radio"][value="${value}"]`));
      if (radio === null || document.readyState !== 'complete') return 'loading';
      radio.checked = true;
      if (!document.hasFocus()) return 'overlooked';
      return document.querySelector('button[value="confirm"]:enabled') === null ? 'waiting' : 'armed';
    }, number).catch(() => 'loading');
    if (stands === 'overlooked') await popup.activate?.();
    return stands === 'armed';
  }, () => `its page is ${stands}`);
  await popup.click('button[value="confirm"]');
}

/**
 * Goes on from the page of a flow to what it is for: with the number, unless this browser has confirmed it before.
 * @param {Page} popup
 * @param {string} number
 */
export async function passFlow(popup, number) {
  const form = popup.locator('input[type="radio"]').first();
  const signIn = popup.getByLabel('Username or e-mail');
  await form.or(signIn).first().waitFor({ state: 'attached' });
  if (await form.count() > 0) await confirmNumber(popup, number);
}

/**
 * What a person would answer when the browser asks whether a frame may use its cookies: yes. What it gives takes that
 * back.
 * @param {import('./chromium.js').Chromium} chromium
 * @param {string} top the origin of the topmost page
 * @param {string} frame the origin of the frame
 */
export async function grantStorageAccess({ context }, top, frame) {
  const session = await /** @type {import('playwright-core').Browser} */ (context.browser()).newBrowserCDPSession();
  /** @param {'granted' | 'prompt'} setting */
  const set = (setting) => session.send('Browser.setPermission', {
    permission: { name: 'storage-access' }, setting, origin: top, embeddedOrigin: frame,
  });
  await set('granted');
  return async () => {
    await set('prompt');
    await session.detach();
  };
}

const hex = () => randomBytes(32).toString('hex');
/** @param {string} text */
const sha256 = (text) => createHash('sha256').update(text);

/**
 * A flow as somebody makes it who writes requests by hand: from anywhere, in the name of a client's page.
 * @param {import('./ladder.js').Ladder} ladder
 * @param {string} host
 * @param {Record<string, string>} [more]
 */
export async function makeFlow({ accounts, server, sites }, host, more = {}) {
  const waitingSecret = hex();
  const verifier = hex();
  const parameters = {
    client_id: 'pad', redirect_uri: `${accounts}/callback/pad/popup`, response_type: 'code', scope: 'openid profile email',
    state: hex(), nonce: hex(), code_challenge: sha256(verifier).digest('base64url'), code_challenge_method: 'S256', ...more,
  };
  /** @param {string} path @param {Record<string, string>} form */
  const post = async (path, form) => {
    const answer = await fetch(server.internal + path, {
      method: 'POST', headers: { origin: sites.origin(host) }, body: new URLSearchParams(form),
    });
    return { status: answer.status, body: /** @type {any} */ (await answer.json()) };
  };
  const made = await post('/flow', { waiting_secret: waitingSecret, ...parameters });
  if (made.status !== 201) throw new Error(`no flow: ${made.status} ${JSON.stringify(made.body)}`);
  return {
    id: sha256(waitingSecret).digest('hex'),
    waitingSecret,
    parameters,
    uri: /** @type {string} */ (made.body.flow_uri),
    number: /** @type {string} */ (made.body.number),
    /** How it stands. @returns {Promise<{ state?: string, response?: Record<string, string>, error?: string }>} */
    outcome: async () => (await post('/flow/outcome', { waiting_secret: waitingSecret, wait: '0' })).body,
  };
}
