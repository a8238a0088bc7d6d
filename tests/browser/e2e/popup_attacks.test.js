// Somebody else's flow: its link is opened by a victim, who is signed in. Nothing is released without the number.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { refusedFrame } from '../support/framing.js';
import { places, startLadder } from '../support/ladder.js';
import { signIn } from '../support/people.js';
import { bob } from '../support/server.js';
import { sharedChromium } from '../support/shared.js';
import { silence } from '../support/until.js';
import { confirmNumber, makeFlow, numbersOf } from '../support/widget.js';

const browserFor = sharedChromium();
/** @type {import('../support/ladder.js').Ladder} */
let ladder;
before(async () => { ladder = await startLadder(); });
after(() => ladder?.stop());

/** A tab of the victim. @param {import('node:test').TestContext} t */
async function victim(t) {
  const chromium = await browserFor(t);
  const tab = await chromium.tab();
  await signIn(tab, ladder.accounts, bob);
  return { chromium, tab };
}

/** @param {Awaited<ReturnType<typeof makeFlow>>} flow */
async function holdsBack(flow) {
  await silence();
  const outcome = await flow.outcome();
  assert.equal(outcome.state, 'pending', JSON.stringify(outcome));
}

test('opening the link shows who asks and asks for the number, and releases nothing', async (t) => {
  const { tab } = await victim(t);
  const flow = await makeFlow(ladder, places.far);
  await tab.goto(flow.uri);
  const offered = await numbersOf(tab);
  assert.ok(offered.includes(flow.number) && offered.length === 6, offered.join(' '));
  await tab.getByText(/Pad/).first().waitFor();
  // Not even the number is told apart from the others.
  assert.ok(!await tab.locator('input[type="radio"]:checked').count());
  await holdsBack(flow);
});

test('a wrong number ends the flow for good', async (t) => {
  const { tab } = await victim(t);
  const flow = await makeFlow(ladder, places.far);
  await tab.goto(flow.uri);
  const wrong = (await numbersOf(tab)).find((number) => number !== flow.number) ?? '';
  await confirmNumber(tab, wrong);
  await tab.waitForLoadState();
  const outcome = await flow.outcome();
  assert.deepEqual([outcome.state, outcome.response?.error, outcome.response?.code], ['completed', 'access_denied', undefined]);
  await tab.goto(flow.uri);
  assert.equal(await tab.locator('input[type="radio"]').count(), 0);
});

test('a link straight into the authorization request, with the flow in it, leads back to the question', async (t) => {
  const { tab } = await victim(t);
  const flow = await makeFlow(ladder, places.far);
  const query = new URLSearchParams({ ...flow.parameters, vestibule_flow: flow.id });
  await tab.goto(`${ladder.accounts}/oauth/authorize?${query}`);
  await tab.waitForURL((url) => url.pathname === `/flow/${flow.id}`);
  await numbersOf(tab);
  await holdsBack(flow);
});

test('a browser that confirmed one flow has not confirmed another, nor another request in it', async (t) => {
  const { tab } = await victim(t);
  const [mine, theirs] = [await makeFlow(ladder, places.far), await makeFlow(ladder, places.far)];
  await tab.goto(mine.uri);
  await confirmNumber(tab, mine.number);
  await tab.waitForURL(/\/done$/);
  assert.equal((await mine.outcome()).state, 'completed');

  const query = new URLSearchParams({ ...theirs.parameters, vestibule_flow: theirs.id });
  await tab.goto(`${ladder.accounts}/oauth/authorize?${query}`);
  await tab.waitForURL((url) => url.pathname === `/flow/${theirs.id}`);
  await holdsBack(theirs);
});

for (const [kind, host] of [['a stranger', places.evil], ['an embedder', places.specs]]) {
  test(`${kind} that opens the window itself cannot prove anything, and is asked nothing`, async (t) => {
    const { tab } = await victim(t);
    const flow = await makeFlow(ladder, places.far);
    const page = ladder.sites.page(host ?? '', '/opens', `<script>
      heard = []; onmessage = ({ data }) => heard.push(data);
      const proof = { type: 'vestibule.flow.proof', flow: '${flow.id}', waitingSecret: '${flow.waitingSecret}' };
      const go = () => { window.child = open('${flow.uri}');
        setInterval(() => child.postMessage(proof, '${ladder.accounts}'), 50); };
    </script><button onclick="go()">go</button>`);
    await tab.goto(page);
    const opening = tab.context().waitForEvent('page');
    await tab.click('button');
    const popup = await opening;
    await numbersOf(popup);
    await holdsBack(flow);
    assert.deepEqual(await tab.evaluate(() => /** @type {any} */ (window).heard), []);
    assert.equal(new URL(popup.url()).pathname, `/flow/${flow.id}`);
  });
}

test('the right opener with the wrong secret proves nothing', async (t) => {
  const { tab } = await victim(t);
  const flow = await makeFlow(ladder, places.far);
  const page = ladder.sites.page(places.far, '/opens', `<script>
    heard = []; onmessage = ({ data, source, origin }) => { heard.push(data);
      source.postMessage({ type: 'vestibule.flow.proof', flow: '${flow.id}', waitingSecret: '0'.repeat(64) }, origin); };
  </script><button onclick="window.open('${flow.uri}')">go</button>`);
  await tab.goto(page);
  const opening = tab.context().waitForEvent('page');
  await tab.click('button');
  await numbersOf(await opening);
  await holdsBack(flow);
  const heard = await tab.evaluate(() => /** @type {any} */ (window).heard);
  assert.deepEqual(heard, [{ type: 'vestibule.flow.prove', flow: flow.id }]);
});

test('the page of a flow cannot be framed', async (t) => {
  const { tab } = await victim(t);
  const flow = await makeFlow(ladder, places.far);
  await tab.goto(ladder.around([places.far], flow.uri));
  await refusedFrame(tab.mainFrame());
  assert.ok(!tab.frames().some((frame) => frame.url() === flow.uri));
  await holdsBack(flow);
});

test('without script the number is asked for from the start, and serves', async (t) => {
  const { chromium } = await victim(t);
  const flow = await makeFlow(ladder, places.far);
  const tab = await chromium.tabWithoutScript();
  await tab.goto(flow.uri);
  await confirmNumber(tab, flow.number);
  await tab.waitForURL(/\/done$/);
  const outcome = await flow.outcome();
  assert.equal(outcome.state, 'completed');
  assert.equal(outcome.response?.state, flow.parameters.state);
  assert.equal(outcome.response?.iss, ladder.accounts);
  assert.match(outcome.response?.code ?? '', /^[\w-]{20,}$/);
});
