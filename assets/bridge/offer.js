/**
 * The one thing that can be clicked in a frame of ours: a button that asks the browser to let the bridge have its
 * cookies. The click does nothing else, so that whoever is led to it unawares gives nothing away: the browser asks
 * the person itself, and the bridge then answers as it does wherever browsers send those cookies.
 *
 * The page's policy has no styles; a constructed style sheet needs none.
 *
 * @module
 */

const STYLE = `
  :root { color-scheme: light dark; --accent: #106863; --on-accent: #fff; }
  @media (prefers-color-scheme: dark) { :root { --accent: #6fcdc5; --on-accent: #0b1f1e; } }
  body, h1 { margin: 0; }
  button {
    display: block; box-sizing: border-box; inline-size: 100%; block-size: 44px; margin: 0; padding: 0 0.5rem;
    border: 0.125rem solid transparent; border-radius: 0.625rem; background: var(--accent); color: var(--on-accent);
    font: 600 1rem/1.25 -apple-system, "Segoe UI", Roboto, Ubuntu, "Noto Sans", "Liberation Sans", system-ui, sans-serif;
    font-size: clamp(0.75rem, 5.5vw, 1rem); white-space: nowrap; overflow: hidden; text-overflow: ellipsis; cursor: pointer;
  }
  button:hover { filter: brightness(1.08); }
  button:focus-visible { outline: 0.1875rem solid var(--on-accent); outline-offset: -0.4375rem; }
  button[aria-disabled="true"] { opacity: 0.7; cursor: progress; }
`;

/**
 * Makes the button; nothing is seen of it before `show`.
 * @param {Window & typeof globalThis} window
 * @param {string} text
 * @param {() => Promise<void>} clicked is called in the click's own task, and not again before it has settled
 */
export function makeButton(window, text, clicked) {
  const { document } = window;
  const sheet = new window.CSSStyleSheet();
  sheet.replaceSync(STYLE);
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = text;
  // A document of its own has a main part and a heading, for those who move by these.
  const [main, heading] = [document.createElement('main'), document.createElement('h1')];
  heading.append(button);
  main.append(heading);
  let pending = false;
  button.addEventListener('click', async () => {
    if (pending) return;
    pending = true;
    button.setAttribute('aria-disabled', 'true');
    try {
      await clicked();
    } finally {
      pending = false;
      button.removeAttribute('aria-disabled');
    }
  });
  return {
    show() {
      if (main.isConnected) return;
      document.adoptedStyleSheets = [sheet];
      document.body.append(main);
    },
    hide() {
      main.remove();
      document.adoptedStyleSheets = [];
    },
  };
}
