// @ts-check
// A page whose frame is handed a token: it asks its own server for one that is good for notes only, and posts it to
// exactly the notes' origin. The token is in a variable of one function: never in an address, in storage or in the
// page.

import { showFacts } from './facts.js';
import { find, showState } from './find.js';
import { follow } from './person.js';

/** How long this site's own server may take, in milliseconds. */
const PATIENCE = 15_000;

const page = find('[data-notes-origin]', HTMLElement);
const frame = find('[data-frame]', HTMLIFrameElement);
const notes = page.dataset.notesOrigin ?? '';
let asked = 0;

/** Gets a token and hands it over; of several under way, only the last one asked for. */
async function hand() {
  const turn = ++asked;
  const answer = await fetch('/option-two/token', { method: 'POST', signal: AbortSignal.timeout(PATIENCE) })
    .catch(() => null);
  const body = await answer?.json().catch(() => null);
  if (turn !== asked) return;
  const token = answer?.ok && body ? body.token : null;
  // Without one the frame is told to forget what it has.
  frame.contentWindow?.postMessage({ type: 'notes.token', token }, notes);
  const known = token !== null || ['login_required', 'interaction_required'].includes(body?.error);
  find('[data-trouble]', HTMLElement).hidden = known;
  find('[data-trouble-text]', HTMLElement).textContent = known ? '' : 'The wiki could not get a token just now.';
  showState('data-step', token === null ? 'ask' : 'handed');
  showFacts(page, body?.facts ?? null);
}

// Only the frame is heard, and all that it can do is to ask for what it would be given anyway.
window.addEventListener('message', ({ source, origin, data }) => {
  if (source === frame.contentWindow && origin === notes && data?.type === 'notes.ready') hand();
});
// Loaded from here, so that somebody listens when it says that it is ready.
frame.src = frame.dataset.src ?? '';
await follow(hand);
