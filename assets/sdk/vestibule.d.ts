/**
 * What a page says to the SDK and hears from it.
 *
 * @module
 */
export type Rung = 'cache' | 'bridge' | 'prompt_none' | 'storage_access' | 'popup' | 'redirect';
export type TokenOptions = {
    scope?: string;
    redirectUri?: string;
    passiveRedirectUri?: string;
    popupRedirectUri?: string;
    cache?: 'none' | 'session';
    audience?: string;
};
export type Options = {
    accounts: string;
    clientId: string;
    callback?: string;
    tokens?: TokenOptions;
    timeout?: number;
    fetch?: typeof fetch;
    rungs?: Rung[];
    panel?: HTMLElement;
    name?: string;
    texts?: Record<string, string>;
};
export type Reason = 'resumed' | 'already' | 'closed' | 'login_required' | 'consent_required' | 'storage_blocked' | 'blocked_by_policy' | 'popup_blocked' | 'canceled' | 'timed_out' | 'rate_limited' | 'network' | 'server_error' | 'other_person' | 'misconfigured';
export type Outcome = 'created' | 'resumed' | 'already' | 'closed' | 'none';
export type Tried = {
    rung: Rung;
    reason: Reason;
    ms: number;
    hint?: string;
};
export type Flow = {
    number: string;
    uri: string;
};
export type Verdict = {
    hasSession: boolean;
    outcome: Outcome;
    reason: Reason;
    rungs: Tried[];
    hint?: string;
    flow?: Flow;
    consentUrl?: string;
    signOutUrl?: string;
};
export type Progress = {
    rung: Rung;
    state: 'trying' | 'waiting';
    flow?: Flow;
    blocked?: boolean;
    still?: boolean;
};
export type Profile = {
    sub: string;
    [claim: string]: unknown;
};
export type Listener = (verdict: Verdict) => void;
export type BrowserWindow = Window & typeof globalThis;
export type Answer = {
    hasSession: true;
    recoveryPayload: string | null;
} | {
    hasSession: false;
    error: string | undefined;
    storageAccess?: string;
};
export type Connection = {
    /**
     * Finds out who is signed in, without a person,
     * and opens, keeps or closes the local session accordingly. Calls made while one is under way share it. Tokens
     * that are still good cost no request, unless `check` asks for one: after an API has answered 401, say.
     */
    resume: (how?: {
        check?: boolean;
    }) => Promise<Verdict>;
    /**
     *   To be called in a click: opens a popup, or else goes to the accounts server and comes back to `returnTo`, a page
     *   of this site (this one unless given); within a frame, in a new tab. The promise waits for the person, for 15
     *   minutes at most.
     */
    signIn: (where?: {
        returnTo?: string;
        how?: 'popup' | 'redirect' | 'storage_access';
    }) => Promise<Verdict>;
    /**
     * Ends what waits for a person.
     */
    cancel: () => void;
    /**
     * Signs out at accounts and here. What could not be told to
     * accounts is in `reason` and `hint`; here nobody is signed in any more, all the same.
     */
    signOut: () => Promise<Verdict>;
    /**
     * Calls the listener whenever the local session was
     * opened or closed, by whatever cause, or somebody else signed in; returns the function that ends this.
     */
    onChange: (listener: Listener) => () => void;
    /**
     * Tells which rung is under way.
     */
    onProgress: (listener: (progress: Progress) => void) => () => void;
    /**
     * The access token,
     * refreshed if need be; or one that was narrowed for an audience or to a scope. Null when there is none.
     */
    accessToken: (want?: {
        audience?: string;
        scope?: string;
    }) => Promise<string | null>;
    /**
     * Who is signed in, when there are tokens with the scope `openid`:
     * the claims of userinfo, which is asked once. Null when nobody is, or it cannot be asked now.
     */
    profile: () => Promise<Profile | null>;
    /**
     * Ends everything and takes the frame away; the local session stays.
     */
    close: () => void;
};
/**
 * One way of finding out who is there, in the order in which they are tried:
 *
 * | rung | what it does | who acts |
 * |---|---|---|
 * | `cache` | a session of the site's own backend; or tokens of this page, of another tab, of this tab's storage | nobody |
 * | `bridge` | asks the hidden frame of the accounts server | nobody |
 * | `prompt_none` | an authorization request in a hidden frame (tokens only) | nobody |
 * | `storage_access` | a click in the bridge's frame, after which it may see its cookies (panel only) | the person |
 * | `popup` | sign-in in a window of its own, whose outcome comes through the server (tokens only) | the person |
 * | `redirect` | sign-in in this window, which comes back to the same place; within a frame, in a new tab | the person |
 * @typedef {'cache' | 'bridge' | 'prompt_none' | 'storage_access' | 'popup' | 'redirect'} Rung
 */
