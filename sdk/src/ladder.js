/** @import { BrowserWindow, Rung, Tried } from './types.js' */
/** @import { Found } from './reasons.js' */
/** @import { Settings, TokenSettings } from './settings.js' */
import { inTime } from './in_time.js';
import { Stop, asStop, closedStop, tried } from './reasons.js';
import { bridge } from './rungs/bridge.js';
import { cache } from './rungs/cache.js';
import { promptNone } from './rungs/prompt_none.js';
import { comeBack, takeAnswer } from './rungs/redirect.js';
import { PATIENT_MS } from './token_api.js';

/**
 * What the rungs work with.
 * @typedef {object} Context
 * @property {BrowserWindow} window
 * @property {Settings} settings
 * @property {TokenSettings} options
 * @property {AbortSignal} closing
 * @property {import('./token_api.js').TokenApi} api
 * @property {import('./tabs.js').Tabs} tabs
 * @property {import('./tokens.js').TokenHolder} holder
 * @property {import('./bridge_frame.js').BridgeFrame} frame
 * @property {import('./kept.js').Learnt} learnt
 */

/** After these answers of the bridge no other silent rung can know better. */
const FINAL = /login_required|consent_required|storage_blocked|rate_limited/;

/**
 * Tries the silent rungs, each in its time, until one has found out who is there.
 * @param {Context} context
 * @param {boolean} check whether tokens that are still good are checked
 * @param {(rung: Rung) => void} trying
 * @param {(tried: Tried) => void} note
 * @returns {Promise<Found>} or throws the {@link Stop} of the last rung that says something
 */
export async function climb(context, check, trying, note) {
  const { window, settings: { timeout, rungs }, closing, holder, frame, learnt } = context;
  const had = holder.held() !== null;
  let last = new Stop('login_required');

  /**
   * @param {Rung} rung @param {(signal: AbortSignal) => Promise<Found | void>} work
   * @returns {Promise<Found | null | void>} nothing when it did not find out
   */
  const attempt = async (rung, work, ms = timeout) => {
    if (!rungs.includes(rung) && !(had && rung === 'cache')) return null;
    const started = performance.now();
    const late = () => (rung === 'bridge' && frame.giveUp()) || new Stop('timed_out', `no answer within ${ms} ms`);
    try {
      if (closing.aborted) throw closedStop();
      const known = learnt.of(rung);
      if (known) throw new Stop(known);
      trying(rung);
      const found = await inTime(window, ms, closing, late, work);
      note(tried(rung, found?.reason ?? 'already', started));
      return found;
    } catch (cause) {
      last = asStop(cause);
      note(tried(rung, last.reason, started, last.hint));
      if (last.sure) learnt.add(rung, last.reason);
      return null;
    }
  };

  const answer = rungs.includes('redirect') && takeAnswer(context);
  const back = answer && await attempt('redirect', (signal) => comeBack(context, answer, signal), PATIENT_MS);
  if (back) return back;
  // Whoever has just come back with another no than that is not asked behind their back.
  if (last.reason !== 'login_required') throw last;
  const cached = await attempt('cache', (signal) => cache(context, check, signal));
  if (cached) return cached;
  // The tokens stand when nobody could say whether they are good.
  if (holder.held()) throw last;
  const before = last;
  await attempt('bridge', (signal) => bridge(context, signal));
  if (last !== before && FINAL.test(last.reason)) throw last;
  const asked = await attempt('prompt_none', (signal) => promptNone(context, had, signal));
  if (asked) return asked;
  throw last;
}
