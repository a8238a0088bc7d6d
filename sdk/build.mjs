#!/usr/bin/env node
/**
 * Makes of `src/` the two files that the server serves and the package holds: one minified module, and its types,
 * which tsc makes from the JSDoc comments.
 *
 *   node build.mjs              writes assets/sdk/
 *   node build.mjs --check      fails when what is there is not what would be written, or too big
 *   node build.mjs --package    writes dist/, for npm
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** The most that the module may have, compressed. */
export const MOST_BYTES = 12_000;

const here = fileURLToPath(new URL('.', import.meta.url));
const assets = join(here, '../assets/sdk');
const banner = '/* Vestibule in the browser. The source is in sdk/src, the types are in vestibule.d.ts. */';

/** The module. */
async function script() {
  const { build } = await import('esbuild');
  const { outputFiles: [file] } = await build({
    entryPoints: [join(here, 'src/vestibule.js')],
    bundle: true, minify: true, format: 'esm', target: 'es2022', charset: 'utf8', legalComments: 'none',
    banner: { js: banner }, write: false, logLevel: 'warning',
  });
  return file.text;
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
  return { 'vestibule.js': await script(), 'vestibule.d.ts': types() };
}

/** @param {string} text */
export const compressed = (text) => gzipSync(text, { level: 9 }).length;

async function main(mode) {
  const files = await built();
  const size = compressed(files['vestibule.js']);
  if (mode === '--check') {
    for (const [name, text] of Object.entries(files)) {
      if (readFileSync(join(assets, name), 'utf8') !== text) throw new Error(`assets/sdk/${name} is out of date: run npm run build in sdk`);
    }
  } else {
    const folder = mode === '--package' ? join(here, 'dist') : assets;
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  }
  if (size > MOST_BYTES) throw new Error(`vestibule.js has ${size} bytes compressed, more than ${MOST_BYTES}`);
  console.log(`vestibule.js: ${size} bytes compressed, of at most ${MOST_BYTES}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main(process.argv[2]).catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
