/** @import { BrowserWindow } from '../types.js' */
/** @import { Found } from '../backend.js' */
import { pageOfThisSite } from '../backend.js';
import { kept } from '../kept.js';
import { Stop } from '../reasons.js';
import { newRequest } from '../values.js';
import { authorizeUrl, requestFields } from './prompt_none.js';

/** Keys of this tab's storage: `vestibule.<clientId>.redirect`. */
const KEY = /^vestibule\..*\.redirect$/s;

/** @param {BrowserWindow} window @param {string} clientId */
const recordOf = (window, clientId) => kept(window, `vestibule.${clientId}.redirect`);

/**
 * Remembers how far down the page was, for when it is back.
 * @param {BrowserWindow} window
 * @param {string} clientId
 * @param {string} returnTo
 */
export function keepPlace(window, clientId, returnTo) {
  const { href } = pageOfThisSite(window, returnTo);
  kept(window, `vestibule.${clientId}.place`).write({ href, x: window.scrollX, y: window.scrollY });
}

/**
 * Goes back there, once the page has what it shows.
 * @param {BrowserWindow} window
 * @param {string} clientId
 */
export function restorePlace(window, clientId) {
  const entry = kept(window, `vestibule.${clientId}.place`);
  const place = entry.read();
  if (place === null) return;
  entry.write(null);
  if (place.href !== window.location.href) return;
  const scroll = () => window.requestAnimationFrame(() => window.scrollTo(place.x, place.y));
  if (window.document.readyState === 'complete') scroll();
  else window.addEventListener('load', scroll, { once: true });
}

/**
 * Leaves for the accounts server, to come back to the callback page and from there to `returnTo`.
 * @param {import('../ladder.js').Context} context
 * @param {string} returnTo
 */
export async function leave({ window, settings }, returnTo) {
  const redirectUri = settings.tokens.redirectUri;
  if (redirectUri === undefined) throw new Stop('misconfigured', 'without tokens.redirectUri there is no redirect');
  const request = await newRequest();
  const { href } = pageOfThisSite(window, returnTo);
  const { state, nonce, verifier } = request;
  const record = { accounts: settings.accounts, redirectUri, returnTo: href, state, nonce, verifier };
  if (!recordOf(window, settings.clientId).write(record)) {
    throw new Stop('storage_blocked', 'sessionStorage is denied, and a redirect needs it');
  }
  keepPlace(window, settings.clientId, returnTo);
  window.location.assign(authorizeUrl(settings, requestFields(settings, request, redirectUri)));
}

/**
 * Back from there: the answer that the callback page has left. Null when there is none.
 * @param {import('../ladder.js').Context} context
 * @param {AbortSignal} signal
 * @returns {Promise<Found | null>}
 */
export async function comeBack({ window, settings, holder }, signal) {
  const entry = recordOf(window, settings.clientId);
  const record = entry.read();
  if (!record?.response || record.accounts !== settings.accounts) return null;
  entry.write(null); // the verifier is good for one use
  const { response, redirectUri, state, nonce, verifier } = record;
  await holder.redeem(response, { state, nonce, verifier, challenge: '' }, redirectUri, signal);
  return { hasSession: true, outcome: 'created', reason: 'resumed' };
}

/**
 * What the callback page does: leaves the answer for the page that had asked, and goes there. An answer that no
 * request of this tab was made for changes nothing.
 * @param {BrowserWindow} window
 * @returns {boolean} whether there was such a request
 */
export function complete(window) {
  const { origin, pathname, search } = window.location;
  const response = Object.fromEntries(new URLSearchParams(search));
  try {
    const storage = window.sessionStorage;
    const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '');
    for (const key of keys.filter((name) => KEY.test(name))) {
      const entry = kept(window, key);
      const record = entry.read();
      if (record === null || !response.state || record.state !== response.state) continue;
      const to = new URL(record.returnTo, origin);
      if (to.origin !== origin) return false;
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
