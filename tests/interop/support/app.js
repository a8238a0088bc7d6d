/**
 * A page that signs people in by itself, with oidc-client-ts: no backend, no bundler, the library as it comes.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { browserFor } from '../../browser/support/family.js';
import { startSites } from '../../browser/support/sites.js';
import { startServer } from './server.js';
import { alice } from './clients.js';

/**
 * @typedef {import('../../browser/support/chromium.js').Page} Page
 * @typedef {import('../../browser/support/sites.js').Sites} Sites
 */

/** `app` is a sibling of the accounts server, `guest` is of another site, and `evil` is nobody's client. */
export const hosts = {
  app: 'app.vestibule.localhost', guest: 'app.example.localhost', evil: 'evil.vestibule.localhost',
};

const LIBRARY = new URL('../node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js', import.meta.url);

/** Every page has a manager; the test says when it is to do something. @param {Record<string, unknown>} settings */
const application = (settings) => `window.manager = new oidc.UserManager(${JSON.stringify(settings)});\n`;

/** As the library's documentation has it, for answers to redirects and to hidden frames, in either response mode. */
const CALLBACK = `
  const mode = location.hash === '' ? 'query' : 'fragment';
  new oidc.UserManager({ ...manager.settings, response_mode: mode }).signinCallback().then(
    (user) => {
      if (user === undefined) return;
      sessionStorage.setItem('state of the request', user.state ?? '');
      location.replace('/');
    },
    (error) => { document.body.dataset.error = error.error ?? String(error); },
  );
`;
const SIGNED_OUT = `
  manager.signoutCallback().then(
    ({ userState }) => { document.body.dataset.after = userState; },
    (error) => { document.body.dataset.error = error.error ?? String(error); },
  );
`;

/**
 * Puts the application on a host.
 * @param {Sites} sites
 * @param {string} host
 * @param {string} authority
 * @param {Record<string, unknown>} settings
 */
async function publish(sites, host, authority, settings) {
  const origin = sites.origin(host);
  sites.script(host, '/oidc-client-ts.js', await readFile(LIBRARY, 'utf8'));
  sites.script(host, '/app.js', application({
    authority,
    redirect_uri: `${origin}/callback`,
    silent_redirect_uri: `${origin}/callback`,
    post_logout_redirect_uri: `${origin}/signed-out`,
    automaticSilentRenew: false,
    loadUserInfo: true,
    ...settings,
  }));
  const scripts = '<body><script src="/oidc-client-ts.js"></script><script src="/app.js"></script>';
  for (const [path, then] of Object.entries({ '/': '', '/callback': CALLBACK, '/signed-out': SIGNED_OUT })) {
    sites.page(host, path, `${scripts}<script>${then}</script>`);
  }
}

/** @param {Sites} sites @returns {import('./server.js').Client[]} */
function clientsOf(sites) {
  /** @param {keyof typeof hosts} name */
  const of = (name) => ({
    client_id: name,
    client_name: name.replace(/^./, (letter) => letter.toUpperCase()),
    origins: [sites.origin(hosts[name])],
    redirect_uris: [`${sites.origin(hosts[name])}/callback`],
    post_logout_redirect_uris: [`${sites.origin(hosts[name])}/signed-out`],
    grant_types: ['authorization_code', 'refresh_token'],
    response_modes: ['query', 'fragment'],
    token_endpoint_auth_method: /** @type {const} */ ('none'),
    scope: 'openid profile email',
  });
  return [{ ...of('app'), first_party: true }, of('guest')];
}

/** Starts the server and the sites. `evil` has the application of `app`. */
export async function startApps() {
  const sites = await startSites();
  const server = await startServer({ clients: clientsOf(sites), people: [alice] }).catch(async (error) => {
    await sites.close();
    throw error;
  });
  const scope = 'openid profile email';
  await publish(sites, hosts.app, server.issuer, { client_id: 'app', scope });
  await publish(sites, hosts.guest, server.issuer, { client_id: 'guest', scope: 'openid profile' });
  await publish(sites, hosts.evil, server.issuer, { client_id: 'app', scope });
  return {
    accounts: server.issuer,
    app: sites.origin(hosts.app),
    guest: sites.origin(hosts.guest),
    evil: sites.origin(hosts.evil),
    async stop() {
      await sites.close();
      await server.stop();
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof startApps>>} Apps */

/**
 * A browser for a test, and a tab in it.
 * @param {import('node:test').TestContext} t
 * @param {import('../../browser/support/chromium.js').ThirdPartyCookies} [thirdPartyCookies]
 */
export async function tabFor(t, thirdPartyCookies) {
  const chromium = await browserFor(t, thirdPartyCookies);
  return { chromium, tab: await chromium.tab() };
}

/**
 * What the library holds of a person.
 * @typedef {{ access_token: string, refresh_token?: string, id_token: string, scope: string, expires_in: number,
 *   profile: Record<string, unknown> }} User
 */

/** Whom the page knows. @param {Page} tab @returns {Promise<User | null>} */
export const userOf = (tab) => tab.evaluate(async () => {
  const user = await /** @type {any} */ (window).manager.getUser();
  return user && { ...JSON.parse(user.toStorageString()), expires_in: user.expires_in };
});

/** Somebody whom the page has to know. @param {Page} tab */
export async function knownUserOf(tab) {
  const user = await userOf(tab);
  if (user === null) throw new Error(`${tab.url()} knows nobody`);
  return user;
}

/** Starts a sign-in by redirect. @param {Page} tab @param {Record<string, unknown>} [how] */
export const signinRedirect = (tab, how = {}) => tab.evaluate((args) => {
  // Not awaited: the page goes away.
  /** @type {any} */ (window).manager.signinRedirect(args);
}, how);

/** Starts a sign-out by redirect. @param {Page} tab @param {Record<string, unknown>} [how] */
export const signoutRedirect = (tab, how = {}) => tab.evaluate((args) => {
  /** @type {any} */ (window).manager.signoutRedirect(args);
}, how);

/**
 * Until the library has taken the answer to a sign-out, with the state that was given to it.
 * @param {Page} tab
 * @param {string} state
 */
export const signedOut = (tab, state) => (
  tab.locator(`body[data-after="${state}"]`).waitFor({ state: 'attached' })
);

/**
 * Lets the library renew without a word: what came of it, and how long it took.
 * @param {Page} tab
 * @param {Record<string, unknown>} [how]
 * @returns {Promise<{ name?: string, error?: string, sub?: string, ms: number }>}
 */
export const signinSilent = (tab, how = {}) => tab.evaluate(async (args) => {
  const began = performance.now();
  const outcome = await /** @type {any} */ (window).manager.signinSilent(args).then(
    (/** @type {any} */ user) => ({ sub: user.profile.sub }),
    (/** @type {any} */ thrown) => ({ name: thrown.name, error: thrown.error ?? thrown.message }),
  );
  return { ...outcome, ms: performance.now() - began };
}, how);

/** The status of userinfo's answer to a token, asked from a page. @param {Page} tab @param {string} token */
export const userinfoStatus = (tab, token) => tab.evaluate(async (bearer) => {
  const address = await /** @type {any} */ (window).manager.metadataService.getUserInfoEndpoint();
  return (await fetch(address, { headers: { authorization: `Bearer ${bearer}` } })).status;
}, token);