/**
 * For a public client without a backend: authorization code with PKCE, tokens in the page's memory.
 *
 * - `scope`: what is asked for, `openid` unless given;
 * - `redirectUri`: the site's own callback page, which calls `completeRedirect()`; without it there is no redirect;
 * - `passiveRedirectUri`: where `prompt=none` ends: a blank page of the site, or, unless given, that of the accounts server;
 * - `popupRedirectUri`: what a popup's request names, that of the accounts server unless given;
 * - `cache`: `session` keeps the tokens in the tab's storage, and checks them by userinfo before use, for which
 *   `scope` needs `openid`; `none` unless given;
 * - `audience`: for whom `accessToken()` narrows the token unless it is told otherwise.
 * @typedef {{ scope?: string, redirectUri?: string, passiveRedirectUri?: string, popupRedirectUri?: string,
 *   cache?: 'none' | 'session', audience?: string }} TokenOptions
 */
/**
 * - `accounts`: the origin of the accounts server;
 * - `clientId`: the site's registration there;
 * - `callback`: the path of the site's own backend, `/sso` unless given;
 * - `tokens`: instead of a backend, see {@link TokenOptions};
 * - `timeout`: milliseconds in which every silent rung settles, 1500 unless given;
 * - `fetch`: used instead of the window's own;
 * - `rungs`: which may be tried, all of them unless given;
 * - `panel`: the element that is filled with an explanation and a button while a person is needed;
 * - `name`: of the site or widget, for the panel;
 * - `texts`: other texts for the panel.
 * @typedef {{ accounts: string, clientId: string, callback?: string, tokens?: TokenOptions, timeout?: number,
 *   fetch?: typeof fetch, rungs?: Rung[], panel?: HTMLElement, name?: string,
 *   texts?: Record<string, string> }} Options
 */
/**
 * Why the verdict is what it is.
 *
 * | reason | what happened |
 * |---|---|
 * | `resumed` | a local session was opened |
 * | `already` | there was one, and accounts agrees |
 * | `closed` | the local session was closed, the person having signed out |
 * | `login_required` | nobody is signed in |
 * | `consent_required` | the person has not yet agreed; see `consentUrl` |
 * | `storage_blocked` | the browser keeps the bridge from its cookies here |
 * | `blocked_by_policy` | a frame could not be (content security policy, sandbox, or the server is not there) |
 * | `popup_blocked` | the browser did not open the window |
 * | `canceled` | the person said no, or the page called `cancel` |
 * | `timed_out` | no answer in time |
 * | `rate_limited` | asked too often |
 * | `network` | the callback or accounts could not be reached |
 * | `server_error` | accounts or the backend failed |
 * | `other_person` | somebody else is signed in at accounts than here; the local session stands |
 * | `misconfigured` | see `hint` |
 * @typedef {'resumed' | 'already' | 'closed' | 'login_required' | 'consent_required' | 'storage_blocked'
 *   | 'blocked_by_policy' | 'popup_blocked' | 'canceled' | 'timed_out' | 'rate_limited' | 'network'
 *   | 'server_error' | 'other_person' | 'misconfigured'} Reason
 */
/**
 * What became of the local session: made, found again, left as it was, ended, or none was and is.
 * @typedef {'created' | 'resumed' | 'already' | 'closed' | 'none'} Outcome
 */
/**
 * How a rung ended, in how many milliseconds, and what to look at where it failed. One that this tab knows to be
 * of no use is not tried again: 0 ms.
 * @typedef {{ rung: Rung, reason: Reason, ms: number, hint?: string }} Tried
 */
/**
 * A sign-in that a person is at in another window: the number to compare, and where its page is.
 * @typedef {{ number: string, uri: string }} Flow
 */
/**
 * - `hasSession`: whether there is a local session now, as far as this page knows;
 * - `rungs`: what was tried;
 * - `hint`: for the developer, what to look at;
 * - `flow`: while a person signs in in another window;
 * - `consentUrl`: with `consent_required`, where the person can agree;
 * - `signOutUrl`: after a `signOut` that accounts did not confirm, where the person can finish it.
 * @typedef {{ hasSession: boolean, outcome: Outcome, reason: Reason, rungs: Tried[],
 *   hint?: string, flow?: Flow, consentUrl?: string, signOutUrl?: string }} Verdict
 */
