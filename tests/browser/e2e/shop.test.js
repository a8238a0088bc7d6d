import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { arrive } from '../support/chromium.js';
import { alice, knows, knowsNobody, startDemo } from '../support/demo.js';
import { browserFor } from '../support/family.js';
import { heardInSilence, refusedFrame } from '../support/framing.js';
import { fillSignIn, fillSignUp, isSignedIn, signIn, signOut } from '../support/people.js';
import {
  approve, asked, buy, buyAs, isPaid, openQuestion, orderShown, pay, payFrame, payable, press, refusedBy,
} from '../support/shop.js';
import { startSites } from '../support/sites.js';
import { silence, until } from '../support/until.js';

/** @typedef {import('playwright-core').Page} Page */

/** @type {import('../support/demo.js').Demo} */
let demo;
before(async () => { demo = await startDemo(); });
after(() => demo?.stop());

const carol = {
  username: 'carol', email: 'carol@example.org', fullName: 'Carol Sample', password: 'seven-lamps-by-the-door',
};

/** What pay's frame tells of a token. @param {Page} page @param {string} name */
const fact = (page, name) => payFrame(page).locator(`[data-fact="${name}"]`).innerText();

test('one buys before signing in, signs in, pays, and the order is paid', async (t) => {
  const tab = await (await browserFor(t)).tab();
  const order = await buyAs(tab, demo, 'A Pocket Atlas of Corridors', alice);
  await knows(tab, alice.fullName);
  for (const text of ['€24.50', 'A Pocket Atlas of Corridors', 'Shop', alice.username]) {
    await payFrame(tab).getByText(text, { exact: true }).filter({ visible: true }).waitFor();
  }
  assert.deepEqual([await fact(tab, 'scope'), await fact(tab, 'audience'), await fact(tab, 'narrowed_by')],
    ['payments', 'pay', 'shop']);

  await pay(tab);
  await isPaid(tab);
  await tab.goto(`${demo.shop}/orders`);
  await tab.getByRole('listitem').filter({ hasText: 'A Pocket Atlas of Corridors' }).getByText('Paid').waitFor();
  await tab.goto(order);
  assert.equal(await tab.locator('iframe').count(), 0);
});

test('signed in at the wiki, the shop wants no password', async (t) => {
  const tab = await (await browserFor(t)).tab();
  await tab.goto(demo.wiki);
  await tab.getByRole('banner').getByRole('link', { name: 'Sign in' }).click();
  await fillSignIn(tab, alice);
  await knows(tab, alice.fullName);

  await tab.goto(`${demo.shop}/orders`);
  await tab.getByRole('banner').getByRole('link', { name: 'Sign in' }).click();
  await arrive(tab, new RegExp(`^${demo.shop}/orders$`));
  await knows(tab, alice.fullName);
});

test('without script one looks, orders, changes and signs out', async (t) => {
  const tab = await (await browserFor(t)).tabWithoutScript();
  await buy(tab, demo, 'Visiting Cards');
  await fillSignIn(tab, alice);
  const order = await orderShown(tab, demo);
  await tab.getByLabel('Pieces').fill('3');
  await tab.getByRole('button', { name: 'Change' }).click();
  await tab.getByText('€22.50').waitFor();
  await tab.getByText('The payment needs script').waitFor();
  await tab.getByRole('button', { name: 'Sign out' }).click();
  await tab.getByRole('heading', { name: 'You are signed out' }).waitFor();
  await tab.goto(order);
  await tab.getByRole('heading', { name: 'Sign in to see this' }).waitFor();
});

test('pay refuses the wide token and one without the scope, and says why', async (t) => {
  const tab = await (await browserFor(t)).tab();
  await buyAs(tab, demo, 'Doors, Drawn from Memory', alice);
  await payable(tab);
  const shops = tab.locator('[data-facts]');

  await tab.getByRole('button', { name: 'Try with the wide token' }).click();
  await refusedBy(tab, 'not aimed at Pay');
  assert.equal(await fact(tab, 'scope'), 'not told');
  assert.equal(await shops.locator('[data-fact="audience"]').innerText(), demo.accounts);
  const scope = (await shops.locator('[data-fact="scope"]').innerText()).split(', ').sort();
  assert.deepEqual(scope, ['identification', 'openid', 'payments', 'profile']);

  await tab.getByRole('button', { name: 'Try with a token without the scope' }).click();
  await refusedBy(tab, 'it cannot pay');
  assert.deepEqual([await fact(tab, 'scope'), await fact(tab, 'audience')], ['profile', 'pay']);

  await payFrame(tab).getByRole('button', { name: 'Begin again' }).press('Enter');
  await pay(tab);
  await isPaid(tab);
});

