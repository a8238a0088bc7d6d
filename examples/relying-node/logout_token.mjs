// Logout tokens (OpenID Connect Back-Channel Logout 1.0): who signed one, for whom, and what it ends.

import { createPublicKey, verify } from 'node:crypto';

const TYPE = 'logout+jwt', EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const LEEWAY = 30, OLDEST = 300; // seconds: how far clocks may differ, how old a token may be
const KEYS_LIVE = 3_600_000, FETCH_EVERY = 30_000; // milliseconds
const MOST_REMEMBERED = 10_000;

/** Something is wrong with a token; nobody is told in detail. */
export class BadToken extends Error {}

/** Texts, each until an instant; when there are too many, the one that came first goes. */
export class Remembered {
  #until = new Map();

  has(text) {
    return (this.#until.get(text) ?? 0) > Date.now();
  }

  add(text, until) {
    for (const [known, end] of this.#until) if (end <= Date.now()) this.#until.delete(known);
    if (this.#until.size >= MOST_REMEMBERED) this.#until.delete(this.#until.keys().next().value);
    this.#until.set(text, until);
  }
}

const good = (condition) => { if (!condition) throw new BadToken('the token is not good'); };
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isId = (id) => typeof id === 'string' && id !== '' && id.length <= 255;

function parsed(part) {
  try {
    const value = JSON.parse(Buffer.from(part, 'base64url'));
    good(isObject(value));
    return value;
  } catch {
    throw new BadToken('the token is no JWT');
  }
}

/** By kid, the keys that sign in one of the three ways that are taken. */
function readKeys(jwks) {
  const keys = new Map();
  for (const jwk of jwks) {
    const kind = { EC: 'ES256', RSA: 'RS256', OKP: 'EdDSA' }[jwk?.kty];
    const isOther = (jwk?.kty === 'EC' && jwk.crv !== 'P-256') || (jwk?.kty === 'OKP' && jwk.crv !== 'Ed25519');
    if (kind === undefined || isOther || !isId(jwk.kid) || (jwk.alg ?? kind) !== kind || (jwk.use ?? 'sig') !== 'sig') continue;
    try {
      const key = createPublicKey({ key: jwk, format: 'jwk' });
      if (kind !== 'RS256' || key.asymmetricKeyDetails.modulusLength >= 2048) keys.set(jwk.kid, { kind, key });
    } catch { /* a key of another shape is left out */ }
  }
  return keys;
}

/** What verifies logout tokens of `issuer` for `clientId`; `fetchKeys` asks the accounts server for its keys. */
export function logoutTokens({ issuer, clientId, fetchKeys }) {
  const used = new Remembered();
  let keys = new Map(), readAt = -Infinity, triedAt = -Infinity, asking, failure;

  /** The accounts server is asked for a key that is not known, but not on every request: anybody can make names up. */
  async function keyOf(kid) {
    const known = () => (Date.now() - readAt < KEYS_LIVE ? keys.get(kid) : undefined);
    if (known() === undefined && (asking || Date.now() - triedAt >= FETCH_EVERY)) {
      triedAt = asking ? triedAt : Date.now();
      asking ??= fetchKeys().then((jwks) => { keys = readKeys(jwks); readAt = Date.now(); })
        .catch((error) => { failure = error; throw error; }).finally(() => { asking = undefined; });
      await asking;
    }
    if (Date.now() - readAt >= KEYS_LIVE) throw failure;
    return known();
  }

  /** What the token ends: `{ sid }`, or `{ sub }` where it names no sign-in. */
  return async function read(token) {
    good(/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token));
    const [first, second, signature] = token.split('.');
    const { alg, typ, kid, crit } = parsed(first);
    good(typ === TYPE && isId(kid) && crit === undefined && ['ES256', 'RS256', 'EdDSA'].includes(alg));
    const signer = await keyOf(kid);
    good(signer?.kind === alg);
    const key = { key: signer.key, dsaEncoding: 'ieee-p1363' };
    good(verify(alg === 'EdDSA' ? null : 'sha256', `${first}.${second}`, key, Buffer.from(signature, 'base64url')));

    const claims = parsed(second), now = Math.floor(Date.now() / 1000);
    const { iss, aud, iat, exp, jti, events, sid, sub } = claims;
    const audience = Array.isArray(aud) ? aud : [aud];
    good(iss === issuer && audience.length === 1 && audience[0] === clientId);
    good(Number.isInteger(iat) && Number.isInteger(exp) && iat <= now + LEEWAY);
    const endsAt = Math.min(exp + LEEWAY, iat + OLDEST);
    good(endsAt > now && !Object.hasOwn(claims, 'nonce') && isObject(events) && isObject(events[EVENT]));
    good([jti, sid ?? sub].every(isId) && [sid, sub].every((id) => id === undefined || isId(id)));
    good(!used.has(jti));
    used.add(jti, endsAt * 1000);
    return sid === undefined ? { sub } : { sid };
  };
}
