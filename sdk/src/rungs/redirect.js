/** @import { BrowserWindow } from '../types.js' */
import { pageOfThisSite } from '../backend.js';
import { kept } from '../kept.js';
import { Stop, found } from '../reasons.js';
import { newRequest } from '../values.js';
import { authorizeUrl, fieldsOf, queryOf } from './prompt_none.js';

const KEY = /^vestibule\..*\.redirect$/s;

/** @param {BrowserWindow} window @param {string} clientId */
const recordOf = (window, clientId) => kept(window, `vestibule.${clientId}.redirect`);

/** @param {BrowserWindow} window @param {string} clientId */
const placeOf = (window, clientId) => kept(window, `vestibule.${clientId}.place`);

/**
 * Remembers how far down the page was, for when it is back.
 * @param {BrowserWindow} window
 * @param {string} clientId
 * @param {string} returnTo
 */
export function keepPlace(window, clientId, returnTo) {
  placeOf(window, clientId).write({ href: pageOfThisSite(window, returnTo).href, x: window.scrollX, y: window.scrollY });
}

/**
 * Goes back there, once the page has what it shows.
 * @param {BrowserWindow} window
 * @param {string} clientId
 */
export function restorePlace(window, clientId) {
  const place = placeOf(window, clientId).read();
  if (!place) return;
  placeOf(window, clientId).write(null);
  if (place.href !== window.location.href) return;
  const scroll = () => window.requestAnimationFrame(() => window.scrollTo(place.x, place.y));
  if (window.document.readyState === 'complete') scroll();
  else window.addEventListener('load', scroll);
}

/**
 * Leaves for the accounts server, to come back to the callback page and from there to `returnTo`.
 * @param {import('../ladder.js').Context} context
 * @param {string} returnTo
 * @param {AbortSignal} signal
 */
export async function leave(context, returnTo, signal) {
  const { window, settings: { accounts, clientId }, options: { redirectUri, scope } } = context;
  if (!redirectUri) throw new Stop('misconfigured', 'tokens.redirectUri is missing');
  const request = await newRequest();
  signal.throwIfAborted();
  const { state, nonce, verifier } = request;
  const { href } = pageOfThisSite(window, returnTo);
  if (!recordOf(window, clientId).write({ accounts, scope, redirectUri, href, state, nonce, verifier })) {
    throw new Stop('storage_blocked', 'a redirect needs sessionStorage');
  }
  keepPlace(window, clientId, returnTo);
  window.location.assign(authorizeUrl(context, fieldsOf(context, request, redirectUri)));
}

/**
 * Back from there: takes the answer that the callback page has left, if there is one to what is asked for here, with
 * the verifier, which is good for one use.
 * @param {import('../ladder.js').Context} context
 * @returns {Record<string, any> | null}
 */
export function takeAnswer({ window, settings: { accounts, clientId }, options: { scope } }) {
  const entry = recordOf(window, clientId);
  const record = entry.read();
  if (!record?.response || record.accounts !== accounts || record.scope !== scope) return null;
  entry.write(null);
  return record;
}

/**
 * @param {import('../ladder.js').Context} context
 * @param {Record<string, any>} record
 * @param {AbortSignal} signal
 */
export async function comeBack({ holder }, { response, state, nonce, verifier, redirectUri }, signal) {
  await holder.redeem(response, { state, nonce, verifier }, redirectUri, signal);
  return found('created');
}

/**
 * What the callback page does: leaves the answer for the page that had asked, and goes there. An answer that no
 * request of this tab was made for changes nothing.
 * @param {BrowserWindow} window
 * @returns {boolean} whether there was such a request
 */
export function complete(window) {
  const { pathname, search } = window.location;
  const response = queryOf(search);
  try {
    for (const key of Object.keys(window.sessionStorage).filter((name) => KEY.test(name))) {
      const entry = kept(window, key);
      const record = entry.read();
      if (!record || !response.state || record.state !== response.state) continue;
      const to = pageOfThisSite(window, record.href);
      entry.write({ ...record, response });
      // A page that is its own callback page is there already.
      if (to.pathname === pathname) window.history.replaceState(null, '', to.href);
      else window.location.replace(to.href);
      return true;
    }
  } catch {
    // Storage is denied: nothing was kept, and nothing can be found.
  }
  return false;
}
