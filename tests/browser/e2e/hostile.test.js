import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { browserFor, hosts, startFamily } from '../support/family.js';
import { framingPage, heardInSilence, refusedFrame } from '../support/framing.js';
import { isSignedIn, sessionSecret, signIn } from '../support/people.js';
import { statusesOf } from '../support/requests.js';
import { bob } from '../support/server.js';
import { until } from '../support/until.js';

/** @type {import('../support/family.js').Family} */
let family;
before(async () => { family = await startFamily(); });
after(() => family?.stop());

/** Forms that would each do harm. @type {Record<string, Record<string, string>>} */
const FORMS = {
  '/signin': { login: bob.username, password: bob.password },
  '/signup': {
    username: 'planted', email: 'planted@example.org', full_name: 'Planted', password: 'twelve-stones-on-a-hill',
  },
  '/signout': { everywhere: 'on' },
  '/account/profile': { full_name: 'Mallory', username: bob.username, email: bob.email },
  '/account/password': { current: bob.password, new: 'twelve-stones-on-a-hill' },
  '/account/sessions/end-others': {},
  '/consent': { client_id: 'guest', answer: 'allow' },
  '/operations/0123456789abcdef0123456789abcdef': { answer: 'approve', number: '42' },
};

/**
 * A page that sends a form soon after it was loaded.
 * @param {string} host
 * @param {string} path
 * @param {Record<string, string>} fields
 * @param {Record<string, string>} [headers]
 */
function sendingPage(host, path, fields, headers = {}) {
  const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`).join('');
  const form = `<form method="post" action="${family.accounts}${path}">${inputs}</form>`;
  const script = '<script>onload = () => setTimeout(() => document.forms[0].submit(), 50);</script>';
  return family.sites.page(host, '/send', form + script, headers);
}

/** @type {[string, string, Record<string, string>][]} */
const SENDERS = [
  ['a sibling', hosts.evil, {}],
  ['a sibling that hides where it is', hosts.evil, { 'referrer-policy': 'no-referrer' }],
  ['another site', hosts.stranger, {}],
  ['a sandboxed page', hosts.evil, { 'content-security-policy': 'sandbox allow-scripts allow-forms' }],
];

for (const [who, host, headers] of SENDERS) {
  test(`no form of ${who} is taken`, async (t) => {
    const { accounts } = family;
    const chromium = await browserFor(t, 'allowed');
    const tab = await chromium.tab();
    await signIn(tab, accounts, bob);
    const secret = await sessionSecret(chromium);

    for (const [path, fields] of Object.entries(FORMS)) {
      const answer = tab.waitForResponse((response) => response.request().method() === 'POST');
      await tab.goto(sendingPage(host, path, fields, headers), { waitUntil: 'commit' });
      assert.equal((await answer).status(), 403, path);
      await tab.getByRole('heading', { name: 'This was refused' }).waitFor();
    }

    assert.equal(await sessionSecret(chromium), secret);
    await tab.goto(`${accounts}/account`);
    await tab.getByRole('heading', { name: bob.fullName }).waitFor();
  });
}

test('scripts of a sibling can neither read nor call the endpoints of the bridge', async (t) => {
  const { sites, accounts } = family;
  const chromium = await browserFor(t, 'allowed');
  const tab = await chromium.tab();
  await signIn(tab, accounts, bob);
  const body = JSON.stringify({ clientId: 'wiki', origin: sites.origin(hosts.wiki), mint: true });
  for (const host of [hosts.evil, hosts.wiki, hosts.stranger]) {
    await tab.goto(sites.page(host, '/', ''));
    for (const path of ['/bridge/payload', '/bridge/signout']) {
      const statuses = await statusesOf(tab, accounts + path);
      /** @param {RequestInit} init */
      const send = (init) => tab.evaluate(([address, options]) => (
        fetch(address, { ...options, method: 'POST', credentials: 'include' })
          .then((response) => response.text(), () => '')
      ), /** @type {const} */ ([accounts + path, init]));

      assert.equal(await send({ body, mode: 'no-cors' }), '', `${host} ${path}`);
      await until('the answer', () => statuses().length > 0, () => `${host} ${path}`);
      assert.deepEqual(statuses(), [403], `${host} ${path}`);
      assert.equal(await send({ body, headers: { 'content-type': 'application/json' } }), '', `${host} ${path}`);
      assert.deepEqual(statuses(), [403], 'with that content type it was not even sent');
    }
  }
  assert.ok(await isSignedIn(chromium, accounts));
});

const CLICKABLE = [
  '/signin', '/signup', '/signout', '/account', '/account/password', '/consent?client_id=guest',
  '/operations/0123456789abcdef0123456789abcdef', '/nowhere',
];

test('no page with anything to click can be framed, by whomever', async (t) => {
  const { sites, accounts } = family;
  const tab = await (await browserFor(t, 'allowed')).tab();
  await signIn(tab, accounts, bob);
  for (const host of [hosts.evil, hosts.wiki, hosts.stranger]) {
    for (const path of CLICKABLE) {
      await tab.goto(framingPage(sites, host, '/', accounts + path));
      await refusedFrame(tab.mainFrame());
    }
  }
});

test('cookies that a sibling tosses change nothing', async (t) => {
  const { sites, accounts } = family;
  const chromium = await browserFor(t);
  const tab = await chromium.tab();
  await signIn(tab, accounts, bob);
  const secret = await sessionSecret(chromium);
  await tab.goto(sites.page(hosts.evil, '/', ''));

  await tab.evaluate(() => {
    const hosted = ['__Host-session', '__Host-session-none', '__Host-device', '__Host-sso-tx'];
    for (const name of ['session', '__Secure-session', ...hosted]) {
      for (const path of ['/', '/account', '/signin']) {
        document.cookie = `${name}=EVIL; Domain=vestibule.localhost; Path=${path}; Secure`;
      }
    }
  });

  const tossed = (await chromium.cookies()).filter(({ value }) => value === 'EVIL').map(({ name }) => name);
  assert.ok(tossed.includes('session') && !tossed.some((name) => name.startsWith('__Host-')), tossed.join());
  assert.equal(await sessionSecret(chromium), secret);
  await tab.goto(`${accounts}/account`);
  await tab.getByRole('heading', { name: bob.fullName }).waitFor();
});

test('a window that a stranger opened on ours is out of its reach', async (t) => {
  const { sites, accounts } = family;
  const chromium = await browserFor(t);
  const tab = await chromium.tab();
  await signIn(tab, accounts, bob);
  await tab.goto(framingPage(sites, hosts.evil, '/', sites.page(hosts.evil, '/empty', '')));
  const opening = chromium.context.waitForEvent('page');
  await tab.evaluate((url) => { /** @type {any} */ (window).opened = window.open(url); }, `${accounts}/account`);
  const opened = await opening;
  await opened.getByRole('heading', { name: bob.fullName }).waitFor();

  assert.equal(await tab.evaluate(() => /** @type {any} */ (window).opened.closed), true);
  assert.equal(await opened.evaluate(() => window.opener), null);
  assert.deepEqual(await heardInSilence(tab.mainFrame()), []);
});
