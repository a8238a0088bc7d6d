import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { openChromium } from '../../browser/support/chromium.js';
import { startProxy } from '../../browser/support/proxy.js';
import { startSites } from '../../browser/support/sites.js';
import { alice } from '../support/clients.js';
import { answerer, ask, standing, stands, till } from '../support/operations.js';
import { startServer } from '../support/server.js';
import { ended, heard, hears, hosts, publish, registered, wait } from '../support/till.js';

/** @typedef {import('../../browser/support/chromium.js').Page} Page */

/** @type {import('../../browser/support/sites.js').Sites} */
let sites;
/** @type {import('../support/server.js').Server} */
let server;
/** @type {import('../../browser/support/proxy.js').Proxy} */
let proxy;
/** @type {import('../../browser/support/chromium.js').Chromium} */
let chromium;
/** @type {Awaited<ReturnType<typeof answerer>>} */
let answer;
before(async () => {
  sites = await startSites();
  await publish(sites);
  server = await startServer({ clients: [till([sites.origin(hosts.till)])], people: [alice] });
  proxy = await startProxy(server.port);
  chromium = await openChromium({ lead: { host: new URL(server.issuer).hostname, port: proxy.port } });
  answer = await answerer(server);
});
after(async () => {
  await chromium?.close();
  await proxy?.stop();
  await server?.stop();
  await sites?.close();
});

/** @param {string} [host] */
async function tabAt(host = hosts.till) {
  const tab = await chromium.tab();
  await tab.goto(`${sites.origin(host)}/`);
  return tab;
}

/** A tab that waits for a new operation. */
async function waiting() {
  const [tab, operation] = [await tabAt(), await ask(server)];
  await wait(tab, server.issuer, operation);
  await registered(tab);
  return { tab, operation };
}

describe('stompjs in chromium', () => {
  test('a page registers and hears that it was confirmed', async () => {
    const { tab, operation } = await waiting();
    await answer(operation, 'approve');
    await ended(tab, 'CONFIRMED');
    const { registrations, results, errors } = await heard(tab);
    const { webSocketId } = operation;
    assert.deepEqual({ registrations, results, errors }, {
      registrations: [{ webSocketId, registrationSucceeded: true }],
      results: [{ webSocketId, authResult: 'CONFIRMED' }],
      errors: [],
    });
  });

  test('a second tab is refused, whatever it knows', async () => {
    const { tab, operation } = await waiting();
    const second = await tabAt();
    await wait(second, server.issuer, operation);
    await hears(second, 'a refusal', ({ registrations }) => registrations[0]?.registrationSucceeded === false);
    await second.close();
    await answer(operation, 'refuse');
    await ended(tab, 'CANCELED');
  });

  test('a page of another site is refused, with the secret too', async () => {
    const [evil, operation] = [await tabAt(hosts.evil), await ask(server)];
    await wait(evil, server.issuer, operation);
    await hears(evil, 'a refusal', ({ errors, codes }) => errors.length === 1 && codes.includes(1008));
    assert.deepEqual((await heard(evil)).registrations, []);
    assert.equal((await standing(server, operation)).state, 'pending');
  });

  test('a page that closes its socket takes the question back', async () => {
    const { tab, operation } = await waiting();
    await tab.evaluate(() => /** @type {any} */ (window).client.webSocket.close(1000));
    await stands(server, operation, 'canceled');
    assert.equal((await standing(server, operation)).reason, 'left');
  });

  test('a connection that is cut comes back, and an answer from meanwhile is heard', async () => {
    const { tab, operation } = await waiting();
    proxy.cut();
    await registered(tab, 2);
    assert.deepEqual((await heard(tab)).codes, [1006]);
    proxy.refuse(/./);
    proxy.cut();
    await hears(tab, 'another end', ({ codes }) => codes.length > 1);
    await answer(operation, 'approve');
    proxy.refuse();
    await ended(tab, 'CONFIRMED');
  });

  test('loaded again and again it waits on; gone elsewhere, or closed, it is canceled in ten seconds', async () => {
    const [reloaded, elsewhere, closed] = [await waiting(), await waiting(), await waiting()];
    for (let times = 0; times < 3; times += 1) {
      await reloaded.tab.reload();
      await registered(reloaded.tab);
    }
    await elsewhere.tab.goto(`${sites.origin(hosts.till)}/elsewhere`);
    await closed.tab.close();
    await pause(5_000);
    for (const { operation } of [reloaded, elsewhere, closed]) {
      assert.equal((await standing(server, operation)).state, 'pending');
    }
    for (const { operation } of [elsewhere, closed]) {
      await stands(server, operation, 'canceled');
      assert.equal((await standing(server, operation)).reason, 'left');
    }
    assert.equal((await standing(server, reloaded.operation)).state, 'pending');
    await answer(reloaded.operation, 'approve');
    await ended(reloaded.tab, 'CONFIRMED');
  });
});
