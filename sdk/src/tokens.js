/** @import { Profile } from './types.js' */
import { Stop, asStop, stopOfOAuth } from './reasons.js';
import { PATIENT_MS } from './token_api.js';
import { claimsOf, isPlainObject } from './values.js';

/** An access token is renewed this long before it ends, in milliseconds. */
const EARLY_MS = 30_000;
/** Clocks differ. */
const SKEW_S = 300;
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

/**
 * - `at`: when they were got: of two, the later ones count;
 * - `expires`: when the access token ends, in milliseconds of the epoch.
 * @typedef {{ at: number, access: string, refresh: string | null, expires: number, scope: string,
 *   sub: string | null, profile: Profile | null }} Tokens
 */

/** @param {unknown} value @returns {value is Tokens} */
function areTokens(value) {
  return isPlainObject(value) && typeof value.access === 'string' && typeof value.at === 'number'
    && typeof value.expires === 'number' && (value.refresh === null || typeof value.refresh === 'string');
}

/**
 * What is wrong with an id token, if anything. It came from the token endpoint itself over TLS, so its signature
 * need not be checked: OpenID Connect Core §3.1.3.7 (6). The other checks are those of that section.
 * @param {Record<string, unknown> | null} claims
 * @param {{ issuer: string, clientId: string, nonce?: string, sub?: string | null, now: number }} expected
 */
export function faultOf(claims, { issuer, clientId, nonce, sub, now }) {
  if (claims === null || typeof claims.sub !== 'string') return 'the id token cannot be read';
  const audience = [claims.aud].flat();
  if (claims.iss !== issuer) return 'the id token is of another issuer';
  if (!audience.includes(clientId)) return 'the id token is for another client';
  if (audience.length > 1 && claims.azp !== clientId) return 'the id token is for another client';
  if (nonce !== undefined && claims.nonce !== nonce) return 'the id token has another nonce';
  if (sub && claims.sub !== sub) return 'the id token is of another person';
  if (!(Number(claims.exp) + SKEW_S > now / 1_000)) return 'the id token has expired: look at the clock of this device';
  return null;
}

/**
 * The answer to an authorization request. What does not belong to it is not believed (RFC 6749 §10.12, RFC 9207).
 * @param {Record<string, unknown>} response
 * @param {string} state
 * @param {string} issuer
 * @returns {string} the code
 */
export function codeOf({ code, error, error_description: description, state: given, iss }, state, issuer) {
  if (given !== state) throw new Stop('server_error', 'the answer has another state');
  if (iss !== issuer) throw new Stop('misconfigured', `the answer is from ${iss}, not from ${issuer}`);
  if (typeof error === 'string') throw stopOfOAuth(error, description);
  if (typeof code !== 'string' || code === '') throw new Stop('server_error', 'the answer has no code');
  return code;
}

/**
 * The tokens of this page: got, renewed by one tab for all, narrowed, given back.
 * @param {import('./settings.js').Settings & { tokens: import('./settings.js').TokenSettings }} settings
 * @param {import('./token_api.js').TokenApi} api
 * @param {import('./tabs.js').Tabs} tabs
 * @param {{ read(): unknown, write(value: object | null): unknown }} keep where they are kept for the tab, if at all
 */
