/**
 * Keys, and JWTs that are signed by hand: a provider that lies signs as well as one that does not.
 *
 * @module
 */
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';

/**
 * A key, and how it is known.
 * @typedef {{ kid: string, alg: 'ES256' | 'RS256', privateKey: import('node:crypto').KeyObject }} Key
 * @typedef {{ alg: string, kid?: string, typ?: string }} Header
 * @typedef {Record<string, unknown>} Claims
 */

/** @param {Key['alg']} alg @param {string} kid @returns {Key} */
export function newKey(alg, kid) {
  const { privateKey } = alg === 'ES256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2_048 });
  return { kid, alg, privateKey };
}

/** The key as a JWK, with its private half. @param {Key} key */
export const jwkOf = ({ kid, alg, privateKey }) => ({ ...privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' });

/** The same without it. @param {Key} key */
export function publicJwkOf(key) {
  const { kty, crv, x, y, n, e, kid, alg, use } = jwkOf(key);
  return JSON.parse(JSON.stringify({ kty, crv, x, y, n, e, kid, alg, use }));
}

/** The key as a file that a server reads. @param {Key} key */
export const pemOf = ({ privateKey }) => String(privateKey.export({ format: 'pem', type: 'pkcs8' }));

/** @param {unknown} part */
const encoded = (part) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** What a JWT says. @param {string} jwt @returns {{ header: Header, claims: Claims }} */
export function read(jwt) {
  const [header, claims] = jwt.split('.').map((part) => Buffer.from(part, 'base64url').toString('utf8'));
  return { header: JSON.parse(header ?? ''), claims: JSON.parse(claims ?? '') };
}

/** A JWT with this header, signed with a key. @param {Header} header @param {Claims} claims @param {Key} key */
export function signed(header, claims, { privateKey }) {
  const message = `${encoded(header)}.${encoded(claims)}`;
  const signature = sign('sha256', Buffer.from(message), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${message}.${signature.toString('base64url')}`;
}

/** The same, signed with a secret that both sides know. @param {Claims} claims @param {string} secret */
export function signedBySecret(claims, secret) {
  const message = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded(claims)}`;
  return `${message}.${createHmac('sha256', secret).update(message).digest('base64url')}`;
}

/** The same, not signed at all. @param {Claims} claims */
export const unsigned = (claims) => `${encoded({ alg: 'none' })}.${encoded(claims)}.`;
