/**
 * Buttons that agree to something, and what is picked before them (`data-guarded`, on buttons and fieldsets),
 * become active only after they have been to be seen, on a page that is visible and focused, for a second; and
 * again after every time that was not so: a window that was just put under the pointer cannot take a click that
 * was meant for another (double-click-jacking). Without script they simply work.
 *
 * @module
 */

/** How long they must have been in front. */
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

/** @typedef {HTMLButtonElement | HTMLFieldSetElement} Guarded */

/**
 * @param {BrowserWindow} window
 */
export function guard(window) {
  const { document } = window;
  const guarded = /** @type {Guarded[]} */ ([...document.querySelectorAll('button[data-guarded], fieldset[data-guarded]')]);
  const first = guarded.find((element) => element.matches('button'));
  if (first === undefined) return;
  const hint = hintFor(document, first);
  /** @type {number | undefined} */
  let timer;
  /** @type {HTMLElement | undefined} what is disabled loses the keyboard's focus: it is given back */
  let focused;

  /** @param {boolean} active */
  const set = (active) => {
    const here = /** @type {HTMLElement | null} */ (document.activeElement);
    if (!active && here !== null && guarded.some((element) => element.contains(here))) focused = here;
    for (const element of guarded) element.disabled = !active;
    hint.textContent = active ? '' : 'The buttons become active in a moment.';
    if (active && document.activeElement === document.body) focused?.focus();
    if (active) focused = undefined;
  };
  const isShown = () => first.closest('[hidden]') === null;
  const inFront = () => isShown() && document.visibilityState === 'visible' && document.hasFocus();
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
  // A script may hide the form at first: the second begins when it is shown.
  const form = first.closest('form');
  if (form !== null) new window.MutationObserver(arm).observe(form, { attributes: true, attributeFilter: ['hidden'] });
  arm();
}

if (typeof document !== 'undefined') guard(window);
