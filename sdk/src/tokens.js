/** @import { Profile } from './types.js' */
import { Stop, asStop, stopOfError } from './reasons.js';
import { PATIENT_MS } from './token_api.js';
import { claimsOf, isPlainObject, isText } from './values.js';

/** An access token is renewed this long before it ends, in milliseconds. */
const EARLY_MS = 30_000;
/** Clocks differ. */
const SKEW_S = 300;
const URN = 'urn:ietf:params:oauth:';

/**
 * - `at`: when they were got: of two, the later ones count;
 * - `expires`: when the access token ends, in milliseconds of the epoch.
 * @typedef {{ at: number, access: string, refresh?: string | undefined, expires: number, scope: string,
 *   sub?: string | undefined, profile?: Profile }} Tokens
 */

/** @param {any} value @returns {value is Tokens} */
const areTokens = (value) => isPlainObject(value) && isText(value.access) && isText(value.scope) && value.at > 0 && value.expires > 0;

const noToken = () => new Stop('server_error', 'the answer has no access token');

/** @param {string} scope */
export const isOpenid = (scope) => scope.split(' ').includes('openid');

/**
 * The claim of an id token that is wrong, if one is. It came from the token endpoint itself over TLS, so its signature
 * need not be checked: OpenID Connect Core §3.1.3.7 (6). The other checks are those of that section.
 * @param {Record<string, any> | null} claims
 * @param {{ accounts: string, clientId: string, nonce?: string | undefined, sub?: string | undefined }} expected
 */
export function faultOf(claims, { accounts, clientId, nonce, sub }) {
  const { iss, aud, azp, exp, ...rest } = claims ?? {};
  const audience = [aud].flat();
  if (!isText(rest.sub) || (sub && rest.sub !== sub)) return 'sub';
  if (iss !== accounts) return 'iss';
  if (!audience.includes(clientId)) return 'aud';
  if (audience.length > 1 && azp !== clientId) return 'azp';
  if (nonce && rest.nonce !== nonce) return 'nonce';
  return exp + SKEW_S > Date.now() / 1_000 ? undefined : 'exp: look at the clock of this device';
}

/**
 * The code of an answer to an authorization request. What does not belong to the request is not believed (RFC 6749
 * §10.12, RFC 9207).
 * @param {Record<string, unknown>} response
 * @param {string} state
 * @param {string} issuer
 * @returns {string}
 */
export function codeOf(response, state, issuer) {
  const { code, error, iss } = response;
  if (response.state !== state) throw new Stop('server_error', 'the answer has another state');
  if (iss !== issuer) throw new Stop('misconfigured', `the answer is from ${iss}, not ${issuer}`);
  if (error) throw stopOfError(response);
  if (!isText(code)) throw new Stop('server_error', 'the answer has no code');
  return code;
}

/**
 * The tokens of this page: got, renewed by one tab for all, narrowed, given back.
 * @param {import('./settings.js').Settings} settings
 * @param {import('./settings.js').TokenSettings} options
 * @param {import('./token_api.js').TokenApi} api
 * @param {import('./tabs.js').Tabs} tabs
 * @param {ReturnType<typeof import('./kept.js').kept>} entry where they are kept for the tab, if at all
 */
