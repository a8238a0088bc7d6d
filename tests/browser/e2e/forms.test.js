import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { browserFor, hosts, startFamily } from '../support/family.js';
import { fillSignIn, fillSignUp, pressGuarded, signIn } from '../support/people.js';
import { sentForms } from '../support/requests.js';
import { bob } from '../support/server.js';

/** @type {import('../support/family.js').Family} */
let family;
before(async () => { family = await startFamily(); });
after(() => family?.stop());

/**
 * Somebody new for each test: they all share one server.
 * @param {string} username
 * @returns {import('../support/server.js').Person}
 */
const somebody = (username) => ({
  username, email: `${username}@example.org`, fullName: 'Carol Sample', password: 'seven-lamps-by-the-door',
});

/** The account page, with or without news. @param {URL} url */
const accountPage = (url) => url.origin === family.accounts && url.pathname === '/account';

/**
 * Everything a person does with forms, from the first to the last.
 * @param {import('playwright-core').Page} tab
 * @param {import('../support/server.js').Person} person
 */
async function wholeLife(tab, person) {
  const { accounts } = family;
  await tab.goto(`${accounts}/signup`);
  await fillSignUp(tab, person);
  await tab.waitForURL(`${accounts}/account`);

  await tab.goto(`${accounts}/account/profile`);
  await tab.getByLabel('Full name').fill('Carol Renamed');
  await tab.getByRole('button', { name: 'Save' }).click();
  await tab.waitForURL(accountPage);
  await tab.getByRole('heading', { name: 'Carol Renamed' }).waitFor();

  const password = 'nine-bridges-in-a-row';
  await tab.goto(`${accounts}/account/password`);
  await tab.getByLabel('Password now', { exact: true }).fill(person.password);
  await tab.getByLabel('New password', { exact: true }).fill(password);
  await tab.getByRole('button', { name: 'Change password' }).click();
  await tab.waitForURL(accountPage);

  await tab.goto(`${accounts}/consent?client_id=guest`);
  await pressGuarded(tab.getByRole('button', { name: 'Allow' }));
  await tab.getByRole('heading', { name: 'Guest knows you now' }).waitFor();

  await tab.goto(`${accounts}/signout`);
  await tab.getByRole('button', { name: 'Sign out' }).click();
  await tab.waitForURL((url) => url.pathname !== '/signout');

  await tab.goto(`${accounts}/signin`);
  await fillSignIn(tab, { username: person.email, password });
  await tab.waitForURL(`${accounts}/account`);
}

const PATHS = ['/signup', '/account/profile', '/account/password', '/consent', '/signout', '/signin'];

for (const { name, username, script } of [
  { name: 'with script', username: 'carol', script: true },
  { name: 'without script', username: 'dave', script: false },
]) {
  test(`every form of ours works ${name}, and says truly where it comes from`, async (t) => {
    const chromium = await browserFor(t);
    const tab = await (script ? chromium.tab() : chromium.tabWithoutScript());
    const forms = sentForms(tab);

    await wholeLife(tab, somebody(username));

    const sent = await forms();
    assert.deepEqual(sent.map(({ path }) => path), PATHS);
    for (const { path, status, origin, site } of sent) {
      assert.deepEqual([origin, site], [family.accounts, 'same-origin'], path);
      if (path !== '/consent') assert.equal(status, 303, path);
    }
  });
}

test('wrong input comes back with what was typed, never the password, and the focus on what is wrong', async (t) => {
  const { accounts } = family;
  const tab = await (await browserFor(t)).tab();
  await tab.goto(`${accounts}/signup`);
  await fillSignUp(tab, { ...somebody('erin'), password: 'password' });

  await tab.getByRole('alert').waitFor();

  assert.equal(await tab.getByLabel('Full name').inputValue(), 'Carol Sample');
  assert.equal(await tab.getByLabel('Username').inputValue(), 'erin');
  assert.equal(await tab.getByLabel('E-mail').inputValue(), 'erin@example.org');
  const password = tab.getByLabel('Password', { exact: true });
  assert.equal(await password.inputValue(), '');
  assert.equal(await password.getAttribute('aria-invalid'), 'true');
  const described = (await password.getAttribute('aria-describedby')) ?? '';
  assert.ok(described.split(' ').includes('password-error'));
  assert.ok((await tab.locator('#password-error').innerText()).length > 10);
  await tab.waitForFunction(() => document.activeElement?.getAttribute('role') === 'alert');
});

test('a session of another browser is ended from the account page', async (t) => {
  const { accounts } = family;
  const here = await browserFor(t);
  const there = await browserFor(t);
  const [mine, other] = [await here.tab(), await there.tab()];
  await signIn(mine, accounts, bob);
  await signIn(other, accounts, bob);

  await mine.goto(`${accounts}/account`);
  await mine.getByRole('button', { name: 'Sign out all other sessions' }).click();
  await mine.getByRole('status').waitFor();

  await other.goto(`${accounts}/account`);
  assert.equal(new URL(other.url()).pathname, '/signin');
  await mine.goto(`${accounts}/account`);
  assert.equal(new URL(mine.url()).pathname, '/account');
});

test('the person is brought back to the site that sent them', async (t) => {
  const { sites, accounts } = family;
  const back = sites.page(hosts.wiki, '/sso/return', '<h1>back</h1>');
  const tab = await (await browserFor(t)).tab();

  await tab.goto(`${accounts}/signin?next=${encodeURIComponent(back)}`);
  await tab.getByText('to go on to Wiki').waitFor();
  await fillSignIn(tab, bob);

  await tab.waitForURL(back);
  await tab.getByRole('heading', { name: 'back' }).waitFor();
});
