// @ts-check
// The payments page, in a frame of the shop's page. It says that it is ready, is handed a token and the number of an
// order, and asks its own server what they come to. Before any money is taken, the payer confirms at the accounts
// site; this page waits for that, and its server looks at what was signed.
//
// The token is in a variable of this page and goes to this site's own server: never into an address or into storage.

import { confirming } from './confirming.js';
import { showFacts } from './facts.js';
import { guard } from './in_sight.js';
import { connectionText, endedText, minutes } from './pay_words.js';

/** @typedef {import('./facts.js').Facts} Facts */
/** @typedef {import('./confirming.js').Asked} Asked */
/** @typedef {import('./confirming.js').Standing} Standing */
/**
 * @typedef {{ payer: string, shop: string, title: string, quantity: number, cents: number, amount: string,
 *   asked: Asked | null }} Seen
 * @typedef {{ receipt: string, amount: string }} Paid
 * @typedef {'waiting' | 'alone' | 'ready' | 'confirm' | 'taking' | 'ended' | 'refused' | 'done'} Pane
 */
/**
 * @template T
 * @typedef {{ good?: T, refused?: { code: string, text: string }, facts?: Facts | null }} Answer
 */

/** How long this site's own server may take, in milliseconds: longer than it waits for an answer itself. */
const PATIENCE = 20_000;

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
const { accounts = '' } = document.body.dataset;
const button = find('[data-pay]', HTMLButtonElement);
const hint = find('[data-guard-hint]', HTMLElement);
let guarded = guard(button, hint);

/** What is being paid. @type {{ token: string, order: string, cents: number } | null} */
let due = null;
/** @type {import('./confirming.js').Confirming | null} */
let following = null;
let asked = 0;
/** Whether a token that ended while the payer was busy may be swapped for a new one. */
let renewable = false;

/** @param {string} name @param {string} text */
function say(name, text) {
  for (const part of document.querySelectorAll(`[data-say="${name}"]`)) {
    if (part.textContent !== text) part.textContent = text;
  }
}

/** @param {Pane} pane @param {string} [news] */
function show(pane, news = '') {
  for (const part of document.querySelectorAll('[data-state]')) {
    part.toggleAttribute('hidden', part.getAttribute('data-state') !== pane);
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

/** Nobody waits any more; what is still open is taken back. */
function leave() {
  following?.stop();
  following = null;
}

/** @param {Answer<unknown>} answer */
function refuse({ refused, facts }) {
  leave();
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
  if (!following) show('waiting');
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
  if (seen.asked) {
    confirm(seen.asked);
    return;
  }
  leave();
  show('ready', `${seen.amount} to be paid by ${seen.payer}`);
  guarded.arm();
}

/** Lets the payer be asked. */
async function press() {
  if (!due) return;
  const turn = ++asked;
  const { checked: brief } = find('[data-brief]', HTMLInputElement);
  guarded.stop();
  /** @type {Answer<Asked>} */
  const answer = await ask('/checkout/ask', { ...due, brief });
  guarded = guard(button, hint);
  if (turn !== asked) return;
  if (answer.good) confirm(answer.good);
  else refuse(answer);
}

/** Waits for the payer, unless they are being waited for already. @param {Asked} question */
function confirm(question) {
  if (question.state === 'confirmed') {
    leave();
    take();
    return;
  }
  if (following?.operationId === question.operationId) return;
  leave();
  renewable = true;
  say('number', question.number);
  find('[data-open]', HTMLAnchorElement).href = question.verificationUri;
  show('confirm', 'Waiting for your answer on the accounts site');
  following = confirming(accounts, question, {
    ask: async () => {
      const { token: own, order } = due ?? { token: '', order: '' };
      /** @type {Answer<Standing>} */
      const answer = await ask('/checkout/state', { token: own, order });
      const code = answer.refused?.code;
      if (code === 'not_for_pay' && renewable) renew();
      else if (code !== undefined && code !== 'unreachable') missed(answer, order);
      return answer;
    },
    show(view) {
      say('connection', connectionText(view));
      say('left', minutes(view.left));
    },
    end: concluded,
  });
}

/** @param {Standing} standing */
function concluded(standing) {
  following = null;
  if (standing.state === 'confirmed') {
    take();
    return;
  }
  const { text, next } = endedText(standing);
  say('ended', text);
  say('next', next);
  show('ended');
}

/** Lets this site's own server see that it was confirmed, and take the money. */
async function take() {
  const paying = due;
  if (!paying) return;
  const turn = ++asked;
  show('taking', 'Confirmed');
  /** @type {Answer<Paid>} */
  const answer = await ask('/checkout/pay', paying);
  if (answer.good) {
    due = null;
    say('paid', answer.good.amount);
    say('receipt', answer.good.receipt);
    show('done', 'Paid');
    done(paying.order);
  } else if (turn === asked && answer.refused?.code === 'not_for_pay' && renewable) {
    renew();
  } else if (turn === asked) {
    missed(answer, paying.order);
  }
}

/** A reason for the shop's page to ask its own server, which has heard it from ours. @param {string} order */
const done = (order) => window.parent.postMessage({ type: 'pay.done', order }, shop);

/** Refused after it was asked for: perhaps since another window was faster. @param {Answer<unknown>} answer @param {string} order */
function missed(answer, order) {
  refuse(answer);
  if (answer.refused?.code === 'already_paid') done(order);
}

/** Takes the question back. */
async function cancel() {
  const given = due;
  if (!given) return;
  leave();
  const turn = ++asked;
  show('waiting');
  /** @type {Answer<Standing>} */
  const answer = await ask('/checkout/cancel', given);
  if (turn !== asked) return;
  if (answer.good) concluded(answer.good);
  else refuse(answer);
}

/** Only the page around is heard, and only when it is the shop's. @param {MessageEvent} event */
function listen({ source, origin, data }) {
  if (source !== window.parent || window.parent === window || origin !== shop) return;
  const { type, token: given, order } = data ?? {};
  if (type === 'pay.token' && typeof given === 'string' && typeof order === 'string') look(given, order);
}

/** The token may have come to its end while the payer read. With a new one it goes on from here. */
function renew() {
  renewable = false;
  begin();
}

/** Asks the page around for a token. */
function begin() {
  if (!following) show('waiting');
  window.parent.postMessage({ type: 'pay.ready' }, shop);
}

window.addEventListener('message', listen);
button.addEventListener('click', press);
find('[data-cancel]', HTMLElement).addEventListener('click', cancel);
for (const again of document.querySelectorAll('[data-again]')) again.addEventListener('click', begin);
if (window.parent === window) show('alone');
else begin();
