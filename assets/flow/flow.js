/**
 * The window of a flow: spares the person to compare a number, where this window still has its opener.
 *
 * The page that waits is asked for its waiting secret, at exactly the origins of its client: a window that was
 * opened by anybody else gets no answer. The server holds the secret against the flow. Where no opener is left, or
 * none answers, the form with the numbers is shown; without script it is there from the start.
 *
 * @module
 */

const PROVE = 'vestibule.flow.prove';
const PROOF = 'vestibule.flow.proof';
const SECRET = /^[0-9a-f]{64}$/;
const FLOW = /^[0-9a-f]{64}$/;

/** How long the opener may take before the form is shown. A later answer is still taken. */
export const PATIENCE_MS = 1_000;
/** How long the server may take to look at the secret. */
export const DEADLINE_MS = 5_000;

/** @typedef {Window & typeof globalThis} BrowserWindow */

/**
 * Only exact serialised origins can become the target of a message.
 * @param {unknown} value
 * @returns {value is string}
 */
function isOrigin(value) {
  try {
    return typeof value === 'string' && new URL(value).origin === value;
  } catch {
    return false;
  }
}

/**
 * The client's origins from the page's JSON.
 * @param {string | undefined} json
 * @returns {string[]}
 */
export function readOrigins(json) {
  try {
    const listed = /** @type {unknown} */ (JSON.parse(json ?? '[]'));
    return Array.isArray(listed) ? listed.filter(isOrigin) : [];
  } catch {
    return [];
  }
}

/**
 * The waiting secret from a message, if it is the opener's answer for this flow. Never throws.
 * @param {{ source: unknown, origin: string, data: unknown }} event
 * @param {{ opener: unknown, origins: string[], flow: string }} expected
 * @returns {string | null}
 */
export function readProof({ source, origin, data }, { opener, origins, flow }) {
  try {
    if (source === null || source !== opener || !origins.includes(origin)) return null;
    if (typeof data !== 'object' || data === null || Array.isArray(data)) return null;
    const { type, flow: named, waitingSecret } = /** @type {Record<string, unknown>} */ (data);
    const isOurs = type === PROOF && named === flow;
    return isOurs && typeof waitingSecret === 'string' && SECRET.test(waitingSecret) ? waitingSecret : null;
  } catch {
    return null;
  }
}

/**
 * Where the server sends this window: on with the request, and nowhere else.
 * @param {unknown} body
 * @returns {string | null}
 */
export function readNext(body) {
  const next = typeof body === 'object' && body !== null && 'next' in body ? body.next : null;
  return typeof next === 'string' && next.startsWith('/oauth/authorize?') ? next : null;
}

/**
 * @param {BrowserWindow} window
 * @param {string} flow
 * @param {string} waitingSecret
 */
async function prove(window, flow, waitingSecret) {
  const answer = await window.fetch(`/flow/${flow}/proof`, {
    method: 'POST',
    credentials: 'same-origin',
    cache: 'no-store',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ waitingSecret }),
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  return answer.ok ? readNext(await answer.json()) : null;
}

/**
 * @param {BrowserWindow} window
 */
export function start(window) {
  const page = /** @type {HTMLElement | null} */ (window.document.querySelector('[data-flow]'));
  const form = /** @type {HTMLFormElement | null} */ (window.document.querySelector('[data-flow] form'));
  const busy = /** @type {HTMLElement | null} */ (window.document.querySelector('[data-busy]'));
  const { flow = '', origins: json } = page?.dataset ?? {};
  const opener = /** @type {Window | null} */ (window.opener);
  const origins = readOrigins(json);
  if (form === null || busy === null || opener === null || !FLOW.test(flow)) return;

  /** @param {boolean} shown */
  const show = (shown) => {
    form.hidden = !shown;
    busy.hidden = shown;
  };
  let isTried = false;
  window.addEventListener('message', (event) => {
    const secret = readProof(event, { opener, origins, flow });
    if (secret === null || isTried) return;
    isTried = true;
    prove(window, flow, secret)
      .then((next) => (next === null ? show(true) : window.location.replace(next)))
      .catch(() => show(true));
  });
  show(false);
  window.setTimeout(() => { if (!isTried) show(true); }, PATIENCE_MS);
  for (const origin of origins) opener.postMessage({ type: PROVE, flow }, origin);
}

if (typeof document !== 'undefined') start(window);
