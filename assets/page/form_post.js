/**
 * Sends the form that a page is there for (`data-send`), as its button would. Comes after form.js, which drops the
 * click of somebody who is quicker: an answer that arrives twice would end what it opened.
 *
 * @module
 */

/** @typedef {Window & typeof globalThis} BrowserWindow */

/** @param {BrowserWindow} window */
export function send(window) {
  const form = /** @type {HTMLFormElement | null} */ (window.document.querySelector('form[data-send]'));
  // A field may be called as the method is, and would stand in its place.
  if (form !== null) window.HTMLFormElement.prototype.requestSubmit.call(form);
}

if (typeof document !== 'undefined') send(window);
