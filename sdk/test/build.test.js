import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import { MOST_BYTES, built, compressed } from '../build.mjs';

const assets = new URL('../../assets/sdk/', import.meta.url);
const files = await built();

test('what is served is what the source makes', () => {
  assert.deepEqual(readdirSync(assets).sort(), Object.keys(files).sort());
  for (const [name, text] of Object.entries(files)) {
    assert.ok(readFileSync(new URL(name, assets), 'utf8') === text, `assets/sdk/${name} is out of date: run npm run build in sdk`);
  }
});

for (const [name, most] of Object.entries(MOST_BYTES)) {
  test(`${name} has at most ${most} bytes, compressed`, (t) => {
    const size = compressed(files[name]);
    t.diagnostic(`${size} bytes`);
    assert.ok(size <= most, `${size} bytes`);
  });
}

test('the version is that of the package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  assert.match(readFileSync(new URL('../src/vestibule.js', import.meta.url), 'utf8'), new RegExp(`version = '${version.replaceAll('.', '\\.')}'`));
});
