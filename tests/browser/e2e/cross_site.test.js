import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { browserFor, hosts, startFamily } from '../support/family.js';
import { ask, frameAt, framingPage } from '../support/framing.js';
import { signIn, signOut } from '../support/people.js';
import { bob } from '../support/server.js';

/** @type {import('../support/family.js').Family} */
let family;
before(async () => { family = await startFamily(); });
after(() => family?.stop());

/** A client of another site, and a sibling in a page of another site: neither is same-site with accounts. */
function crossSitePages() {
  const { sites, server } = family;
  const annotator = framingPage(sites, hosts.annotator, '/', server.bridge('annotator'));
  const notes = framingPage(sites, hosts.notes, '/', server.bridge('notes'));
  const specs = framingPage(sites, hosts.specs, '/', notes);
  return [{ page: annotator, asking: annotator }, { page: specs, asking: notes }];
}

test('with third-party cookies blocked a cross-site bridge answers storage_blocked, signed in or not', async (t) => {
  const { accounts } = family;
  const tab = await (await browserFor(t, 'blocked')).tab();
  for (const signedIn of [false, true]) {
    if (signedIn) await signIn(tab, accounts, bob);
    for (const { page, asking } of crossSitePages()) {
      await tab.goto(page);
      const answer = await ask(await frameAt(tab, asking), accounts);
      assert.deepEqual([answer.hasSession, answer.error], [false, 'storage_blocked'], page);
    }
  }
});

test('with third-party cookies allowed the second cookie speaks for the session, as long as it lives', async (t) => {
  const { accounts } = family;
  const chromium = await browserFor(t, 'allowed');
  const tab = await chromium.tab();
  /** @param {(answer: any, page: string) => void} check */
  const everywhere = async (check) => {
    for (const { page, asking } of crossSitePages()) {
      await tab.goto(page);
      check(await ask(await frameAt(tab, asking), accounts), page);
    }
  };
  await everywhere((answer, page) => assert.equal(answer.error, 'login_required', page));

  await signIn(tab, accounts, bob);
  await everywhere((answer, page) => assert.match(answer.recoveryPayload, /^[0-9a-f]{64}$/, page));

  await signOut(tab, accounts);
  await everywhere((answer, page) => assert.equal(answer.error, 'login_required', page));
});

test('the second cookie opens nothing but the bridge', async (t) => {
  const { accounts } = family;
  const chromium = await browserFor(t, 'allowed');
  const tab = await chromium.tab();
  await signIn(tab, accounts, bob);
  await chromium.context.clearCookies({ name: '__Host-session' });
  const left = (await chromium.cookies()).map(({ name }) => name).filter((name) => name.startsWith('__Host-session'));
  assert.deepEqual(left, ['__Host-session-none']);

  await tab.goto(`${accounts}/account`);

  assert.equal(new URL(tab.url()).pathname, '/signin');
});
