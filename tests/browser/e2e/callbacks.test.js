import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { browserFor, hosts, startFamily } from '../support/family.js';
import { awaitMessage, frameAt, framingPage, heard, heardInSilence, refusedFrame } from '../support/framing.js';
import { signIn } from '../support/people.js';
import { bob } from '../support/server.js';
import { until } from '../support/until.js';

/** @type {import('../support/family.js').Family} */
let family;
before(async () => { family = await startFamily(); });
after(() => family?.stop());

const CODE = /^[0-9a-f]{64}$/;
const TYPE = 'authorization_response';
const made = { code: 'a-code', state: 'a state', iss: 'https://accounts.example' };

/** @param {'passive' | 'popup'} kind @param {string} [clientId] */
const callback = (kind, clientId = 'notes') => `${family.accounts}/callback/${clientId}/${kind}`;
/** With an answer that somebody made up. @param {'passive' | 'popup'} kind */
const answered = (kind) => `${callback(kind)}?${new URLSearchParams(made)}`;
/** @param {string} redirect_uri */
const silent = (redirect_uri) => `${family.accounts}/oauth/authorize?${new URLSearchParams({
  client_id: 'notes', redirect_uri, response_type: 'code', scope: 'openid', state: 'a state', prompt: 'none',
})}`;

/** @param {import('playwright-core').Frame} frame */
const answerTo = (frame) => awaitMessage(frame, ({ data, origin }) => origin === family.accounts && data?.type === TYPE);

test('the passive page tells its parent what the silent request has come to, once, and keeps nothing', async (t) => {
  const { sites, accounts } = family;
  const tab = await (await browserFor(t)).tab();
  const page = framingPage(sites, hosts.notes, '/', silent(callback('passive')));
  await tab.goto(page);
  const refused = (await answerTo(tab.mainFrame())).response;
  assert.deepEqual([refused.error, refused.state, refused.iss], ['login_required', 'a state', accounts]);

  await signIn(tab, accounts, bob);
  await tab.goto(page);

  const { code, ...rest } = (await answerTo(tab.mainFrame())).response;
  assert.match(code, CODE);
  assert.deepEqual(rest, { state: 'a state', iss: accounts });
  const all = await heardInSilence(tab.mainFrame());
  assert.deepEqual(all.map(({ origin, fromBridge }) => [origin, fromBridge]), [[accounts, true]]);
  const frame = await frameAt(tab, callback('passive'));
  assert.equal(await frame.evaluate(() => document.body.innerText), '');
});

test('in a page of an embedder the client is told, and the embedder hears nothing', async (t) => {
  const { sites } = family;
  const tab = await (await browserFor(t)).tab();
  const notes = framingPage(sites, hosts.notes, '/', answered('passive'));
  for (const host of [hosts.wiki, hosts.specs]) {
    await tab.goto(framingPage(sites, host, '/', notes));
    const told = await answerTo(await frameAt(tab, notes));
    assert.deepEqual(told.response, made, host);
    assert.deepEqual(await heardInSilence(tab.mainFrame()), [], host);
  }
});

test('an embedder that frames it itself hears nothing, and nobody else can frame it', async (t) => {
  const { sites } = family;
  const tab = await (await browserFor(t)).tab();
  for (const kind of /** @type {const} */ (['passive', 'popup'])) {
    for (const host of [hosts.wiki, hosts.specs]) {
      await tab.goto(framingPage(sites, host, '/', answered(kind)));
      await frameAt(tab, callback(kind)); // its script has run: the answer is out of the address
      assert.deepEqual(await heardInSilence(tab.mainFrame()), [], host);
    }
    for (const host of [hosts.evil, hosts.stranger]) {
      await tab.goto(framingPage(sites, host, '/', answered(kind)));
      await refusedFrame(tab.mainFrame());
      assert.deepEqual(await heard(tab.mainFrame()), [], host);
    }
  }
});

/**
 * Has a page of a site open a window, and waits until that has closed itself.
 * @param {import('playwright-core').Page} tab
 * @param {string} host
 * @param {string} address
 */
async function openedAndClosed(tab, host, address) {
  await tab.goto(framingPage(family.sites, host, '/opener', 'about:blank', { more: '<button>Open</button>' }));
  await tab.evaluate((target) => {
    document.querySelector('button')?.addEventListener('click', () => window.open(target, 'popup', 'popup'));
  }, address);
  const opening = tab.context().waitForEvent('page');
  await tab.getByRole('button').click();
  const popup = await opening;
  await until('the window to close itself', () => popup.isClosed());
}

test('the popup tells the page that opened it, and closes', async (t) => {
  const { accounts } = family;
  const tab = await (await browserFor(t)).tab();
  await openedAndClosed(tab, hosts.notes, answered('popup'));
  const told = await heard(tab.mainFrame());
  assert.deepEqual(told.map(({ origin, data }) => [origin, data]), [[accounts, { type: TYPE, response: made }]]);
});

test('a foreign page that opens the popup hears nothing, a sibling and an embedder neither', async (t) => {
  const { accounts } = family;
  const tab = await (await browserFor(t)).tab();
  await signIn(tab, accounts, bob);
  for (const host of [hosts.stranger, hosts.evil, hosts.wiki]) {
    for (const address of [answered('popup'), silent(callback('popup'))]) {
      await openedAndClosed(tab, host, address);
      assert.deepEqual(await heardInSilence(tab.mainFrame()), [], host);
    }
  }
});

test('a popup that cannot close says what to do, and has nothing to click', async (t) => {
  const { accounts } = family;
  const tab = await (await browserFor(t)).tab();
  await tab.goto(`${accounts}/signin`);
  await tab.goto(answered('popup'));
  await tab.getByRole('heading', { name: 'You can close this window' }).waitFor();
  assert.equal(await tab.locator('a, button, input, form').count(), 0);
  await until('the answer to leave the address', () => tab.url() === callback('popup'));
});