export function tokenHolder({ accounts, clientId }, { scope: asked, audience: aim, cache }, api, tabs, entry) {
  /** @type {Tokens | null} */
  let held = null;
  /** @type {Promise<unknown> | null} */
  let renewing = null;
  /** @type {Promise<Profile | null> | null} */
  let asking = null;
  /** @type {Map<string, { expires: number, token: Promise<string> }>} */
  const narrowed = new Map();

  const good = (early = EARLY_MS) => held !== null && held.expires - early > Date.now();
  /** @param {Tokens | null} tokens */
  const hold = (tokens) => {
    held = tokens;
    narrowed.clear();
    if (cache === 'session') entry.write(tokens);
  };
  /** @param {Tokens} tokens */
  const share = (tokens) => {
    hold(tokens);
    tabs.tell({ type: 'tokens', tokens });
  };
  /** They are no good any more, here and in the other tabs. */
  const drop = () => {
    if (held) tabs.tell({ type: 'closed', at: held.at });
    hold(null);
  };
  /** @param {Tokens} tokens */
  const giveBack = ({ refresh, access }) => Promise.all([refresh, access].map((token) => token && api.send('/oauth/revoke', { token })));
  /** Nobody waits for them any more. @param {Tokens} tokens */
  const discard = (tokens) => void giveBack(tokens).catch(() => {});
  /** @param {Record<string, any>} body */
  const lifetime = (body) => Date.now() + (Number(body.expires_in) || 60) * 1_000;

  /**
   * @param {Record<string, string>} fields of a token request
   * @param {{ nonce?: string, sub?: string | undefined }} expected
   * @returns {Promise<Tokens>}
   */
  const get = async (fields, expected) => {
    const body = await api.send('/oauth/token', fields);
    const { access_token: access, refresh_token: refresh = fields.refresh_token, scope = asked, id_token: idToken } = body;
    const claims = claimsOf(idToken);
    const fault = idToken || (expected.nonce && isOpenid(scope)) ? faultOf(claims, { accounts, clientId, ...expected }) : undefined;
    if (fault) throw new Stop('misconfigured', `the id token is not for this request: ${fault}`);
    const tokens = { at: Date.now(), access, refresh, expires: lifetime(body), scope, sub: claims?.sub ?? expected.sub };
    if (!areTokens(tokens)) throw noToken();
    return tokens;
  };

  /**
   * Asks userinfo; null when the token is no good any more. It must be of the same person (OpenID Connect Core §5.3.2).
   * @param {Tokens} tokens @param {AbortSignal} [signal] @returns {Promise<Tokens | null>}
   */
  const verified = async (tokens, signal) => {
    if (!isOpenid(tokens.scope)) return tokens;
    const profile = await api.userinfo(tokens.access, signal);
    if (profile && tokens.sub && profile.sub !== tokens.sub) throw new Stop('server_error', 'userinfo is of another person');
    return profile && { ...tokens, sub: profile.sub, profile };
  };

  /** One tab renews for all; the others hear of it. */
  const renew = async () => {
    const before = held;
    const refresh = before?.refresh;
    if (!refresh) return;
    // True when there is nothing to do any more.
    const done = () => held !== before || undefined;
    renewing ??= tabs.alone(PATIENT_MS, done, async () => {
      if (await tabs.ask(before.at, done)) return true;
      const tokens = await get({ grant_type: 'refresh_token', refresh_token: refresh }, { sub: before.sub });
      // Signed out meanwhile: what has come is not held.
      if (held === before) share({ ...before, ...tokens });
      else if (!held) discard(tokens);
      return true;
    }).catch((cause) => {
      if (asStop(cause).reason !== 'login_required') throw cause;
      if (held === before) drop();
    }).finally(() => { renewing = null; });
    await renewing;
  };

  /** By RFC 8693. @param {string} access @param {string} scope @param {string} [audience] */
  const narrow = (access, scope, audience) => {
    const key = `${scope}\n${audience}`;
    let entry = narrowed.get(key);
    if (!entry || entry.expires - EARLY_MS < Date.now()) {
      const token = api.send('/oauth/token', {
        grant_type: `${URN}grant-type:token-exchange`, subject_token: access,
        subject_token_type: `${URN}token-type:access_token`, scope, ...(audience && { audience }),
      }).then((body) => {
        if (!isText(body.access_token)) throw noToken();
        made.expires = lifetime(body);
        return body.access_token;
      });
      const made = { expires: Infinity, token };
      entry = made;
      narrowed.set(key, made);
      token.catch(() => narrowed.delete(key));
    }
    return entry.token;
  };

  return {
    held: () => held,
    /** Whether there is an access token that will do for a while. */
    isGood: () => good(),
    renew,
    /** What another tab said. @param {import('./tabs.js').Message} message */
    hear({ type, tokens, at }) {
      if (type === 'ask' && held && held.at > at) tabs.tell({ type: 'tokens', tokens: held });
      if (type === 'tokens' && areTokens(tokens) && tokens.at > (held?.at ?? 0)) hold(tokens);
      if (type === 'closed' && held && held.at <= at) hold(null);
    },
    /**
     * Swaps the code of an answer. Who it is says the id token; userinfo is asked when somebody wants to know more.
     * What comes when nobody waits for it any more is given back.
     * @param {Record<string, unknown>} response
     * @param {{ state: string, nonce: string, verifier: string }} request
     * @param {string} redirectUri
     * @param {AbortSignal} signal
     */
    async redeem(response, { state, nonce, verifier }, redirectUri, signal) {
      const code = codeOf(response, state, accounts);
      const tokens = await get({ grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier }, { nonce });
      if (signal.aborted) discard(tokens);
      signal.throwIfAborted();
      share(tokens);
    },
    /** Asks userinfo whether the tokens are still good. @param {AbortSignal} signal */
    async check(signal) {
      for (const again of [true, false]) {
        const before = held;
        const known = before && await verified(before, signal);
        if (known && held === before) hold(known);
        if (known || !before) break;
        if (again && before.refresh) await renew();
        else if (held === before) drop();
      }
      return held !== null;
    },
    /** Who is signed in: asked once, and then known to this page. @returns {Promise<Profile | null>} */
    async profile() {
      if (!held || held.profile) return held?.profile ?? null;
      const before = held;
      asking ??= verified(before).then((known) => {
        if (known && held === before) hold(known);
        return known?.profile ?? null;
      }).finally(() => { asking = null; });
      return asking;
    },
    /** Takes those that this tab kept, to be checked before use. */
    takeKept() {
      const value = entry.read();
      if (!held && cache === 'session' && areTokens(value) && isOpenid(value.scope)) held = value;
    },
    /** @param {{ audience?: string | undefined, scope?: string }} want @returns {Promise<string | null>} */
    async access({ audience = aim, scope } = {}) {
      if (!good()) await renew().catch((cause) => { if (!good(0)) throw cause; });
      if (!held || !good(0)) return null;
      if (!audience && !scope) return held.access;
      return narrow(held.access, scope ?? held.scope.split(' ').filter((name) => name !== 'openid').join(' '), audience);
    },
    /** Gives them back. They are forgotten here in any case. */
    async revoke() {
      const tokens = held;
      drop();
      if (tokens) await giveBack(tokens);
    },
  };
}

/** @typedef {ReturnType<typeof tokenHolder>} TokenHolder */
