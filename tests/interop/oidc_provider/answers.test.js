// The answer on its way back through the browser: another one's, another browser's, another provider's, or used before.
import assert from 'node:assert/strict';
import test, { after, afterEach, before } from 'node:test';
import { openChromium } from '../../browser/support/chromium.js';
import { signIn } from '../../browser/support/people.js';
import { answersInstead, comesBack, holdsBack, withOther } from './support/lies.js';
import { holdFailed, holdSucceeded, openPage, proveAt, says } from './support/page.js';
import { alice } from './support/setting.js';
import { startSignedIn } from './support/signed_in.js';

const UNREACHABLE = 'The provider did not answer as it should';
const STRANGE = 'Nothing was begun here that this belongs to';
/** @type {import('./support/signed_in.js').SignedIn} */
let world;
/** @type {import('./support/setting.js').Setting} */
let setting;
/** Another browser, in which alice is signed in too. @type {import('../../browser/support/chromium.js').Chromium} */
let elsewhere;
before(async () => {
  world = await startSignedIn({ registrations: [{ id: 'bank', bank: 'bank' }, { id: 'post', bank: 'post' }] });
  setting = world.setting;
  elsewhere = await openChromium();
  await signIn(await elsewhere.tab(), setting.accounts, alice);
});
afterEach(() => {
  setting.bank.honest();
  setting.post.honest();
});
after(async () => {
  await elsewhere?.close();
  await world?.stop();
});

/**
 * Opens an address in a tab of this browser, or of another; gives the status of the answer.
 * @param {import('node:test').TestContext} t
 * @param {URL} address
 * @param {string} heading that the page has
 */
async function opens(t, address, heading, chromium = world.chromium) {
  const tab = await chromium.tab();
  t.after(() => tab.close());
  const answer = await tab.goto(address.href);
  await says(tab, heading);
  return answer?.status();
}

/** @type {[string, Record<string, string | undefined>][]} */
const CHANGES = [
  ['of another issuer', { iss: 'http://post.other.localhost' }],
  ['of nobody', { iss: undefined }],
  ['that is a code and an error at once', { error: 'access_denied' }],
  ['with a code that the bank never gave', { code: 'c0de' }],
];
for (const [name, changes] of CHANGES) {
  test(`an answer ${name} proves nothing`, async (t) => {
    answersInstead(setting.bank, setting.accounts, (answer) => withOther(answer, changes));
    await holdFailed(setting, await world.underWay(t), 'provider_unreachable', UNREACHABLE);
  });
}

test('the codes of two windows cannot be swapped: each belongs to its own request', async (t) => {
  const next = holdsBack(setting.bank, setting.accounts);
  const one = await world.underWay(t);
  const first = await next();
  const other = await world.underWay(t);
  const second = await next();
  const codes = [first, second].map((answer) => answer.searchParams.get('code') ?? '');
  assert.notEqual(codes[0], codes[1]);

  await comesBack(one.popup, withOther(first, { code: codes[1] }));
  await comesBack(other.popup, withOther(second, { code: codes[0] }));

  await holdFailed(setting, one, 'provider_unreachable', UNREACHABLE);
  await holdFailed(setting, other, 'provider_unreachable', UNREACHABLE);
  assert.deepEqual(setting.bank.refused, Array(2).fill('code_verifier does not match code_challenge'));
});

test('nor can the code of another customer, who signed in in another browser', async (t) => {
  const next = holdsBack(setting.bank, setting.accounts);
  const page = await openPage(setting, elsewhere, alice);
  const popup = await page.prove();
  t.after(() => Promise.all([popup.close(), page.tab.close()]));
  await popup.locator('button:enabled', { hasText: 'The bank' }).click();
  await proveAt(popup, setting.bank, 'customer-1');
  const theirs = (await next()).searchParams.get('code') ?? '';
  const own = await world.underWay(t);

  await comesBack(own.popup, withOther(await next(), { code: theirs }));

  await holdFailed(setting, own, 'provider_unreachable', UNREACHABLE);
  assert.deepEqual(setting.bank.refused, ['code_verifier does not match code_challenge']);
});

test('an answer is good in the browser that was sent there, once, and nowhere else', async (t) => {
  const next = holdsBack(setting.bank, setting.accounts);
  const { page, popup } = await world.underWay(t);
  const answer = await next();
  assert.equal(await opens(t, answer, STRANGE, elsewhere), 400, 'though the same person is signed in there');
  assert.equal((await page.outcome()).state, 'waiting');

  await comesBack(popup, answer);

  const at = holdSucceeded(await page.ended());
  assert.equal(await opens(t, answer, STRANGE), 400, 'a second time');
  assert.equal(await opens(t, new URL((await page.waits()).start_uri), 'This has ended'), 410, 'from the start');
  assert.equal((await setting.stamp(alice)).identified_at, at);
});

test('the return address of another provider takes no answer', async (t) => {
  const next = holdsBack(setting.bank, setting.accounts);
  const { page, popup } = await world.underWay(t);
  const answer = await next();
  const address = (/** @type {string} */ id) => new URL(answer.href.replace('/return/bank', `/return/${id}`));
  assert.equal(await opens(t, address('post'), STRANGE), 400);
  const tab = await world.chromium.tab();
  t.after(() => tab.close());
  assert.equal((await tab.goto(address('nobody').href))?.status(), 404);
  assert.equal((await page.outcome()).state, 'waiting');

  await comesBack(popup, answer);
  holdSucceeded(await page.ended());
});

test('a provider that sends the person on to another one gets neither its code nor a proof', async (t) => {
  // RFC 9700 §4.4: whoever runs the post wants the code that the bank gives to the accounts server.
  setting.post.at(/^\/auth/, (context) => {
    const asked = new URL(context.req.url ?? '', setting.post.issuer);
    const redirect = `${setting.accounts}/identification/return/bank`;
    const onwards = withOther(asked, { client_id: 'vestibule-bank', redirect_uri: redirect });
    context.redirect(onwards.href.replace(setting.post.issuer, setting.bank.issuer));
  });
  /** @type {string[]} */
  const swapped = [];
  for (const bank of [setting.bank, setting.post]) {
    bank.at(/^\/token$/, async (_, next) => {
      swapped.push(bank.issuer);
      await next();
    });
  }
  const before = await setting.stamp(alice);
  const { page, popup } = await world.underWay(t, { provider: 'post' });
  await says(popup, STRANGE);
  assert.match(popup.url(), /\/return\/bank\?code=/);
  assert.equal((await page.outcome()).state, 'waiting');
  assert.deepEqual(await setting.stamp(alice), before);
  assert.deepEqual(swapped, []);
});

for (const [name, state] of /** @type {const} */ ([['no state', undefined], ['a state of its own', 'ab'.repeat(32)]])) {
  test(`an answer with ${name} is none`, async (t) => {
    const next = holdsBack(setting.bank, setting.accounts);
    const { page } = await world.underWay(t);
    assert.equal(await opens(t, withOther(await next(), { state }), STRANGE), 400);
    assert.equal((await page.outcome()).state, 'waiting');
  });
}
