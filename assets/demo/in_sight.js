// @ts-check
// A button in a frame that takes effect only after people could see it.

/** How long it must have been in sight, in milliseconds. */
export const GUARD_MS = 1_000;

/**
 * Keeps a button inactive until all of it has been in sight for a second, and again after every time it was not:
 * a page around the frame cannot scroll it, or show it, under a click that was meant for something else. Focus is
 * not asked for, as the pages of the accounts server do: a frame has none before the first click.
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} hint says why it waits
 */
export function guard(button, hint) {
  let inSight = false;
  /** @type {number | undefined} */
  let timer;
  /** @param {boolean} active */
  const set = (active) => {
    button.disabled = !active;
    hint.textContent = active ? '' : 'Active in a moment';
  };
  const arm = () => {
    window.clearTimeout(timer);
    set(false);
    if (inSight && document.visibilityState === 'visible') timer = window.setTimeout(set, GUARD_MS, true);
  };
  const observer = new IntersectionObserver((entries) => {
    inSight = entries.at(-1)?.isIntersecting ?? false;
    arm();
  }, { threshold: 0.99 });
  observer.observe(button);
  document.addEventListener('visibilitychange', arm);
  arm();
  return {
    /** Lets the button wait once more, as when something else is shown. */
    arm,
    /** Leaves it inactive. */
    stop() {
      observer.disconnect();
      window.clearTimeout(timer);
      document.removeEventListener('visibilitychange', arm);
      button.disabled = true;
      hint.textContent = '';
    },
  };
}