test('an order is paid once, and as it was seen', async (t) => {
  const chromium = await browserFor(t);
  const [first, second] = [await chromium.tab(), await chromium.tab()];
  const order = await buyAs(first, demo, 'A Pack of Playing Cards', alice);
  await payable(first);

  await second.goto(order);
  await second.getByLabel('Pieces').fill('2');
  await second.getByRole('button', { name: 'Change' }).click();
  await second.getByText('€24.80').first().waitFor();
  await press(first);
  await refusedBy(first, 'it costs €24.80 now, not €12.40');

  await payFrame(first).getByRole('button', { name: 'Begin again' }).press('Enter');
  await payable(first);
  await first.bringToFront();
  await payable(second);
  await pay(first);
  await isPaid(first);
  await second.bringToFront();
  await press(second);
  await refusedBy(second, 'has been paid already');
  await second.reload();
  await isPaid(second);
});

test('an order whose page is loaded again in the middle can still be paid', async (t) => {
  const tab = await (await browserFor(t)).tab();
  await buyAs(tab, demo, 'Left Is Right', alice);
  await payable(tab);
  await tab.reload();
  await pay(tab);
  await isPaid(tab);
});

test('the button of pay waits until it has been in sight for a second', async (t) => {
  const tab = await (await browserFor(t)).tab();
  await buyAs(tab, demo, 'Twelve Postcards', alice);
  const button = payFrame(tab).locator('button[data-pay]');
  await payable(tab);
  await tab.evaluate(() => { document.body.style.paddingBlockEnd = '4000px'; window.scrollTo(0, 4000); });
  await until('the button to rest', () => button.isDisabled());
  await silence();
  assert.ok(await button.isDisabled(), 'it is out of sight');
  await payable(tab);
});

test('somebody else sees no order of alice, and cannot pay it', async (t) => {
  const hers = await (await browserFor(t)).tab();
  const order = await buyAs(hers, demo, 'A Pocket Atlas', alice);
  const tab = await (await browserFor(t)).tab();
  await tab.goto(`${demo.shop}/orders`);
  await tab.getByRole('banner').getByRole('link', { name: 'Sign in' }).click();
  await tab.getByRole('link', { name: 'Create an account' }).click();
  await fillSignUp(tab, carol);
  await arrive(tab, new RegExp(`^${demo.shop}/orders$`));
  await knows(tab, carol.fullName);
  await tab.getByText('You have not ordered anything yet').waitFor();

  await tab.goto(order);
  await tab.getByRole('heading', { name: 'There is no such page here' }).waitFor();
  // Carol's own page hands pay her token, with the number of alice's order.
  const own = await (async () => { await buy(tab, demo, 'Left Is Right'); return orderShown(tab, demo); })();
  await payable(tab);
  await tab.evaluate(async ([from, to, origin]) => {
    const { token } = await (await fetch(`/orders/${from}/token`, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"kind":"narrow"}',
    })).json();
    const frame = document.querySelector('iframe')?.contentWindow;
    frame?.postMessage({ type: 'pay.token', token, order: to }, /** @type {string} */ (origin));
  }, [own.slice(-32), order.slice(-32), demo.pay]);
  await refusedBy(tab, 'belongs to somebody else');
});

test('a sign-out at accounts ends the session of the shop, and the token that pay holds', async (t) => {
  const chromium = await browserFor(t);
  const [tab, accounts] = [await chromium.tab(), await chromium.tab()];
  const order = await buyAs(tab, demo, 'Visiting Cards', alice);
  await payable(tab);
  await signOut(accounts, demo.accounts);

  await tab.bringToFront();
  await press(tab);
  await refusedBy(tab, 'or it has ended');
  // Its backend was told by the accounts server's: nothing of this browser had a part in it.
  await until('the shop to hear of it', async () => {
    await accounts.goto(`${demo.shop}/orders`);
    return accounts.getByText('Sign in, and they are here').isVisible();
  });
  await tab.goto(order);
  await tab.getByRole('heading', { name: 'Sign in to see this' }).waitFor();
});

test('a sign-out at the shop is one everywhere, and leads back', async (t) => {
  const chromium = await browserFor(t);
  const [tab, wiki] = [await chromium.tab(), await chromium.tab()];
  await signIn(tab, demo.accounts, alice);
  await wiki.goto(demo.wiki);
  await knows(wiki, alice.fullName);
  await tab.goto(demo.shop);
  await tab.getByRole('link', { name: 'Sign in' }).click();
  await knows(tab, alice.fullName);
  await tab.getByRole('button', { name: 'Sign out' }).click();
  await tab.getByRole('heading', { name: 'You are signed out' }).waitFor();
  assert.equal(new URL(tab.url()).origin, demo.shop);
  await knowsNobody(tab);
  assert.equal(await isSignedIn(chromium, demo.accounts), false);
  await wiki.reload();
  await knowsNobody(wiki);
});

test('pay stands in no frame but the shop’s', async (t) => {
  const sites = await startSites();
  t.after(() => sites.close());
  const tab = await (await browserFor(t)).tab();
  for (const host of ['evil.vestibule.localhost', 'evil.example.localhost']) {
    const page = sites.page(host, '/', `<iframe title="Payment" src="${demo.pay}/checkout"></iframe>`);
    await tab.goto(page);
    await refusedFrame(tab.mainFrame());
  }
  await tab.goto(sites.page('evil.vestibule.localhost', '/order', `<iframe src="${demo.shop}/"></iframe>`));
  await refusedFrame(tab.mainFrame());
});

