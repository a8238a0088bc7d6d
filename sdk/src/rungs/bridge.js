import { Blocked } from '../backend.js';
import { questionOf } from '../bridge_frame.js';

/**
 * Asks the bridge whether it is worth the while to ask for tokens. It mints nothing.
 * @param {import('../ladder.js').Context} context
 * @param {AbortSignal} signal
 */
export async function bridge({ frame }, signal) {
  await frame.open();
  signal.throwIfAborted();
  const question = questionOf();
  const answer = await frame.ask(question.id, question);
  if (!answer.hasSession) throw new Blocked(answer);
}
