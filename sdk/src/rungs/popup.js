/** @import { Flow } from '../types.js' */
import { outcomeOf } from '../flow.js';
import { Stop } from '../reasons.js';
import { isPlainObject, newFlow, newRequest } from '../values.js';
import { requestFields } from './prompt_none.js';

const FEATURES = 'popup,width=480,height=680';
/** How often is looked whether the window is closed. */
export const LOOK_MS = 500;
const CLOSED_LOOKS = 3;

/**
 * A flow whose address is known before the server has heard of it, so that a click can open it at once.
 * @returns {Promise<{ request: import('../values.js').Request, secret: string, id: string }>}
 */
export async function prepareFlow() {
  const [request, flow] = await Promise.all([newRequest(), newFlow()]);
  return { request, ...flow };
}

/** @typedef {Awaited<ReturnType<typeof prepareFlow>>} Prepared */

/**
 * Opens the window; to be called in the click itself. What is not prepared yet is loaded when it is.
 * @param {import('../ladder.js').Context} context
 * @param {Prepared | null} prepared
 * @param {boolean} alone in a new tab, which is told nothing by this page
 * @returns {Window | null} null also for a tab of its own
 */
export function openWindow({ window, settings: { accounts } }, prepared, alone) {
  try {
    const url = prepared === null ? 'about:blank' : `${accounts}/flow/${prepared.id}`;
    return alone ? window.open(url, '_blank', 'noopener') : window.open(url, '_blank', FEATURES);
  } catch {
    return null;
  }
}

/**
 * Proves to the window's first page that its opener is the page that waits; nobody else learns the secret.
 * @param {import('../ladder.js').Context} context
 * @param {Window} popup
 * @param {Prepared} prepared
 * @param {AbortSignal} signal
 */
function prove({ window, settings: { accounts } }, popup, { id, secret }, signal) {
  window.addEventListener('message', ({ source, origin, data }) => {
    if (source !== popup || origin !== accounts || !isPlainObject(data)) return;
    if (data.type !== 'vestibule.flow.prove' || data.flow !== id) return;
    popup.postMessage({ type: 'vestibule.flow.proof', flow: id, waitingSecret: secret }, accounts);
  }, { signal });
}

/**
 * Calls when the window looks closed. Any Cross-Origin-Opener-Policy on its way makes it look so for good, so it
 * means little.
 * @param {import('../ladder.js').Context} context @param {Window} popup @param {() => void} closed @param {AbortSignal} signal
 */
function watch({ window }, popup, closed, signal) {
  let looks = 0;
  const look = () => {
    if (signal.aborted) return;
    looks = popup.closed ? looks + 1 : 0;
    if (looks === CLOSED_LOOKS) closed();
    else window.setTimeout(look, LOOK_MS);
  };
  look();
}

/**
 * Sign-in in another window. Its outcome comes through the server, whatever becomes of the window here.
 * @param {import('../ladder.js').Context} context
 * @param {Window | null} popup
 * @param {Prepared} prepared
 * @param {(seen: { flow: Flow, still?: boolean }) => void} tell
 * @param {AbortSignal} signal
 */
export async function popup(context, popup, prepared, tell, signal) {
  const { window, settings, api, holder } = context;
  const { request, secret, id } = prepared;
  const redirectUri = settings.tokens.popupRedirectUri;
  const ending = new AbortController();
  signal.addEventListener('abort', () => ending.abort(), { signal: ending.signal });
  try {
    if (popup !== null) prove(context, popup, prepared, ending.signal);
    const fields = { ...requestFields(settings, request, redirectUri), waiting_secret: secret };
    const made = await api.flow(fields, AbortSignal.any([ending.signal, AbortSignal.timeout(15_000)]));
    if (made.flow !== id || typeof made.number !== 'string') throw new Stop('server_error', 'POST /flow was answered with another flow');
    // Not by `flow_uri`: the address that was opened is the one to open again.
    const flow = { number: made.number, uri: `${settings.accounts}/flow/${id}` };
    tell({ flow });
    if (popup !== null) watch(context, popup, () => tell({ flow, still: true }), ending.signal);
    const lifetime = Number(made.expires_in) || 900;
    const response = await outcomeOf(window, settings.accounts, api, secret, lifetime + 5, ending.signal);
    await holder.redeem(response, request, redirectUri, AbortSignal.timeout(15_000));
  } catch (cause) {
    throw signal.aborted ? new Stop('canceled') : cause;
  } finally {
    ending.abort();
    popup?.close();
  }
}
