import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { browserFor, hosts, startFamily } from '../support/family.js';
import { ask, awaitMessage, bridgeReady, frameAt, framingPage, heardInSilence, say } from '../support/framing.js';
import { signIn } from '../support/people.js';
import { bob } from '../support/server.js';
import { button, clickUntilGone, offer, setStorageAccess } from '../support/storage.js';
import { until } from '../support/until.js';

/** @type {import('../support/family.js').Family} */
let family;
before(async () => { family = await startFamily(); });
after(() => family?.stop());

const PAYLOAD = /^[0-9a-f]{64}$/;

/** A tab of somebody who is signed in, in a browser that blocks third-party cookies. @param {import('node:test').TestContext} t */
async function signedInTab(t) {
  const tab = await (await browserFor(t, 'blocked')).tab();
  await signIn(tab, family.accounts, bob);
  return tab;
}

/** A page of a client on another site that frames the bridge. @param {Parameters<typeof framingPage>[4]} [how] */
const annotatorPage = (how) => framingPage(family.sites, hosts.annotator, '/', family.server.bridge('annotator'), how);
const annotator = () => family.sites.origin(hosts.annotator);

test('a click lets the bridge have its cookies, and after a reload none is needed', async (t) => {
  const { accounts } = family;
  const tab = await signedInTab(t);
  await tab.goto(annotatorPage());
  const page = tab.mainFrame();
  const before = await ask(page, accounts);
  assert.deepEqual([before.hasSession, before.error, before.storageAccess], [false, 'storage_blocked', 'prompt']);

  const result = await offer(page, accounts);
  const shown = await button(tab, family, 'annotator');
  await shown.waitFor();
  const box = await shown.boundingBox();
  assert.ok(box !== null && box.height >= 44, JSON.stringify(box));
  const bridge = await frameAt(tab, family.server.bridge('annotator'));
  const whole = await bridge.evaluate(() => document.body.getBoundingClientRect().height);
  assert.equal(whole, box.height, 'there is nothing to scroll to in a frame of that height');
  await setStorageAccess(tab, annotator(), accounts, 'granted');
  await clickUntilGone(shown);

  assert.equal((await result()).granted, true);
  assert.match((await ask(page, accounts)).recoveryPayload, PAYLOAD);
  await shown.waitFor({ state: 'detached' });

  await tab.reload();
  assert.match((await ask(page, accounts)).recoveryPayload, PAYLOAD);
  assert.equal((await (await offer(page, accounts))()).granted, true);
  assert.equal(await (await button(tab, family, 'annotator')).count(), 0);
});

test('whoever refuses stays unknown', async (t) => {
  const { accounts } = family;
  const tab = await signedInTab(t);
  await tab.goto(annotatorPage());
  const page = tab.mainFrame();
  const result = await offer(page, accounts);
  await setStorageAccess(tab, annotator(), accounts, 'denied');

  await (await button(tab, family, 'annotator')).press('Enter');

  const { granted, error } = await result();
  assert.deepEqual([granted, error], [false, 'NotAllowedError']);
  const answer = await ask(page, accounts);
  assert.deepEqual([answer.hasSession, answer.error, answer.storageAccess], [false, 'storage_blocked', 'denied']);
});

test('the button is there for the keyboard too', async (t) => {
  const { accounts } = family;
  const tab = await signedInTab(t);
  await tab.goto(annotatorPage());
  const result = await offer(tab.mainFrame(), accounts);
  const shown = await button(tab, family, 'annotator');
  await shown.waitFor();
  await setStorageAccess(tab, annotator(), accounts, 'granted');

  await tab.locator('iframe').focus();
  await tab.keyboard.press('Tab');
  await shown.press('Enter');

  assert.equal((await result()).granted, true);
});

test('what was granted once is given back to the first document of a new tab, by three requests', async (t) => {
  const { accounts } = family;
  const tab = await signedInTab(t);
  await setStorageAccess(tab, annotator(), accounts, 'granted');
  /** @type {string[]} */
  const requests = [];
  tab.on('request', (request) => {
    if (request.url().startsWith(accounts)) requests.push(`${request.method()} ${new URL(request.url()).pathname}`);
  });
  await tab.goto(annotatorPage());

  assert.match((await ask(tab.mainFrame(), accounts)).recoveryPayload, PAYLOAD);

  assert.deepEqual(requests, ['GET /bridge', 'GET /assets/bridge/bridge.js', 'POST /bridge/payload']);
});

