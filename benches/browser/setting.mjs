/**
 * What is loaded: an accounts server, a site of its family (`near`) and one of another family (`far`) with pages that
 * want a verdict, and empty pages with an empty frame at the same origins.
 *
 * @module
 */
import { backendAt } from '../../tests/browser/support/backend.js';
import { startFront } from '../../tests/browser/support/front.js';
import { bob, startServer } from '../../tests/browser/support/server.js';
import { startSites } from '../../tests/browser/support/sites.js';

export const ACCOUNTS_HOST = 'accounts.vestibule.localhost';
const hosts = { near: 'pad.vestibule.localhost', far: 'pad.example.localhost' };
const SCOPE = 'openid profile email';

/** The limits are by person and client; after so many loads a row goes on as its next client. */
const LOADS_OF_A_CLIENT = 25;

/** @param {string} row @param {number} load */
const clientId = (row, load) => `${row}-${Math.floor(load / LOADS_OF_A_CLIENT)}`;

/** Written at the top of each page: `end` is told what came of the load, and `measured` has it. */
const HEAD = '<script>window.measured = new Promise((resolve) => { window.end = resolve; });</script>';

/** A page that connects, as its address says, and tells how long after the navigation's start it had its verdict. */
const page = (accounts) => `${HEAD}<script type="module">
  import { connect } from '${accounts}/sdk/vestibule.js';
  const { clientId, ...options } = JSON.parse(new URLSearchParams(location.search).get('o'));
  window.session = connect({ accounts: '${accounts}', clientId, timeout: 20_000, ...options });
  const verdict = await window.session.resume();
  window.end({ ...verdict, ms: performance.now() });
</script>`;

const emptyPage = (accounts) => `${HEAD}<iframe src="${accounts}/empty" onload="end({ ms: performance.now() })"></iframe>`;

/** @param {string} id @param {string} accounts @param {string} origin @param {boolean} site whether it has a backend */
const registration = (id, accounts, origin, site) => ({
  client_id: id,
  origins: [origin],
  scope: SCOPE,
  first_party: true,
  ...(site ? {} : {
    token_endpoint_auth_method: 'none',
    redirect_uris: [`${accounts}/callback/${id}/passive`],
    grant_types: ['authorization_code', 'refresh_token'],
  }),
});

/**
 * @param {import('./rows.mjs').Row[]} rows
 * @param {number} loads of each row, at most
 */
export async function startSetting(rows, loads) {
  const [sites, front] = await Promise.all([startSites(), startFront()]);
  const stopBoth = () => Promise.all([sites.close(), front.stop()]);
  const last = Math.floor(loads / LOADS_OF_A_CLIENT);
  const clients = (accounts) => rows.flatMap(({ id, at, site = false }) => (
    Array.from({ length: last + 1 }, (_, part) => registration(`${id}-${part}`, accounts, sites.origin(hosts[at]), site))
  ));
  const server = await startServer({ clients, people: [bob] }).catch(async (error) => {
    await stopBoth();
    throw error;
  });
  const accounts = server.issuer;
  for (const host of Object.values(hosts)) {
    sites.page(host, '/page', page(accounts));
    sites.page(host, '/empty', emptyPage(accounts));
  }
  sites.page(ACCOUNTS_HOST, '/empty', '');
  return {
    accounts,
    server,
    /** Counts what is asked of accounts, in a browser that is led through it. */
    front,
    /** Where the empty frame is answered, in a browser that is led there. */
    sitesPort: Number(new URL(sites.origin(hosts.near)).port),
    /** Where the page of a row is, at its so-many-th load. @param {import('./rows.mjs').Row} row @param {number} load */
    address({ id, at, empty, site, options }, load) {
      const client = clientId(id, load);
      if (site) backendAt(sites, hosts[at], server, client);
      const query = new URLSearchParams({ load: String(load), o: JSON.stringify({ clientId: client, ...options }) });
      return `${sites.origin(hosts[at])}${empty ? '/empty' : '/page'}?${query}`;
    },
    async stop() {
      await stopBoth();
      await server.stop();
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof startSetting>>} Setting */
