// @ts-check
// The page of an order on invoice. It gets a token that is good for proving who somebody is, lets the accounts
// server's script open a window for that, and tells its own server when something came of it, which asks for itself.
//
// The token is in a variable of the script, on its way from this site's server to the accounts server: never in an
// address, in storage or in the page.

import { find, showState } from './find.js';
import { endedText, refusalText } from './invoice_words.js';

/** @typedef {import('./invoice_words.js').Looked} Looked */
/** @typedef {'ready' | 'waiting' | 'checking' | 'ended' | 'refused' | 'done'} Pane */

/** How long this site's own server may take, in milliseconds. */
const PATIENCE = 15_000;

const { order = '', provider = '' } = find('[data-order]', HTMLElement).dataset;
const { accounts = '' } = document.body.dataset;

/** @type {Promise<typeof import('../sdk/identify.js') | null>} */
const loading = import(`${accounts}/sdk/identify.js`).catch(() => null);
/** @type {typeof import('../sdk/identify.js') | null} */
let sdk = null;
/** @type {AbortController | null} */
let running = null;

/** @param {string} name @param {string} text */
const say = (name, text) => { find(`[data-say="${name}"]`, HTMLElement).textContent = text; };

/** @param {Pane} pane @param {string} [news] for those who do not see it */
function show(pane, news = '') {
  showState('data-state', pane);
  for (const step of document.querySelectorAll('[data-step]')) {
    const isCurrent = step.getAttribute('data-step')?.split(' ').includes(pane);
    if (isCurrent) step.setAttribute('aria-current', 'step');
    else step.removeAttribute('aria-current');
  }
  find('[data-news]', HTMLElement).textContent = news;
}

/**
 * Asks this site's own server.
 * @param {string} what
 * @param {object} body
 */
async function ask(what, body) {
  const answer = await fetch(`/orders/${order}/${what}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE),
  }).catch(() => null);
  return { status: answer?.status ?? 0, body: await answer?.json().catch(() => null) };
}

/** A token for this page, narrowed to what it is for. */
async function token() {
  const { status, body } = await ask('token', { kind: 'identification' });
  if (status === 409) location.assign(`/orders/${order}`);
  if (status !== 200) throw new Error(`the shop gave no token: ${status}`);
  return /** @type {string} */ (body.token);
}

/**
 * How it stands with the window.
 * @param {{ uri?: string | undefined, blocked?: boolean | undefined, looksClosed?: boolean | undefined }} view
 */
function follow({ uri, blocked = false, looksClosed = false }) {
  const link = find('[data-open]', HTMLAnchorElement);
  if (uri) link.href = uri;
  link.hidden = !uri || !(blocked || looksClosed);
  find('[data-blocked]', HTMLElement).hidden = !blocked || !uri;
  find('[data-looks-closed]', HTMLElement).hidden = blocked || !looksClosed || !uri;
  if (!uri) say('waiting', 'Asking the accounts site');
  else say('waiting', blocked ? 'Waiting for you' : 'Waiting for you, in the other window');
}

/** In the click: the browser opens a window then, and only then. */
async function begin() {
  running?.abort();
  if (!sdk) {
    ended('network');
    return;
  }
  const own = new AbortController();
  running = own;
  show('waiting', 'Waiting for you, in another window');
  follow({});
  const outcome = await sdk.identify({
    accounts, provider, accessToken: token, signal: own.signal,
    onChange: (view) => { if (running === own) follow(view); },
  });
  if (running !== own) return;
  running = null;
  if (outcome.result === 'succeeded') await look({}, `That it was done: ${JSON.stringify(outcome)}`);
  else ended(outcome.reason);
}

/** @param {string} reason */
function ended(reason) {
  const { text, next } = endedText(reason);
  say('ended', text);
  say('next', next);
  find('[data-state="ended"]', HTMLElement).dataset.reason = reason;
  show('ended');
}

/**
 * Tells this site's own server, and shows what it makes of it.
 * @param {object} claim
 * @param {string} said the same for people
 */
async function look(claim, said) {
  running?.abort();
  running = null;
  show('checking', 'The shop’s server asks the accounts site');
  const { status, body } = await ask('identified', claim);
  if (status === 401 || status === 404) {
    ended('login_required');
    return;
  }
  /** @type {Looked} */
  const looked = body ?? { on_invoice: false };
  say('said', said);
  say('asked', looked.asked ?? 'nothing');
  say('answer', looked.answer ? JSON.stringify(looked.answer) : 'nothing');
  if (looked.on_invoice) {
    show('done');
    location.assign(`/orders/${order}`);
    return;
  }
  say('refusal', refusalText(looked));
  find('[data-state="refused"]', HTMLElement).dataset.code = looked.code ?? '';
  show('refused');
}

/** What pages say that would rather not wait. @type {Record<string, () => Promise<void>>} */
const tries = {
  old: () => look({}, 'That it was done, some time ago'),
  made_up: () => {
    const claim = { result: 'succeeded', identified_at: Date.now(), provider, level: 'high' };
    return look(claim, JSON.stringify(claim));
  },
};

for (const button of document.querySelectorAll('[data-begin]')) button.addEventListener('click', begin);
for (const button of document.querySelectorAll('[data-try]')) {
  button.addEventListener('click', () => tries[button.getAttribute('data-try') ?? '']?.());
}
find('[data-cancel]', HTMLElement).addEventListener('click', () => running?.abort());
find('[data-foreign]', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  const { value: account } = find('#account', HTMLInputElement);
  look({ account }, JSON.stringify({ account }));
});
// Out of the back/forward cache the page may be older than its order.
window.addEventListener('pageshow', ({ persisted }) => { if (persisted) location.reload(); });

sdk = await loading;
find('[data-no-script]', HTMLElement).hidden = true;
show('ready');
