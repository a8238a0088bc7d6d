/**
 * Small comforts for forms; every one of them works without.
 *
 * - A form is sent once: a second submit while the first is under way is dropped.
 * - A password field with `data-reveal` gets a button that shows what was typed.
 *
 * @module
 */

/** After this long a form that led nowhere (a stopped load, say) may be sent again. */
export const RESEND_MS = 10_000;

/** @typedef {Window & typeof globalThis} BrowserWindow */

/**
 * The buttons stay enabled, since a disabled one would not be part of what is sent.
 * @param {BrowserWindow} window
 */
export function sendOnce(window) {
  /** @type {Set<EventTarget>} */
  const sent = new Set();
  window.document.addEventListener('submit', (event) => {
    const form = event.target;
    if (form === null || event.defaultPrevented) return;
    if (sent.has(form)) return event.preventDefault();
    sent.add(form);
    window.setTimeout(() => sent.delete(form), RESEND_MS);
  });
  // The page may come back as it was left (back/forward cache).
  window.addEventListener('pageshow', () => sent.clear());
}

/**
 * @param {HTMLInputElement} input
 */
function addReveal(input) {
  const button = input.ownerDocument.createElement('button');
  button.type = 'button';
  button.className = 'reveal';
  button.textContent = 'Show';
  button.setAttribute('aria-label', 'Show password');
  button.setAttribute('aria-pressed', 'false');
  if (input.id !== '') button.setAttribute('aria-controls', input.id);
  /** @param {boolean} shown */
  const show = (shown) => {
    input.type = shown ? 'text' : 'password';
    button.setAttribute('aria-pressed', String(shown));
  };
  button.addEventListener('click', () => show(input.type === 'password'));
  // Sent as a password, so that browsers remember it as one and not as text typed before.
  input.form?.addEventListener('submit', () => show(false));
  input.after(button);
}

/**
 * @param {BrowserWindow} window
 */
export function revealPasswords(window) {
  const inputs = /** @type {NodeListOf<HTMLInputElement>} */ (window.document.querySelectorAll('input[type=password][data-reveal]'));
  inputs.forEach(addReveal);
}

if (typeof document !== 'undefined') {
  sendOnce(window);
  revealPasswords(window);
}
