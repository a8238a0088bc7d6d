// Id tokens, and other things that a provider says itself, which are not so. Each is told from the honest one by
// exactly one lie, and refused for that.
import assert from 'node:assert/strict';
import test, { after, afterEach, before, describe } from 'node:test';
import { givesInstead, saysInstead } from './support/lies.js';
import { holdFailed, holdSucceeded } from './support/page.js';
import { startSignedIn } from './support/signed_in.js';
import { newKey, signed, signedBySecret, unsigned } from './support/signing.js';

const HEADING = 'The provider did not answer as it should';
/** Providers that nobody has asked anything yet: what a provider publishes is kept for a while. */
const FRESH = ['impostor', 'inside', 'keyless'];
/** @type {import('./support/signed_in.js').SignedIn} */
let world;
/** @type {import('./support/bank.js').Bank} */
let bank;
before(async () => {
  const registrations = ['bank', ...FRESH].map((id) => ({ id, bank: /** @type {const} */ ('bank') }));
  world = await startSignedIn({ registrations });
  bank = world.setting.bank;
});
afterEach(() => bank.honest());
after(() => world?.stop());

/**
 * Holds that nothing was proved, and that the log says why.
 * @param {import('node:test').TestContext} t
 * @param {string} why
 * @param {string} [provider]
 */
async function holdRefused(t, why, provider = 'bank') {
  const written = world.setting.server.output().length;
  await holdFailed(world.setting, await world.underWay(t, { provider }), 'provider_unreachable', HEADING);
  const log = world.setting.server.output().slice(written);
  assert.ok(log.includes(why), log);
}

const now = () => Math.floor(Date.now() / 1_000);

/** Claims that are not so. @type {[string, () => Record<string, unknown>, string][]} */
const CLAIMS = [
  ['nonce of another request', () => ({ nonce: 'ab'.repeat(32) }), 'answers another request'],
  ['issuer of another provider', () => ({ iss: world.setting.post.issuer }), 'is another issuer\'s'],
  ['audience of another client', () => ({ aud: 'somebody' }), 'is for another client'],
  ['party that is another one', () => ({ azp: 'somebody' }), 'was made for another client'],
  ['second audience without a party', () => ({ aud: ['vestibule-bank', 'somebody'] }), 'is for several clients'],
  ['time that is over', () => ({ exp: now() - 120 }), 'has expired'],
  ['time that is yet to come', () => ({ iat: now() + 600 }), 'comes from the future'],
  ['hash of another access token', () => ({ at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }), 'was exchanged for another'],
  ['weaker sign-in than was asked for', () => ({ acr: 'urn:bank:low' }), 'is not good enough'],
  ['sign-in of long ago', () => ({ auth_time: now() - 3_600 }), 'too long ago'],
];
describe('an id token with a', () => {
  for (const [name, changes, why] of CLAIMS) {
    test(name, async (t) => {
      saysInstead(bank, changes());
      await holdRefused(t, why);
    });
  }
});

/** Signatures that prove nothing. @type {[string, Parameters<typeof givesInstead>[1], string][]} */
const SIGNATURES = [
  ['by a key that is not published', (claims) => {
    const key = newKey('ES256', 'unheard-of');
    return signed({ alg: 'ES256', kid: key.kid }, claims, key);
  }, 'a key that is not published'],
  ['by another key under a published name', (claims, header) => signed(header, claims, newKey('ES256', '')), 'a wrong signature'],
  ['by a shared secret', (claims) => signedBySecret(claims, bank.secret), 'another algorithm'],
  ['by nobody', (claims) => unsigned(claims), 'is no JWT that is signed in a known way'],
];
describe('an id token that is signed', () => {
  for (const [name, make, why] of SIGNATURES) {
    test(name, async (t) => {
      givesInstead(bank, make);
      await holdRefused(t, why);
    });
  }
});

describe('what a provider publishes', () => {
  /** @param {Record<string, unknown>} changes */
  const publishes = (changes) => bank.at(/openid-configuration$/, async (context, next) => {
    await next();
    context.body = { ...context.body, ...changes };
  });

  test('is another issuer\'s', async (t) => {
    publishes({ issuer: world.setting.post.issuer });
    await holdRefused(t, 'is another issuer\'s', 'impostor');
  });

  test('leads into an inner network', async (t) => {
    publishes({ token_endpoint: 'http://169.254.169.254/latest/meta-data' });
    await holdRefused(t, 'token_endpoint is at an unsafe address', 'inside');
  });

  test('has no keys', async (t) => {
    bank.at(/^\/jwks$/, (context) => { context.body = { keys: [] }; });
    await holdRefused(t, 'a key that is not published', 'keyless');
  });
});

test('userinfo about somebody else', async (t) => {
  bank.at(/^\/me$/, async (context, next) => {
    await next();
    context.body = { ...context.body, sub: 'customer-1' };
  });
  await holdRefused(t, 'answered about somebody else');
});

test('the same token, signed anew and otherwise unchanged, is believed', async (t) => {
  saysInstead(bank, {});
  const { page } = await world.underWay(t);
  holdSucceeded(await page.ended());
});
