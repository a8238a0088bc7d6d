#!/usr/bin/env node
/**
 * esbuild bundles, terser minifies (3 % less than esbuild by itself), tsc writes the types.
 *
 * Makes of `src/` what the server serves and the package holds: one minified module, the panel, which it loads where a
 * page wants one, and the types, which tsc makes from the JSDoc comments.
 *
 *   node build.mjs              writes assets/sdk/
 *   node build.mjs --check      fails when what is there is not what would be written, or too big
 *   node build.mjs --package    writes dist/, for npm
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** The most bytes that a file may have, compressed. A file that is not named here is none that is served. */
export const MOST_BYTES = { 'vestibule.js': 12_000, 'panel.js': 4_000, 'vestibule.d.ts': 6_000 };

const here = fileURLToPath(new URL('.', import.meta.url));
const assets = join(here, '../assets/sdk');
const banner = '/* Vestibule in the browser. The source is in sdk/src, the types are in vestibule.d.ts. */';

/** The module, and the panel, which it loads where a page wants one. @returns {Promise<Record<string, string>>} */
async function scripts() {
  const { build } = await import('esbuild');
  const { minify } = await import('terser');
  const { outputFiles } = await build({
    entryPoints: ['vestibule.js', 'panel.js'].map((name) => join(here, 'src', name)),
    bundle: true, splitting: true, format: 'esm', target: 'es2022', charset: 'utf8', legalComments: 'none',
    outdir: here, write: false, logLevel: 'warning',
  });
  const made = outputFiles.map(async ({ path, text }) => {
    const { code } = await minify(text, { module: true, ecma: 2020, compress: { passes: 3 }, format: { preamble: banner } });
    return [basename(path), `${code}\n`];
  });
  return Object.fromEntries(await Promise.all(made));
}

/** The types: those of `types.js`, and then of what `vestibule.js` exports, in one file. */
function types() {
  const out = mkdtempSync(join(tmpdir(), 'vestibule-types-'));
  try {
    const tsc = join(here, 'node_modules/.bin/tsc');
    execFileSync(tsc, ['--project', join(here, 'tsconfig.json'), '--noEmit', 'false', '--rootDir', join(here, 'src'), '--declaration', '--emitDeclarationOnly', '--outDir', out], { stdio: 'inherit' });
    return flattened((name) => readFileSync(join(out, name), 'utf8'));
  } finally {
    rmSync(out, { recursive: true });
  }
}

/** @param {(name: string) => string} read */
function flattened(read) {
  const own = read('vestibule.d.ts');
  const reexported = [...own.matchAll(/^export \{ (.+) \} from ["']\.\/(.+)\.js["'];$/gm)].flatMap(([, names, module]) => (
    names.split(', ').map((name) => declarationOf(read(`${module}.d.ts`), name))
  ));
  const text = [read('types.d.ts'), ...reexported, own.replace(/^export \{.*$/gm, '')].join('\n')
    .replace(/^\s*\/\*\* @import .*\*\/\n/gm, '').replace(/^import .*\n/gm, '').replace(/^export \{\};\n/gm, '')
    .replace(/import\(["']\.\/types\.js["']\)\.?/g, '');
  if (/import\(|\bfrom ["']/.test(text)) throw new Error('the types name another file');
  return `${text.replace(/\n{3,}/g, '\n\n').trim()}\n`;
}

/** @param {string} text @param {string} name */
function declarationOf(text, name) {
  const found = new RegExp(`(/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/\\n)?export (?:declare )?function ${name}\\([\\s\\S]*?;\\n`).exec(text);
  if (found === null) throw new Error(`no declaration of ${name}`);
  return found[0];
}

/** What would be written. */
export async function built() {
  return { ...await scripts(), 'vestibule.d.ts': types() };
}

/** @param {string} text */
export const compressed = (text) => gzipSync(text, { level: 9 }).length;

async function main(mode) {
  const files = await built();
  if (mode === '--check') {
    for (const [name, text] of Object.entries(files)) {
      if (readFileSync(join(assets, name), 'utf8') !== text) throw new Error(`assets/sdk/${name} is out of date: run npm run build in sdk`);
    }
  } else {
    const folder = mode === '--package' ? join(here, 'dist') : assets;
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  }
  for (const [name, text] of Object.entries(files)) {
    const [size, most = 0] = [compressed(text), MOST_BYTES[name]];
    if (size > most) throw new Error(`${name} has ${size} bytes compressed, more than ${most}`);
    console.log(`${name}: ${size} bytes compressed, of at most ${most}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main(process.argv[2]).catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
