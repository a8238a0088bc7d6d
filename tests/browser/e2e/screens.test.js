import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { browserFor, hosts, startFamily } from '../support/family.js';
import { beginFlow } from '../support/flows.js';
import { ask, takeBack, wait, wrongNumber } from '../support/asking.js';
import { fillSignIn, fillSignUp, pressGuarded, signIn } from '../support/people.js';
import { inspect } from '../support/screens.js';
import { bob } from '../support/server.js';
import { until } from '../support/until.js';
import { confirmNumber } from '../support/widget.js';

/** @typedef {import('playwright-core').Page} Page */

/** @type {import('../support/family.js').Family} */
let family;
before(async () => { family = await startFamily(); });
after(() => family?.stop());

/** @param {Page} tab @param {string} path */
const open = (tab, path) => tab.goto(family.accounts + path);

/** Pages for everybody. @type {Record<string, (tab: Page) => Promise<unknown>>} */
const STRANGERS = {
  signin: (tab) => open(tab, '/signin'),
  'signin-wrong': async (tab) => {
    await open(tab, '/signin');
    await fillSignIn(tab, { username: bob.username, password: 'not-the-password' });
    await tab.getByRole('alert').waitFor();
  },
  signup: (tab) => open(tab, '/signup'),
  'signup-wrong': async (tab) => {
    await open(tab, '/signup');
    await fillSignUp(tab, { ...bob, username: 'no spaces please', password: 'password' });
    await tab.getByRole('alert').waitFor();
  },
  'signin-operation-failed': async (tab) => {
    const { verificationUri } = await ask(family, bob.username);
    await tab.goto(verificationUri);
    for (let n = 0; n < 5; n += 1) {
      await fillSignIn(tab, { username: 'somebody', password: 'not-the-password' });
      await tab.getByRole('alert').waitFor();
    }
    await tab.getByText('too many wrong passwords').waitFor();
  },
  'not-found': (tab) => open(tab, '/nowhere'),
};

/** Pages of somebody who is signed in, in this order. @type {Record<string, (tab: Page) => Promise<unknown>>} */
const PEOPLE = {
  account: (tab) => open(tab, '/account'),
  profile: (tab) => open(tab, '/account/profile'),
  'profile-wrong': async (tab) => {
    await open(tab, '/account/profile');
    await tab.getByLabel('Username').fill('another-name');
    await tab.getByRole('button', { name: 'Save' }).click();
    await tab.getByRole('alert').waitFor();
  },
  password: (tab) => open(tab, '/account/password'),
  'password-wrong': async (tab) => {
    await open(tab, '/account/password');
    await tab.getByLabel('Password now', { exact: true }).fill('not-the-password');
    await tab.getByLabel('New password', { exact: true }).fill('password');
    await tab.getByRole('button', { name: 'Change password' }).click();
    await tab.getByRole('alert').waitFor();
  },
  'account-notice': async (tab) => {
    await open(tab, '/account/profile');
    await tab.getByLabel('Full name').fill('Bob Sample the Second');
    await tab.getByRole('button', { name: 'Save' }).click();
    await tab.getByRole('status').waitFor();
  },
  consent: async (tab) => {
    await open(tab, '/consent?client_id=guest');
    await tab.locator('button[value=allow]:enabled').waitFor();
  },
  'consent-denied': async (tab) => {
    await open(tab, '/consent?client_id=guest');
    await pressGuarded(tab.getByRole('button', { name: 'Not now' }));
    await tab.getByRole('heading', { name: 'Nothing was passed on' }).waitFor();
  },
  'consent-allowed': async (tab) => {
    await open(tab, '/consent?client_id=guest');
    await pressGuarded(tab.getByRole('button', { name: 'Allow' }));
    await tab.getByRole('heading', { name: 'Guest knows you now' }).waitFor();
  },
  'consent-scopes': async (tab) => {
    const scope = encodeURIComponent('openid profile:email payments https://api.example.org/orders#read');
    await open(tab, `/consent?client_id=market&scope=${scope}`);
    await tab.locator('button[value=allow]:enabled').waitFor();
  },
  'consent-again': async (tab) => {
    await open(tab, '/consent?client_id=guest&prompt=consent');
    await tab.locator('button[value=allow]:enabled').waitFor();
  },
  'account-sites': async (tab) => {
    await open(tab, '/consent?client_id=market');
    await pressGuarded(tab.getByRole('button', { name: 'Allow' }));
    await tab.getByRole('heading', { name: 'Market knows you now' }).waitFor();
    await open(tab, '/account');
  },
  'account-site-removed': async (tab) => {
    await tab.getByRole('button', { name: 'Remove access of Market' }).click();
    await tab.getByRole('status').waitFor();
  },
  choose: (tab) => open(tab, `/signin/choose?next=${encodeURIComponent('/consent?client_id=market')}`),
  'signin-again': (tab) => open(tab, `/signin?again=on&login_hint=bob@example.org&next=${encodeURIComponent('/consent?client_id=market')}`),
  'signin-again-wrong': async (tab) => {
    await open(tab, '/signin?again=on');
    await fillSignIn(tab, { username: bob.username, password: 'not-the-password' });
    await tab.getByRole('alert').waitFor();
  },
  check: async (tab) => {
    family.sites.page(hosts.notes, '/widget', '', {
      'content-security-policy': `default-src 'self'; connect-src 'self' ${family.accounts}; frame-ancestors 'self'`,
      'permissions-policy': 'storage-access=()',
      'cross-origin-opener-policy': 'same-origin',
    });
    const widget = encodeURIComponent(`${family.sites.origin(hosts.notes)}/widget`);
    await open(tab, `/bridge/check?client_id=notes&page=${widget}`);
    await tab.getByText('do not work like this').waitFor();
  },
  'check-wrong': async (tab) => {
    await tab.getByLabel('A page to look at').fill('https://elsewhere.example/');
    await tab.getByRole('button', { name: 'Look at it' }).click();
    await tab.getByRole('alert').waitFor();
  },
  signout: (tab) => open(tab, '/signout'),
};

