/** What is said with the accounts server. */

/** @import { BrowserWindow, IdentifyOutcome } from './types.js' */
/** @import { Settings } from './settings.js' */
import { inRounds, polls, socket } from '../listening.js';
import { isPlainObject, isText } from '../values.js';
import { failed, outcomeIn, refusal, refusalIn } from './outcomes.js';

/** How long the server may take to say where the window goes, in milliseconds. */
const PATIENT_MS = 10_000;
const SECRET = /^[0-9a-f]{64}$/;

/**
 * Has the browser given the cookie by which the window is known, if it keeps such. Where it does not, the server
 * writes a token into the window's address; so whatever comes of this, the socket says the rest.
 * @param {BrowserWindow} window @param {Settings} settings @param {AbortSignal} signal
 */
export async function askForCookie(window, { accounts }, signal) {
  const late = AbortSignal.any([signal, AbortSignal.timeout(PATIENT_MS)]);
  await window.fetch(`${accounts}/identification/monitor`, { credentials: 'include', cache: 'no-store', redirect: 'error', signal: late }).catch(() => {});
}

/** Whether an address is the one page of accounts to which the window may be led. @param {string} accounts @param {string} uri */
function isStart(accounts, uri) {
  const start = `${accounts}/identification/start`;
  return uri === start || uri.startsWith(`${start}?`);
}

/** @param {BrowserWindow} window @param {Settings} settings @param {string} secret */
const outcomes = (window, { accounts }, secret) => (
  /** @param {string} wait @param {AbortSignal} signal @returns {Promise<{ status: number, body: unknown }>} */
  async (wait, signal) => {
    const body = new URLSearchParams({ monitor_secret: secret, wait });
    const response = await window.fetch(`${accounts}/identification/outcome`, { method: 'POST', body, credentials: 'omit', cache: 'no-store', redirect: 'error', signal });
    return { status: response.status, body: await response.json().catch(() => null) };
  }
);

/**
 * Shows the token, hears where the window goes, and then how it ends: by the socket; by long polls where that is lost,
 * and whenever the page is back or on line again.
 * @param {BrowserWindow} window
 * @param {Settings} settings
 * @param {string} token
 * @param {(uri: string) => void} waiting
 * @param {(outcome: IdentifyOutcome) => void} end
 * @param {AbortSignal} signal
 * @returns {() => void} asks for the outcome now, when something looks like the end
 */
export function attend(window, settings, token, waiting, end, signal) {
  const { accounts, provider } = settings;
  let secret = '';
  /** @param {Record<string, any>} body @returns {boolean} whether it was sense */
  const begin = ({ monitor_secret: given, start_uri: uri, expires_in: seconds }) => {
    if (secret) return true;
    if (!isText(uri) || !isText(given) || !SECRET.test(given)) return false;
    if (!isStart(accounts, uri)) {
      end(failed('misconfigured', `start_uri is not of ${accounts}: accounts must be the server's issuer`));
      return true;
    }
    secret = given;
    const ask = outcomes(window, settings, secret);
    // A page that was frozen meanwhile, or whose socket broke unnoticed, asks once more.
    const last = () => ask('0', AbortSignal.any([signal, AbortSignal.timeout(PATIENT_MS)]))
      .then(({ body }) => hear(body)).catch(() => {}).then(() => end(failed('expired')));
    const timer = window.setTimeout(last, ((Number(seconds) || 900) + 5) * 1_000);
    signal.addEventListener('abort', () => window.clearTimeout(timer));
    waiting(uri);
    return true;
  };
  /** @param {unknown} body @returns {boolean} whether it was sense */
  const hear = (body) => {
    if (signal.aborted || !isPlainObject(body)) return false;
    if (body.state === 'waiting') return begin(body);
    const outcome = isText(body.error) ? refusalIn(body) : body.state === 'completed' && outcomeIn(body);
    if (outcome) end(outcome);
    return Boolean(outcome);
  };
  const again = inRounds(window, (over) => secret && polls(window, outcomes(window, settings, secret), hear, over), signal);
  const first = { access_token: token, ...(provider && { provider }) };
  socket(window, `${accounts}/identification/events`, first, hear, (closed) => (
    secret ? again() : end(refusal(closed))
  ), signal, PATIENT_MS);
  return again;
}
