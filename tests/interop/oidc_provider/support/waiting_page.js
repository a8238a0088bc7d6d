/**
 * The page that waits, as it runs in the browser: docs/identification.md done by hand, without any library of ours.
 * Its own backend says what it is to do.
 *
 * @module
 */

/**
 * - `cookie`: asks for the monitor cookie first;
 * - `atOnce`: opens the window without a click, which browsers block.
 * @typedef {{ accounts: string, token: string, provider?: string, cookie?: boolean, atOnce?: boolean }} Setting
 * @typedef {{ state: 'waiting', start_uri: string, monitor_secret: string, expires_in: number }} Waiting
 * @typedef {{ state: 'completed', result: 'succeeded', identified_at: number, provider: string, level: string }
 *   | { state: 'completed', result: 'failed', reason: string }} Ended
 * @typedef {{ heard: (Waiting | Ended)[], monitor: number | undefined, closed: number | undefined,
 *   windowLooksClosed: boolean, outcome(seconds?: number): Promise<Waiting | Ended>, cut(): void }} Known
 */

/** @type {Setting} */
const setting = await (await fetch(`/setting/${location.search.slice(1)}`)).json();
/** @type {WebSocket | undefined} */
let socket;
/** @type {Window | null} */
let popup = null;

/** @type {Known} */
const known = {
  heard: [],
  monitor: undefined,
  closed: undefined,
  get windowLooksClosed() { return popup?.closed ?? false; },
  async outcome(seconds = 0) {
    const [first] = known.heard;
    const secret = first?.state === 'waiting' ? first.monitor_secret : '';
    const body = new URLSearchParams({ monitor_secret: secret, wait: String(seconds) });
    const answer = await fetch(`${setting.accounts}/identification/outcome`, { method: 'POST', credentials: 'omit', body });
    return answer.json();
  },
  cut() { socket?.close(); },
};
Object.assign(window, { known });

/** Begins to wait. @returns {Promise<string>} where the window goes */
async function wait() {
  const { accounts, token, provider, cookie } = setting;
  if (cookie) known.monitor = (await fetch(`${accounts}/identification/monitor`, { credentials: 'include' })).status;
  const opened = new WebSocket(`${accounts.replace('http', 'ws')}/identification/events`);
  socket = opened;
  opened.onopen = () => opened.send(JSON.stringify({ access_token: token, provider }));
  opened.onclose = ({ code }) => { known.closed = code; };
  return new Promise((resolve) => {
    opened.onmessage = ({ data }) => {
      const told = JSON.parse(data);
      known.heard.push(told);
      if (told.state === 'waiting') resolve(told.start_uri);
    };
  });
}

/** Opens the window, and sends it on when it is known where to. Where none came up, there is a link. */
async function prove() {
  popup = window.open('/empty', '', 'popup,width=480,height=720');
  const uri = await wait();
  const link = /** @type {HTMLAnchorElement} */ (document.querySelector('#link'));
  link.href = uri;
  link.hidden = false;
  if (popup !== null) popup.location.href = uri;
}

/** @type {HTMLButtonElement} */ (document.querySelector('#prove')).onclick = prove;
if (setting.atOnce) prove();
document.body.dataset.ready = 'yes';
export {};
