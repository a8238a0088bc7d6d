/**
 * The setting of the tests of the ladder: an accounts server with something in front of it that can be told to
 * misbehave, and a widget, which is a public client, on sites of the same family and of another one.
 *
 * @module
 */
import { startFront } from './front.js';
import { backendAt } from './backend.js';
import { bob, startServer } from './server.js';
import { startSites } from './sites.js';

/** `near` is a sibling of accounts, `far` belongs to another family. The others embed the widget, or may not. */
export const places = {
  near: 'pad.vestibule.localhost',
  far: 'pad.example.localhost',
  wiki: 'wiki.vestibule.localhost',
  specs: 'specs.example.localhost',
  paper: 'paper.press.localhost',
  upstream: 'login.upstream.localhost',
  evil: 'evil.stranger.localhost',
};

/** Somebody who has agreed to nothing. @type {import('./server.js').Person} */
export const carol = {
  username: 'carol', email: 'carol@example.org', fullName: 'Carol Sample', password: 'seven-lamps-by-the-door',
};

const SCOPE = 'openid profile email';

/** @param {import('./sites.js').Sites} sites @param {string} accounts @returns {import('./server.js').Client[]} */
function clientsOf(sites, accounts) {
  const origins = [sites.origin(places.near), sites.origin(places.far)];
  const embedders = [places.wiki, places.specs, places.paper].map(sites.origin);
  /** @param {string} id @param {boolean} firstParty @returns {import('./server.js').Client} */
  const client = (id, firstParty) => ({
    client_id: id,
    client_name: id.replace(/^./, (letter) => letter.toUpperCase()),
    token_endpoint_auth_method: 'none',
    origins,
    embedders,
    redirect_uris: [
      ...origins.flatMap((origin) => ['/callback', '/passive', '/popup'].map((path) => origin + path)),
      ...['passive', 'popup'].map((kind) => `${accounts}/callback/${id}/${kind}`),
    ],
    grant_types: ['authorization_code', 'refresh_token'],
    scope: SCOPE,
    first_party: firstParty,
  });
  /** A site with a backend. @type {import('./server.js').Client} */
  const desk = { client_id: 'desk', client_name: 'Desk', origins: origins.slice(0, 1), embedders, scope: SCOPE, first_party: true };
  return [client('pad', true), client('guest', false), desk];
}

/** What the widget's page does: it connects, and keeps what it is told. @param {string} accounts */
const widgetScript = (accounts) => `
  import { connect } from '${accounts}/sdk/vestibule.js';
  const { clientId = 'pad', own = false, panel = false, silent = true, atOnce = false, noLocks = false, tokens = {}, ...options } =
    JSON.parse(new URLSearchParams(location.search).get('o') ?? '{}');
  // As in frames that a browser keeps from storage altogether.
  if (noLocks) LockManager.prototype.request = () => Promise.reject(new DOMException('', 'SecurityError'));
  const callback = (kind) => (own ? location.origin + '/' + kind : '${accounts}/callback/' + clientId + '/' + kind);
  const session = connect({
    accounts: '${accounts}', clientId, timeout: 8_000, // what is tested is not how busy the machine is
    ...(clientId === 'desk' ? {} : { tokens: {
      scope: '${SCOPE}', redirectUri: location.origin + '/callback',
      passiveRedirectUri: callback('passive'), popupRedirectUri: callback('popup'), ...tokens,
    } }),
    ...(panel ? { panel: document.querySelector('#widget'), name: 'Pad' } : {}),
    ...options,
  });
  Object.assign(window, { session, told: [], progress: [] });
  session.onChange((verdict) => window.told.push(verdict));
  session.onProgress?.((state) => window.progress.push(state));
  for (const how of ['popup', 'redirect', 'storage_access', undefined]) {
    document.querySelector('#' + (how ?? 'whichever')).addEventListener('click', () => {
      window.outcome = undefined;
      session.signIn(how && { how }).then((verdict) => { window.outcome = verdict; });
    });
  }
  document.querySelector('#cancel').addEventListener('click', () => session.cancel());
  if (atOnce) session.signIn({ how: 'popup' }).then((verdict) => { window.outcome = verdict; });
  else if (silent) window.verdict = await session.resume();
`;

