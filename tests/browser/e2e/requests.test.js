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

/** Bytes of answers, heads included: a little more than was measured. */
const CEILING = { bridge: 26_000, bridgeAgain: 3_500, redirect: 9_000, ownRedirect: 4_000 };

/** @param {import('node:test').TestContext} t */
async function signedInTab(t) {
  const tab = await (await browserFor(t)).tab();
  await signIn(tab, ladder.accounts, bob);
  ladder.front.taken();
  return tab;
}

/**
 * The widget closes the window when it has its answer, which may be before the last page was asked for; and a socket
 * that is slow to speak is helped out by asking.
 */
const OPTIONAL = ['GET /flow/…/done 200', 'POST /flow/outcome 200'];

/** The script of the SDK is part of the page, wherever it is served from. @param {import('../support/front.js').Counted[]} all */
const withoutSdk = (all) => all.filter(({ path }) => !path.startsWith('/sdk/'));

/** What was asked of accounts since the last look, once it is all answered. @param {import('node:test').TestContext} t @param {string} what */
async function asked(t, what) {
  await until('every answer', () => ladder.front.seen().every(({ status }) => status > 0));
  const all = withoutSdk(ladder.front.taken());
  const lines = all.map(({ method, path, status }) => `${method} ${path.replace(/\?.*/, '')} ${status}`);
  const bytes = all.reduce((sum, { bytes: some }) => sum + some, 0);
  t.diagnostic(`${what}: ${lines.length} requests, ${bytes} bytes`);
  return { lines, bytes };
}

test('by the bridge: the frame, its script, one POST', async (t) => {
  const tab = await signedInTab(t);
  const page = ladder.site(places.near, { rungs: ['cache', 'bridge'] });
  await tab.goto(page);
  assert.equal((await verdictOf(tab)).hasSession, true);
  const first = await asked(t, 'the bridge');
  assert.deepEqual(first.lines, ['GET /bridge 200', 'GET /assets/bridge/bridge.js 200', 'POST /bridge/payload 200']);
  assert.ok(first.bytes <= CEILING.bridge);

  await tab.goto(`${page}&again`);
  await verdictOf(tab);
  const second = await asked(t, 'the bridge, again');
  assert.deepEqual(second.lines, ['GET /bridge 200', 'POST /bridge/payload 200'], 'the script is kept by the browser');
  assert.ok(second.bytes <= CEILING.bridgeAgain);
});

test('by prompt=none: the redirect, the callback page, its script at most, one POST', async (t) => {
  const tab = await signedInTab(t);
  await tab.goto(ladder.widget(places.near, { rungs: ['prompt_none'] }));
  assert.equal((await verdictOf(tab)).hasSession, true);
  const hosted = await asked(t, 'prompt=none, hosted callback page');
  const [redirect, page, ...rest] = hosted.lines;
  assert.deepEqual([redirect, page], ['GET /oauth/authorize 303', 'GET /callback/pad/passive 200']);
  assert.equal(rest.at(-1), 'POST /oauth/token 200');
  assert.ok(rest.length <= 2 && rest.slice(0, -1).every((line) => /^GET \/assets\/.*\.js 200$/.test(line)), rest.join(', '));
  assert.ok(hosted.bytes <= CEILING.redirect);
});

test('by prompt=none with a callback page of its own: the redirect and one POST', async (t) => {
  const tab = await signedInTab(t);
  await tab.goto(ladder.widget(places.near, { rungs: ['prompt_none'], own: true }));
  assert.equal((await verdictOf(tab)).hasSession, true);
  const { lines, bytes } = await asked(t, 'prompt=none, own callback page');
  assert.deepEqual(lines, ['GET /oauth/authorize 303', 'POST /oauth/token 200']);
  assert.ok(bytes <= CEILING.ownRedirect);
});

test('where nobody is signed in the bridge alone finds it out', async (t) => {
  const tab = await (await browserFor(t)).tab();
  ladder.front.taken();
  await tab.goto(ladder.widget(places.near));
  assert.equal((await verdictOf(tab)).reason, 'login_required');
  const { lines } = await asked(t, 'nobody');
  assert.deepEqual(lines, ['GET /bridge 200', 'GET /assets/bridge/bridge.js 200', 'POST /bridge/payload 200']);
});

test('a verdict that holds costs no request, however often it is asked for', async (t) => {
  const tab = await signedInTab(t);
  await tab.goto(ladder.widget(places.near));
  assert.equal((await verdictOf(tab)).hasSession, true);
  await asked(t, 'the first verdict');
  for (let time = 0; time < 5; time += 1) {
    const again = await tab.evaluate(() => /** @type {any} */ (window).session.resume());
    assert.equal(again.hasSession, true);
    assert.match(await tokenOf(tab) ?? '', /^[0-9a-f]{64}$/);
  }
  await silence();
  assert.deepEqual((await asked(t, 'five more verdicts')).lines, []);
});

test('by popup: what a person sees, and otherwise one POST for the flow, one socket, one proof, one POST for the token', async (t) => {
  const tab = await signedInTab(t);
  await tab.goto(ladder.widget(places.far, { rungs: ['popup'] }));
  await verdictOf(tab);
  ladder.front.taken();
  await openWindow(tab, tab.mainFrame());
  assert.equal((await outcomeOf(tab)).hasSession, true);
  const { lines } = await asked(t, 'popup');
  const calls = lines.map((line) => line.replace(/[0-9a-f]{64}/, '…')).filter((line) => !line.startsWith('GET /assets/') && !/GET \/favicon/.test(line));
  assert.deepEqual(calls.filter((line) => !OPTIONAL.includes(line)).sort(), [
    'GET /flow/… 200', 'GET /oauth/authorize 303',
    'POST /flow 201', 'POST /flow/…/proof 200', 'POST /oauth/token 200', 'UPGRADE /flow/events 101',
  ]);
});