test('a token from anybody but the page around it is met with silence', async (t) => {
  const sites = await startSites();
  t.after(() => sites.close());
  const chromium = await browserFor(t);
  const tab = await chromium.tab();
  const order = await buyAs(tab, demo, 'Left Is Right', alice);
  await payable(tab);

  const evil = await chromium.tab();
  const ear = new URL(sites.script('evil.vestibule.localhost', '/ear.js', `
    window.heard = [];
    addEventListener('message', ({ origin, data }) => window.heard.push({ origin, data, fromBridge: false }));
    document.querySelector('button').onclick = () => { window.opened = open(${JSON.stringify(order)}); };
  `)).pathname;
  await evil.goto(sites.page('evil.vestibule.localhost', '/', `<button>Open</button><script src="${ear}"></script>`));
  const opening = chromium.context.waitForEvent('page');
  await evil.getByRole('button').click();
  const opened = await opening;
  await payable(opened);
  /** @type {string[]} */
  const asked = [];
  opened.on('request', (request) => asked.push(request.url()));
  await evil.evaluate(([shop, payment, order]) => {
    const { opened: window } = /** @type {any} */ (globalThis);
    const message = { type: 'pay.token', token: 'a'.repeat(64), order: 'b'.repeat(32) };
    window.frames[0].postMessage(message, payment);
    window.frames[0].postMessage(message, '*');
    window.postMessage({ type: 'pay.ready' }, shop);
    window.postMessage({ type: 'pay.done', order }, shop);
  }, [demo.shop, demo.pay, order.slice(-32)]);
  assert.deepEqual(await heardInSilence(evil.mainFrame()), []);
  assert.deepEqual(asked, [], 'neither page did anything');
  await payable(opened);
});

/** Everything that script in a frame can lay its hands on, as text. @param {import('playwright-core').Frame} frame */
const storages = (frame) => frame.evaluate(async () => JSON.stringify({
  local: { ...localStorage }, session: { ...sessionStorage }, cookies: document.cookie,
  databases: await indexedDB.databases(), caches: await caches.keys(), name: window.name, history: history.state,
  page: document.documentElement.outerHTML,
}));

test('no token and no wait secret stands in an address, in storage, in a page or in the log', async (t) => {
  const chromium = await browserFor(t);
  const tab = await chromium.tab();
  /** @type {string[]} */
  const places = [];
  /** @type {Promise<string>[]} */
  const handed = [];
  /** @type {Promise<string>[]} */
  const waited = [];
  chromium.context.on('request', (request) => {
    places.push(request.url(), JSON.stringify(request.headers()));
  });
  chromium.context.on('response', (response) => {
    const { pathname } = new URL(response.url());
    if (pathname.endsWith('/token')) handed.push(response.json().then(({ token }) => token));
    if (pathname === '/checkout/ask') waited.push(response.json().then(({ good }) => good.waitSecret));
  });
  await buyAs(tab, demo, 'Twelve Postcards', alice);
  await payable(tab);
  await tab.getByRole('button', { name: 'Try with the wide token' }).click();
  await refusedBy(tab, 'not aimed at Pay');
  for (const frame of tab.frames()) places.push(await storages(frame));
  await tab.getByRole('button', { name: 'Back to the right one' }).click();
  await press(tab);
  await asked(tab);
  for (const frame of tab.frames()) places.push(await storages(frame));
  const question = await openQuestion(tab);
  places.push(await storages(question.mainFrame()));
  await approve(question);
  await isPaid(tab);
  for (const frame of tab.frames()) places.push(await storages(frame));
  const cookies = (await chromium.cookies()).filter(({ domain }) => domain === new URL(demo.shop).hostname);
  places.push(demo.output(), ...cookies.map(({ value }) => value));

  const tokens = await Promise.all(handed);
  const secrets = await Promise.all(waited);
  assert.deepEqual([new Set(tokens).size, secrets.length], [3, 1]);
  for (const token of [...tokens, ...secrets]) {
    assert.match(token, /^[0-9a-f]{64}$/);
    for (const place of places) assert.ok(!place.includes(token), `a secret stands in ${place.slice(0, 200)}`);
  }
  assert.deepEqual(cookies.map(({ name }) => name).sort(), ['__Host-shop', '__Host-shop-visit']);
  for (const { name, httpOnly, secure, sameSite } of cookies) {
    assert.deepEqual([httpOnly, secure, sameSite], [true, true, 'Lax'], name);
  }
  assert.ok(!cookies.some(({ value }) => demo.output().includes(value)));
  const pays = (await chromium.cookies()).filter(({ domain }) => domain === new URL(demo.pay).hostname);
  assert.deepEqual(pays, []);
});
