/** Reading what others sent, random values, and digests. */

/** @param {unknown} value @returns {value is Record<string, unknown>} */
export function isPlainObject(value) {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** @param {Uint8Array} bytes */
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** @param {Uint8Array} bytes base64url without padding, RFC 4648 §5 */
const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/[+/=]/g, (char) => ({ '+': '-', '/': '_' })[char] ?? '');

/** @param {number} count */
const random = (count) => crypto.getRandomValues(new Uint8Array(count));

/** @param {string} text */
const sha256 = async (text) => new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));

export const newId = () => hex(random(16));

/**
 * What binds an answer to the request it is for: `state`, `nonce` and the verifier of RFC 7636.
 * @typedef {{ state: string, nonce: string, verifier: string, challenge: string }} Request
 */

/** @returns {Promise<Request>} */
export async function newRequest() {
  const [state, nonce, verifier] = [base64url(random(32)), base64url(random(32)), base64url(random(32))];
  return { state, nonce, verifier, challenge: base64url(await sha256(verifier)) };
}

/** The waiting secret of a flow, and the id that follows from it. */
export async function newFlow() {
  const secret = hex(random(32));
  return { secret, id: hex(await sha256(secret)) };
}

/**
 * The claims of an id token; null for rubbish.
 * @param {unknown} token
 */
export function claimsOf(token) {
  try {
    const part = String(token).split('.')[1] ?? '';
    const bytes = Uint8Array.from(atob(part.replace(/-/g, '+').replace(/_/g, '/')), (char) => char.charCodeAt(0));
    const claims = /** @type {unknown} */ (JSON.parse(new TextDecoder().decode(bytes)));
    return isPlainObject(claims) ? claims : null;
  } catch {
    return null;
  }
}
