import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { alice, isMarked, knows, knowsNobody, markPage, sidebar, startDemo } from '../support/demo.js';
import { browserFor } from '../support/family.js';
import { fillSignIn, signIn, signOut } from '../support/people.js';
import { until } from '../support/until.js';

/** @typedef {import('playwright-core').Page} Page */

/** @type {import('../support/demo.js').Demo} */
let demo;
before(async () => { demo = await startDemo(); });
after(() => demo?.stop());

/** Opens the page whose notes are handed a token. @param {Page} tab */
const open = (tab) => tab.goto(`${demo.wiki}/option-two`);

/** Lets the wiki's server have tokens. @param {Page} tab */
const step = (tab) => tab.getByRole('link', { name: 'Let the wiki tell the notes' }).click();

/** Until the notes say that they were handed nothing. @param {Page} tab */
const handedNothing = (tab) => sidebar(tab).getByText('Nobody has handed these notes a token').waitFor();

/** The frame with the notes. @param {Page} tab */
const frameOf = (tab) => until('the notes', () => (
  tab.frames().find((frame) => frame.url().startsWith(`${demo.notes}/handed?page=`))
));

/**
 * Asks the notes' API from within a page.
 * @param {import('playwright-core').Frame} frame
 * @param {string} path
 * @param {string} token
 */
const asked = (frame, path, token) => frame.evaluate(async ([where, bearer]) => {
  const headers = { Authorization: `Bearer ${bearer}` };
  const answer = await fetch(/** @type {string} */ (where), { headers, credentials: 'omit' });
  return { status: answer.status, challenge: answer.headers.get('WWW-Authenticate'), body: await answer.json() };
}, [path, token]);

for (const cookies of /** @type {const} */ (['blocked', 'allowed'])) {
  test(`cookies ${cookies}: the notes know whom the wiki knows, by a token that does no more`, async (t) => {
    const chromium = await browserFor(t, cookies);
    const tab = await chromium.tab();
    /** @type {{ address: string, headers: Promise<Record<string, string>> }[]} */
    const requests = [];
    chromium.context.on('request', (request) => {
      requests.push({ address: request.url(), headers: request.allHeaders().catch(() => ({})) });
    });
    await open(tab);
    await handedNothing(tab);
    await tab.getByRole('banner').getByRole('link', { name: 'Sign in' }).click();
    await fillSignIn(tab, alice);
    await knows(tab, alice.fullName);
    await handedNothing(tab);
    const handing = tab.waitForResponse((answer) => answer.url() === `${demo.wiki}/option-two/token` && answer.ok());
    await step(tab);
    const { token } = await (await handing).json();
    await knows(sidebar(tab), 'alice');
    await sidebar(tab).getByLabel('Your note').fill(`By the wiki's token, ${cookies}`);
    await sidebar(tab).getByRole('button', { name: 'Add the note' }).press('Enter');
    await sidebar(tab).getByRole('listitem').filter({ hasText: `By the wiki's token, ${cookies}` }).waitFor();

    for (const [name, hasText] of Object.entries({ scope: 'notes', audience: 'notes', narrowed_by: 'wiki' })) {
      for (const scope of [tab, sidebar(tab)]) await scope.locator(`[data-fact="${name}"]`, { hasText }).waitFor();
    }
    const frame = await frameOf(tab);
    const { body } = await asked(frame, '/api/token', token);
    assert.equal(body.client, 'wiki');
    assert.deepEqual(body.facts, { scope: ['notes'], audience: ['notes'], narrowed_by: ['wiki'] });
    assert.ok(body.expires_in > 0 && body.expires_in <= 600);
    for (const { address } of requests) assert.ok(!address.includes(token), address);
    for (const { address, headers } of requests) {
      if (!address.startsWith(`${demo.notes}/api/`)) continue;
      assert.equal((await headers).cookie, undefined, 'the notes acted by the token and not by a cookie');
    }
    const kept = await frame.evaluate(() => (
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])
    ));
    assert.ok(!kept.includes(token) && !frame.url().includes(token));
  });
}

test('the token opens nothing elsewhere, and dies with the sign-in', async (t) => {
  const chromium = await browserFor(t);
  const tab = await chromium.tab();
  await signIn(tab, demo.accounts, alice);
  await open(tab);
  await knows(tab, alice.fullName);
  const handing = tab.waitForResponse((answer) => answer.url() === `${demo.wiki}/option-two/token` && answer.ok());
  await step(tab);
  const { token } = await (await handing).json();
  await knows(sidebar(tab), 'alice');

  const local = new URL(demo.accounts).port;
  for (const path of ['/oauth/userinfo', '/v1/profile']) {
    const answer = await fetch(`http://127.0.0.1:${local}${path}`, { headers: { Authorization: `Bearer ${token}` } });
    assert.equal(answer.status, 401, path);
  }
  const frame = await frameOf(tab);
  assert.equal((await asked(frame, '/api/token', token)).status, 200);
  await markPage(tab);
  await signOut(await chromium.tab(), demo.accounts);

  await handedNothing(tab);
  assert.ok(await isMarked(tab));
  const answer = await asked(frame, '/api/token', token);
  assert.deepEqual([answer.status, answer.body.error], [401, 'invalid_token']);
  assert.match(answer.challenge ?? '', /^Bearer .*error="invalid_token"/);
});

test('a sign-out takes back what the wiki held, and the next person begins anew', async (t) => {
  const chromium = await browserFor(t);
  const tab = await chromium.tab();
  await signIn(tab, demo.accounts, alice);
  await open(tab);
  await step(tab);
  await knows(sidebar(tab), 'alice');
  await tab.getByRole('banner').getByRole('link', { name: 'Sign out' }).click();
  await knowsNobody(tab);
  await handedNothing(tab);

  await signIn(tab, demo.accounts, alice);
  await open(tab);
  await knows(tab, alice.fullName);
  await tab.getByRole('link', { name: 'Let the wiki tell the notes' }).waitFor();
  await handedNothing(tab);
});

test('the notes take a token from the wiki around them only', async (t) => {
  const tab = await (await browserFor(t)).tab();
  await tab.goto(`${demo.notes}/handed?page=${encodeURIComponent(`${demo.wiki}/option-two`)}`);
  await tab.getByText('Nobody has handed these notes a token').waitFor();
  /** @type {string[]} */
  const asked = [];
  tab.on('request', (request) => asked.push(new URL(request.url()).pathname));

  await tab.evaluate(() => new Promise((resolve) => {
    window.addEventListener('message', resolve, { once: true });
    window.postMessage({ type: 'notes.token', token: 'a'.repeat(64) }, '*');
  }).then(() => fetch('/api/person')));

  assert.ok(asked.includes('/api/person'));
  assert.ok(!asked.includes('/api/token'), 'it did not even look at it');
  assert.ok(await tab.getByText('Nobody has handed these notes a token').isVisible());
});
