/** @import { BrowserWindow, Rung, Tried } from './types.js' */
/** @import { Found } from './backend.js' */
/** @import { Settings, TokenSettings } from './settings.js' */
import { inTime } from './in_time.js';
import { Stop, asStop, tried } from './reasons.js';
import { bridge } from './rungs/bridge.js';
import { cache } from './rungs/cache.js';
import { promptNone } from './rungs/prompt_none.js';
import { comeBack } from './rungs/redirect.js';
import { PATIENT_MS } from './token_api.js';

/**
 * What the rungs work with.
 * @typedef {object} Context
 * @property {BrowserWindow} window
 * @property {Settings & { tokens: TokenSettings }} settings
 * @property {AbortSignal} closing
 * @property {import('./token_api.js').TokenApi} api
 * @property {import('./tabs.js').Tabs} tabs
 * @property {import('./tokens.js').TokenHolder} holder
 * @property {ReturnType<typeof import('./refusals.js').refusalKeeper>} refusals
 * @property {import('./bridge_frame.js').BridgeFrame} frame
 * @property {ReturnType<typeof import('./kept.js').learntBy>} learnt
 */

/** After these answers of the bridge no other silent rung can know better. */
const FINAL = ['login_required', 'consent_required', 'storage_blocked', 'rate_limited'];

/**
 * Tries the silent rungs, each in its time, until one has found out who is there.
 * @param {Context} context
 * @param {boolean} check whether tokens that are still good are checked
 * @param {(rung: Rung) => void} trying
 * @param {(tried: Tried) => void} note
 * @returns {Promise<Found>} or throws the {@link Stop} of the last rung that says something
 */
export async function climb(context, check, trying, note) {
  const { window, settings, closing, holder, frame, learnt } = context;
  const { timeout, rungs } = settings;
  const had = holder.held() !== null;

  /**
   * @template T
   * @param {Rung} rung @param {number} ms @param {(signal: AbortSignal) => Promise<T>} work
   * @returns {Promise<T | Stop>}
   */
  const attempt = async (rung, ms, work) => {
    const known = learnt.of(rung);
    if (known !== undefined) return noted(rung, new Stop(known), performance.now());
    trying(rung);
    const started = performance.now();
    const late = () => (rung === 'bridge' ? frame.giveUp() : null) ?? new Stop('timed_out', `no answer within ${ms} ms`);
    try {
      const found = await inTime(window, ms, closing, late, work);
      if (found !== null) note(tried(rung, /** @type {Found | undefined} */ (found)?.reason ?? 'already', started));
      return found;
    } catch (cause) {
      return noted(rung, asStop(cause), started);
    }
  };
  /** @param {Rung} rung @param {Stop} stop @param {number} started */
  const noted = (rung, stop, started) => {
    note(tried(rung, stop.reason, started, stop.hint));
    if (stop.sure) learnt.add(rung, stop.reason);
    return stop;
  };

  if (rungs.includes('redirect')) {
    const back = await attempt('redirect', PATIENT_MS, (signal) => comeBack(context, signal));
    // Whoever has just come back from there with a no is not asked behind their back.
    if (back instanceof Stop ? back.reason !== 'login_required' : back !== null) return orThrow(back);
  }
  /** @type {Stop} */
  let last = new Stop('login_required', 'none of the rungs that may be tried can find out more');
  if (rungs.includes('cache') || had) {
    const found = await attempt('cache', timeout, (signal) => cache(context, check, signal));
    if (!(found instanceof Stop)) return found;
    // The tokens stand when nobody could say whether they are good.
    if (holder.held() !== null) throw found;
    if (found.reason !== 'login_required') last = found;
  }
  if (rungs.includes('bridge')) {
    const said = await attempt('bridge', timeout, (signal) => bridge(context, signal));
    if (said instanceof Stop) last = said;
    if (FINAL.includes(last.reason) && said instanceof Stop) throw last;
  }
  if (rungs.includes('prompt_none')) {
    const found = await attempt('prompt_none', timeout, (signal) => promptNone(context, had, signal));
    if (!(found instanceof Stop)) return found;
    last = found;
  }
  throw last;
}

/** @template T @param {T | Stop | null} found @returns {T} */
function orThrow(found) {
  if (found instanceof Stop) throw found;
  return /** @type {T} */ (found);
}