test('pages for everybody look well and have nothing that axe-core finds', async (t) => {
  const tab = await (await browserFor(t)).tab();
  for (const [name, show] of Object.entries(STRANGERS)) {
    await t.test(name, async () => {
      await show(tab);
      assert.deepEqual(await inspect(tab, name), []);
    });
  }
});

test('pages of people look well and have nothing that axe-core finds', async (t) => {
  const elsewhere = await (await browserFor(t)).tab();
  await signIn(elsewhere, family.accounts, bob);
  const tab = await (await browserFor(t)).tab();
  await signIn(tab, family.accounts, bob);
  for (const [name, show] of Object.entries(PEOPLE)) {
    await t.test(name, async () => {
      await show(tab);
      assert.deepEqual(await inspect(tab, name), []);
    });
  }
});

/** A question to bob. @param {Record<string, unknown>} [other] */
const toBob = (other) => ask(family, bob.username, other);

/**
 * Pages about operations, of somebody who is signed in, in this order. No more than five may be pending at a time.
 * @type {Record<string, (tab: Page) => Promise<unknown>>}
 */
const OPERATIONS = {
  'operation-numbers': async (tab) => answerable(tab, await toBob()),
  'operation-picked': async (tab) => {
    await tab.getByRole('radio').nth(2).check();
    await tab.locator('button[value=approve]:enabled').waitFor();
  },
  'operation-without-number': async (tab) => {
    await tab.reload();
    await tab.locator('form').evaluate((form) => { /** @type {HTMLFormElement} */ (form).noValidate = true; });
    await pressGuarded(tab.getByRole('button', { name: 'Approve' }));
    await tab.getByRole('alert').waitFor();
    await tab.locator('button[value=approve]:enabled').waitFor();
  },
  'operation-refused': async (tab) => {
    await pressGuarded(tab.getByRole('button', { name: 'Refuse' }));
    await tab.getByRole('heading', { name: 'You refused this' }).waitFor();
  },
  'operation-wrong-number': async (tab) => {
    const operation = await toBob();
    await answerable(tab, operation);
    await tab.getByLabel(await wrongNumber(tab, operation), { exact: true }).check();
    await pressGuarded(tab.getByRole('button', { name: 'Approve' }));
    await tab.getByRole('heading', { name: 'This has failed' }).waitFor();
  },
  'operation-canceled': async (tab) => {
    const operation = await toBob();
    await takeBack(family, operation);
    await tab.goto(operation.verificationUri);
    await tab.getByRole('heading', { name: 'This is no longer asked' }).waitFor();
  },
  'operation-here': async (tab) => {
    const operation = await toBob();
    await wait(family, await tab.context().newPage(), operation);
    await tab.bringToFront();
    await answerable(tab, operation);
  },
  'operation-confirmed': async (tab) => {
    await pressGuarded(tab.getByRole('button', { name: 'Approve' }));
    await tab.getByRole('heading', { name: 'You approved this' }).waitFor();
  },
  'operation-bare': async (tab) => answerable(tab, await toBob({ title: 'Delete the front page?', lines: [] })),
  'operation-long': async (tab) => {
    const word = 'Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch';
    const lines = [
      { label: word, value: word }, { label: 'To', value: 'DE89370400440532013000'.repeat(12) },
      { label: 'לכבוד', value: 'שלום עולם' }, { label: 'A rather long label for a short value', value: '1' },
    ];
    await answerable(tab, await toBob({ title: `${word} `.repeat(3), lines }));
  },
  'account-waiting': async (tab) => {
    await open(tab, '/account');
    await tab.getByRole('heading', { name: 'Waiting for your answer' }).waitFor();
  },
};

