import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { backendAt } from '../support/backend.js';
import { browserFor, hosts, startFamily } from '../support/family.js';
import { ask, frameAt, framingPage, heardInSilence, say } from '../support/framing.js';
import { signIn } from '../support/people.js';
import { bob } from '../support/server.js';
import { until } from '../support/until.js';

/** @type {import('../support/family.js').Family} */
let family;
before(async () => { family = await startFamily(); });
after(() => family?.stop());

const NONCE = 'bm9uY2Ugb2YgdGhlIHdpa2k';

/**
 * A page of the wiki that connects with the script of the accounts server, and keeps its verdict. The time-out is
 * long: what is asked here is the verdict, not how busy the machine is.
 * @param {Record<string, string>} headers
 * @param {string} [accounts]
 */
function connectingPage(headers, accounts = family.accounts) {
  const options = JSON.stringify({ accounts, clientId: 'wiki', timeout: 15_000 });
  return family.sites.page(hosts.wiki, '/connect', `<body><script type="module" nonce="${NONCE}">
    import { connect } from '${family.accounts}/sdk/vestibule.js';
    window.verdict = await connect(${options}).resume();
  </script>`, headers);
}

/** @param {import('playwright-core').Frame} frame @returns {Promise<any>} */
const verdictOf = (frame) => until('a verdict', () => frame.evaluate(() => /** @type {any} */ (window).verdict));

/** @type {Record<string, () => Record<string, string>>} */
const POLICIES = {
  'no policy': () => ({}),
  'a strict content security policy': () => ({
    'content-security-policy': [
      "default-src 'none'", `script-src 'nonce-${NONCE}' ${family.accounts}`, "connect-src 'self'",
      `frame-src ${family.accounts}`, "base-uri 'none'", "form-action 'none'",
      "require-trusted-types-for 'script'", "trusted-types 'none'",
    ].join('; '),
  }),
  'embedder policy require-corp': () => ({
    'cross-origin-embedder-policy': 'require-corp', 'cross-origin-opener-policy': 'same-origin',
  }),
  'embedder policy credentialless': () => ({
    'cross-origin-embedder-policy': 'credentialless', 'cross-origin-opener-policy': 'same-origin',
  }),
  'no referrer': () => ({ 'referrer-policy': 'no-referrer' }),
};

for (const [name, headers] of Object.entries(POLICIES)) {
  test(`a page with ${name} is signed in by itself`, async (t) => {
    const { sites, server, accounts } = family;
    const { profiles } = backendAt(sites, hosts.wiki, server, 'wiki');
    const tab = await (await browserFor(t)).tab();
    await signIn(tab, accounts, bob);

    await tab.goto(connectingPage(headers()));

    const verdict = await verdictOf(tab.mainFrame());
    assert.deepEqual([verdict.hasSession, verdict.reason], [true, 'resumed'], JSON.stringify(verdict));
    assert.deepEqual(profiles.map(({ username }) => username), [bob.username]);
  });
}

for (const policy of ['require-corp', 'credentialless']) {
  test(`the bare bridge answers in a page with embedder policy ${policy}`, async (t) => {
    const { sites, server, accounts } = family;
    const tab = await (await browserFor(t)).tab();
    await signIn(tab, accounts, bob);
    await tab.goto(framingPage(sites, hosts.wiki, '/coep', server.bridge('wiki'), {
      headers: { 'cross-origin-embedder-policy': policy },
    }));
    assert.equal((await ask(tab.mainFrame(), accounts)).hasSession, true);
  });
}

test('a page that may not frame accounts is told blocked_by_policy', async (t) => {
  const { sites, server, accounts } = family;
  backendAt(sites, hosts.wiki, server, 'wiki');
  const tab = await (await browserFor(t)).tab();
  await signIn(tab, accounts, bob);

  await tab.goto(connectingPage({ 'content-security-policy': "frame-src 'self'" }));

  assert.equal((await verdictOf(tab.mainFrame())).reason, 'blocked_by_policy');
});

test('a sandboxed page is told blocked_by_policy, and its question goes to nobody', async (t) => {
  const { sites, server } = family;
  backendAt(sites, hosts.wiki, server, 'wiki');
  // In the place of the accounts server: a page that would hear anything sent to whomever.
  const listening = sites.page(hosts.evil, '/bridge', `<script>heard = []; onmessage = ({ data }) => heard.push(data);
    parent.postMessage({ type: 'vestibule.bridge.ready' }, '*');</script>`);
  const connecting = connectingPage({}, new URL(listening).origin);
  const tab = await (await browserFor(t)).tab();
  const sandbox = `<iframe title="page" sandbox="allow-scripts" src="${connecting}"></iframe>`;
  await tab.goto(sites.page(hosts.wiki, '/', sandbox));
  const sandboxed = await frameAt(tab, connecting);

  assert.equal((await verdictOf(sandboxed)).reason, 'blocked_by_policy');

  for (const child of sandboxed.childFrames()) {
    if (child.url().startsWith(new URL(listening).origin)) assert.deepEqual(await heardInSilence(child), []);
  }
});

test('a sandboxed bridge tells nothing', async (t) => {
  const { sites, server, accounts } = family;
  const tab = await (await browserFor(t)).tab();
  await signIn(tab, accounts, bob);
  const attributes = 'sandbox="allow-scripts"';
  await tab.goto(framingPage(sites, hosts.wiki, '/sandbox', server.bridge('wiki'), { attributes }));
  await (await frameAt(tab, server.bridge('wiki'))).waitForLoadState(); // what it could hear is heard from then on

  await say(tab.mainFrame(), { type: 'vestibule.session.request', id: 'boxed', mint: true }, accounts);
  await say(tab.mainFrame(), 'hi', '*');

  const told = await heardInSilence(tab.mainFrame());
  assert.deepEqual(told.filter(({ data }) => data?.hasSession === true || data?.recoveryPayload), []);
});
