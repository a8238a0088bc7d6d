/**
 * What the panel says: plain words for every reason, and what is shown in each state. Nothing here touches the page.
 *
 * @module
 */

/** @typedef {'popup' | 'storage_access' | 'redirect' | 'retry'} PanelAction */

/**
 * - `offer`: a person is needed; `reason` says why, `actions` what there is to do, the best first, and `href` is a
 *   link that opens the sign-in window where a script may not;
 * - `waiting`: the person is busy in another window; `number` is what that window may ask for, `href` opens it again,
 *   and `still` says that it looks closed;
 * - `busy`: it is being found out.
 * @typedef {{ kind: 'offer', reason: string, actions: readonly PanelAction[], href?: string | undefined }
 *   | { kind: 'waiting', number?: string | undefined, href?: string | undefined, still?: boolean | undefined }
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
  nameless: 'this part of the page',

  offer: 'Sign in to use {name}',
  'title:consent_required': 'Let {name} know you',
  trouble: 'Signing in is not possible just now',
  waiting: 'Go on in the other window',
  still: 'Still signing in?',
  busy: 'One moment…',

  login_required: 'You are not signed in yet.',
  consent_required: 'You have not yet allowed {name} to know who you are.',
  storage_blocked: 'Your browser keeps sites apart, so it cannot be seen here whether you are signed in.',
  blocked_by_policy: 'Signing in does not work inside this page. It does in a window of its own.',
  popup_blocked: 'Your browser did not open the sign-in window.',
  canceled: 'You did not finish signing in. You can try again.',
  timed_out: 'There was no answer in time.',
  network: 'The sign-in service cannot be reached. Are you online?',
  misconfigured: 'This site is not set up rightly. Only those who run it can mend that.',
  rate_limited: 'That was too often. Please wait a minute.',
  server_error: 'Something went wrong at the sign-in service.',

  wait: 'Once you have signed in there, it goes on here by itself.',
  closed: 'The sign-in window looks closed. If it is not, go on there.',
  number: 'If it asks for a number, choose',

  asks: '{name} asks to',
  'scope:openid': '',
  'scope:profile': 'See your username and your full name',
  'scope:email': 'See your e-mail address',
  'scope:offline_access': 'Act for you while you are away',
  scope: 'Use “{scope}” for you',

  popup: 'Sign in',
  redirect: 'Sign in without a pop-up',
  retry: 'Try again',
  cancel: 'Cancel',
  open: 'Open the sign-in window',
};

/**
 * What is asked for, a line for each scope.
 * @param {string} scope
 * @param {PanelTexts} texts
 */
export function scopeLines(scope, texts) {
  const lines = scope.split(' ').map((name) => texts[`scope:${name}`] ?? (name && texts.scope.replace('{scope}', () => name)));
  return /** @type {string[]} */ (lines.filter(Boolean));
}

/**
 * `controls` are names of actions, the most important first, and `open` for the link to `href`; `frame` is whether
 * the frame in the slot is seen, `prime` whether the first of the controls is the thing to do.
 * @typedef {{ title: string, message?: string | undefined, number?: string | undefined, scopes: string[],
 *   controls: string[], href?: string | undefined, frame?: boolean, prime?: boolean }} PanelContent
 */

/**
 * All that the panel shows in a state.
 * @param {PanelState} state
 * @param {PanelTexts} texts
 * @param {string} scope
 * @returns {PanelContent}
 */
export function panelContent(state, texts, scope) {
  /** @type {PanelContent} */
  const content = { title: `${texts[state.kind]}`, scopes: [], controls: [] };
  if (state.kind === 'busy') return content;
  content.href = state.href;
  if (state.href) content.controls.push('open');
  if (state.kind === 'waiting') {
    content.message = texts.wait;
    if (state.still) Object.assign(content, { title: texts.still, message: texts.closed, prime: true });
    content.number = state.number;
    content.controls.push('cancel');
    return content;
  }
  const { reason, actions } = state;
  content.controls.push(...actions.filter((action) => action !== 'storage_access'));
  content.frame = actions.includes('storage_access');
  content.prime = !content.frame;
  content.message = texts[reason];
  if (!content.frame && content.controls.every((action) => action === 'retry')) content.title = texts.trouble;
  else {
    content.title = texts[`title:${reason}`] ?? content.title;
    content.scopes = scopeLines(scope, texts);
  }
  return content;
}
