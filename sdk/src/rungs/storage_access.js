import { Stop } from '../reasons.js';

/**
 * Offers the bridge's own button, in a click on which the browser may let it see its cookies.
 * @param {{ frame: import('../bridge_frame.js').BridgeFrame, learnt: ReturnType<typeof import('../kept.js').learntBy> }} context
 * @param {AbortSignal} signal
 */
export async function storageAccess({ frame, learnt }, signal) {
  const { granted, error } = await frame.offerStorage(signal);
  if (granted) return;
  if (signal.aborted) throw new Stop('canceled');
  learnt.add('storage_access', 'storage_blocked');
  throw new Stop('storage_blocked', error === 'unsupported'
    ? 'this browser, or the sandbox of this frame, gives no storage access: allow-storage-access-by-user-activation'
    : `storage access was refused (${error})`);
}
