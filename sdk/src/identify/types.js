/**
 * What a page says to `identify()` and hears from it.
 *
 * @module
 */

/**
 * - `accounts`: the origin of the accounts server;
 * - `provider`: where the person proves who they are; they choose, unless it is given;
 * - `accessToken`: the person's, with the scope `identification`; or what gives it, or a promise of it;
 * - `signal`: cancels;
 * - `onChange`: is told how it stands, from the click on.
 * @typedef {{ accounts: string, provider?: string | undefined,
 *   accessToken: string | (() => string | null | Promise<string | null>), signal?: AbortSignal | undefined,
 *   onChange?: ((standing: Standing) => void) | undefined }} IdentifyOptions
 */

/**
 * - `state`: `opening` until the server has said where the window goes, then `waiting` for the person;
 * - `uri`: where it goes, once that is known: show it as a link when `blocked` or `looksClosed`, with
 *   `target="_blank" rel="noopener"`;
 * - `blocked`: the window did not open, or cannot be led there;
 * - `looksClosed`: the window looks closed, which may be wrong: ask whether the person is still there.
 * @typedef {{ state: 'opening' | 'waiting', uri: string | undefined, blocked: boolean, looksClosed: boolean }} Standing
 */

/**
 * Why there is no proof.
 *
 * | reason | what happened |
 * |---|---|
 * | `denied_by_provider` | the provider, or the person there, said no |
 * | `provider_unreachable` | the provider is down, or says what is not to be believed |
 * | `expired` | it took too long |
 * | `wrong_account` | somebody else is signed in in the window than the token's person, or nobody any more at the return |
 * | `canceled` | the person said no, or took the client's access away; or the page canceled it or began another one |
 * | `conflict` | this identity is bound to another account |
 * | `network` | the accounts server could not be reached |
 * | `login_required` | there was no access token to be had |
 * | `misconfigured` | see `hint` |
 * @typedef {'denied_by_provider' | 'provider_unreachable' | 'expired' | 'wrong_account' | 'canceled' | 'conflict'
 *   | 'network' | 'login_required' | 'misconfigured'} FailureReason
 */

/**
 * - `identifiedAt`: milliseconds since 1970, by the clock of the accounts server;
 * - `level`: what the operator of the accounts server says that the provider's proofs are worth;
 * - `hint`: for the developer, what to mend. Never show it to people.
 * @typedef {{ result: 'succeeded', identifiedAt: number, provider: string, level: string }
 *   | { result: 'failed', reason: FailureReason, hint: string }} IdentifyOutcome
 */

/** @typedef {Window & typeof globalThis} BrowserWindow */

export {};
