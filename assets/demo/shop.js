// @ts-check
// The page of an order: hands pay's frame a token, and asks its own server what came of it.
//
// The token is in a variable of one function, on its way from this site's server to the frame:
// never in an address, in storage or in the page.

import { showFacts } from './facts.js';

/** @typedef {'narrow' | 'wide' | 'scopeless'} Kind */

/** How long this site's own server may take, in milliseconds. */
const PATIENCE = 15_000;

/** @type {Record<Kind, string>} */
const NAMES = {
  narrow: 'A token narrowed to paying',
  wide: 'The shop’s own token',
  scopeless: 'A token narrowed to something else',
};

/** @type {Record<string, string>} */
const TROUBLE = {
  login_required: 'You have been signed out. Load this page again to sign in.',
  unknown_order: 'This order is not yours any more. Load this page again.',
};

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

const page = find('[data-order]', HTMLElement);
const frame = find('[data-frame]', HTMLIFrameElement);
const { order = '', pay = '' } = page.dataset;

/** @param {string} text none to take it away */
function trouble(text) {
  find('[data-trouble-text]', HTMLElement).textContent = text;
  find('[data-trouble]', HTMLElement).hidden = text === '';
}

let asked = 0;

/**
 * Gets a token of one kind and hands it over; of several under way, only the last one asked for.
 * @param {Kind} kind
 */
async function hand(kind) {
  const turn = ++asked;
  const answer = await fetch(`/orders/${order}/token`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ kind }),
    signal: AbortSignal.timeout(PATIENCE),
  }).catch(() => null);
  const body = await answer?.json().catch(() => null);
  if (turn !== asked) return;
  if (!answer?.ok || !body) {
    const error = answer?.status === 401 ? 'login_required' : body?.error;
    if (error === 'already_settled') await refresh();
    else trouble(TROUBLE[error] ?? 'The shop could not get a token. Try again in a moment.');
    return;
  }
  trouble('');
  frame.contentWindow?.postMessage({ type: 'pay.token', token: body.token, order }, pay);
  find('[data-fact="kind"]', HTMLElement).textContent = NAMES[kind];
  showFacts(page, body.facts);
}

/** Asks this site's own server whether the order is settled, and shows the page anew if it is. */
async function refresh() {
  const answer = await fetch(`/orders/${order}/state`, { signal: AbortSignal.timeout(PATIENCE) })
    .then((response) => response.json()).catch(() => null);
  if (answer?.settled) location.reload();
  else trouble('The shop knows nothing of a payment yet. Load this page again in a moment.');
}

/**
 * Only pay's frame is heard, and what it says is at most a reason to ask our own server.
 * @param {MessageEvent} event
 */
function listen({ source, origin, data }) {
  if (source !== frame.contentWindow || origin !== pay) return;
  if (data?.type === 'pay.ready') hand('narrow');
  if (data?.type === 'pay.done' && data.order === order) refresh();
}

window.addEventListener('message', listen);
for (const button of document.querySelectorAll('[data-try]')) {
  button.addEventListener('click', () => hand(/** @type {Kind} */ (button.getAttribute('data-try'))));
}
// Loaded from here, so that somebody listens when it says that it is ready.
find('[data-no-script]', HTMLElement).hidden = true;
frame.hidden = false;
frame.src = `${pay}/checkout`;
