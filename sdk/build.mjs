#!/usr/bin/env node
/**
 * esbuild bundles, terser minifies (3 % less than esbuild by itself), tsc writes the types.
 *
 * Makes of `src/` what the server serves and the package holds: one minified module, the panel, which it loads where a
 * page wants one, a module by itself for identification, and the types, which tsc makes from the JSDoc comments.
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
export const MOST_BYTES = { 'vestibule.js': 12_000, 'panel.js': 4_000, 'identify.js': 4_000, 'vestibule.d.ts': 6_000, 'identify.d.ts': 2_000 };

const here = fileURLToPath(new URL('.', import.meta.url));
const assets = join(here, '../assets/sdk');
/** @param {string} types */
const bannerOf = (types) => `/* Vestibule in the browser. The source is in sdk/src, the types are in ${types}. */`;

/**
 * What is built apart shares no file: each is all that a page loads.
 * @param {string[]} names
 * @param {string} types
 * @returns {Promise<Record<string, string>>}
 */
async function scripts(names, types) {
  const { build } = await import('esbuild');
  const { minify } = await import('terser');
  const { outputFiles } = await build({
    entryPoints: names.map((name) => join(here, 'src', name)),
    bundle: true, splitting: true, format: 'esm', target: 'es2022', charset: 'utf8', legalComments: 'none',
    outdir: here, write: false, logLevel: 'warning',
  });
  const made = outputFiles.map(async ({ path, text }) => {
    // A function that is used once stays one: written into another, it compresses less well.
    const compress = { passes: 3, reduce_funcs: false };
    const { code } = await minify(text, { module: true, ecma: 2020, compress, format: { preamble: bannerOf(types) } });
    return [basename(path), `${code}\n`];
  });
  return Object.fromEntries(await Promise.all(made));
}

/** The types: of each module those of its `types.js`, and then of what it exports, in one file. */
function types() {
  const out = mkdtempSync(join(tmpdir(), 'vestibule-types-'));
  try {
    const tsc = join(here, 'node_modules/.bin/tsc');
    execFileSync(tsc, ['--project', join(here, 'tsconfig.json'), '--noEmit', 'false', '--rootDir', join(here, 'src'), '--declaration', '--emitDeclarationOnly', '--outDir', out], { stdio: 'inherit' });
    const read = (name) => readFileSync(join(out, name), 'utf8');
    return {
      'vestibule.d.ts': flattened(read, 'vestibule.d.ts', 'types.d.ts'),
      'identify.d.ts': flattened(read, 'identify.d.ts', 'identify/types.d.ts'),
    };
  } finally {
    rmSync(out, { recursive: true });
  }
}

/** @param {(name: string) => string} read @param {string} module @param {string} said what it exports types for */
function flattened(read, module, said) {
  const own = read(module);
  const reexported = [...own.matchAll(/^export \{ (.+) \} from ["']\.\/(.+)\.js["'];$/gm)].flatMap(([, names, module]) => (
    names.split(', ').map((name) => declarationOf(read(`${module}.d.ts`), name))
  ));
  const text = [read(said), ...reexported, own.replace(/^export \{.*$/gm, '')].join('\n')
    .replace(/^\s*\/\*\* @import .*\*\/\n/gm, '').replace(/^import .*\n/gm, '').replace(/^export \{\};\n/gm, '')
    .replace(/import\(["']\.\/(identify\/)?types\.js["']\)\.?/g, '');
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
  return {
    ...await scripts(['vestibule.js', 'panel.js'], 'vestibule.d.ts'),
    ...await scripts(['identify.js'], 'identify.d.ts'),
    ...types(),
  };
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
