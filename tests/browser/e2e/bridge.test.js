import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { browserFor, hosts, startFamily } from '../support/family.js';
import {
  ask, askString, bridgeReady, frameAt, framingPage, heard, heardInSilence, refusedFrame, say,
} from '../support/framing.js';
import { pressGuarded, signIn } from '../support/people.js';
import { bob } from '../support/server.js';
import { until } from '../support/until.js';

/** @type {import('../support/family.js').Family} */
let family;
before(async () => { family = await startFamily(); });
after(() => family?.stop());

const PAYLOAD = /^[0-9a-f]{64}$/;

/** A tab of somebody who is signed in. @param {import('node:test').TestContext} t */
async function signedInTab(t) {
  const chromium = await browserFor(t);
  const tab = await chromium.tab();
  await signIn(tab, family.accounts, bob);
  return tab;
}

test('a registered sibling learns who is there and gets a payload', async (t) => {
  const { sites, server, accounts } = family;
  const wiki = framingPage(sites, hosts.wiki, '/', server.bridge('wiki'));
  const tab = await signedInTab(t);
  await tab.goto(wiki);

  const answer = await ask(tab.mainFrame(), accounts);

  assert.equal(answer.type, 'vestibule.session.response');
  assert.equal(answer.hasSession, true);
  assert.match(answer.recoveryPayload, PAYLOAD);
  assert.ok(answer.expiresIn > 0 && answer.expiresIn <= 60);
  for (const { origin, fromBridge } of await heard(tab.mainFrame())) {
    assert.equal(origin, accounts);
    assert.ok(fromBridge);
  }
});

test('whoever only asks is minted nothing', async (t) => {
  const { sites, server, accounts } = family;
  const tab = await signedInTab(t);
  await tab.goto(framingPage(sites, hosts.wiki, '/', server.bridge('wiki')));

  const answer = await ask(tab.mainFrame(), accounts, { mint: false });

  assert.equal(answer.hasSession, true);
  assert.equal(answer.recoveryPayload, null);
});

test('where nobody is signed in the bridge says login_required', async (t) => {
  const { sites, server, accounts } = family;
  const tab = await (await browserFor(t)).tab();
  await tab.goto(framingPage(sites, hosts.wiki, '/', server.bridge('wiki')));

  const answer = await ask(tab.mainFrame(), accounts);

  assert.deepEqual([answer.hasSession, answer.recoveryPayload, answer.error], [false, null, 'login_required']);
});

test('a client that the person has not agreed to is told so, and served after consent', async (t) => {
  const { sites, server, accounts } = family;
  const guest = framingPage(sites, hosts.guest, '/', server.bridge('guest'));
  const tab = await signedInTab(t);
  await tab.goto(guest);
  assert.equal((await ask(tab.mainFrame(), accounts)).error, 'consent_required');

  await tab.goto(`${accounts}/consent?client_id=guest`);
  await pressGuarded(tab.getByRole('button', { name: 'Allow' }));
  await tab.getByRole('heading', { name: 'Guest knows you now' }).waitFor();

  await tab.goto(guest);
  assert.match((await ask(tab.mainFrame(), accounts)).recoveryPayload, PAYLOAD);
});

test('the strings of old are understood, and mint nothing where a nonce is required', async (t) => {
  const { sites, server, accounts } = family;
  const tab = await signedInTab(t);
  await tab.goto(framingPage(sites, hosts.wiki, '/', server.bridge('wiki')));
  const frame = tab.mainFrame();
  for (const text of ['hi', 'ping', 'ping:null']) {
    const answer = await askString(frame, accounts, text);
    assert.match(answer.recoveryPayload, PAYLOAD, text);
    assert.equal(answer.id, undefined);
  }
  const same = await askString(frame, accounts, `ping:${bob.username}`);
  assert.deepEqual([same.hasSession, same.recoveryPayload], [true, null]);
  const other = await askString(frame, accounts, 'ping:alice');
  assert.equal(other.sameUser, false);
  assert.match(other.recoveryPayload, PAYLOAD);

  await tab.goto(framingPage(sites, hosts.strict, '/', server.bridge('strict')));
  assert.equal((await askString(tab.mainFrame(), accounts, 'hi')).error, 'nonce_required');
  const withNonce = await ask(tab.mainFrame(), accounts, { nonce: 'n'.repeat(43) });
  assert.match(withNonce.recoveryPayload, PAYLOAD);
});

