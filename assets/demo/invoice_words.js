// @ts-check
// What the page of an order on invoice says to people.

const AGAIN = 'Try it again whenever you like.';

/** Why nothing was proved, and what to do next. @type {Record<string, [text: string, next: string]>} */
const ENDED = {
  canceled: ['It was canceled.', AGAIN],
  denied_by_provider: ['The bank, or you there, said no.', AGAIN],
  provider_unreachable: ['The bank did not answer as it should.', 'Try again in a moment.'],
  expired: ['That took more than a quarter of an hour.', AGAIN],
  wrong_account: [
    'Somebody else is signed in at the accounts site than here.',
    'Sign in there with the account that ordered, and try again.',
  ],
  conflict: [
    'Who you are at the bank belongs to another account already.',
    'Order with that account, or remove the identification there first.',
  ],
  login_required: ['You have been signed out.', 'Load this page again to sign in.'],
  network: ['The accounts site cannot be reached.', 'Try again in a moment.'],
};

/** @param {string} reason of the SDK */
export function endedText(reason) {
  const [text, next] = ENDED[reason] ?? ['That did not work.', AGAIN];
  return { text, next };
}

/**
 * What the shop's server answers.
 * @typedef {{ on_invoice: boolean, code?: string | null, text?: string | null, asked?: string | null,
 *   answer?: object | null, named_another?: boolean }} Looked
 */

/** Why the order does not go on invoice. @param {Looked} looked */
export function refusalText({ text, named_another: another }) {
  const why = text ?? 'The shop cannot be reached. Try again in a moment.';
  if (!another) return why;
  return `The page named another account. The shop’s server does not care whom a page names: it asked about the account that ordered. ${why}`;
}
