// @ts-check
// Who is signed in on a page of the demo, kept up to date without loading the page again. All that
// the sites know of the accounts server's SDK is in this file.

/**
 * @typedef {{ name: string }} Person
 * @typedef {{ reason: string, signOutUrl?: string }} Verdict
 *
 * @typedef {object} Session What `connect` of the SDK gives.
 * @property {() => Promise<Verdict>} resume
 * @property {(where: { returnTo: string }) => void} signIn
 * @property {() => Promise<Verdict>} signOut
 * @property {(listener: () => void) => unknown} onChange
 */

/** How long this site's own server may take, in milliseconds. */
const PATIENCE = 10_000;
/** How long each way of the SDK may take, in milliseconds: a demo may run slowly, which is not a no. */
const TIMEOUT = 5_000;

/**
 * Shows who is signed in, asks the accounts server, and follows every change.
 * @param {() => void} [listener] told whenever somebody else is there
 * @returns {Promise<{ reason: string, signIn: Session['signIn'] }>} the SDK's reason code
 */
export async function follow(listener = () => {}) {
  const session = await connect();
  const refresh = refresher(listener);
  session.onChange(refresh);
  for (const button of document.querySelectorAll('[data-sign-out]')) {
    button.addEventListener('click', async (event) => {
      event.preventDefault();
      const finish = elsewhere(window);
      const { signOutUrl } = await session.signOut();
      finish(signOutUrl, button instanceof HTMLAnchorElement ? button.href : signOutUrl);
      await refresh();
    });
  }
  const { reason } = await session.resume();
  await refresh();
  return { reason, signIn: session.signIn };
}

/**
 * Where a person finishes what the accounts server did not take from here: on its own page, or, when this one is in a
 * frame, in another window. That is opened in the click itself, since browsers block what opens after a wait.
 * @param {Window} window
 * @returns {(url: string | undefined, link: string | undefined) => void} leads to `link`, or in the other window to
 *   `url`; with no `url` there is nothing to finish
 */
export function elsewhere(window) {
  const isFramed = window.top !== window;
  const opened = isFramed ? window.open('about:blank', '_blank') : null;
  if (opened) opened.opener = null;
  return (url, link) => {
    if (!url) opened?.close();
    else if (isFramed) opened?.location.replace(url);
    else if (link) window.location.assign(link);
  };
}

/** @returns {Promise<Session>} */
async function connect() {
  const { accounts, clientId } = document.body.dataset;
  const sdk = await import(`${accounts}/sdk/vestibule.js`);
  return sdk.connect({ accounts, clientId, timeout: TIMEOUT });
}

/**
 * Asks this site's own server who is there, and shows it. Of several answers under way, only the
 * last one asked for counts.
 * @param {() => void} listener
 */
function refresher(listener) {
  let asked = 0;
  return async () => {
    const turn = ++asked;
    const answer = await fetch('/api/person', { signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok) return;
    const { person } = await answer.json();
    if (turn === asked && show(person)) listener();
  };
}

/**
 * Changes the page from one state to the other.
 * @param {Person | null} person
 * @returns {boolean} whether anything changed
 */
function show(person) {
  const name = person?.name ?? '';
  const names = document.querySelectorAll('[data-name]');
  if ((names[0]?.textContent ?? '') === name) return false;
  for (const part of document.querySelectorAll('[data-when]')) {
    part.toggleAttribute('hidden', part.getAttribute('data-when') !== (person ? 'in' : 'out'));
  }
  for (const part of names) part.textContent = name;
  for (const part of document.querySelectorAll('[data-news]')) {
    part.textContent = person ? `Signed in as ${name}` : 'Signed out';
  }
  return true;
}