export function tokenHolder({ accounts, clientId, tokens: { scope: asked, audience: aim } }, api, tabs, keep) {
  /** @type {Tokens | null} */
  let held = null;
  /** @type {Promise<void> | null} */
  let renewing = null;
  /** @type {Map<string, { expires: number, token: Promise<string> }>} */
  const narrowed = new Map();

  const good = (/** @type {number} */ early) => held !== null && held.expires - early > Date.now();
  /** @param {Tokens | null} tokens */
  const hold = (tokens) => {
    held = tokens;
    narrowed.clear();
    keep.write(tokens);
  };
  /** @param {Tokens} tokens */
  const share = (tokens) => {
    hold(tokens);
    tabs.tell({ type: 'tokens', tokens });
  };
  /** They are no good any more, here and in the other tabs. */
  const drop = () => {
    if (held === null) return;
    tabs.tell({ type: 'closed', at: held.at });
    hold(null);
  };

  /**
   * @param {Record<string, any>} body of the token endpoint
   * @param {{ nonce?: string, sub?: string | null }} expected
   * @returns {Tokens}
   */
  const read = ({ access_token: access, refresh_token: refresh, expires_in: seconds, scope, id_token: idToken }, expected) => {
    const now = Date.now();
    const claims = claimsOf(idToken);
    const needed = expected.nonce !== undefined && asked.split(' ').includes('openid');
    const fault = needed || idToken !== undefined ? faultOf(claims, { issuer: accounts, clientId, now, ...expected }) : null;
    if (fault !== null) throw new Stop('misconfigured', fault);
    return {
      at: now, access, refresh: typeof refresh === 'string' ? refresh : null,
      expires: now + (Number(seconds) || 60) * 1_000, scope: typeof scope === 'string' ? scope : asked,
      sub: claims === null ? expected.sub ?? null : String(claims.sub), profile: null,
    };
  };

  /**
   * Userinfo; `false` when the token is no good any more. It must be of the same person: OpenID Connect Core §5.3.2.
   * @param {Tokens} tokens @param {AbortSignal} [signal] @returns {Promise<Tokens | false>}
   */
  const verified = async (tokens, signal) => {
    if (!tokens.scope.split(' ').includes('openid')) return tokens;
    const profile = await api.userinfo(tokens.access, signal);
    if (profile === null) return false;
    if (tokens.sub !== null && profile.sub !== tokens.sub) throw new Stop('server_error', 'userinfo is of another person');
    return { ...tokens, sub: profile.sub, profile };
  };

  /** One tab renews for all; the others hear of it. */
  const renew = () => {
    const before = held;
    const refresh = before?.refresh ?? null;
    if (before === null || refresh === null) return Promise.resolve();
    // True when there is nothing to do any more.
    const done = () => (held !== before ? true : undefined);
    renewing ??= tabs.alone(PATIENT_MS, done, async () => {
      if (await tabs.ask({ type: 'ask', at: before.at }, done)) return true;
      const body = await api.token({ grant_type: 'refresh_token', refresh_token: refresh }, AbortSignal.timeout(PATIENT_MS));
      // Signed out meanwhile: what has come is not held.
      if (held === before) share({ ...read({ refresh_token: refresh, ...body }, { sub: before.sub }), profile: before.profile });
      return true;
    }).then(() => {}, (cause) => {
      if (asStop(cause).reason !== 'login_required') throw cause;
      if (held === before) drop();
    }).finally(() => { renewing = null; });
    return renewing;
  };

  /** @param {string | undefined} audience @param {string} scope @returns {Promise<string>} */
  const narrow = (audience, scope) => {
    const key = `${audience} ${scope}`;
    const known = narrowed.get(key);
    if (known !== undefined && known.expires - EARLY_MS > Date.now()) return known.token;
    const entry = { expires: Infinity, token: Promise.resolve('') };
    entry.token = api.token({
      grant_type: EXCHANGE, subject_token: held?.access ?? '', subject_token_type: ACCESS_TOKEN, scope,
      ...(audience === undefined ? {} : { audience }),
    }, AbortSignal.timeout(PATIENT_MS)).then((body) => {
      entry.expires = Date.now() + (Number(body.expires_in) || 60) * 1_000;
      return String(body.access_token);
    });
    narrowed.set(key, entry);
    entry.token.catch(() => { if (narrowed.get(key) === entry) narrowed.delete(key); });
    return entry.token;
  };

  return {
    held: () => held,
    /** Whether there is an access token that will do for a while. */
    isGood: () => good(EARLY_MS),
    drop,
    renew,
    /** What another tab said. @param {import('./tabs.js').Message} message */
    hear({ type, tokens, at }) {
      if (type === 'ask' && held !== null && held.at > at) tabs.tell({ type: 'tokens', tokens: held });
      if (type === 'tokens' && areTokens(tokens) && tokens.at > (held?.at ?? 0)) hold(tokens);
      if (type === 'closed' && held !== null && held.at <= at) hold(null);
    },
    /**
     * Swaps the code of an answer, and asks who it is.
     * @param {Record<string, unknown>} response
     * @param {import('./values.js').Request} request
     * @param {string} redirectUri
     * @param {AbortSignal} [signal]
     */
    async redeem(response, { state, nonce, verifier }, redirectUri, signal) {
      const code = codeOf(response, state, accounts);
      const fields = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier };
      const tokens = read(await api.token(fields, signal), { nonce });
      // The person is known by the id token; who they are can be asked later.
      const known = await verified(tokens, signal).catch((cause) => {
        if (asStop(cause).reason === 'network' && !signal?.aborted) return tokens;
        throw cause;
      });
      if (known === false) throw new Stop('server_error', 'the new token is not good at userinfo');
      signal?.throwIfAborted();
      share(known);
    },
    /** Asks userinfo whether the tokens are still good. @param {AbortSignal} signal @returns {Promise<boolean>} */
    async check(signal) {
      for (let turn = 0; held !== null && turn < 2; turn += 1) {
        const before = held;
        const known = await verified(before, signal);
        if (known !== false) {
          if (held === before) hold(known);
          return true;
        }
        if (turn === 0 && before.refresh !== null) await renew();
        else if (held === before) drop();
      }
      return held !== null;
    },
    /** Tokens that this tab kept, to be checked before use. */
    takeKept() {
      const value = keep.read();
      if (held === null && areTokens(value)) held = value;
      return held !== null;
    },
    /** @param {{ audience?: string, scope?: string }} want @returns {Promise<string | null>} */
    async access({ audience = aim, scope } = {}) {
      if (!good(EARLY_MS)) {
        await renew().catch((cause) => { if (!good(0)) throw cause; });
      }
      if (held === null || !good(0)) return null;
      if (audience === undefined && scope === undefined) return held.access;
      return narrow(audience, scope ?? held.scope.split(' ').filter((name) => name !== 'openid').join(' '));
    },
    /** Gives them back. */
    async revoke() {
      const before = held;
      drop();
      if (before === null) return;
      await Promise.allSettled([before.refresh, before.access].map((token) => token && api.revoke(token, AbortSignal.timeout(PATIENT_MS))));
    },
  };
}

/** @typedef {ReturnType<typeof tokenHolder>} TokenHolder */