const BUTTONS = ['popup', 'redirect', 'storage_access', 'whichever', 'cancel'].map((id) => `<button id="${id}">${id}</button>`).join('');

/** The address of a widget with options. @param {string} page @param {Record<string, unknown>} [options] */
const withOptions = (page, options = {}) => `${page}?o=${encodeURIComponent(JSON.stringify(options))}`;

/** Starts it all but the browsers, which are started for each test. */
export async function startLadder() {
  const [sites, front] = await Promise.all([startSites(), startFront()]);
  const accounts = `http://accounts.vestibule.localhost:${front.port}`;
  const stopBoth = () => Promise.all([sites.close(), front.stop()]);
  const server = await startServer({ clients: clientsOf(sites, accounts), people: [bob, carol], front: front.port })
    .catch(async (error) => {
      await stopBoth();
      throw error;
    });
  front.leadTo(server.port);

  const backends = [places.near, places.far].map((host) => backendAt(sites, host, server, 'desk'));
  const sdk = `${accounts}/sdk/vestibule.js`;
  for (const host of [places.near, places.far]) {
    // Without an origin of its own, in a sandbox, a page may not even load its own modules without CORS.
    sites.handle(host, '/widget.js', () => ({
      headers: { 'content-type': 'text/javascript', 'access-control-allow-origin': '*' }, body: widgetScript(accounts),
    }));
    sites.page(host, '/passive', '');
    for (const [path, work] of [['/callback', 'completeRedirect'], ['/popup', 'popupCallback']]) {
      sites.script(host, `${path}.js`, `import { ${work} } from '${sdk}'; ${work}();`);
      sites.page(host, path ?? '', `<script type="module" src="${path}.js"></script>`);
    }
  }
  /** @param {string} host @param {Record<string, string>} headers */
  const widgetPage = (host, headers, path = '/widget') => sites.page(host, path, [
    `<div id="widget" style="width: 320px"><p>What the widget shows.</p></div>${BUTTONS}`,
    '<script type="module" src="/widget.js"></script>',
  ].join(''), headers);

  return {
    sites,
    front,
    server,
    accounts,
    /** The bare bridge of the widget. */
    bridge: server.bridge('pad'),
    /**
     * The widget, as a page of its own.
     * @param {string} host
     * @param {Record<string, unknown>} [options] of `connect`, and `own` callback pages, `panel`, not `silent`, `atOnce`, `noLocks`
     * @param {Record<string, string>} [headers]
     */
    widget: (host, options, headers = {}) => withOptions(widgetPage(host, headers), options),
    /**
     * A page of a site with a backend, which connects in the same way.
     * @param {string} host
     * @param {Record<string, unknown>} [options]
     * @param {Record<string, string>} [headers]
     */
    site: (host, options, headers = {}) => withOptions(widgetPage(host, headers), { clientId: 'desk', ...options }),
    /** Whom the backends of these pages have let in. */
    profiles: () => backends.flatMap(({ profiles }) => profiles),
    /**
     * Pages within pages, the topmost first; gives the topmost one.
     * @param {string[]} hosts
     * @param {string} inner the address of what the lowest one frames
     * @param {{ attributes?: string, headers?: Record<string, string> }} [how] of the lowest frame; of the topmost page
     */
    around(hosts, inner, { attributes = '', headers = {} } = {}) {
      return [...hosts].reverse().reduce((framed, host, up) => sites.page(
        host, `/around/${up}`,
        `<iframe title="framed" width="700" height="500" ${up === 0 ? attributes : ''} src="${framed}"></iframe>`,
        up === hosts.length - 1 ? headers : {},
      ), inner.replaceAll('"', '&quot;'));
    },
    async stop() {
      await stopBoth();
      await server.stop();
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof startLadder>>} Ladder */
