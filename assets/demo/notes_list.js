// @ts-check
// The notes on the page around a frame: shown, added and removed. Who asks is the affair of whoever makes the calls.

import { find } from './find.js';

/** @typedef {{ id: number, author: string, text: string, at: string, mine: boolean }} Note */
/** @typedef {(path: string, init?: RequestInit) => Promise<Response>} Call A request to this site's own API. */

/**
 * Wires the list and its form.
 * @param {string} target the page that the notes are on
 * @param {Call} [call] how its API is asked: with this site's own cookies, unless it is told otherwise
 */
export function notesList(target, call = (path, init) => fetch(path, init)) {
  const form = find('[data-add]', HTMLFormElement);
  let asked = 0;

  /** Fetches the notes and shows them; of several answers under way only the last one asked for counts. */
  async function refresh() {
    const turn = ++asked;
    const answer = await call(`/api/notes?page=${encodeURIComponent(target)}`);
    if (!answer.ok) return;
    /** @type {{ notes: Note[] }} */
    const { notes } = await answer.json();
    if (turn !== asked) return;
    find('[data-notes]', HTMLElement).replaceChildren(...notes.map(row));
    find('[data-empty]', HTMLElement).hidden = notes.length > 0;
  }

  /** @param {Note} note */
  function row(note) {
    const copy = /** @type {DocumentFragment} */ (find('[data-note]', HTMLTemplateElement).content.cloneNode(true));
    find('[data-text]', HTMLElement, copy).textContent = note.text;
    find('[data-by]', HTMLElement, copy).textContent = `${note.author}, ${note.at}`;
    const remove = find('[data-remove]', HTMLButtonElement, copy);
    remove.hidden = !note.mine;
    remove.addEventListener('click', async () => {
      await call(`/api/notes/${note.id}`, { method: 'DELETE' });
      await refresh();
    });
    return copy;
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const text = String(new FormData(form).get('text'));
    const answer = await call('/api/notes', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ page: target, text }),
    });
    if (answer.ok) form.reset();
    find('[data-news]', HTMLElement).textContent = answer.ok ? 'The note is there' : 'The note could not be added';
    await refresh();
  });

  return { refresh };
}