test('the click asks the browser and does nothing else', async (t) => {
  const { accounts, sites } = family;
  const chromium = await browserFor(t, 'blocked');
  const tab = await chromium.tab();
  await signIn(tab, accounts, bob);
  const market = framingPage(sites, hosts.market, '/', family.server.bridge('market'));
  await tab.goto(market);
  const page = tab.mainFrame();
  const result = await offer(page, accounts);
  const shown = await button(tab, family, 'market');
  await shown.waitFor();
  await setStorageAccess(tab, sites.origin(hosts.market), accounts, 'granted');
  const cookies = await chromium.cookies();
  /** @type {string[]} */
  const requests = [];
  tab.on('request', (request) => requests.push(request.url()));

  await shown.press('Enter');

  assert.equal((await result()).granted, true);
  assert.deepEqual(requests, []);
  assert.deepEqual(await chromium.cookies(), cookies);
  assert.equal(tab.url(), market);
  assert.equal(chromium.context.pages().length, 2);
  assert.equal((await ask(page, accounts)).error, 'consent_required', 'it is no consent');
});

test('a sibling never sees a button', async (t) => {
  const { accounts, sites, server } = family;
  const tab = await signedInTab(t);
  await tab.goto(framingPage(sites, hosts.wiki, '/', server.bridge('wiki')));
  assert.equal((await (await offer(tab.mainFrame(), accounts))()).granted, true);
  assert.equal(await (await button(tab, family, 'wiki')).count(), 0);
  assert.match((await ask(tab.mainFrame(), accounts)).recoveryPayload, PAYLOAD);
});

test('in a sandbox without the token the click is refused, with it the browser is asked', async (t) => {
  const { accounts } = family;
  const tab = await signedInTab(t);
  for (const [token, expected] of /** @type {const} */ ([['', false], [' allow-storage-access-by-user-activation', true]])) {
    await setStorageAccess(tab, annotator(), accounts, 'prompt');
    await tab.goto(annotatorPage({ attributes: `sandbox="allow-scripts allow-same-origin${token}"` }));
    const page = tab.mainFrame();
    const result = await offer(page, accounts);
    const shown = await button(tab, family, 'annotator');
    await shown.waitFor();
    await setStorageAccess(tab, annotator(), accounts, 'granted');

    await shown.press('Enter');

    assert.equal((await result()).granted, expected, token);
    assert.equal((await ask(page, accounts)).hasSession, expected, token);
  }
});

test('where a page above forbids it there is no button', async (t) => {
  const { accounts } = family;
  const tab = await signedInTab(t);
  await tab.goto(annotatorPage({ headers: { 'permissions-policy': 'storage-access=()' } }));
  const page = tab.mainFrame();
  const { granted, error } = await (await offer(page, accounts))();
  assert.deepEqual([granted, error], [false, 'unsupported']);
  assert.equal(await (await button(tab, family, 'annotator')).count(), 0);
  assert.equal((await ask(page, accounts)).storageAccess, 'unsupported');
});

test('three deep, accounts in notes in wiki in specs, it works the same', async (t) => {
  const { accounts, sites, server } = family;
  const tab = await signedInTab(t);
  const notes = framingPage(sites, hosts.notes, '/', server.bridge('notes'));
  const wiki = framingPage(sites, hosts.wiki, '/', notes);
  const specs = framingPage(sites, hosts.specs, '/', wiki);
  await tab.goto(specs);
  const asking = await frameAt(tab, notes);
  assert.equal((await ask(asking, accounts)).storageAccess, 'prompt');
  const result = await offer(asking, accounts);
  const shown = await button(tab, family, 'notes');
  await shown.waitFor();
  await setStorageAccess(tab, sites.origin(hosts.specs), accounts, 'granted');

  await shown.press('Enter');

  assert.equal((await result()).granted, true);
  assert.match((await ask(asking, accounts)).recoveryPayload, PAYLOAD);
  for (const frame of [tab.mainFrame(), await frameAt(tab, wiki)]) assert.deepEqual(await heardInSilence(frame), []);
  await tab.reload();
  assert.match((await ask(await frameAt(tab, notes), accounts)).recoveryPayload, PAYLOAD);
});

