// A provider that is down, late, or says no: the page hears it, and the person is told what to do.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import test, { after, afterEach, before } from 'node:test';
import { freePorts } from '../../browser/support/program.js';
import { NAME } from './support/bank.js';
import { cancelAt, holdFailed, holdSucceeded, proveAt } from './support/page.js';
import { startSignedIn } from './support/signed_in.js';

/** @type {import('./support/signed_in.js').SignedIn} */
let world;
before(async () => {
  const nobody = {
    id: 'nobody', name: 'Nobody', client_id: 'vestibule', client_secret: 'a secret',
    issuer: `http://nobody.example.localhost:${await freePorts([0])}`,
  };
  world = await startSignedIn({ more: [nobody] });
});
afterEach(() => world.setting.bank.honest());
after(() => world?.stop());

const UNREACHABLE = 'The provider did not answer as it should';

test('nothing listens where the provider should be', async (t) => {
  const away = await world.underWay(t, { provider: 'nobody' });
  await holdFailed(world.setting, away, 'provider_unreachable', UNREACHABLE);
});

/** @type {[string, import('./support/bank.js').Middleware][]} */
const TROUBLE = [
  ['does not answer in time', async (context) => {
    context.respond = false;
    await once(context.res, 'close');
  }],
  ['breaks the connection off', (context) => {
    context.respond = false;
    context.req.socket.destroy();
  }],
  ['is overloaded', (context) => { context.status = 503; }],
  ['answers with a page', (context) => { context.body = '<h1>Welcome</h1>'; }],
  ['answers more than is read', (context) => { context.body = { padding: 'a'.repeat(10_000_000) }; }],
];
for (const [name, middleware] of TROUBLE) {
  test(`the token endpoint ${name}, and the next try is a new one`, async (t) => {
    world.setting.bank.at(/^\/token$/, middleware);
    const away = await world.underWay(t);
    await holdFailed(world.setting, away, 'provider_unreachable', UNREACHABLE);
    world.setting.bank.honest();
    holdSucceeded(await (await world.underWay(t)).page.ended());
  });
}

/** The error that the bank answers with, and what comes of it. @type {[string, string, string][]} */
const REFUSALS = [
  ['access_denied', 'denied_by_provider', 'Nothing was proved'],
  ['temporarily_unavailable', 'provider_unreachable', UNREACHABLE],
  ['login_required', 'denied_by_provider', 'Nothing was proved'],
];
for (const [error, reason, heading] of REFUSALS) {
  test(`the person cancels at the bank, which says ${error}`, async (t) => {
    await world.forgottenAtTheBank();
    world.setting.bank.refusal = error;
    const away = await world.underWay(t);
    await cancelAt(away.popup, world.setting.bank);
    await holdFailed(world.setting, away, reason, heading);
    const shown = await away.popup.content();
    assert.ok(!shown.includes(NAME) && !shown.includes(error), 'nothing that the bank wrote is shown');
    assert.ok(!world.setting.server.output().includes(NAME));
    world.setting.bank.honest();
    const again = await world.underWay(t);
    await proveAt(again.popup, world.setting.bank);
    holdSucceeded(await again.page.ended());
  });
}
