// @ts-check
// The widget that is handed a token by the page around it, and acts by nothing else.
//
// The token is in a variable of this page and goes to this site's own API: never into an address or into storage. It
// comes from the window around, at exactly the origin that this site's own server names.

import { showFacts } from './facts.js';
import { find, showState } from './find.js';
import { notesList } from './notes_list.js';

const { target = '', giver = '' } = find('main', HTMLElement).dataset;
/** Another token is asked for when the one at hand is good for less than this. */
const SOON_S = 30;
/** And when none comes, again after so long. */
const AGAIN_MS = 60_000;

/** @type {string | null} */
let token = null;
/** @type {number | undefined} */
let renewal;
/** Whether a refused token was already followed by another: twice in a row is once too often. */
let again = false;
const { refresh } = notesList(target, call);

/** No cookie goes along, so that it is the token that counts. @param {string} path @param {RequestInit} [init] */
async function call(path, init = {}) {
  const headers = new Headers(init.headers);
  if (token !== null) headers.set('Authorization', `Bearer ${token}`);
  const answer = await fetch(path, { ...init, headers, credentials: 'omit' });
  if (answer.status === 401 && token !== null) drop('invalid_token');
  return answer;
}

/** Asks the page around for a token. */
const ask = () => window.parent.postMessage({ type: 'notes.ready' }, giver);

/** The token is good for nothing: perhaps there is a new one, which is asked for once. @param {string} reason */
function drop(reason) {
  token = null;
  find('[data-refusal]', HTMLElement).textContent = reason;
  showState('data-when', 'refused');
  refresh();
  if (reason !== 'invalid_token' || again) return;
  again = true;
  ask();
}

/** @param {string | null} given */
async function take(given) {
  window.clearTimeout(renewal);
  token = given;
  const answer = given === null ? null : await call('/api/token');
  if (token !== given) return;
  if (given !== null && !answer?.ok) {
    drop((await answer?.json().catch(() => null))?.error ?? 'server_error');
    return;
  }
  if (answer) {
    const { name, facts, expires_in: seconds } = await answer.json();
    find('[data-name]', HTMLElement).textContent = name;
    find('[data-news]', HTMLElement).textContent = `Signed in as ${name}`;
    find('[data-minutes]', HTMLElement).textContent = String(Math.ceil(seconds / 60));
    showFacts(document.body, facts);
    renewal = window.setTimeout(ask, Math.max((seconds - SOON_S) * 1_000, AGAIN_MS));
  }
  showState('data-when', given === null ? 'out' : 'in');
  await refresh();
  // Taken by all that was asked.
  if (given !== null && token === given) again = false;
}

window.addEventListener('message', ({ source, origin, data }) => {
  if (source !== window.parent || origin !== giver || data?.type !== 'notes.token') return;
  if (data.token === null || typeof data.token === 'string') take(data.token);
});

await refresh();
ask();
