/**
 * What a bank says that is not so, or what comes between it and the browser.
 *
 * @module
 */
import { arrive } from '../../../browser/support/chromium.js';
import { until } from '../../../browser/support/until.js';
import { read, signed } from './signing.js';

/** @typedef {import('./bank.js').Bank} Bank */
/** @typedef {import('./signing.js').Claims} Claims */
/** @typedef {import('./signing.js').Header} Header */

/**
 * The bank gives another id token than the library has made.
 * @param {Bank} bank
 * @param {(claims: Claims, header: Header) => string} make
 */
export function givesInstead(bank, make) {
  bank.at(/^\/token$/, async (context, next) => {
    await next();
    const { claims, header } = read(context.body.id_token);
    context.body = { ...context.body, id_token: make(claims, header) };
  });
}

/**
 * The bank says something else in it, and signs that with its own key.
 * @param {Bank} bank
 * @param {Claims} changes
 */
export const saysInstead = (bank, changes) => givesInstead(bank, (claims, header) => (
  signed(header, { ...claims, ...changes }, bank.keys.ES256)
));

/**
 * The answer that the bank sends to the accounts server by way of the browser becomes another.
 * @param {Bank} bank
 * @param {string} accounts
 * @param {(answer: URL) => URL} change
 */
export function answersInstead(bank, accounts, change) {
  bank.at(/^\/auth/, async (context, next) => {
    await next();
    const location = context.response.get('location');
    if (location.startsWith(`${accounts}/identification/return/`)) context.set('location', change(new URL(location)).href);
  });
}

/**
 * The browser does not go back: the test has the address instead, one after the other.
 * @param {Bank} bank
 * @param {string} accounts
 */
export function holdsBack(bank, accounts) {
  /** @type {URL[]} */
  const answers = [];
  answersInstead(bank, accounts, (answer) => {
    answers.push(answer);
    return new URL(`${bank.issuer}/held`);
  });
  bank.at(/^\/held$/, (context) => { context.body = 'held back'; });
  return () => until('an answer of the bank', () => answers.shift());
}

/**
 * Then it goes back after all, with this answer. What comes of it is not waited for: the window may close itself.
 * @param {import('../../../browser/support/chromium.js').Page} popup that was held back
 * @param {URL} answer
 */
export async function comesBack(popup, answer) {
  await arrive(popup, /\/held$/);
  await popup.evaluate((address) => { setTimeout(() => window.location.assign(address)); }, answer.href);
}

/** The same address with other parameters; `undefined` takes one away. @param {URL} address @param {Record<string, string | undefined>} changes */
export function withOther(address, changes) {
  const other = new URL(address);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) other.searchParams.delete(name);
    else other.searchParams.set(name, value);
  }
  return other;
}
