// Where an identity must not be: the log, an address, a page, the database as somebody finds it. With all logs switched on.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { signIn } from '../../browser/support/people.js';
import { sharedChromium } from '../../browser/support/shared.js';
import { BIRTHDATE, NAME } from './support/bank.js';
import { answersInstead, saysInstead, withOther } from './support/lies.js';
import {
  CUSTOMER, cancelAt, goOn, holdFailed, holdSucceeded, openPage, proveAt, says,
} from './support/page.js';
import { NEVER, alice, bob, hosts, startSetting } from './support/setting.js';

const browserFor = sharedChromium();
/** @type {import('./support/setting.js').Setting} */
let setting;
before(async () => { setting = await startSetting({ log: 'trace' }); });
after(() => setting?.stop());

/** What the browser was told and what it asked for, all tabs together. @param {import('../../browser/support/chromium.js').Chromium['context']} context */
function witness(context) {
  /** @type {string[]} */
  const addresses = [];
  /** @type {Promise<string>[]} */
  const bodies = [];
  context.on('request', (request) => { addresses.push(request.url()); });
  context.on('response', (response) => {
    const { origin } = new URL(response.url());
    if (origin !== setting.accounts) return;
    addresses.push(response.headers().location ?? '');
    // A redirect has no body.
    bodies.push(response.text().catch(() => ''));
  });
  return { addresses, pages: async () => (await Promise.all(bodies)).join('\n') };
}

/** What the bank gave the accounts server, and from where it was told that the browser comes. */
function atTheBank() {
  /** @type {{ id_token: string, access_token: string }[]} */
  const given = [];
  /** @type {string[]} */
  const referrers = [];
  setting.bank.at(/^\/auth$/, (context, next) => {
    referrers.push(context.get('referer'));
    return next();
  });
  setting.bank.at(/^\/token$/, async (context, next) => {
    await next();
    if (context.body?.id_token) given.push(context.body);
  });
  return { given, referrers };
}

/** Everything in the database, as it is in its files. */
async function database() {
  const { folder } = setting.server;
  const files = (await readdir(folder)).filter((name) => name.startsWith('vestibule.db'));
  return Buffer.concat(await Promise.all(files.map((name) => readFile(join(folder, name))))).toString('latin1');
}

/** A text as it may be written down: as it is, and within base64, wherever in it, and as in an address. @param {string} text */
function forms(text) {
  const within = [0, 1, 2].map((offset) => {
    const encoded = Buffer.from(' '.repeat(offset) + text).toString('base64').replaceAll('=', '');
    // Not what shares its characters with the neighbours.
    return encoded.slice(offset === 0 ? 0 : offset + 1, -1);
  });
  const hex = Buffer.from(text).toString('hex');
  return [...new Set([text, encodeURIComponent(text), new URLSearchParams({ text }).toString().slice(5), hex, ...within])];
}

/** @param {string} where @param {string} haystack @param {Record<string, string>} secrets */
function holdFree(where, haystack, secrets) {
  for (const [name, secret] of Object.entries(secrets)) {
    for (const form of forms(secret)) assert.ok(!haystack.includes(form), `${name} is in ${where}, as ${form}`);
  }
}

test('what is searched for would be found', () => {
  const ways = {
    plain: (/** @type {string} */ text) => `{"name":"${text}"}`,
    address: (/** @type {string} */ text) => new URLSearchParams({ name: text }).toString(),
    hex: (/** @type {string} */ text) => Buffer.from(`name ${text}`).toString('hex'),
    'first base64': (/** @type {string} */ text) => Buffer.from(`abc${text}d`).toString('base64'),
    'second base64': (/** @type {string} */ text) => Buffer.from(`abcd${text}e`).toString('base64url'),
    'third base64': (/** @type {string} */ text) => Buffer.from(`ab${text}c`).toString('base64'),
  };
  for (const write of Object.values(ways)) {
    for (const text of [NAME, BIRTHDATE, CUSTOMER]) assert.throws(() => holdFree('it', write(text), { text }), write(text));
  }
});

test('of an identity nothing is where it does not belong', async (t) => {
  const chromium = await browserFor(t);
  const { addresses, pages } = witness(chromium.context);
  const { given, referrers } = atTheBank();
  await signIn(await chromium.tab(), setting.accounts, alice);
  // A success, by the longest way.
  const page = await openPage(setting, chromium, alice, { host: hosts.market });
  const popup = await page.prove();
  await goOn(popup);
  await proveAt(popup, setting.bank);
  holdSucceeded(await page.ended());
  const [tokens] = given;
  assert.ok(tokens);
  // An answer that is used again, and one that is not to be believed.
  const back = addresses.find((address) => address.startsWith(`${setting.accounts}/identification/return/`)) ?? '';
  const [code = '', state = ''] = ['code', 'state'].map((name) => new URL(back).searchParams.get(name) ?? '');
  const { start_uri: start, monitor_secret: secret } = await page.waits();
  const ours = { state, secret, token: new URL(start).searchParams.get('monitor') ?? '' };
  assert.ok(Object.values(ours).every((text) => text.length === 64));
  const again = await chromium.tab();
  await again.goto(back);
  await says(again, 'Nothing was begun here that this belongs to');
  const before = await setting.stamp(alice);
  saysInstead(setting.bank, { nonce: NAME });
  const odd = await openPage(setting, chromium, alice);
  await holdFailed(setting, { page: odd, popup: await odd.prove(), person: alice, before },
    'provider_unreachable', 'The provider did not answer as it should');

  const [evidence = ''] = tokens.id_token.split('.').slice(1, 2);
  const identity = { name: NAME, birthdate: BIRTHDATE, sub: CUSTOMER, 'id token': evidence };
  const theirs = { ...identity, 'access token': tokens.access_token };
  const log = setting.server.output();
  assert.match(log, /DEBUG|TRACE/);
  assert.ok(log.includes('/identification/return/<provider>'));
  holdFree('the log', log, { ...theirs, ...ours, code, password: alice.password });
  assert.ok(addresses.length > 10);
  holdFree('an address', addresses.join('\n'), theirs);
  const others = addresses.filter((address) => !address.startsWith(`${setting.accounts}/identification/return/bank?`));
  holdFree('an address other than that of the return', others.join('\n'), { code });
  const shown = await pages();
  assert.ok(shown.includes('The provider did not answer as it should'));
  holdFree('a page of the accounts server', shown, { ...theirs, code });
  const kept = await database();
  assert.ok(kept.includes('substantial') && kept.includes(alice.email), 'these are the right files');
  holdFree('the database', kept, { ...theirs, ...ours, code });
  assert.deepEqual(referrers, ['', ''], 'the bank is not told who asks');
  holdFree('what the page hears', JSON.stringify(await page.heard()), { ...identity, code });
});

test('nor of what a bank tells with an error', async (t) => {
  const chromium = await browserFor(t);
  setting.bank.honest();
  answersInstead(setting.bank, setting.accounts, (answer) => withOther(answer, { error_description: NAME, error_uri: NAME }));
  await signIn(await chromium.tab(), setting.accounts, bob);
  const page = await openPage(setting, chromium, bob);
  const popup = await page.prove();
  await cancelAt(popup, setting.bank);
  await holdFailed(setting, { page, popup, person: bob, before: NEVER }, 'denied_by_provider', 'Nothing was proved');
  holdFree('the page', await popup.content(), { name: NAME });
  holdFree('the log', setting.server.output(), { name: NAME });
});
