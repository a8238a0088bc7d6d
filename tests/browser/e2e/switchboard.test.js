import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { alice, startDemo } from '../support/demo.js';
import { browserFor } from '../support/family.js';
import { signIn } from '../support/people.js';
import { allowIfAsked } from '../support/notes_widget.js';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {Page | import('playwright-core').FrameLocator} Scope */

/** @type {import('../support/demo.js').Demo} */
let demo;
before(async () => { demo = await startDemo(); });
after(() => demo?.stop());

/** The switchboard in a page of the specs. @param {Page} tab */
const framed = (tab) => tab.frameLocator('iframe[title="Switchboard"]');

/** Until each way came to this. @param {Scope} scope @param {Record<string, string>} reasons */
async function says(scope, reasons) {
  for (const [rung, reason] of Object.entries(reasons)) {
    await scope.locator(`[data-rung="${rung}"][data-reason="${reason}"]`).waitFor();
  }
}

/** A way that takes a click, and the window it opens. @param {Page} tab @param {Scope} scope @param {string} name */
async function press(tab, scope, name) {
  const opening = tab.context().waitForEvent('page');
  await scope.getByRole('button', { name }).press('Enter');
  return opening;
}

test('cookies blocked: in a frame of another site the quiet ways fail for a reason, a window works', async (t) => {
  const chromium = await browserFor(t, 'blocked');
  const tab = await chromium.tab();
  await signIn(await chromium.tab(), demo.accounts, alice);
  await tab.bringToFront();
  await tab.goto(`${demo.specs}/switchboard`);
  const board = framed(tab);
  await says(board, { cache: 'login_required', bridge: 'storage_blocked', prompt_none: 'login_required' });
  for (const rung of ['cache', 'bridge', 'prompt_none']) {
    const row = board.locator(`[data-rung="${rung}"]`);
    assert.match(await row.locator('[data-ms]').innerText(), /, \d+ ms$/);
    assert.notEqual(await row.locator('[data-why]').innerText(), '');
  }

  await allowIfAsked(await press(tab, board, 'Open a window'));
  await says(board, { popup: 'resumed' });
  await board.locator('[data-rung="popup"]', { hasText: 'Works' }).waitFor();
});

test('cookies allowed: in a frame of another site the silent request works after one yes', async (t) => {
  const chromium = await browserFor(t, 'allowed');
  const tab = await chromium.tab();
  await signIn(await chromium.tab(), demo.accounts, alice);
  await tab.bringToFront();
  await tab.goto(`${demo.specs}/switchboard`);
  const board = framed(tab);
  await says(board, { cache: 'login_required' });
  await allowIfAsked(await press(tab, board, 'Open a window'));
  await says(board, { popup: 'resumed' });

  await board.getByRole('button', { name: 'Try again' }).press('Enter');

  await says(board, { prompt_none: 'resumed' });
});

test('by itself, as a sibling of accounts, the silent request works whatever cookies are blocked', async (t) => {
  const chromium = await browserFor(t, 'blocked');
  const tab = await chromium.tab();
  await signIn(await chromium.tab(), demo.accounts, alice);
  await tab.bringToFront();
  await tab.goto(`${demo.notes}/switchboard`);
  await says(tab, { cache: 'login_required' });
  await allowIfAsked(await press(tab, tab, 'Open a window'));
  await says(tab, { popup: 'resumed' });

  await tab.getByRole('button', { name: 'Try again' }).press('Enter');

  await says(tab, { prompt_none: 'resumed' });
});

test('nobody signed in: every quiet way says so, and none hangs', async (t) => {
  for (const cookies of /** @type {const} */ (['blocked', 'allowed'])) {
    const tab = await (await browserFor(t, cookies)).tab();
    await tab.goto(`${demo.specs}/switchboard`);
    const bridge = cookies === 'blocked' ? 'storage_blocked' : 'login_required';
    await says(framed(tab), { cache: 'login_required', bridge, prompt_none: 'login_required' });
  }
});