test('malformed messages get silence and break nothing', async (t) => {
  const { sites, server, accounts } = family;
  const tab = await signedInTab(t);
  /** @type {Error[]} */
  const thrown = [];
  tab.on('pageerror', (error) => thrown.push(error));
  await tab.goto(framingPage(sites, hosts.wiki, '/', server.bridge('wiki')));
  const frame = tab.mainFrame();
  await bridgeReady(frame);

  const sent = await frame.evaluate((target) => {
    const type = 'vestibule.session.request';
    const good = { type, id: 'a', mint: true };
    /** @type {unknown[]} */
    const messages = [
      undefined, null, 42, true, '', 'HI', 'hi ', 'hello', 'ping:', 'x'.repeat(1_000_000), [], ['hi'], [good], {},
      new Date(), new Map([['type', type]]), new Uint8Array(8),
      { id: 'b', mint: true }, { ...good, type: 'vestibule.session.requests' }, { ...good, type: [type] },
      { type, mint: true }, { ...good, id: '' }, { ...good, id: 'i'.repeat(65) }, { ...good, id: 7 },
      { ...good, id: ['c'] },
      { ...good, mint: 'yes' }, { ...good, nonce: 'short' }, { ...good, nonce: 'n'.repeat(129) },
      { ...good, nonce: 'spaces are not allowed' }, { ...good, nonce: 12345678901234567890 }, { ...good, nonce: null },
    ];
    const bridge = document.querySelector('iframe')?.contentWindow;
    for (const message of messages) bridge?.postMessage(message, target);
    return messages.length;
  }, accounts);
  assert.ok(sent > 30);

  const silent = await heardInSilence(frame);
  assert.deepEqual(silent.map(({ data }) => data.type), ['vestibule.bridge.ready']);
  assert.equal((await ask(frame, accounts)).hasSession, true);
  assert.deepEqual(thrown, []);
});

test('an id is answered once', async (t) => {
  const { sites, server, accounts } = family;
  const tab = await signedInTab(t);
  await tab.goto(framingPage(sites, hosts.wiki, '/', server.bridge('wiki')));
  const frame = tab.mainFrame();
  await bridgeReady(frame);
  const question = { type: 'vestibule.session.request', id: 'once', mint: true };

  await say(frame, question, accounts);
  await say(frame, question, accounts);
  await until('the answer', async () => (await heard(frame)).some(({ data }) => data.id === 'once'));

  const answers = (await heardInSilence(frame)).filter(({ data }) => data.id === 'once');
  assert.equal(answers.length, 1);
});

test('frames beside the bridge get silence: a foreign one for its origin, a sibling for its place', async (t) => {
  const { sites, server, accounts } = family;
  const tab = await signedInTab(t);
  for (const host of [hosts.evil, hosts.wiki]) {
    const ear = '<script>heard = []; onmessage = ({ data }) => heard.push(data);</script>';
    const beside = sites.page(host, '/beside', ear);
    const more = `<iframe title="beside" src="${beside}"></iframe>`;
    await tab.goto(framingPage(sites, hosts.wiki, '/', server.bridge('wiki'), { more }));
    await bridgeReady(tab.mainFrame());
    const other = await frameAt(tab, beside);

    await other.evaluate((target) => {
      for (const message of ['hi', 'signoff', { type: 'vestibule.session.request', id: 'stolen', mint: true }]) {
        window.parent.frames[0]?.postMessage(message, target);
      }
    }, accounts);

    const said = await heardInSilence(tab.mainFrame());
    assert.deepEqual(said.map(({ data }) => data.type), ['vestibule.bridge.ready'], host);
    assert.deepEqual(await other.evaluate(() => /** @type {any} */ (window).heard), [], host);
    assert.equal((await ask(tab.mainFrame(), accounts)).hasSession, true, 'signoff was not obeyed');
  }
});

