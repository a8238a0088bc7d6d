// What a verdict costs: requests to the accounts server, and their bytes, from the load of a page to its verdict.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { browserFor } from '../support/family.js';
import { places, startLadder } from '../support/ladder.js';
import { signIn } from '../support/people.js';
import { bob } from '../support/server.js';
import { silence, until } from '../support/until.js';
import { openWindow, outcomeOf, tokenOf, verdictOf } from '../support/widget.js';

/** @type {import('../support/ladder.js').Ladder} */
let ladder;
before(async () => { ladder = await startLadder(); });
after(() => ladder?.stop());

/** A little more than was measured: 18.2 kB, 3.5 kB and 6.9 kB. */
const CEILING = { bridge: 20_000, bridgeAgain: 4_000, redirect: 8_000 };

/** @param {import('node:test').TestContext} t */
async function signedInTab(t) {
  const tab = await (await browserFor(t)).tab();
  await signIn(tab, ladder.accounts, bob);
  ladder.front.taken();
  return tab;
}

/** The script of the SDK is part of the page, wherever it is served from. @param {import('../support/front.js').Counted[]} all */
const withoutSdk = (all) => all.filter(({ path }) => !path.startsWith('/sdk/'));

/** What was asked of accounts since the last look, once it is all answered. */
async function asked() {
  await until('every answer', () => ladder.front.seen().every(({ status }) => status > 0));
  const all = withoutSdk(ladder.front.taken());
  return {
    lines: all.map(({ method, path, status }) => `${method} ${path.replace(/\?.*/, '')} ${status}`),
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** @param {import('node:test').TestContext} t @param {string} what @param {{ lines: string[], bytes: number }} cost @param {number} ceiling */
function holdBytes(t, what, { lines, bytes }, ceiling) {
  t.diagnostic(`${what}: ${lines.length} requests, ${bytes} bytes of at most ${ceiling}`);
  assert.ok(bytes <= ceiling, `${what}: ${bytes} bytes`);
}

test('by the bridge: the frame, its script, one POST', async (t) => {
  const tab = await signedInTab(t);
  const page = ladder.site(places.near, { rungs: ['cache', 'bridge'] });
  await tab.goto(page);
  assert.equal((await verdictOf(tab)).hasSession, true);
  const first = await asked();
  assert.deepEqual(first.lines, ['GET /bridge 200', 'GET /assets/bridge/bridge.js 200', 'POST /bridge/payload 200']);
  holdBytes(t, 'the bridge', first, CEILING.bridge);

  await tab.goto(`${page}&again`);
  await verdictOf(tab);
  const second = await asked();
  assert.deepEqual(second.lines, ['GET /bridge 200', 'POST /bridge/payload 200'], 'the script is kept by the browser');
  holdBytes(t, 'the bridge, again', second, CEILING.bridgeAgain);
});

test('by prompt=none: the redirect, the callback page, its script at most, one POST', async (t) => {
  const tab = await signedInTab(t);
  await tab.goto(ladder.widget(places.near, { rungs: ['prompt_none'] }));
  assert.equal((await verdictOf(tab)).hasSession, true);
  const hosted = await asked();
  const [redirect, page, ...rest] = hosted.lines;
  assert.deepEqual([redirect, page], ['GET /oauth/authorize 303', 'GET /callback/pad/passive 200']);
  assert.equal(rest.at(-1), 'POST /oauth/token 200');
  assert.ok(rest.length <= 2 && rest.slice(0, -1).every((line) => /^GET \/assets\/.*\.js 200$/.test(line)), rest.join(', '));
  holdBytes(t, 'prompt=none', hosted, CEILING.redirect);
});

test('by prompt=none with a callback page of its own: the redirect and one POST', async (t) => {
  const tab = await signedInTab(t);
  await tab.goto(ladder.widget(places.near, { rungs: ['prompt_none'], own: true }));
  assert.equal((await verdictOf(tab)).hasSession, true);
  assert.deepEqual((await asked()).lines, ['GET /oauth/authorize 303', 'POST /oauth/token 200']);
});

test('where nobody is signed in the bridge alone finds it out', async (t) => {
  const tab = await (await browserFor(t)).tab();
  ladder.front.taken();
  await tab.goto(ladder.widget(places.near));
  assert.equal((await verdictOf(tab)).reason, 'login_required');
  const { lines } = await asked();
  assert.deepEqual(lines, ['GET /bridge 200', 'GET /assets/bridge/bridge.js 200', 'POST /bridge/payload 200']);
});

test('a verdict that holds costs no request, however often it is asked for', async (t) => {
  const tab = await signedInTab(t);
  await tab.goto(ladder.widget(places.near));
  assert.equal((await verdictOf(tab)).hasSession, true);
  await asked();
  for (let time = 0; time < 5; time += 1) {
    const again = await tab.evaluate(() => /** @type {any} */ (window).session.resume());
    assert.equal(again.hasSession, true);
    assert.match(await tokenOf(tab) ?? '', /^[0-9a-f]{64}$/);
  }
  await silence();
  assert.deepEqual((await asked()).lines, []);
});

test('by popup: what a person sees, and otherwise one POST for the flow, one socket, one proof, one POST for the token', async (t) => {
  const tab = await signedInTab(t);
  await tab.goto(ladder.widget(places.far, { rungs: ['popup'] }));
  await silence();
  ladder.front.taken();
  await openWindow(tab, tab.mainFrame());
  assert.equal((await outcomeOf(tab)).hasSession, true);
  const { lines } = await asked();
  const calls = lines.map((line) => line.replace(/[0-9a-f]{64}/, '…')).filter((line) => !line.startsWith('GET /assets/') && !/GET \/favicon/.test(line));
  assert.deepEqual([...calls].sort(), [
    'GET /flow/… 200', 'GET /flow/…/done 200', 'GET /oauth/authorize 303',
    'POST /flow 201', 'POST /flow/…/proof 200', 'POST /oauth/token 200', 'UPGRADE /flow/events 101',
  ]);
});
