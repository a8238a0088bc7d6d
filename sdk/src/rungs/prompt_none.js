/** @import { BrowserWindow } from '../types.js' */
/** @import { Found } from '../backend.js' */
import { GRACE_MS, hiddenFrame, onRefusal } from '../bridge_frame.js';
import { Stop, asStop } from '../reasons.js';
import { ASK_MS } from '../tabs.js';
import { isPlainObject, newRequest } from '../values.js';

/** What another tab was told counts for this one, too. */
const TOLD = ['login_required', 'consent_required'];

/**
 * The address of an authorization request (OpenID Connect Core §3.1.2.1).
 * @param {import('../settings.js').Settings} settings
 * @param {Record<string, string>} fields
 */
export const authorizeUrl = ({ accounts }, fields) => `${accounts}/oauth/authorize?${new URLSearchParams(fields)}`;

/**
 * @param {import('../settings.js').Settings} settings
 * @param {import('../values.js').Request} request
 * @param {string} redirectUri
 */
export const requestFields = ({ clientId, tokens }, { state, nonce, challenge }, redirectUri) => ({
  client_id: clientId, redirect_uri: redirectUri, response_type: 'code', scope: tokens?.scope ?? '', state, nonce,
  code_challenge: challenge, code_challenge_method: 'S256',
});

/**
 * Loads an address in a hidden frame, and waits for the answer at the passive callback page: a blank one of this
 * site, whose address is read, or that of the accounts server, which posts it.
 * @param {BrowserWindow} window
 * @param {string} accounts
 * @param {string} url
 * @param {string} redirectUri
 * @param {string} state
 * @param {AbortSignal} signal
 * @returns {Promise<Record<string, unknown>>}
 */
function passiveAnswer(window, accounts, url, redirectUri, state, signal) {
  const element = hiddenFrame(window, url, 'Sign-in');
  const hint = `no answer came back to ${redirectUri}: look at frame-src of this page's policy, at whether it is `
    + 'registered as a redirect URI, and whether this page may frame it';
  const ending = new AbortController();
  /** @type {Promise<Record<string, unknown>>} */
  const answer = new Promise((resolve, reject) => {
    const refuse = (sure = false) => reject(new Stop('blocked_by_policy', hint, sure));
    const receive = (/** @type {MessageEvent} */ { source, origin, data }) => {
      if (source === null || source !== element.contentWindow || origin !== accounts) return;
      if (!isPlainObject(data) || data.type !== 'authorization_response' || !isPlainObject(data.response)) return;
      if (data.response.state === state) resolve(data.response);
    };
    const read = () => {
      try {
        const { href, search } = /** @type {Window} */ (element.contentWindow).location;
        if (href === 'about:blank') return;
        const response = Object.fromEntries(new URLSearchParams(search));
        if (response.state === state) return resolve(response);
      } catch {
        // A page of another origin: the server's callback page, which is about to post, or an error.
      }
      window.setTimeout(refuse, GRACE_MS);
    };
    window.addEventListener('message', receive, { signal: ending.signal });
    element.addEventListener('load', read);
    ending.signal.addEventListener('abort', onRefusal(window, accounts, () => refuse(true)));
    signal.addEventListener('abort', () => refuse());
  });
  (window.document.body ?? window.document.documentElement).append(element);
  return answer.finally(() => {
    ending.abort();
    element.remove();
  });
}

/**
 * Asks for tokens in a hidden frame, in one tab at a time.
 * @param {import('../ladder.js').Context} context
 * @param {boolean} had whether there was somebody before
 * @param {AbortSignal} signal
 * @returns {Promise<Found>}
 */
export async function promptNone({ window, settings, holder, tabs, refusals }, had, signal) {
  const { accounts, tokens, timeout } = settings;
  const redirectUri = tokens.passiveRedirectUri;
  const started = Date.now();
  const done = () => {
    if (holder.isGood()) return /** @type {const} */ ('tokens');
    const refused = refusals.since(started);
    return refused;
  };
  const found = await tabs.alone(timeout / 2, done, async (waited) => {
    if (waited) {
      const heard = await tabs.ask({ type: 'ask', at: 0, refused: started }, done, ASK_MS * 2);
      if (heard !== undefined) return heard;
    }
    signal.throwIfAborted();
    const request = await newRequest();
    const url = authorizeUrl(settings, { ...requestFields(settings, request, redirectUri), prompt: 'none' });
    try {
      const response = await passiveAnswer(window, accounts, url, redirectUri, request.state, signal);
      await holder.redeem(response, request, redirectUri, signal);
    } catch (cause) {
      const { reason } = asStop(cause);
      if (TOLD.includes(reason)) refusals.tell(reason);
      throw cause;
    }
    return /** @type {const} */ ('tokens');
  });
  if (found !== 'tokens') throw new Stop(found);
  const outcome = had ? 'resumed' : 'created';
  return { hasSession: true, outcome, reason: 'resumed' };
}
