/**
 * What browsers ask people about storage, and the button in the bridge that leads to it.
 *
 * @module
 */
import { awaitMessage, bridgeReady, frameAt, say } from './framing.js';
import { until } from './until.js';

/** @typedef {import('playwright-core').Frame} Frame */
/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('./family.js').Family} Family */

/** What is set lasts as long as the session that set it. @type {WeakMap<Page, Promise<import('playwright-core').CDPSession>>} */
const sessions = new WeakMap();

/**
 * What a person has answered, or will: on pages of `top` frames of accounts may have their cookies.
 * @param {Page} tab
 * @param {string} top
 * @param {string} accounts
 * @param {'granted' | 'denied' | 'prompt'} setting
 */
export async function setStorageAccess(tab, top, accounts, setting) {
  const opened = sessions.get(tab) ?? tab.context().newCDPSession(tab);
  sessions.set(tab, opened);
  const session = await opened;
  const permission = { name: 'storage-access' };
  await session.send('Browser.setPermission', { permission, setting, origin: top, embeddedOrigin: accounts });
}

/** How long one click may take. */
const CLICK_MS = 1_000;

let offered = 0;

/**
 * Has a page offer the button in the bridge that it frames. What it gives waits for the result.
 * @param {Frame} frame
 * @param {string} accounts
 */
export async function offer(frame, accounts) {
  await bridgeReady(frame);
  offered += 1;
  const id = `offer-${offered}`;
  await say(frame, { type: 'vestibule.storage.offer', id }, accounts);
  return () => awaitMessage(frame, ({ data }) => data?.type === 'vestibule.storage.result' && data.id === id);
}

/**
 * Clicks a button that goes when it has been clicked. The mouse is led by what was drawn last, so that a click can miss
 * a frame of another process that has just appeared: a person would click again.
 * @param {import('playwright-core').Locator} shown
 */
export const clickUntilGone = (shown) => until('the button to be gone', async () => {
  await shown.click({ timeout: CLICK_MS }).catch(() => {});
  return await shown.count() === 0;
});

/** The button, wherever in a page the bridge of a client stands. @param {Page} tab @param {Family} family @param {string} clientId */
export async function button(tab, { server }, clientId) {
  const bridge = await frameAt(tab, server.bridge(clientId));
  return bridge.getByRole('button', { name: 'Let Vestibule know you here' });
}
