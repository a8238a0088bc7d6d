// @ts-check
// The payments page, in a frame of the shop's page. It says that it is ready, is handed a token and the number of an
// order, and asks its own server what they come to.
//
// The token is in a variable of this page and goes to this site's own server: never into an address or into storage.

import { showFacts } from './facts.js';
import { guard } from './in_sight.js';

/** @typedef {import('./facts.js').Facts} Facts */
/**
 * @typedef {{ payer: string, shop: string, title: string, quantity: number, cents: number, amount: string }} Seen
 * @typedef {{ receipt: string, amount: string }} Paid
 */
/**
 * @template T
 * @typedef {{ good?: T, refused?: { code: string, text: string }, facts?: Facts | null }} Answer
 */

/** How long this site's own server may take, in milliseconds. */
const PATIENCE = 15_000;

/**
 * The element, which the template has.
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} type
 * @returns {T}
 */
function find(selector, type) {
  const element = document.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`${selector} is missing`);
  return element;
}

const { shop = '' } = find('[data-shop]', HTMLElement).dataset;
const button = find('[data-pay]', HTMLButtonElement);
const hint = find('[data-guard-hint]', HTMLElement);
let guarded = guard(button, hint);

/** What is being paid. @type {{ token: string, order: string, cents: number } | null} */
let due = null;
let asked = 0;

/** @param {string} name @param {string} text */
function say(name, text) {
  for (const part of document.querySelectorAll(`[data-say="${name}"]`)) part.textContent = text;
}

/** @param {'waiting' | 'alone' | 'ready' | 'refused' | 'done'} state @param {string} [news] */
function show(state, news = '') {
  for (const part of document.querySelectorAll('[data-state]')) {
    part.toggleAttribute('hidden', part.getAttribute('data-state') !== state);
  }
  find('[data-news]', HTMLElement).textContent = news;
}

/**
 * Asks this site's own server.
 * @template T
 * @param {string} path
 * @param {object} question
 * @returns {Promise<Answer<T>>}
 */
async function ask(path, question) {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(question),
    signal: AbortSignal.timeout(PATIENCE),
  }).then((response) => response.json()).catch(() => null);
  return answer ?? { refused: { code: 'unreachable', text: 'Pay cannot be reached. Try again in a moment.' } };
}

/** @param {Answer<unknown>} answer */
function refuse({ refused, facts }) {
  due = null;
  say('refusal', refused?.text ?? '');
  token(facts);
  show('refused');
}

/** @param {Facts | null | undefined} facts */
function token(facts) {
  const place = find('[data-token]', HTMLElement);
  place.hidden = false;
  showFacts(place, facts ?? null);
}

/** What a token and an order come to; of several, only the last counts. @param {string} given @param {string} order */
async function look(given, order) {
  const turn = ++asked;
  due = null;
  show('waiting');
  /** @type {Answer<Seen>} */
  const answer = await ask('/checkout/look', { token: given, order });
  if (turn !== asked) return;
  const seen = answer.good;
  if (!seen) {
    refuse(answer);
    return;
  }
  due = { token: given, order, cents: seen.cents };
  say('amount', seen.amount);
  say('what', seen.quantity > 1 ? `${seen.quantity} × ${seen.title}` : seen.title);
  say('shop', seen.shop);
  say('payer', seen.payer);
  token(answer.facts);
  show('ready', `${seen.amount} to be paid by ${seen.payer}`);
  guarded.arm();
}

async function pay() {
  const paying = due;
  if (!paying) return;
  const turn = ++asked;
  due = null;
  guarded.stop();
  /** @type {Answer<Paid>} */
  const answer = await ask('/checkout/pay', paying);
  guarded = guard(button, hint);
  if (answer.good) {
    say('paid', answer.good.amount);
    say('receipt', answer.good.receipt);
    show('done', 'Paid');
    // A reason for the shop's page to ask its own server, which has heard it from ours.
    window.parent.postMessage({ type: 'pay.done', order: paying.order }, shop);
  } else if (turn === asked) {
    refuse(answer);
  }
}

/** Only the page around is heard, and only when it is the shop's. @param {MessageEvent} event */
function listen({ source, origin, data }) {
  if (source !== window.parent || window.parent === window || origin !== shop) return;
  const { type, token: given, order } = data ?? {};
  if (type === 'pay.token' && typeof given === 'string' && typeof order === 'string') look(given, order);
}

/** Asks the page around for a token. */
function begin() {
  show('waiting');
  window.parent.postMessage({ type: 'pay.ready' }, shop);
}

window.addEventListener('message', listen);
button.addEventListener('click', pay);
find('[data-again]', HTMLElement).addEventListener('click', begin);
if (window.parent === window) show('alone');
else begin();
