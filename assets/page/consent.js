/**
 * Buttons that agree to something (`data-guarded`) become active only after the page has been visible and
 * focused for a second, and again after every time it was not: a window that was just put under the pointer
 * cannot take a click that was meant for another (double-click-jacking). Without script they simply work.
 *
 * @module
 */

/** How long the page must have been in front. */
export const GUARD_MS = 1_000;

/** @typedef {Window & typeof globalThis} BrowserWindow */

/**
 * Where the reader is told why the buttons wait: the page's own element, or one put before the first button.
 * @param {Document} document
 * @param {HTMLElement} first
 */
function hintFor(document, first) {
  const given = document.querySelector('[data-guard-hint]');
  if (given !== null) return given;
  const hint = document.createElement('p');
  hint.className = 'hint';
  hint.setAttribute('role', 'status');
  hint.setAttribute('data-guard-hint', '');
  first.before(hint);
  return hint;
}

/**
 * @param {BrowserWindow} window
 */
export function guard(window) {
  const { document } = window;
  const buttons = /** @type {HTMLButtonElement[]} */ ([...document.querySelectorAll('button[data-guarded]')]);
  const first = buttons[0];
  if (first === undefined) return;
  const hint = hintFor(document, first);
  /** @type {number | undefined} */
  let timer;
  /** @type {HTMLButtonElement | undefined} a disabled button loses the keyboard's focus: it is given back */
  let focused;

  /** @param {boolean} active */
  const set = (active) => {
    if (!active) focused = buttons.find((button) => button === document.activeElement) ?? focused;
    for (const button of buttons) button.disabled = !active;
    hint.textContent = active ? '' : 'The buttons become active in a moment.';
    if (active && document.activeElement === document.body) focused?.focus();
    if (active) focused = undefined;
  };
  const inFront = () => document.visibilityState === 'visible' && document.hasFocus();
  const disarm = () => {
    window.clearTimeout(timer);
    timer = undefined;
    set(false);
  };
  const arm = () => {
    disarm();
    if (inFront()) timer = window.setTimeout(() => { if (inFront()) set(true); }, GUARD_MS);
  };

  window.addEventListener('blur', disarm);
  window.addEventListener('focus', arm);
  window.addEventListener('pageshow', arm);
  document.addEventListener('visibilitychange', arm);
  arm();
}

if (typeof document !== 'undefined') guard(window);
