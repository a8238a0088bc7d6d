// The table in docs/browser-support.md is what is measured here. With WRITE_BROWSER_SUPPORT=1 it is written anew.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import test, { after, before } from 'node:test';
import { BROWSERS, measure, tableOf } from '../support/abilities.js';
import { startLadder } from '../support/ladder.js';

const FILE = new URL('../../../docs/browser-support.md', import.meta.url);
const WRITE = process.env.WRITE_BROWSER_SUPPORT === '1';

/** @type {import('../support/ladder.js').Ladder} */
let ladder;
before(async () => { ladder = await startLadder(); });
after(() => ladder?.stop());

/** The part of the document that belongs to a browser. @param {string} text @param {string} name */
function sectionOf(text, name) {
  const start = text.indexOf(`### ${name}\n`);
  if (start < 0) return '';
  const rest = text.slice(start);
  const end = rest.search(/\n(?=#{2,3} )/);
  return end < 0 ? rest : rest.slice(0, end + 1);
}

for (const name of Object.keys(BROWSERS)) {
  test(`${name}: the table says what is so`, async () => {
    const table = tableOf(name, await measure(ladder, name));
    const text = await readFile(FILE, 'utf8');
    const committed = sectionOf(text, name);
    if (WRITE) {
      await writeFile(FILE, text.replace(committed.trim(), () => table.trim()));
      return;
    }
    assert.equal(committed.trim(), table.trim());
  });
}
