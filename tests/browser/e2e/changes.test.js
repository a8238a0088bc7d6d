import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { goBack, goForward } from '../support/chromium.js';
import { browserFor, hosts, startFamily } from '../support/family.js';
import { ask, askString, framingPage, heard, heardInSilence, say } from '../support/framing.js';
import { isSignedIn, signIn, signOut } from '../support/people.js';
import { bob } from '../support/server.js';
import { until } from '../support/until.js';

/** @type {import('../support/family.js').Family} */
let family;
before(async () => { family = await startFamily(); });
after(() => family?.stop());

/** @param {import('playwright-core').Page} page */
const changesHeard = async (page) => (await heard(page.mainFrame()))
  .filter(({ data }) => data?.type === 'vestibule.session.changed')
  .map(({ data }) => data.hasSession);

/** @param {import('playwright-core').Page} page @param {boolean[]} expected */
async function hears(page, expected) {
  /** @type {boolean[]} */
  let changes = [];
  await until(`the changes ${expected.join(', ')}`, async () => {
    changes = await changesHeard(page);
    return changes.length >= expected.length;
  }, () => `heard ${changes.join(', ')}`);
  assert.deepEqual(changes, expected);
}

test('an open page hears a sign-in and a sign-out in another tab', async (t) => {
  const { sites, server, accounts } = family;
  const chromium = await browserFor(t);
  const [wiki, other] = [await chromium.tab(), await chromium.tab()];
  await wiki.goto(framingPage(sites, hosts.wiki, '/', server.bridge('wiki')));
  assert.equal((await ask(wiki.mainFrame(), accounts)).error, 'login_required');

  await signIn(other, accounts, bob);
  await hears(wiki, [true]);
  await signOut(other, accounts);
  await hears(wiki, [true, false]);
});

test('a sign-out by one site is heard by the other, and ends the session', async (t) => {
  const { sites, server, accounts } = family;
  const chromium = await browserFor(t);
  const [wiki, notes] = [await chromium.tab(), await chromium.tab()];
  await signIn(wiki, accounts, bob);
  await wiki.goto(framingPage(sites, hosts.wiki, '/', server.bridge('wiki')));
  await notes.goto(framingPage(sites, hosts.notes, '/', server.bridge('notes')));
  assert.equal((await ask(wiki.mainFrame(), accounts)).hasSession, true);
  assert.equal((await ask(notes.mainFrame(), accounts)).hasSession, true);

  const answer = await askString(notes.mainFrame(), accounts, 'signoff');

  assert.deepEqual([answer.hasSession, answer.error], [false, undefined]);
  await hears(wiki, [false]);
  assert.equal(await isSignedIn(chromium, accounts), false);
});

test('a site that is not first-party can sign nobody off, and without consent hears no change', async (t) => {
  const { sites, server, accounts } = family;
  const chromium = await browserFor(t);
  const [guest, other] = [await chromium.tab(), await chromium.tab()];
  await signIn(other, accounts, bob);
  await guest.goto(framingPage(sites, hosts.guest, '/', server.bridge('guest')));
  assert.equal((await ask(guest.mainFrame(), accounts)).error, 'consent_required');
  const before = (await heard(guest.mainFrame())).length;

  await say(guest.mainFrame(), 'signoff', accounts);
  assert.equal((await heardInSilence(guest.mainFrame())).length, before);
  assert.ok(await isSignedIn(chromium, accounts));

  await signOut(other, accounts);
  await signIn(other, accounts, bob);
  await heardInSilence(guest.mainFrame());
  assert.ok(!(await changesHeard(guest)).includes(true));
});

test('a page that is gone back to learns of the sign-out it has missed', async (t) => {
  const { sites, server, accounts } = family;
  const chromium = await browserFor(t);
  const [tab, other] = [await chromium.tab(), await chromium.tab()];
  await signIn(tab, accounts, bob);
  const wiki = framingPage(sites, hosts.wiki, '/', server.bridge('wiki'));
  await tab.goto(wiki);
  assert.equal((await ask(tab.mainFrame(), accounts)).hasSession, true);
  await tab.goto(sites.page(hosts.wiki, '/elsewhere', ''));

  await signOut(other, accounts);
  await goBack(tab, /wiki\.vestibule\.localhost:\d+\/$/);

  // Out of the back/forward cache it is told; loaded anew it asks, as every page does.
  const restored = (await heard(tab.mainFrame())).some(({ data }) => data?.hasSession === true);
  if (restored) await hears(tab, [false]);
  assert.equal((await ask(tab.mainFrame(), accounts)).error, 'login_required');
});

test('after a sign-out neither back nor forward shows a page of the account again', async (t) => {
  const { sites, accounts } = family;
  const chromium = await browserFor(t);
  const [tab, other] = [await chromium.tab(), await chromium.tab()];
  const elsewhere = sites.page(hosts.wiki, '/elsewhere', '');
  await signIn(tab, accounts, bob);
  await tab.goto(elsewhere);
  await tab.goto(`${accounts}/account/profile`);
  await goBack(tab, /elsewhere$/);

  await signOut(other, accounts);

  await goForward(tab, /\/signin/);
  assert.ok(!(await tab.content()).includes(bob.email));
  await goBack(tab, /elsewhere$/);
  await goBack(tab, /\/signin/);
  assert.ok(!(await tab.content()).includes(bob.email));
});

test('a sign-in as somebody else is a change of person for an open page', async (t) => {
  const { sites, server, accounts } = family;
  const chromium = await browserFor(t);
  const [wiki, other] = [await chromium.tab(), await chromium.tab()];
  await signIn(other, accounts, bob);
  await wiki.goto(framingPage(sites, hosts.wiki, '/', server.bridge('wiki')));
  assert.equal((await ask(wiki.mainFrame(), accounts)).hasSession, true);

  await signOut(other, accounts);
  await hears(wiki, [false]);
  await other.goto(`${accounts}/signup`);
  await other.getByLabel('Full name').fill('Alice Sample');
  await other.getByLabel('Username').fill('alice');
  await other.getByLabel('E-mail').fill('alice@example.org');
  await other.getByLabel('Password', { exact: true }).fill('looking-glass-1871');
  await other.getByRole('button', { name: 'Create account' }).click();
  await other.waitForURL(`${accounts}/account`);

  await hears(wiki, [false, true]);
  assert.equal((await askString(wiki.mainFrame(), accounts, `ping:${bob.username}`)).sameUser, false);
});
