/**
 * On every page of the accounts server: if this browser's session is not the one it was last seen with, the
 * bridges that are open in other pages are told to ask again. And a page that shows a person does not outlive
 * that person's session, in another tab or in the back/forward cache: it is loaded anew.
 *
 * @module
 */
import { MARK_KEY, announceMark } from '../bridge/bridge.js';

/** @param {import('../bridge/bridge.js').BrowserWindow} window */
function watch(window) {
  const { mark } = window.document.documentElement.dataset;
  if (mark === undefined) return;
  announceMark(window, mark);
  const loadAnewIfOver = () => {
    try {
      if (mark && window.localStorage.getItem(MARK_KEY) !== mark) window.location.reload();
    } catch {
      // Without storage nothing is known of other tabs; the server is asked at the next click.
    }
  };
  window.addEventListener('storage', ({ key }) => {
    if (key === MARK_KEY) loadAnewIfOver();
  });
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) loadAnewIfOver();
  });
}

watch(window);
