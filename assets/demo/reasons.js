// @ts-check
// Why somebody is not signed in, in words for people.

import { find } from './find.js';

/** @type {Record<string, string>} By error codes of OAuth and OpenID Connect, and a few of our own. */
const WORDS = {
  login_required: 'Nobody is signed in at the accounts site, or this browser does not tell a frame on another site.',
  consent_required: 'You are signed in, but have not agreed to these notes yet.',
  interaction_required: 'The accounts site has something to ask you first.',
  access_denied: 'You said no. You can say yes at any time.',
  popup_blocked: 'The browser blocked the window. Allow pop-up windows for this page, and press the button again.',
  timed_out: 'The accounts site gave no answer in time.',
  signed_out: 'You are signed out here.',
  invalid_grant: 'That took too long. Press the button again.',
  wrong_answer: 'The answer was not to what was asked, so that it was not taken.',
};

/** @param {string} reason */
export const reasonText = (reason) => WORDS[reason] ?? 'The accounts site cannot be asked just now.';

/** Shows it in the element that is for it. @param {string} reason */
export function explain(reason) {
  const place = find('[data-explain]', HTMLElement);
  place.textContent = reasonText(reason);
  place.dataset.explain = reason;
}
