import { Stop } from '../reasons.js';

/**
 * Offers the bridge's own button, in a click on which the browser may let it see its cookies.
 * @param {import('../bridge_frame.js').BridgeFrame} frame
 * @param {import('../kept.js').Learnt} learnt
 * @param {AbortSignal} signal
 */
export async function storageAccess(frame, learnt, signal) {
  const { granted, error } = await frame.offerStorage(signal);
  if (granted) return;
  if (signal.aborted) throw new Stop('canceled');
  learnt.add('storage_access', 'storage_blocked');
  throw new Stop('storage_blocked', `no storage access (${error}): look at allow-storage-access-by-user-activation in a sandbox`);
}
