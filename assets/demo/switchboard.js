// @ts-check
// Which way to know somebody works in this browser, in this place: each is tried by itself, with a time.

import { find } from './find.js';
import { connect } from './sdk.js';

/** @import { Rung, Verdict } from '../sdk/vestibule.js' */

const SILENT = /** @type {const} */ (['cache', 'bridge', 'prompt_none']);
const GOOD = ['resumed', 'already'];
/** What only those can mend who run the sites: they are told what to look at. */
const DEVELOPERS = ['blocked_by_policy', 'misconfigured', 'server_error'];

/** What a verdict means here, and what would help. @type {Record<string, string>} */
const WHY = {
  resumed: 'It knows you.',
  already: 'It knows you.',
  login_required: 'Accounts sees nobody. If you are signed in there, this browser sent it no cookies from here: '
    + 'allow third-party cookies for this site, or take a way with a click.',
  consent_required: 'Accounts knows you, but you have not agreed to this widget yet. Open a window and say yes once.',
  storage_blocked: 'The browser keeps accounts from its own cookies in this frame. '
    + 'Allow them for this site, or take a way with a click.',
  blocked_by_policy: 'The frame could not be shown. The page around it, or the registration, has to allow it.',
  popup_blocked: 'The browser blocked the window. Allow pop-up windows for this page.',
  canceled: 'You said no, or closed it.',
  timed_out: 'No answer in time. Try again.',
  network: 'Accounts cannot be reached. Look at your connection, and try again.',
  rate_limited: 'That was too often. Wait a minute.',
  server_error: 'Accounts failed. Try again in a moment.',
  misconfigured: 'The widget is set up wrongly.',
};

/** What is true of one way only. @type {Record<string, string>} */
const WHY_OF = {
  'cache login_required': 'There is none.',
  'storage_access storage_blocked': 'The browser said no, or you did. Its settings for this site can change that.',
  'bridge login_required': 'Accounts sees its cookies here, and nobody is signed in.',
};

/** @param {Rung} rung */
const rowOf = (rung) => find(`[data-rung="${rung}"]`, HTMLElement);

/** @param {Rung} rung @param {string} text @param {'good' | 'plain'} tone */
function badge(rung, text, tone) {
  const place = find('[data-verdict]', HTMLElement, rowOf(rung));
  place.textContent = text;
  place.className = `badge ${tone}`;
}

/** @param {Rung} rung @param {Verdict} verdict @param {number} began */
function show(rung, verdict, began) {
  const tried = verdict.rungs.filter((one) => one.rung === rung).at(-1);
  const { reason, ms } = tried ?? { reason: verdict.reason, ms: performance.now() - began };
  const hint = DEVELOPERS.includes(reason) ? tried?.hint ?? verdict.hint ?? '' : '';
  const row = rowOf(rung);
  const works = GOOD.includes(reason);
  badge(rung, works ? 'Works' : 'Not here', works ? 'good' : 'plain');
  row.dataset.reason = reason;
  find('[data-ms]', HTMLElement, row).textContent = `${reason}, ${Math.round(ms)} ms`;
  const why = WHY_OF[`${rung} ${reason}`] ?? WHY[reason] ?? '';
  find('[data-why]', HTMLElement, row).textContent = `${why} ${hint}`.trim();
}

/** @param {Rung} rung */
async function trySilently(rung) {
  badge(rung, 'Trying', 'plain');
  const session = connect({ rungs: [rung] });
  const began = performance.now();
  try {
    show(rung, await session.resume(), began);
  } finally {
    session.close();
  }
}

/** Back from accounts, if this page has been left for it: the answer is good for one use, and for that row. */
async function comeBack() {
  const session = connect({ rungs: ['redirect'] });
  const began = performance.now();
  try {
    const verdict = await session.resume();
    if (verdict.rungs.length) show('redirect', verdict, began);
  } finally {
    session.close();
  }
}

/** In a click. @param {'storage_access' | 'popup' | 'redirect'} rung */
async function tryWithPerson(rung) {
  badge(rung, 'Waiting for you', 'plain');
  const panel = find('[data-panel]', HTMLElement, rowOf(rung));
  const session = connect({ rungs: rung === 'storage_access' ? ['bridge', rung] : [rung], panel });
  const began = performance.now();
  try {
    // The leave is for the bridge's frame, whose own button asks for it: that has to be there first.
    const found = rung === 'storage_access' && await session.resume();
    show(rung, found && found.hasSession ? found : await session.signIn({ how: rung }), began);
  } finally {
    session.close();
  }
}

/** One after the other, so that none answers for another. */
async function tryAll() {
  for (const rung of SILENT) await trySilently(rung);
}

find('[data-relation]', HTMLElement).textContent = window.top === window
  ? 'This page stands by itself. It is a sibling of the accounts site, whose frames see their own cookies in it.'
  : 'This page stands in a frame of another site. Browsers keep it apart from what the same page knows by itself.';
find('[data-all]', HTMLButtonElement).addEventListener('click', tryAll);
for (const rung of /** @type {const} */ (['storage_access', 'popup', 'redirect'])) {
  find('[data-try]', HTMLButtonElement, rowOf(rung)).addEventListener('click', () => tryWithPerson(rung));
}
await comeBack();
await tryAll();
