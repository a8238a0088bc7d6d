import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { alice, startDemo } from '../support/demo.js';
import { browserFor } from '../support/family.js';
import { fillSignUp, signIn } from '../support/people.js';
import { freePorts, run } from '../support/program.js';

test('the demo says where everything is and whom to sign in as, and ends on Ctrl-C', async () => {
  const demo = await startDemo();
  const said = demo.output();
  await demo.stop();
  const sites = [demo.accounts, demo.wiki, demo.notes, demo.shop, demo.pay, demo.specs];
  for (const text of [...sites, alice.username, alice.password]) {
    assert.ok(said.includes(text), `${text} is missing in:\n${said}`);
  }
});

test('a folder given to the demo keeps its people', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'vestibule-kept.'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const carol = {
    username: 'carol', email: 'carol@example.org', fullName: 'Carol Sample', password: 'seven-lamps-by-the-door',
  };
  const chromium = await browserFor(t);
  const tab = await chromium.tab();
  const before = await startDemo({ data: folder });
  try {
    await tab.goto(`${before.accounts}/signup`);
    await fillSignUp(tab, carol);
    await tab.waitForURL(`${before.accounts}/account`);
  } finally {
    await before.stop();
  }
  const after = await startDemo({ data: folder });
  try {
    await chromium.context.clearCookies();
    await signIn(tab, after.accounts, carol);
  } finally {
    await after.stop();
  }
});

test('a busy port is a clear error', async (t) => {
  const first = await freePorts([0, 1, 2, 3, 4, 5, 6]);
  const occupant = createServer().listen(first + 2, '127.0.0.1');
  await once(occupant, 'listening');
  t.after(() => occupant.close());
  await assert.rejects(
    run(['demo', '--first-port', String(first)], { cwd: tmpdir() }),
    (/** @type {Error} */ error) => error.message.includes(String(first + 2)) && !error.message.includes('panicked'),
  );
});
