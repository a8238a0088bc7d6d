import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { arrive, goBack } from '../support/chromium.js';
import { alice, isMarked, knows, knowsNobody, markPage, sidebar, startDemo } from '../support/demo.js';
import { browserFor } from '../support/family.js';
import {
  fillSignIn, fillSignUp, isSignedIn, pressGuarded, sessionSecret, signIn, signOut,
} from '../support/people.js';
import { allowIfAsked, asksForPerson, openWindow, writeNote } from '../support/notes_widget.js';

/** @type {import('../support/demo.js').Demo} */
let demo;
before(async () => { demo = await startDemo(); });
after(() => demo?.stop());

const carol = {
  username: 'carol', email: 'carol@example.org', fullName: 'Carol Sample', password: 'seven-lamps-by-the-door',
};

test('one signs up once, every site knows it, and a sign-out on one reaches them all', async (t) => {
  const chromium = await browserFor(t);
  const wiki = await chromium.tab();
  await wiki.goto(`${demo.wiki}/page/things-to-try`);
  await knowsNobody(wiki);

  await wiki.getByRole('link', { name: 'Sign in' }).click();
  await wiki.getByRole('link', { name: 'Create an account' }).click();
  await fillSignUp(wiki, carol);
  await arrive(wiki, /\/page\/things-to-try$/);
  await knows(wiki, carol.fullName);
  await knows(sidebar(wiki), carol.fullName);
  await markPage(wiki);

  const notes = await chromium.tab();
  await notes.goto(demo.notes);
  await knows(notes, carol.fullName);
  await notes.getByRole('link', { name: 'Sign out' }).click();
  await knowsNobody(notes);

  await knowsNobody(wiki);
  await knowsNobody(sidebar(wiki));
  assert.ok(await isMarked(wiki), 'the wiki followed without being loaded again');
  assert.equal(await isSignedIn(chromium, demo.accounts), false);
  assert.ok(!demo.output().includes(carol.password));
});

test('whoever is signed in at accounts is known everywhere without a click', async (t) => {
  const chromium = await browserFor(t);
  const tab = await chromium.tab();
  await signIn(tab, demo.accounts, alice);
  await tab.goto(demo.wiki);
  await knows(tab, alice.fullName);
  await knows(sidebar(tab), alice.fullName);
  await tab.goto(demo.notes);
  await knows(tab, alice.fullName);
  assert.ok(!demo.output().includes(await sessionSecret(chromium)));
});

test('a stranger reads the wiki, and is led to sign-in and back for writing', async (t) => {
  const tab = await (await browserFor(t)).tab();
  await tab.goto(demo.wiki);
  await tab.getByText('Everybody may read this wiki').waitFor();
  assert.equal(await tab.getByRole('link', { name: 'Edit', exact: true }).isVisible(), false);

  await tab.goto(`${demo.wiki}/new`);
  await tab.getByRole('link', { name: 'Sign in' }).first().click();
  await fillSignIn(tab, alice);
  await arrive(tab, /\/new$/);
  await tab.getByLabel('Title').fill('Written by a test');
  await tab.getByLabel('Text').fill('Hello, [[Front page]].');
  await tab.getByRole('button', { name: 'Save the page' }).click();

  await arrive(tab, /\/page\/written-by-a-test$/);
  await tab.getByRole('heading', { name: 'Written by a test' }).waitFor();
});

test('tabs follow one another: sign-in, sign-out at accounts, sign-out in the widget', async (t) => {
  const chromium = await browserFor(t);
  const [first, second, accounts] = [await chromium.tab(), await chromium.tab(), await chromium.tab()];
  for (const tab of [first, second]) {
    await tab.goto(demo.wiki);
    await knowsNobody(tab);
    await knowsNobody(sidebar(tab));
    await markPage(tab);
  }
  /** @param {boolean} signedIn */
  const bothFollow = async (signedIn) => {
    for (const tab of [first, second]) {
      for (const scope of [tab, sidebar(tab)]) await (signedIn ? knows(scope, alice.fullName) : knowsNobody(scope));
      assert.ok(await isMarked(tab));
    }
  };

  await signIn(accounts, demo.accounts, alice);
  await bothFollow(true);
  await signOut(accounts, demo.accounts);
  await bothFollow(false);
  await signIn(accounts, demo.accounts, alice);
  await bothFollow(true);
  await sidebar(second).getByRole('button', { name: 'Sign out' }).click();
  await bothFollow(false);
  assert.equal(await isSignedIn(chromium, demo.accounts), false);
});

