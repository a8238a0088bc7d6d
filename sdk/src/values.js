/** Reading what others sent, random values, digests, and promises that are settled from outside. */

/**
 * Plain objects only, of the kind that messages and JSON hold.
 * @param {any} value
 * @returns {value is Record<string, any>}
 */
export const isPlainObject = (value) => value?.constructor === Object;

/** @param {unknown} value @returns {value is string} */
export const isText = (value) => typeof value === 'string';

/** @param {Uint8Array} bytes */
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** A secret as lower-case hex. */
export const random = (bytes = 32) => hex(crypto.getRandomValues(new Uint8Array(bytes)));

/** @param {string} text */
const sha256 = async (text) => new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));

/**
 * What binds an answer to the request it is for: `state`, `nonce` and the verifier of RFC 7636; and for a flow the
 * secret that waits for it, of which the flow's id is the digest.
 */
export async function newRequest() {
  const [state, nonce, verifier, secret] = [random(), random(), random(), random()];
  // Base64url without padding, RFC 4648 §5.
  const challenge = btoa(String.fromCharCode(...await sha256(verifier))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
  return { state, nonce, verifier, challenge, secret, id: hex(await sha256(secret)) };
}

/** @typedef {Awaited<ReturnType<typeof newRequest>>} Request */

/**
 * The claims of an id token; null for rubbish.
 * @param {unknown} token
 */
export function claimsOf(token) {
  try {
    const part = String(token).split('.')[1]?.replace(/-/g, '+').replace(/_/g, '/') ?? '';
    const claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (char) => char.charCodeAt(0))));
    return isPlainObject(claims) ? claims : null;
  } catch {
    return null;
  }
}

/** @template T */
export function deferred() {
  let resolve = (/** @type {T} */ _value) => {};
  let reject = (/** @type {unknown} */ _cause) => {};
  /** @type {Promise<T>} */
  const promise = new Promise((yes, no) => { resolve = yes; reject = no; });
  promise.catch(() => {}); // whoever was to wait for it may have gone
  return { promise, resolve, reject };
}
