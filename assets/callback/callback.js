/**
 * The script of the hosted callback pages: passes the answer to an authorization request on to the client's page,
 * which is the parent of the passive page and the opener of the popup. It is told at exactly the client's registered
 * origins; browsers drop what is meant for another. The receiver holds `event.origin`, `event.source`, `state` and
 * `iss` against what it asked for.
 *
 * @module
 */

/** How long the popup stays after it has passed on the answer. */
export const CLOSE_MS = 200;

const PARAMETERS = /** @type {const} */ (['code', 'error', 'error_description', 'state', 'iss']);

/** @typedef {Partial<Record<typeof PARAMETERS[number], string>>} Answer */

/**
 * The answer in an address, from its query or, where that has none, its fragment: only known parameters, each there
 * once, and either a code or an error. `null` for everything else.
 * @param {{ search: string, hash: string }} address
 * @returns {Answer | null}
 */
export function answerIn({ search, hash }) {
  return read(search.slice(1)) ?? read(hash.slice(1));
}

/** @param {string} text @returns {Answer | null} */
function read(text) {
  const given = new URLSearchParams(text);
  /** @type {Answer} */
  const answer = {};
  for (const name of PARAMETERS) {
    const [value, ...more] = given.getAll(name);
    if (more.length > 0) return null;
    if (value !== undefined) answer[name] = value;
  }
  return (answer.code === undefined) === (answer.error === undefined) ? null : answer;
}

/**
 * Only exact serialised origins: neither `*`, nor `null`, nor a scheme can ever become the target of a message.
 * @param {string | undefined} json
 * @returns {string[]}
 */
export function readOrigins(json) {
  try {
    const listed = /** @type {unknown} */ (JSON.parse(json ?? '[]'));
    return Array.isArray(listed) ? listed.filter((origin) => new URL(origin).origin === origin) : [];
  } catch {
    return [];
  }
}

/**
 * Passes the answer on, once: a page that is loaded again has none.
 * @param {Window & typeof globalThis} window
 */
export function start(window) {
  const { location, history, document } = window;
  const { callback, origins } = document.body.dataset;
  const answer = answerIn(location);
  history.replaceState(null, '', location.pathname);
  const isPopup = callback === 'popup';
  /** @type {Window | null} */
  const receiver = isPopup ? window.opener : window.parent;
  if (answer !== null && receiver !== null && receiver !== window) {
    const message = { type: 'authorization_response', response: answer };
    for (const origin of readOrigins(origins)) receiver.postMessage(message, origin);
  }
  if (isPopup) window.setTimeout(() => window.close(), CLOSE_MS);
}

if (typeof document !== 'undefined' && document.body?.dataset.callback !== undefined) start(window);