/** A flow of the guest. */
const flow = () => beginFlow(family, 'guest');

/** The window of a flow, of somebody who is signed in, in this order. @type {Record<string, (tab: Page) => Promise<unknown>>} */
const FLOWS = {
  'flow-numbers': async (tab) => {
    await tab.goto((await flow()).flow_uri);
    await tab.locator('button[value=confirm]:enabled').waitFor();
  },
  'flow-without-number': async (tab) => {
    await tab.locator('form').evaluate((form) => { /** @type {HTMLFormElement} */ (form).noValidate = true; });
    await tab.getByRole('button', { name: 'Continue' }).click();
    await tab.getByRole('alert').waitFor();
    await tab.locator('button[value=confirm]:enabled').waitFor();
  },
  'flow-canceled': async (tab) => {
    await tab.getByRole('button', { name: 'Cancel' }).click();
    await tab.getByRole('heading', { name: 'Nobody was signed in' }).waitFor();
  },
  'flow-wrong-number': async (tab) => {
    const begun = await flow();
    await tab.goto(begun.flow_uri);
    const offered = await tab.getByRole('radio').evaluateAll((inputs) => inputs.map((input) => /** @type {HTMLInputElement} */ (input).value));
    await tab.getByLabel(offered.find((other) => other !== begun.number) ?? '', { exact: true }).check();
    await tab.getByRole('button', { name: 'Continue' }).click();
    await tab.getByRole('heading', { name: 'That was another number' }).waitFor();
  },
  'flow-unknown': async (tab) => {
    await open(tab, '/flow/nothing');
    await tab.getByRole('heading', { name: 'This sign-in has ended' }).waitFor();
  },
  'flow-done': async (tab) => {
    // A window that no script has opened stays open.
    const begun = await flow();
    await tab.goto(begun.flow_uri);
    await confirmNumber(tab, begun.number);
    // Bob has agreed to the guest before, when all tests of this file run.
    const [allow, done] = [tab.getByRole('button', { name: 'Allow' }), tab.getByRole('heading', { name: 'You can close this window' })];
    await allow.or(done).waitFor();
    if (await allow.isVisible()) await pressGuarded(allow);
    await done.waitFor();
  },
  'flow-authorized': async (tab) => {
    await tab.goto(tab.url().replace(/\/done$/, ''));
    await tab.getByRole('heading', { name: 'You are signed in at Guest' }).waitFor();
  },
};

test('the windows of flows look well and have nothing that axe-core finds', async (t) => {
  const tab = await (await browserFor(t)).tab();
  await signIn(tab, family.accounts, bob);
  for (const [name, show] of Object.entries(FLOWS)) {
    await t.test(name, async () => {
      await show(tab);
      assert.deepEqual(await inspect(tab, name), []);
    });
  }
});

/** Opens the page and waits for its buttons. @param {Page} tab @param {import('../support/asking.js').Operation} operation */
async function answerable(tab, { verificationUri }) {
  await tab.goto(verificationUri);
  await tab.locator('button[value=approve]:enabled').waitFor();
}

test('pages about operations look well and have nothing that axe-core finds', async (t) => {
  const tab = await (await browserFor(t)).tab();
  await signIn(tab, family.accounts, bob);
  const forgotten = await toBob({ expiresIn: 30 });
  /** @type {typeof OPERATIONS} */
  const late = {
    'operation-expired': () => until('the end of its time', async () => {
      await tab.goto(forgotten.verificationUri);
      return tab.getByRole('heading', { name: 'The time is over' }).isVisible();
    }),
  };
  for (const [name, show] of Object.entries({ ...OPERATIONS, ...late })) {
    await t.test(name, async () => {
      await show(tab);
      assert.deepEqual(await inspect(tab, name), []);
    });
  }
});
