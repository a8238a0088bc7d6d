/**
 * A button that closes the window (`data-close`). It is hidden in the page, since without script it could do
 * nothing.
 *
 * @module
 */

/** @typedef {Window & typeof globalThis} BrowserWindow */

/** @param {BrowserWindow} window */
export function offerToClose(window) {
  const button = /** @type {HTMLButtonElement | null} */ (window.document.querySelector('[data-close]'));
  if (button === null) return;
  button.hidden = false;
  button.addEventListener('click', () => window.close());
}

if (typeof document !== 'undefined') offerToClose(window);
