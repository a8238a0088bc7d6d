/** The SDK and the bridge, both real, with a server of a few lines that keeps the rules of both sides. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { GATHER_MS, start } from '../../../assets/bridge/bridge.js';
import { ACCOUNTS, PAYLOAD, WIKI, clock, fakeWindow, link, reply, sharedStorage } from './support/fakes.js';
import { site } from './support/site.js';

/** One browser: a session at accounts, shared storage, and any number of sites with bridges. */
function browser() {
  const storage = sharedStorage();
  const accounts = { signedIn: false, asked: 0 };
  const mark = () => (accounts.signedIn ? 'm1' : '');
  const server = async (/** @type {string} */ path, /** @type {any} */ init) => {
    const { mint, origin } = JSON.parse(init.body);
    assert.equal(origin, WIKI);
    if (path === '/bridge/signout') {
      accounts.signedIn = false;
      return reply(204);
    }
    accounts.asked += 1;
    return accounts.signedIn
      ? reply(200, { hasSession: true, recoveryPayload: mint ? PAYLOAD : null, expiresIn: 60, mark: mark() })
      : reply(200, { hasSession: false, recoveryPayload: null, error: 'login_required', mark: '' });
  };
  const open = () => site({ bridge: (frame) => {
    const dataset = { bridge: '', clientId: 'wiki', origins: JSON.stringify([WIKI]), mark: mark() };
    const window = fakeWindow(frame.element.src, { fetch: server, storage, dataset });
    // The frame's own window was only a placeholder: what the page posts is passed on as a browser would.
    const outer = fakeWindow(`${WIKI}/page`);
    const { outerSeen, innerSeen } = link(outer, window);
    window.parent = outerSeen;
    outer.addEventListener('message', (/** @type {any} */ event) => frame.say(event.data));
    frame.hear((/** @type {unknown} */ data) => innerSeen.postMessage(data, ACCOUNTS));
    start(window);
  } });
  return { accounts, open };
}

test('one signs in once and is known in every tab; one signs out once and is known in none', async (t) => {
  const time = clock(t);
  const { accounts, open } = browser();
  const first = open();
  assert.equal((await first.session.resume()).reason, 'login_required');

  accounts.signedIn = true;
  const second = open();
  assert.equal((await second.session.resume()).reason, 'resumed');
  await time.pass(GATHER_MS);
  assert.deepEqual(first.changes().map(({ reason }) => reason), ['resumed'], 'heard through the bridges');

  assert.equal((await second.session.signOut()).reason, 'closed');
  await time.pass(GATHER_MS);
  assert.deepEqual(first.changes().map(({ reason }) => reason), ['resumed', 'closed']);
  assert.equal(first.backend.hasSession, false);

  const before = accounts.asked;
  for (let round = 0; round < 20; round += 1) await time.pass(GATHER_MS);
  assert.equal(accounts.asked, before, 'then it is quiet: nothing polls');
});