test('an answer that comes late does not reach the page that has taken the place of the asking one', async (t) => {
  const { sites, server, accounts } = family;
  const tab = await signedInTab(t);
  const evil = framingPage(sites, hosts.evil, '/', sites.page(hosts.evil, '/empty', ''));
  /** @type {() => void} */
  let release = () => {};
  const released = new Promise((resolve) => { release = () => resolve(undefined); });
  let held = 0;
  await tab.route('**/bridge/payload', async (route) => {
    held += 1;
    await released;
    await route.continue().catch(() => {}); // the frame that asked may be gone
  });
  await tab.goto(framingPage(sites, hosts.wiki, '/', server.bridge('wiki')));
  await bridgeReady(tab.mainFrame());
  await say(tab.mainFrame(), { type: 'vestibule.session.request', id: 'late', mint: true }, accounts);
  await until('the bridge to ask its server', () => held > 0);

  await tab.goto(evil);
  release();

  assert.deepEqual(await heardInSilence(tab.mainFrame()), []);
});

test('the script of the bridge never posts to any origin', async (t) => {
  const { sites, server } = family;
  const tab = await (await browserFor(t)).tab();
  await tab.goto(framingPage(sites, hosts.wiki, '/', server.bridge('wiki')));
  const bridge = await frameAt(tab, server.bridge('wiki'));
  const sources = await bridge.evaluate(() => [...document.scripts].map(({ src }) => src));
  assert.equal(sources.length, 1);
  for (const source of sources) {
    const script = await (await fetch(source.replace(server.issuer, server.internal))).text();
    assert.match(script, /postMessage\(/);
    assert.doesNotMatch(script, /postMessage\([^;]*['"`]\*['"`]/);
  }
});

test('a bridge with an ancestor that is neither an origin nor an embedder is refused', async (t) => {
  const { sites, server } = family;
  const tab = await signedInTab(t);
  const wiki = framingPage(sites, hosts.wiki, '/inner', server.bridge('wiki'));
  const notes = framingPage(sites, hosts.notes, '/inner', server.bridge('notes'));
  /** @type {[string, string][]} */
  const chains = [[hosts.specs, wiki], [hosts.evil, wiki], [hosts.evil, notes], [hosts.stranger, notes]];
  for (const [top, inner] of chains) {
    await tab.goto(framingPage(sites, top, '/', inner));
    const asking = await frameAt(tab, inner);
    await refusedFrame(asking);
    assert.deepEqual(await heardInSilence(asking), [], `${inner} in ${top}`);
  }
  for (const host of [hosts.evil, hosts.stranger]) {
    await tab.goto(framingPage(sites, host, '/', server.bridge('wiki')));
    await refusedFrame(tab.mainFrame());
    assert.deepEqual(await heardInSilence(tab.mainFrame()), [], host);
  }
});

test('a registered embedder may stand above: a sibling is served, another site has its storage blocked', async (t) => {
  const { sites, server, accounts } = family;
  const tab = await signedInTab(t);
  const notes = framingPage(sites, hosts.notes, '/', server.bridge('notes'));

  await tab.goto(framingPage(sites, hosts.wiki, '/', notes));
  assert.match((await ask(await frameAt(tab, notes), accounts)).recoveryPayload, PAYLOAD);

  await tab.goto(framingPage(sites, hosts.specs, '/', notes));
  assert.equal((await ask(await frameAt(tab, notes), accounts)).error, 'storage_blocked');
});

test('an embedder that frames the bridge itself gets silence', async (t) => {
  const { sites, server, accounts } = family;
  const tab = await signedInTab(t);
  for (const host of [hosts.wiki, hosts.specs]) {
    await tab.goto(framingPage(sites, host, '/', server.bridge('notes')));
    await (await frameAt(tab, server.bridge('notes'))).waitForLoadState(); // what it could hear is heard from then on
    for (const message of ['hi', 'ping', 'signoff', { type: 'vestibule.session.request', id: 'direct', mint: true }]) {
      await say(tab.mainFrame(), message, accounts);
    }
    assert.deepEqual(await heardInSilence(tab.mainFrame()), [], host);
  }
});
