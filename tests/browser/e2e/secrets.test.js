import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { browserFor, hosts, startFamily } from '../support/family.js';
import { ask, frameAt, framingPage, heard } from '../support/framing.js';
import { signIn, signOut } from '../support/people.js';
import { bob } from '../support/server.js';

/** @type {import('../support/family.js').Family} */
let family;
before(async () => { family = await startFamily(); });
after(() => family?.stop());

/** Everything that script in a frame can lay its hands on, as text. @param {import('playwright-core').Frame} frame */
const storages = (frame) => frame.evaluate(async () => JSON.stringify({
  local: { ...localStorage },
  session: { ...sessionStorage },
  cookies: document.cookie,
  databases: await indexedDB.databases(),
  caches: await caches.keys(),
  name: window.name,
  history: history.state,
  page: document.documentElement.outerHTML,
}));

test('the secrets of a session are in its cookies and nowhere else', async (t) => {
  const { sites, server, accounts } = family;
  const chromium = await browserFor(t, 'allowed');
  const tab = await chromium.tab();
  /** @type {Promise<string>[]} */
  const traffic = [];
  tab.on('response', (response) => {
    traffic.push(response.text().then((body) => `${response.url()}\n${body}`, () => response.url()));
  });

  await signIn(tab, accounts, bob);
  /** @type {string[]} */
  const places = [await storages(tab.mainFrame())];
  await tab.goto(`${accounts}/account/profile`);
  places.push(await storages(tab.mainFrame()));
  await tab.goto(framingPage(sites, hosts.wiki, '/', server.bridge('wiki')));
  const { recoveryPayload } = await ask(tab.mainFrame(), accounts);
  places.push(await storages(await frameAt(tab, server.bridge('wiki'))), await storages(tab.mainFrame()));
  places.push(JSON.stringify(await heard(tab.mainFrame())));
  const cookies = (await chromium.cookies()).filter(({ domain }) => domain === new URL(accounts).hostname);
  await signOut(tab, accounts);
  places.push(...await Promise.all(traffic), server.output());

  assert.deepEqual(cookies.map(({ name }) => name).sort(), ['__Host-device', '__Host-session', '__Host-session-none']);
  for (const { name, value, httpOnly, secure, path, sameSite } of cookies) {
    assert.deepEqual([httpOnly, secure, path], [true, true, '/'], name);
    assert.equal(sameSite, name === '__Host-session-none' ? 'None' : 'Lax');
    assert.ok(value.length >= 43, name);
    for (const place of places) assert.ok(!place.includes(value), `${name} stands in ${place.slice(0, 200)}`);
  }
  assert.ok(places.some((place) => place.includes(recoveryPayload)), 'the search finds what is there');
  assert.ok(!server.output().includes(recoveryPayload));
  assert.ok(!server.output().includes(bob.password));
});

test('the bridge runs its own script only', async (t) => {
  const { sites, server } = family;
  const tab = await (await browserFor(t)).tab();
  await tab.goto(framingPage(sites, hosts.wiki, '/', server.bridge('wiki')));
  const bridge = await frameAt(tab, server.bridge('wiki'));

  const elsewhere = sites.script(hosts.evil, '/script.js', 'window.ran = ["foreign"]');

  const ran = await bridge.evaluate(async (elsewhere) => {
    const scope = /** @type {any} */ (window);
    /** @param {() => unknown} attempt */
    const tries = (attempt) => { try { attempt(); } catch { /* Trusted types refuse the text already. */ } };
    const inline = document.createElement('script');
    tries(() => { inline.text = 'window.ran = ["inline"]'; });
    document.body.append(inline);
    const image = document.createElement('img');
    tries(() => image.setAttribute('onerror', 'window.ran = ["handler"]'));
    const failed = new Promise((resolve) => { image.addEventListener('error', resolve); });
    image.src = 'data:,';
    document.body.append(image);
    await failed;
    const foreign = document.createElement('script');
    const blocked = new Promise((resolve) => { foreign.addEventListener('error', resolve); });
    tries(() => { foreign.src = elsewhere; });
    tries(() => { foreign.setAttribute('src', elsewhere); });
    document.body.append(foreign);
    if (foreign.src) await blocked;
    return scope.ran ?? [];
  }, elsewhere);
  assert.deepEqual(ran, []);

  const nonces = await Promise.all(Array.from({ length: 8 }, async () => {
    const { headers } = await fetch(`${server.internal}/bridge?client_id=wiki`);
    return /'nonce-([A-Za-z0-9+/_=-]{22,})'/.exec(headers.get('content-security-policy') ?? '')?.[1];
  }));
  assert.ok(nonces.every(Boolean));
  assert.equal(new Set(nonces).size, nonces.length);
});
