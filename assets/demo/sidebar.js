// @ts-check
// The widget: notes on the page that frames it.

import { find } from './find.js';
import { notesList } from './notes_list.js';
import { follow } from './person.js';

const { target = '' } = find('main', HTMLElement).dataset;
const { refresh } = notesList(target);

/**
 * Where the frame is kept apart, sign-in opens in a new tab. Elsewhere it takes the place of the
 * page around, and comes back to it.
 * @param {Awaited<ReturnType<typeof follow>>} answer
 */
function offer({ reason, signIn }) {
  const link = find('[data-sign-in]', HTMLAnchorElement);
  if (reason === 'storage_blocked') {
    find('[data-apart]', HTMLElement).hidden = false;
    link.addEventListener('click', (event) => {
      event.preventDefault();
      signIn({ returnTo: '/signed-in' });
    });
  } else {
    const back = `/back?page=${encodeURIComponent(target)}`;
    link.href = `/sso/start?to=${encodeURIComponent(back)}`;
    link.target = '_top';
  }
}

await refresh();
offer(await follow(refresh));
