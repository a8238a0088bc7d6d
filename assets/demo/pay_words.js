// @ts-check
// What the payments page says to people while they are asked, and when it has come to nothing.

/** @typedef {import('./confirming.js').View} View */
/** @typedef {import('./confirming.js').Standing} Standing */

const ASK_AGAIN = 'Begin again to be asked once more.';
const NOT_YOU = 'If that was not you, look at your account first.';

/** Why it ended, and what to do next. @type {Record<string, [text: string, next: string]>} */
const ENDED = {
  refused: ['You refused it on the accounts site.', ASK_AGAIN],
  canceled: ['It was taken back here.', ASK_AGAIN],
  left: ['This page was closed, or was away for too long.', ASK_AGAIN],
  expired: ['There was no answer in time.', ASK_AGAIN],
  sign_in_failed: ['Signing in for it failed too often.', NOT_YOU],
  number_failed: ['Another number than the one shown here was picked.', NOT_YOU],
  method_failed: ['It cannot be confirmed in the way that was asked for.', ASK_AGAIN],
};

/** @param {Standing} standing */
export function endedText({ reason, state }) {
  const [text, next] = ENDED[reason ?? state] ?? ['It was not confirmed.', ASK_AGAIN];
  return { text, next };
}

/** @param {View} view */
export function connectionText({ how, retry }) {
  if (how === 'live') return 'Waiting for your answer';
  if (how === 'connecting') return 'Connecting to the accounts site';
  if (how === 'asking') return 'Waiting for your answer, without a live connection';
  return retry > 0 ? `Connection lost. Next try in ${retry} s` : 'Connection lost. Trying again';
}

/** Seconds as people read a clock. @param {number} seconds */
export const minutes = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