test('going back to the wiki after a sign-out elsewhere shows nobody', async (t) => {
  const chromium = await browserFor(t);
  const [tab, other] = [await chromium.tab(), await chromium.tab()];
  await signIn(tab, demo.accounts, alice);
  await tab.goto(`${demo.wiki}/page/front-page`);
  await knows(tab, alice.fullName);
  await tab.goto(`${demo.wiki}/pages`);
  await knows(tab, alice.fullName);

  await signOut(other, demo.accounts);
  await goBack(tab, /\/page\/front-page$/);

  await knowsNobody(tab);
});

test('the widget signs in by taking the place of the wiki, and comes back to it', async (t) => {
  const tab = await (await browserFor(t)).tab();
  await tab.goto(`${demo.wiki}/page/how-it-knows-you`);
  await knowsNobody(sidebar(tab));
  await sidebar(tab).locator('a[target=_top]', { hasText: 'Sign in' }).click();

  await fillSignIn(tab, alice);

  await arrive(tab, /\/page\/how-it-knows-you$/);
  await knows(tab, alice.fullName);
  await knows(sidebar(tab), alice.fullName);
});

test('a note that was written beside the wiki is there for everybody', async (t) => {
  const tab = await (await browserFor(t)).tab();
  await signIn(tab, demo.accounts, alice);
  await tab.goto(demo.wiki);
  await knows(sidebar(tab), alice.fullName);
  await writeNote(tab, 'A note about <b>beginnings</b>');

  const stranger = await (await browserFor(t)).tab();
  await stranger.goto(demo.wiki);
  await sidebar(stranger).getByText('A note about <b>beginnings</b>').waitFor();
});

test('on another site the same notes sign people in without leaving the page, and show what was written', async (t) => {
  const chromium = await browserFor(t, 'blocked');
  const tab = await chromium.tab();
  await tab.goto(demo.specs);
  await tab.locator('[data-verdict]', { hasText: 'storage_blocked' }).waitFor();
  await asksForPerson(tab);

  const popup = await openWindow(tab);
  await fillSignIn(popup, alice);
  await allowIfAsked(popup);
  await knows(sidebar(tab), alice.fullName);
  await writeNote(tab, 'Seen from afar');

  await tab.goto(demo.notes);
  await knows(tab, alice.fullName);
  await tab.getByRole('link', { name: 'Show your notes' }).click();
  await tab.getByText('Seen from afar').waitFor();
});

test('a site of another organisation is agreed to once, and the next sign-in leads straight back', async (t) => {
  const tab = await (await browserFor(t)).tab();
  await tab.goto(demo.specs);
  await tab.getByRole('banner').getByRole('link', { name: 'Sign in' }).click();
  await fillSignIn(tab, alice);
  await pressGuarded(tab.getByRole('button', { name: 'Allow' }));
  await arrive(tab, new RegExp(`^${demo.specs}/`));

  await signOut(tab, demo.accounts);
  await tab.goto(demo.specs);
  await tab.getByRole('banner').getByRole('link', { name: 'Sign in' }).click();
  await tab.getByText('Specs').first().waitFor();
  await fillSignIn(tab, alice);
  await arrive(tab, new RegExp(`^${demo.specs}/`));
});

test('without script the sites can be read, and sign-in leads back to them', async (t) => {
  const tab = await (await browserFor(t)).tabWithoutScript();
  await tab.goto(`${demo.wiki}/page/things-to-try`);
  await tab.getByText('Open the wiki in a second tab').waitFor();
  await tab.getByRole('link', { name: 'Sign in' }).first().click();
  await fillSignIn(tab, alice);
  await arrive(tab, /\/page\/things-to-try$/);
});
