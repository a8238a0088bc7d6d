import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

const assets = new URL('../../../assets/', import.meta.url);
const read = (/** @type {string} */ path) => readFileSync(new URL(path, assets), 'utf8');
const scripts = readdirSync(assets, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.js'));
const withoutComments = (/** @type {string} */ source) => source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');

test('the scripts are found', () => {
  for (const path of ['bridge/bridge.js', 'sdk/vestibule.js', 'sdk/identify.js', 'page/mark.js', 'page/consent.js', 'page/form.js']) assert.ok(scripts.includes(path), path);
});

for (const path of scripts) {
  test(`${path} posts to nobody in particular never`, () => {
    assert.doesNotMatch(withoutComments(read(path)), /(['"`])\*\1/);
  });

  test(`${path} writes no markup and runs no text`, () => {
    assert.doesNotMatch(withoutComments(read(path)), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|\beval\b|new Function/);
  });

  test(`${path} reloads nothing, unless it is a page whose person has gone, or whose order was settled`, () => {
    const reloads = withoutComments(read(path)).match(/\.reload\(/g) ?? [];
    assert.equal(reloads.length, ['page/mark.js', 'demo/shop.js', 'demo/invoice.js'].includes(path) ? 1 : 0);
  });
}

test('bridge, SDK and callback pages are one file each; the bridge loads its button only to show it', () => {
  const imports = (/** @type {string} */ path) => withoutComments(read(path)).match(/\bimport\b[^;]*/g) ?? [];
  for (const path of ['sdk/panel.js', 'sdk/identify.js', 'callback/callback.js', 'bridge/offer.js']) assert.deepEqual(imports(path), [], path);
  assert.deepEqual(withoutComments(read('sdk/vestibule.js')).match(/\bimport\b.{0,14}/g), ['import("./panel.js")']);
  assert.deepEqual(imports('bridge/bridge.js'), ['import(part))']);
});

test('the SDK keeps nothing but in the tab', () => {
  assert.doesNotMatch(withoutComments(read('sdk/vestibule.js')), /localStorage|indexedDB|\.cookie|caches\b/);
});

test('an identification keeps nothing, and logs nothing', () => {
  assert.doesNotMatch(withoutComments(read('sdk/identify.js')), /localStorage|sessionStorage|indexedDB|\.cookie|caches\b|console/);
});

test('the bridge keeps nothing but the mark', () => {
  const source = withoutComments(read('bridge/bridge.js'));
  assert.deepEqual(source.match(/localStorage\.\w+\([^)]*\)/g), ['localStorage.getItem(MARK_KEY)', 'localStorage.setItem(MARK_KEY, mark)']);
  assert.doesNotMatch(source, /sessionStorage|indexedDB|\.cookie|caches\b/);
});