/**
 * - `rung`: the one under way;
 * - `state`: `trying`, or `waiting` for a person;
 * - `flow`: once it is known, with a popup or a new tab;
 * - `blocked`: the window did not open: show a link to `flow.uri`, in a click on which it will;
 * - `still`: the window looks closed, which may be wrong: ask whether the person is still signing in.
 * @typedef {{ rung: Rung, state: 'trying' | 'waiting', flow?: Flow, blocked?: boolean, still?: boolean }} Progress
 */
/**
 * Claims of OpenID Connect Core §5.1.
 * @typedef {{ sub: string, [claim: string]: unknown }} Profile
 */
/** @typedef {(verdict: Verdict) => void} Listener */
/** @typedef {Window & typeof globalThis} BrowserWindow */
/** @typedef {{ hasSession: true, recoveryPayload: string | null }
 *   | { hasSession: false, error: string | undefined, storageAccess?: string }} Answer */
/**
 * A connection to the accounts server.
 * @typedef {object} Connection
 * @property {(how?: { check?: boolean }) => Promise<Verdict>} resume Finds out who is signed in, without a person,
 *   and opens, keeps or closes the local session accordingly. Calls made while one is under way share it. Tokens
 *   that are still good cost no request, unless `check` asks for one: after an API has answered 401, say.
 * @property {(where?: { returnTo?: string, how?: 'popup' | 'redirect' | 'storage_access' }) => Promise<Verdict>} signIn
 *   To be called in a click: opens a popup, or else goes to the accounts server and comes back to `returnTo`, a page
 *   of this site (this one unless given); within a frame, in a new tab. The promise waits for the person, for 15
 *   minutes at most.
 * @property {() => void} cancel Ends what waits for a person.
 * @property {() => Promise<Verdict>} signOut Signs out at accounts and here. What could not be told to
 *   accounts is in `reason` and `hint`; here nobody is signed in any more, all the same.
 * @property {(listener: Listener) => () => void} onChange Calls the listener whenever the local session was
 *   opened or closed, by whatever cause, or somebody else signed in; returns the function that ends this.
 * @property {(listener: (progress: Progress) => void) => () => void} onProgress Tells which rung is under way.
 * @property {(want?: { audience?: string, scope?: string }) => Promise<string | null>} accessToken The access token,
 *   refreshed if need be; or one that was narrowed for an audience or to a scope. Null when there is none.
 * @property {() => Promise<Profile | null>} profile Who is signed in, when there are tokens with the scope `openid`:
 *   the claims of userinfo, which is asked once. Null when nobody is, or it cannot be asked now.
 * @property {() => void} close Ends everything and takes the frame away; the local session stays.
 */

/**
 * Reads what the bridge answered; `null` for rubbish.
 * @param {Record<string, unknown>} data
 * @returns {Answer | null}
 */
export declare function readAnswer({ hasSession, recoveryPayload, error, storageAccess }: Record<string, unknown>): Answer | null;

/**
 * @param {string | undefined} error of the bridge, or of RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core §3.1.2.6,
 *   RFC 8693 §2.2.2
 * @returns {Reason}
 */
export declare function reasonOfError(error?: string | undefined): Reason;

/**
 * @param {number} status of the callback, other than success
 * @returns {Reason}
 */
export declare function reasonOfStatus(status: number): Reason;

/** The version of this module. */
export declare const version = "0.2.0";
/**
 * Connects this page to the accounts server. Nothing is loaded before the first `resume`.
 * @param {Options} options
 * @param {BrowserWindow} [window]
 * @returns {Connection}
 */
export declare function connect(options: Options, window?: BrowserWindow): Connection;
/**
 * For the regular callback page, `tokens.redirectUri`: goes back to the page that had asked. False when no request
 * of this tab has been answered, as when somebody opened the page by hand.
 * @param {BrowserWindow} [window]
 * @returns {boolean}
 */
export declare function completeRedirect(window?: BrowserWindow): boolean;
/**
 * For a popup callback page of one's own: tells the opener, and closes the window.
 * @param {BrowserWindow} [window]
 */
export declare function popupCallback(window?: BrowserWindow): void;
