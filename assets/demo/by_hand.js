// @ts-check
// A widget that signs people in by itself, without any script of the accounts server: its own hidden frame, its own
// window, and the two pages that they come back to. docs/widget-by-hand.md goes through it.

import { find, showState } from './find.js';
import { notesList } from './notes_list.js';
import { explain } from './reasons.js';

/** @typedef {{ url: string, redirectUri: string, state: string, nonce: string, verifier: string }} Attempt */

const { accounts = '' } = document.body.dataset;
const { target = '', client = '' } = find('main', HTMLElement).dataset;
const SCOPE = 'openid profile notes';
const PATIENCE_MS = 5_000;
/** Where the token is kept for as long as the tab lives. It is tried before it is believed. */
const CACHE = 'by-hand.token';

/** @type {string | null} Good at the accounts server alone. */
let token = null;
/** @type {string | null} Made of it: good at this site's API, and for notes only. */
let narrow = null;
let renewing = false;
const list = notesList(target, callApi);

/** @param {Uint8Array} bytes */
const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
/** @param {Uint8Array} bytes */
const base64url = (bytes) => base64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

/** An authorization request with code and PKCE. @param {string} page @param {Record<string, string>} [more] */
async function authorizationRequest(page, more) {
  const attempt = { redirectUri: location.origin + page, state: random(), nonce: random(), verifier: random() };
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(attempt.verifier));
  const query = new URLSearchParams({
    response_type: 'code', client_id: client, redirect_uri: attempt.redirectUri, scope: SCOPE, state: attempt.state,
    nonce: attempt.nonce, code_challenge: base64url(new Uint8Array(digest)), code_challenge_method: 'S256', ...more,
  });
  return { ...attempt, url: `${accounts}/oauth/authorize?${query}` };
}

/** Posts a form to accounts, by CORS and without cookies. @param {string} path @param {Record<string, string>} form */
async function post(path, form) {
  const body = new URLSearchParams({ client_id: client, ...form });
  const answer = await fetch(accounts + path, { method: 'POST', body, credentials: 'omit' });
  if (!answer.ok) throw new Error((await answer.json().catch(() => null))?.error ?? 'server_error');
  return answer.json().catch(() => ({}));
}

/** Swaps the answer in an address for a token, if it answers this. @param {Attempt} attempt @param {string} address */
async function redeem({ redirectUri, state, nonce, verifier }, address) {
  const answer = new URL(address).searchParams;
  // `iss`: an answer of another provider is for somebody else (RFC 9207).
  if (answer.get('state') !== state || answer.get('iss') !== accounts) throw new Error('wrong_answer');
  const code = answer.get('code');
  if (code === null) throw new Error(answer.get('error') ?? 'wrong_answer');
  const tokens = await post('/oauth/token', {
    grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier,
  });
  // It came from the provider itself, so that its signature need not be looked at (OpenID Connect Core §3.1.3.7).
  const claims = JSON.parse(atob(tokens.id_token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
  if (claims.iss !== accounts || claims.aud !== client || claims.nonce !== nonce) throw new Error('wrong_answer');
  if (!await enter(tokens.access_token, claims.sub)) throw new Error('wrong_answer');
}

/** Somebody is signed in if accounts says whom a token speaks for. @param {string} given @param {string} [sub] */
async function enter(given, sub) {
  const headers = { Authorization: `Bearer ${given}` };
  const answer = await fetch(`${accounts}/oauth/userinfo`, { headers, credentials: 'omit' }).catch(() => null);
  const person = answer?.ok ? await answer.json() : null;
  if (!person?.sub || (sub !== undefined && person.sub !== sub)) return false;
  [token, narrow] = [given, null];
  sessionStorage.setItem(CACHE, given);
  find('[data-name]', HTMLElement).textContent = person.name ?? person.preferred_username ?? 'somebody';
  showState('data-when', 'in');
  await list.refresh();
  return true;
}

/** Nobody is, any more or yet. @param {string} reason */
async function leave(reason) {
  [token, narrow] = [null, null];
  sessionStorage.removeItem(CACHE);
  // Made now: in the click there is no time for it, the window has to be opened at once.
  const attempt = await authorizationRequest('/by-hand/popup');
  find('[data-authorize]', HTMLButtonElement).onclick = () => openWindow(attempt);
  explain(reason);
  showState('data-when', 'out');
}

/** @param {Error} error */
const failed = ({ message }) => leave(message);

/** Asks without anybody noticing: is there a session over there, and did the person agree before? */
async function askSilently() {
  const attempt = await authorizationRequest('/by-hand/passive', { prompt: 'none' });
  const frame = Object.assign(document.createElement('iframe'), { hidden: true, title: 'Sign-in', src: attempt.url });
  const address = await new Promise((resolve) => {
    setTimeout(resolve, PATIENCE_MS, null);
    frame.onload = () => {
      try {
        const { href } = /** @type {Window} */ (frame.contentWindow).location;
        if (href.startsWith(attempt.redirectUri)) resolve(href);
      } catch { /* It is still on another site, or stays there. */ }
    };
    document.body.append(frame);
  });
  frame.remove();
  if (address === null) throw new Error('timed_out');
  await redeem(attempt, address);
}

/** In the click. @param {Attempt} attempt */
function openWindow(attempt) {
  const popup = window.open(attempt.url, attempt.state, 'popup,width=480,height=720');
  if (!popup) explain('popup_blocked');
  // The window's last page calls this; it is of our own origin, so that its address can be read.
  const popupCompleted = () => redeem(attempt, popup?.location.href ?? '').catch(failed);
  Object.assign(window, { popupCompleted });
}

/** Asks this site's own API, by a token that can do nothing else. @param {string} path @param {RequestInit} [init] */
async function callApi(path, init = {}) {
  const answer = async () => {
    if (token !== null && narrow === null) narrow = await exchange(token).catch(() => null);
    const headers = { ...init.headers, ...(narrow !== null && { Authorization: `Bearer ${narrow}` }) };
    return fetch(path, { ...init, headers, credentials: 'omit' });
  };
  const first = await answer();
  if (first.status !== 401 || token === null || renewing) return first;
  // The token has ended, by age or because the person signed out elsewhere.
  renewing = true;
  await askSilently().catch(failed).finally(() => { renewing = false; });
  return answer();
}

/** Narrows a token (RFC 8693): the whole one is shown to the accounts server only. @param {string} whole */
const exchange = async (whole) => (await post('/oauth/token', {
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', scope: 'notes', audience: 'notes',
  subject_token: whole, subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
})).access_token;

find('[data-sign-out]', HTMLButtonElement).onclick = async () => {
  await post('/oauth/revoke', { token: token ?? '' }).catch(() => null);
  await leave('signed_out');
};

const cached = sessionStorage.getItem(CACHE);
if (cached === null || !await enter(cached)) await askSilently().catch(failed);
