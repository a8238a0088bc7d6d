// @ts-check
// The widget: notes on the page that frames it.

import { follow } from './person.js';

/** @typedef {{ id: number, author: string, text: string, at: string, mine: boolean }} Note */

const target = find('main').dataset.target ?? '';
const form = /** @type {HTMLFormElement} */ (find('[data-add]'));

/**
 * The element, which the template has.
 * @param {string} selector
 * @returns {HTMLElement}
 */
function find(selector) {
  const element = document.querySelector(selector);
  if (!(element instanceof HTMLElement)) throw new Error(`${selector} is missing`);
  return element;
}

let asked = 0;

/** Fetches the notes and shows them; of several answers under way only the last one asked for counts. */
async function refresh() {
  const turn = ++asked;
  const answer = await fetch(`/api/notes?page=${encodeURIComponent(target)}`);
  if (!answer.ok) return;
  /** @type {{ notes: Note[] }} */
  const { notes } = await answer.json();
  if (turn !== asked) return;
  find('[data-notes]').replaceChildren(...notes.map(row));
  find('[data-empty]').hidden = notes.length > 0;
}

/**
 * @param {Note} note
 * @returns {DocumentFragment}
 */
function row(note) {
  const template = /** @type {HTMLTemplateElement} */ (document.querySelector('[data-note]'));
  const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  const text = /** @type {HTMLElement} */ (copy.querySelector('[data-text]'));
  const by = /** @type {HTMLElement} */ (copy.querySelector('[data-by]'));
  const remove = /** @type {HTMLButtonElement} */ (copy.querySelector('[data-remove]'));
  text.textContent = note.text;
  by.textContent = `${note.author}, ${note.at}`;
  remove.hidden = !note.mine;
  remove.addEventListener('click', async () => {
    await fetch(`/api/notes/${note.id}`, { method: 'DELETE' });
    await refresh();
  });
  return copy;
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const text = String(new FormData(form).get('text'));
  const answer = await fetch('/api/notes', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ page: target, text }),
  });
  if (answer.ok) form.reset();
  find('[data-news]').textContent = answer.ok ? 'The note is there' : 'The note could not be added';
  await refresh();
});

/**
 * Where the frame is kept apart, sign-in opens in a new tab. Elsewhere it takes the place of the
 * page around, and comes back to it.
 * @param {Awaited<ReturnType<typeof follow>>} answer
 */
function offer({ reason, signIn }) {
  const link = /** @type {HTMLAnchorElement} */ (find('[data-sign-in]'));
  if (reason === 'storage_blocked') {
    find('[data-apart]').hidden = false;
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
