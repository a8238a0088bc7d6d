// A person proves who they are, at a real provider, by each way in which it and the page may be set up.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { signIn } from '../../browser/support/people.js';
import { sharedChromium } from '../../browser/support/shared.js';
import { closesItself, goOn, holdFailed, holdSucceeded, openPage, proveAt } from './support/page.js';
import { NEVER, alice, bob, hosts, startSetting } from './support/setting.js';

const browserFor = sharedChromium();
/** @type {import('./support/setting.js').Setting} */
let setting;
/** @type {import('./support/setting.js').Registration[]} */
const registrations = [
  { id: 'bank', bank: 'bank', by: 'client_secret_basic', alg: 'ES256' },
  { id: 'keyed', bank: 'bank', by: 'private_key_jwt', alg: 'RS256' },
];
before(async () => { setting = await startSetting({ registrations }); });
after(() => setting?.stop());

/**
 * Which registration, where the page is, whether it asks for the cookie, what the browser does with that, and how the
 * window is known then.
 * @type {{ provider: string, host: 'shop' | 'market', cookie: boolean, cookies: 'blocked' | 'allowed', byCookie: boolean }[]}
 */
const WAYS = [
  { provider: 'bank', host: 'shop', cookie: true, cookies: 'blocked', byCookie: true },
  { provider: 'bank', host: 'market', cookie: true, cookies: 'blocked', byCookie: false },
  { provider: 'bank', host: 'shop', cookie: false, cookies: 'allowed', byCookie: false },
  { provider: 'bank', host: 'market', cookie: true, cookies: 'allowed', byCookie: true },
  { provider: 'keyed', host: 'shop', cookie: true, cookies: 'allowed', byCookie: true },
];
for (const { provider, host, cookie, cookies, byCookie } of WAYS) {
  const asks = cookie ? 'asks for the cookie' : 'does not ask for the cookie';
  test(`${provider}: a page on ${host} ${asks}, third-party cookies are ${cookies}`, async (t) => {
    const chromium = await browserFor(t, cookies);
    await signIn(await chromium.tab(), setting.accounts, alice);
    const before = await setting.stamp(alice);
    const page = await openPage(setting, chromium, alice, { host: hosts[host], cookie, provider });

    const popup = await page.prove();
    const { start_uri: uri } = await page.waits();
    assert.equal(new URL(uri).searchParams.has('monitor'), !byCookie);
    if (!byCookie) await goOn(popup);
    await proveAt(popup, setting.bank);

    const at = holdSucceeded(await page.ended(), provider);
    await closesItself(popup);
    assert.ok(at > (before.identified_at ?? 0));
    const told = { identified_at: at, provider, level: 'substantial' };
    assert.deepEqual(await setting.stamp(alice, at - 1), { ...told, later: true });
    assert.deepEqual(await setting.stamp(alice, at), { ...told, later: false });
  });
}

test('whoever ordered after the last proof has to prove it again', async (t) => {
  const chromium = await browserFor(t);
  await signIn(await chromium.tab(), setting.accounts, alice);
  const page = await openPage(setting, chromium, alice, { provider: 'bank' });
  await proveAt(await page.prove(), setting.bank);
  const first = holdSucceeded(await page.ended());
  const order = Math.max(Date.now(), first);
  assert.equal((await setting.stamp(alice, order)).later, false);

  const again = await openPage(setting, chromium, alice, { provider: 'bank' });
  await again.prove(); // the bank still knows its customer
  const second = holdSucceeded(await again.ended());

  assert.deepEqual(await setting.stamp(alice, order), {
    identified_at: second, provider: 'bank', level: 'substantial', later: true,
  });
});

test('an identity that one account has is not given to another', async (t) => {
  const chromium = await browserFor(t);
  await signIn(await chromium.tab(), setting.accounts, bob);
  const page = await openPage(setting, chromium, bob, { provider: 'bank' });
  const popup = await page.prove();
  await proveAt(popup, setting.bank);
  const where = { page, popup, person: bob, before: NEVER };
  await holdFailed(setting, where, 'conflict', 'Another account has this identity');
});
