/**
 * What the panel says: plain words for every reason, and what is shown in each state. Nothing here touches the page.
 *
 * @module
 */

/** @typedef {'popup' | 'storage_access' | 'redirect' | 'retry'} PanelAction */

/**
 * - `offer`: a person is needed; `reason` says why, `actions` what there is to do, the best first;
 * - `waiting`: the person is busy in another window; `number` is what that window may ask for, `href` opens it again,
 *   `still` says that it looks closed, and `blocked` that it did not open;
 * - `busy`: it is being found out.
 * @typedef {{ kind: 'offer', reason: string, actions: readonly PanelAction[] }
 *   | { kind: 'waiting', number?: string | undefined, href?: string | undefined, still?: boolean | undefined,
 *     blocked?: boolean | undefined }
 *   | { kind: 'busy' }} PanelState
 */

/**
 * Texts by name; `{name}` in them is the name of who asks.
 *
 * - `lang`: the language of them all; `nameless`: stands for the name where there is none;
 * - `offer`, `trouble` (there is no way to sign in just now), `waiting`, `still`, `busy`: titles; `title:…` is the
 *   title for a reason;
 * - any reason: a sentence or two about it; `wait`, `closed`, `number`: while a window is open, or looks closed;
 * - `asks`, `scope:…`: what is asked for, with words for names of scopes (`''` hides one); `scope` for any other
 *   name, as `{scope}`;
 * - `popup`, `redirect`, `retry`, `cancel`: the buttons; `open`: the link.
 * @typedef {typeof panelTexts & Record<string, string>} PanelTexts
 */

/** The English texts. */
export const panelTexts = {
  lang: 'en',
  nameless: 'this page',

  offer: 'Sign in to use {name}',
  'title:consent_required': 'Let {name} know you',
  trouble: 'Signing in is not possible now',
  waiting: 'Go on in the other window',
  still: 'Still signing in?',
  busy: 'One moment…',

  login_required: 'You are not signed in.',
  consent_required: 'You have not allowed it yet.',
  storage_blocked: 'Your browser keeps sites apart, so it is not known here who you are.',
  blocked_by_policy: 'Signing in does not work inside this page.',
  popup_blocked: 'Your browser did not open the window.',
  canceled: 'You did not finish signing in.',
  timed_out: 'There was no answer in time.',
  network: 'There is no connection. Are you online?',
  misconfigured: 'This site is not set up rightly. Only those who run it can mend that.',
  rate_limited: 'That was too often. Please wait a minute.',
  server_error: 'Something went wrong. Please try again later.',

  wait: 'Once you have signed in, it goes on here.',
  closed: 'The window looks closed. If it is not, go on there.',
  number: 'If it asks for a number, choose',

  asks: '{name} asks to',
  'scope:openid': '',
  'scope:profile': 'See your name and username',
  'scope:email': 'See your e-mail address',
  'scope:offline_access': 'Act for you while you are away',
  scope: 'Use “{scope}” for you',

  popup: 'Sign in',
  redirect: 'Sign in without a pop-up',
  retry: 'Try again',
  cancel: 'Cancel',
  open: 'Open the window',
};

/**
 * What is asked for, a line for each scope.
 * @param {string} scope
 * @param {PanelTexts} texts
 */
export const scopeLines = (scope, texts) => scope.split(' ').map((name) => (
  texts[`scope:${name}`] ?? (name && texts.scope.replace('{scope}', () => name))
)).filter(Boolean);

/**
 * All that the panel shows in a state, by names of texts: `title`; `message`, which may have none; `controls`, names
 * of actions, the most important first, and `open` for the link; and whether the first of these is the thing to do
 * (`prime`), whether to show the `frame` in the slot, and what is asked for (`asks`).
 * @param {PanelState} state
 * @param {PanelTexts} texts
 * @returns {{ title: string, message?: string, controls: string[], prime?: boolean, frame?: boolean, asks?: boolean }}
 */
export function panelContent(state, texts) {
  if (state.kind === 'busy') return { title: state.kind, controls: [] };
  if (state.kind === 'waiting') {
    const link = state.href ? ['open'] : [];
    const { blocked, still } = state;
    const [title, message] = blocked ? ['offer', 'popup_blocked'] : still ? ['still', 'closed'] : ['waiting', 'wait'];
    return { title, message, controls: [...link, 'cancel'], prime: !!(blocked || still) };
  }
  const { reason, actions } = state;
  const frame = actions.includes('storage_access');
  const controls = actions.filter((action) => action !== 'storage_access');
  const asks = frame || controls.some((action) => action !== 'retry');
  const own = `title:${reason}`;
  return { title: !asks ? 'trouble' : own in texts ? own : 'offer', message: reason, controls, prime: !frame, frame, asks };
}
