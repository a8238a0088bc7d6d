// @ts-check
// The widget as a client by itself: the SDK finds out who is there, in whichever way this browser leaves, and shows a
// panel when it takes a person. The notes are read and written by a token that can do nothing else.

import { find, showState } from './find.js';
import { notesList } from './notes_list.js';
import { connect } from './sdk.js';

/** @import { Verdict } from '../sdk/vestibule.js' */

const session = connect({ panel: find('[data-panel]', HTMLElement), cache: 'session' });
const { target = '' } = find('main', HTMLElement).dataset;
const { refresh } = notesList(target, call);

/**
 * Asks this site's own API, by a token narrowed to notes. One that is refused has ended, by age or because the
 * person signed out elsewhere: the SDK is asked to look again, once.
 * @param {string} path
 * @param {RequestInit} [init]
 */
async function call(path, init = {}) {
  const answer = async () => {
    const token = await session.accessToken({ audience: 'notes', scope: 'notes' });
    const headers = new Headers(init.headers);
    if (token !== null) headers.set('Authorization', `Bearer ${token}`);
    return fetch(path, { ...init, headers, credentials: 'omit' });
  };
  const first = await answer();
  if (first.status !== 401) return first;
  await session.resume({ check: true });
  return answer();
}

/** @param {Verdict} verdict */
async function show({ hasSession, rungs }) {
  const { name, preferred_username: username } = /** @type {Record<string, string>} */ (await session.profile() ?? {});
  if (hasSession) showState('data-signing-out', 'done');
  find('[data-name]', HTMLElement).textContent = name ?? username ?? '';
  find('[data-news]', HTMLElement).textContent = hasSession ? `Signed in as ${name ?? username}` : '';
  showState('data-when', hasSession ? 'in' : 'out');
  find('[data-tried]', HTMLElement).hidden = rungs.length === 0;
  find('[data-tried-list]', HTMLElement).replaceChildren(...rungs.map(({ rung, reason, ms }) => {
    const row = document.createElement('li');
    row.textContent = `${rung}: ${reason}, ${Math.round(ms)} ms`;
    return row;
  }));
  await refresh();
}

find('[data-sign-out]', HTMLButtonElement).addEventListener('click', async () => {
  const { signOutUrl } = await session.signOut();
  // The accounts server could not be told from here: the person finishes it there, by a click of its own, since a
  // window that opens after the wait would be blocked.
  const link = find('[data-sign-out-there]', HTMLAnchorElement);
  if (signOutUrl) link.href = signOutUrl;
  showState('data-signing-out', signOutUrl ? 'there' : 'done');
});
session.onChange(show);
show(await session.resume());
