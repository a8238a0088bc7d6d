/** @import { Flow } from '../types.js' */
import { outcomeOf } from '../flow.js';
import { hearFrom } from '../frames.js';
import { watch } from '../listening.js';
import { Stop, found } from '../reasons.js';
import { PATIENT_MS } from '../token_api.js';
import { isText } from '../values.js';
import { fieldsOf } from './prompt_none.js';

/** The page of a flow; the address is known before the server has heard of it. @param {import('../ladder.js').Context} context @param {string} id */
export const flowUri = ({ settings: { accounts } }, id) => `${accounts}/flow/${id}`;

/**
 * Sign-in in another window. Its outcome comes through the server, whatever becomes of the window here.
 * @param {import('../ladder.js').Context} context
 * @param {Window | null} popup
 * @param {import('../values.js').Request} request
 * @param {(seen: { flow: Flow, still?: boolean }) => void} tell
 * @param {AbortSignal} signal
 */
export async function popup(context, popup, request, tell, signal) {
  const { window, settings: { accounts }, options, api, holder } = context;
  const { secret, id } = request;
  const redirectUri = options.popupRedirectUri;
  const ending = new AbortController();
  const over = AbortSignal.any([signal, ending.signal]);
  // Proves to the window's first page that its opener is the page that waits; nobody else learns the secret.
  hearFrom(window, accounts, () => popup, ({ type, flow }) => {
    if (type === 'vestibule.flow.prove' && flow === id) popup?.postMessage({ type: 'vestibule.flow.proof', flow, waitingSecret: secret }, accounts);
  }, over);
  try {
    const made = await api.send('/flow', { ...fieldsOf(context, request, redirectUri), waiting_secret: secret }, AbortSignal.any([over, AbortSignal.timeout(PATIENT_MS)]));
    over.throwIfAborted();
    const { flow: given, number, expires_in: seconds } = made;
    if (given !== id || !isText(number)) throw new Stop('server_error', 'POST /flow was answered with another flow');
    const flow = { number, uri: flowUri(context, id) };
    tell({ flow });
    if (popup) watch(window, popup, () => tell({ flow, still: true }), over);
    const response = await outcomeOf(window, accounts, api, secret, (Number(seconds) || 900) + 5, over);
    await holder.redeem(response, request, redirectUri, over);
  } finally {
    ending.abort();
    popup?.close();
  }
  return found('created');
}
