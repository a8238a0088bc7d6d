import { hiddenFrame } from '../frames.js';
import { Stop, cureOf, found } from '../reasons.js';
import { deferred, newRequest } from '../values.js';

/**
 * The parameters of an authorization request (OpenID Connect Core §3.1.2.1).
 * @param {import('../ladder.js').Context} context
 * @param {import('../values.js').Request} request
 * @param {string} redirectUri
 */
export const fieldsOf = ({ settings: { clientId }, options }, { state, nonce, challenge }, redirectUri) => ({
  client_id: clientId, redirect_uri: redirectUri, response_type: 'code', scope: options.scope, state, nonce,
  code_challenge: challenge, code_challenge_method: 'S256',
});

/** @param {import('../ladder.js').Context} context @param {Record<string, string>} fields */
export const authorizeUrl = ({ settings }, fields) => `${settings.accounts}/oauth/authorize?${new URLSearchParams(fields)}`;

/** @param {string} search @returns {Record<string, string>} */
export const queryOf = (search) => Object.fromEntries(new URLSearchParams(search));

/**
 * Loads an address in a hidden frame, and waits for the answer at the passive callback page: a blank one of this
 * site, whose address is read, or that of the accounts server, which posts it.
 * @param {import('../ladder.js').Context} context
 * @param {string} url
 * @param {string} state
 * @param {AbortSignal} signal
 * @returns {Promise<Record<string, unknown>>}
 */
function passiveAnswer({ window, settings, options }, url, state, signal) {
  /** @type {ReturnType<typeof deferred<Record<string, unknown>>>} */
  const { promise, resolve, reject } = deferred();
  const take = (/** @type {any} */ response) => { if (response?.state === state) resolve(response); };
  const frame = hiddenFrame(window, settings.accounts, url, null, ({ type, response }) => {
    if (type === 'authorization_response') take(response);
  }, (sure) => reject(new Stop('blocked_by_policy', `no answer came back to ${options.passiveRedirectUri}: ${cureOf('blocked_by_policy')}`, sure)), ({ contentWindow }) => {
    try {
      take(queryOf(/** @type {Window} */ (contentWindow).location.search));
    } catch {
      // A page of another origin: the server's callback page, which is about to post, or an error.
    }
  });
  signal.addEventListener('abort', reject);
  return promise.finally(frame.remove);
}

/**
 * Asks for tokens in a hidden frame, in one tab at a time.
 * @param {import('../ladder.js').Context} context
 * @param {boolean} had whether there was somebody before
 * @param {AbortSignal} signal
 */
export async function promptNone(context, had, signal) {
  const { settings, options, holder, tabs } = context;
  const redirectUri = options.passiveRedirectUri;
  const done = () => holder.isGood() || undefined;
  await tabs.alone(settings.timeout, done, async (waited) => {
    // What the tab before this one got may be on its way.
    if (waited && await tabs.ask(0, done)) return;
    const request = await newRequest();
    signal.throwIfAborted();
    const url = authorizeUrl(context, { ...fieldsOf(context, request, redirectUri), prompt: 'none' });
    await holder.redeem(await passiveAnswer(context, url, request.state, signal), request, redirectUri, signal);
  });
  return found(had ? 'resumed' : 'created');
}
