/**
 * Identification: a person proves who they are to a bank, or another provider, in a window of its own, while the page
 * stays as it is.
 *
 * ```js
 * import { identify } from 'https://accounts.example.org/sdk/identify.js';
 *
 * button.onclick = async () => {
 *   const outcome = await identify({ accounts: 'https://accounts.example.org', accessToken: fetchToken });
 *   if (outcome.result === 'succeeded') askTheBackend();
 * };
 * ```
 *
 * What the page hears authorises nothing: its backend asks the accounts server for itself.
 *
 * @module
 */
/** @import { BrowserWindow, IdentifyOptions, IdentifyOutcome, Standing } from './identify/types.js' */
import { failed } from './identify/outcomes.js';
import { openWindow } from './identify/proof_window.js';
import { settle } from './identify/settings.js';
import { askForCookie, attend } from './identify/wire.js';
import { deferred } from './values.js';

/** How long the page may take to have a token, in milliseconds: the window is open and empty. */
const TOKEN_MS = 30_000;

/** Ends what this page waits for; one at a time. @type {((outcome: IdentifyOutcome) => void) | null} */
let current = null;

/**
 * To be called in a click. Another call ends the one before. The promise waits for the person, for 15 minutes at most,
 * and is never rejected.
 * @param {IdentifyOptions} options
 * @param {BrowserWindow} [window]
 * @returns {Promise<IdentifyOutcome>}
 * @throws {TypeError} at once, when it is called wrongly
 */
export function identify(options, window = globalThis.window) {
  const settings = settle(options);
  current?.(failed('canceled', 'another one was begun'));
  const { signal: canceling } = options;
  /** @type {ReturnType<typeof deferred<IdentifyOutcome>>} */
  const { promise, resolve } = deferred();
  const ending = new AbortController();
  const { signal } = ending;
  /** @param {IdentifyOutcome} outcome */
  const end = (outcome) => {
    if (current === end) current = null;
    resolve(outcome);
    ending.abort();
  };
  current = end;
  const cancel = () => end(failed('canceled', 'the page canceled it'));
  canceling?.addEventListener('abort', cancel, { signal });
  if (canceling?.aborted) cancel();
  else prove(window, settings, options, end, signal).catch((error) => end(failed('misconfigured', String(error))));
  return promise;
}

/**
 * @param {BrowserWindow} window
 * @param {import('./identify/settings.js').Settings} settings
 * @param {IdentifyOptions} options
 * @param {(outcome: IdentifyOutcome) => void} end
 * @param {AbortSignal} signal
 */
async function prove(window, settings, { onChange = () => {} }, end, signal) {
  const popup = openWindow(window);
  signal.addEventListener('abort', popup.close);
  /** @type {Standing} */
  let standing = { state: 'opening', uri: undefined, blocked: !popup.isOpen, looksClosed: false };
  /** @param {Partial<Standing>} change */
  const tell = (change) => {
    standing = { ...standing, ...change };
    try {
      onChange(standing);
    } catch (error) {
      window.reportError(error);
    }
  };
  tell({});
  if (signal.aborted) return;
  const cookie = askForCookie(window, settings, signal);
  const token = await tokenOf(window, settings, end, signal);
  await cookie;
  if (signal.aborted) return;
  const ask = attend(window, settings, token, (uri) => {
    tell({ state: 'waiting', uri, blocked: !popup.go(uri) });
    popup.watch(() => {
      tell({ looksClosed: true });
      ask();
    }, signal);
  }, end, signal);
}

/**
 * The person's token. Where there is none, it has ended.
 * @param {BrowserWindow} window
 * @param {import('./identify/settings.js').Settings} settings
 * @param {(outcome: IdentifyOutcome) => void} end
 * @param {AbortSignal} signal
 */
async function tokenOf(window, { accessToken }, end, signal) {
  const none = (/** @type {string} */ why) => end(failed('login_required', why));
  const timer = window.setTimeout(() => none('accessToken() gave nothing in time'), TOKEN_MS);
  signal.addEventListener('abort', () => window.clearTimeout(timer));
  try {
    const token = typeof accessToken === 'function' ? await accessToken() : accessToken;
    if (token && typeof token === 'string') return token;
    none('accessToken() gave none');
  } catch (error) {
    none(`accessToken() failed: ${error}`);
  } finally {
    window.clearTimeout(timer);
  }
  return '';
}
