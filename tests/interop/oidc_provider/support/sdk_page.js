/**
 * The same page, as it runs in the browser, with `identify()` of the SDK. Its own backend says what it is to do.
 *
 * @module
 */

/**
 * @typedef {{ state: 'opening' | 'waiting', uri?: string, blocked: boolean, looksClosed: boolean }} Standing
 * @typedef {{ result: 'succeeded', identifiedAt: number, provider: string, level: string }
 *   | { result: 'failed', reason: string, hint: string }} Outcome
 * @typedef {{ standings: Standing[], outcomes: Outcome[], cancel(): void }} Told
 */

const { accounts, token, provider, atOnce } = await (await fetch(`/setting/${location.search.slice(1)}`)).json();
const { identify } = await import(`${accounts}/sdk/identify.js`);
const canceling = new AbortController();
/** @type {Told} */
const told = { standings: [], outcomes: [], cancel: () => canceling.abort() };
Object.assign(window, { told });

const link = /** @type {HTMLAnchorElement} */ (document.querySelector('#link'));

/** @param {Standing} standing */
function onChange(standing) {
  told.standings.push({ ...standing });
  link.href = standing.uri ?? '/';
  link.hidden = standing.uri === undefined || !(standing.blocked || standing.looksClosed);
}

async function prove() {
  const { signal } = canceling;
  told.outcomes.push(await identify({ accounts, provider, accessToken: () => token, signal, onChange }));
  link.hidden = true;
}

/** @type {HTMLButtonElement} */ (document.querySelector('#prove')).onclick = prove;
if (atOnce) prove();
document.body.dataset.ready = 'yes';
export {};
