/**
 * The setting of most tests: an accounts server that bob has an account on, and a family of sites with pages that
 * the tests write themselves.
 *
 * @module
 */
import { openChromium } from './chromium.js';
import { bob, startServer } from './server.js';
import { startSites } from './sites.js';

/** Names of sites. `specs`, `annotator` and `market` are of another family; `evil` is a sibling that is no client. */
export const hosts = {
  wiki: 'wiki.vestibule.localhost',
  notes: 'notes.vestibule.localhost',
  guest: 'guest.vestibule.localhost',
  market: 'market.example.localhost',
  strict: 'strict.vestibule.localhost',
  specs: 'specs.example.localhost',
  annotator: 'annotator.example.localhost',
  evil: 'evil.vestibule.localhost',
  stranger: 'stranger.other.localhost',
};

/** @param {import('./sites.js').Sites} sites @param {string} issuer @returns {import('./server.js').Client[]} */
function clientsOf(sites, issuer) {
  const scope = 'openid profile email';
  /** @param {keyof typeof hosts} name */
  const of = (name) => ({
    client_id: name,
    client_name: name.replace(/^./, (letter) => letter.toUpperCase()),
    origins: [sites.origin(hosts[name])],
    return_uris: [`${sites.origin(hosts[name])}/sso/return`],
    scope,
    first_party: true,
    require_nonce: false,
  });
  /** The hosted callback pages. @param {keyof typeof hosts} name */
  const hosted = (name) => ({ redirect_uris: ['passive', 'popup'].map((kind) => `${issuer}/callback/${name}/${kind}`) });
  return [
    { ...of('wiki'), scope: `${scope} operations` },
    { ...of('notes'), ...hosted('notes'), embedders: [sites.origin(hosts.wiki), sites.origin(hosts.specs)], contacts: ['bob'] },
    { ...of('guest'), first_party: false, redirect_uris: [`${sites.origin(hosts.guest)}/callback`] },
    { ...of('market'), first_party: false, scope: `${scope} payments https://api.example.org/orders` },
    { ...of('strict'), require_nonce: true },
    { ...of('annotator'), ...hosted('annotator') },
  ];
}

/** Starts it all but the browsers, which are started for each test. */
export async function startFamily() {
  const sites = await startSites();
  const server = await startServer({ clients: (issuer) => clientsOf(sites, issuer), people: [bob] }).catch(async (error) => {
    await sites.close();
    throw error;
  });
  return {
    sites,
    server,
    accounts: server.issuer,
    async stop() {
      await sites.close();
      await server.stop();
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof startFamily>>} Family */

/**
 * Lets a test have a browser, which is closed at its end, whatever that is.
 * @param {import('node:test').TestContext} t
 * @param {import('./chromium.js').ThirdPartyCookies} [thirdPartyCookies]
 * @param {{ host: string, port: number }} [lead] leads connections for a host elsewhere
 */
export async function browserFor(t, thirdPartyCookies = 'blocked', lead) {
  const chromium = await openChromium(lead ? { thirdPartyCookies, lead } : { thirdPartyCookies });
  t.after(() => chromium.close());
  return chromium;
}
