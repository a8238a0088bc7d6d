/**
 * The notes as a client by themselves, in a frame of the specs.
 *
 * @module
 */
import { sidebar } from './demo.js';
import { pressGuarded } from './people.js';
import { until } from './until.js';
import { isClosed } from './widget.js';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('./demo.js').Demo} Demo */

/** Until the panel asks the person to sign in. @param {Page} tab */
export const asksForPerson = (tab) => sidebar(tab).getByRole('button', { name: 'Sign in', exact: true }).waitFor();

/** Presses the panel's button, and returns the window that opens. @param {Page} tab */
export async function openWindow(tab) {
  const opening = tab.context().waitForEvent('page');
  await sidebar(tab).getByRole('button', { name: 'Sign in', exact: true }).press('Enter');
  return opening;
}

/** Until the window has closed by itself; agrees in it, unless that was done before. @param {Page} popup */
export async function allowIfAsked(popup) {
  pressGuarded(popup.getByRole('button', { name: 'Allow' })).catch(() => {});
  await isClosed(popup);
}

/** The widget's own frame. @param {Page} tab @param {Demo} demo */
export const widgetFrame = (tab, demo) => until('the widget', () => (
  tab.frames().find((frame) => frame.url().startsWith(`${demo.notes}/widget?page=`))
));

/** Writes a note in the widget. @param {Page} tab @param {string} text */
export async function writeNote(tab, text) {
  await sidebar(tab).getByLabel('Your note').fill(text);
  // By key: while two processes lay out a frame that is still moving, a click can miss the button.
  await sidebar(tab).getByRole('button', { name: 'Add the note' }).press('Enter');
  await sidebar(tab).getByRole('listitem').filter({ hasText: text }).waitFor();
}