test('an embedder that frames the bridge itself gets no button and no word', async (t) => {
  const { accounts, sites, server } = family;
  const tab = await signedInTab(t);
  await setStorageAccess(tab, sites.origin(hosts.specs), accounts, 'granted');
  await tab.goto(framingPage(sites, hosts.specs, '/', server.bridge('notes')));
  await (await frameAt(tab, server.bridge('notes'))).waitForLoadState(); // what it could hear is heard from then on

  for (const type of ['offer', 'withdraw', 'offer']) {
    await say(tab.mainFrame(), { type: `vestibule.storage.${type}`, id: 'direct' }, accounts);
  }

  assert.deepEqual(await heardInSilence(tab.mainFrame()), []);
  assert.equal(await (await button(tab, family, 'notes')).count(), 0);
});

test('an offer that is taken back is gone, and not answered', async (t) => {
  const { accounts } = family;
  const tab = await signedInTab(t);
  await tab.goto(annotatorPage());
  const page = tab.mainFrame();
  await bridgeReady(page);
  await say(page, { type: 'vestibule.storage.offer', id: 'back' }, accounts);
  const shown = await button(tab, family, 'annotator');
  await shown.waitFor();
  await say(page, { type: 'vestibule.storage.withdraw', id: 'back' }, accounts);
  await shown.waitFor({ state: 'detached' });
  const said = await heardInSilence(page);
  assert.deepEqual(said.map(({ data }) => data.type), ['vestibule.bridge.ready']);
});

/** The silent authorization request of the annotator, answered to its hosted callback page. */
function silentRequest() {
  const address = new URL('/oauth/authorize', family.accounts);
  address.search = new URLSearchParams({
    client_id: 'annotator', redirect_uri: `${family.accounts}/callback/annotator/passive`, response_type: 'code',
    scope: 'openid', state: 'the state', prompt: 'none',
  }).toString();
  return address.href;
}

test('prompt=none in a frame is asked again with the cookies where they were granted, and only there', async (t) => {
  const { accounts, sites } = family;
  const tab = await signedInTab(t);
  const page = framingPage(sites, hosts.annotator, '/silent', silentRequest());
  const answer = () => awaitMessage(tab.mainFrame(), ({ data }) => data?.type === 'authorization_response');
  await tab.goto(page);
  const { response: refused } = await answer();
  assert.deepEqual([refused.error, refused.state, refused.iss], ['login_required', 'the state', accounts]);

  await setStorageAccess(tab, annotator(), accounts, 'granted');
  await tab.goto(page);

  const { response } = await answer();
  assert.match(response.code ?? response.error, PAYLOAD);
  assert.deepEqual([response.state, response.iss], ['the state', accounts]);
});

test('prompt=none three deep is asked again too', async (t) => {
  const { accounts, sites } = family;
  const tab = await signedInTab(t);
  const silent = silentRequest().replaceAll('annotator', 'notes');
  const notes = framingPage(sites, hosts.notes, '/silent', silent);
  const wiki = framingPage(sites, hosts.wiki, '/silent', notes);
  const specs = framingPage(sites, hosts.specs, '/silent', wiki);
  await setStorageAccess(tab, sites.origin(hosts.specs), accounts, 'granted');
  await tab.goto(specs);
  const asking = await frameAt(tab, notes);
  const { response } = await awaitMessage(asking, ({ data }) => data?.type === 'authorization_response');
  assert.match(response.code ?? response.error, PAYLOAD);
  const above = await until('the pages above to be there', () => tab.frames().filter((frame) => [specs, wiki].includes(frame.url())));
  for (const frame of above) assert.deepEqual(await heardInSilence(frame), []);
});

test('with third-party cookies allowed nobody has to click, and prompt=none is answered at once', async (t) => {
  const { accounts, sites } = family;
  const tab = await (await browserFor(t, 'allowed')).tab();
  await signIn(tab, accounts, bob);
  await tab.goto(annotatorPage());
  const page = tab.mainFrame();
  assert.equal((await (await offer(page, accounts))()).granted, true);
  assert.equal(await (await button(tab, family, 'annotator')).count(), 0);
  assert.match((await ask(page, accounts)).recoveryPayload, PAYLOAD);

  await tab.goto(framingPage(sites, hosts.annotator, '/silent', silentRequest()));
  const { response } = await awaitMessage(page, ({ data }) => data?.type === 'authorization_response');
  assert.match(response.code ?? response.error, PAYLOAD);
});
