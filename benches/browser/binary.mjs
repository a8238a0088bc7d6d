/**
 * Which server is measured: `VESTIBULE_BINARY`, else the release build if there is one, else the debug build. To be
 * imported before what starts it.
 *
 * @module
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');

const given = process.env.VESTIBULE_BINARY;
const built = ['release', 'debug'].map((profile) => join(target, profile, 'vestibule'));
const executable = given ?? built.find((file) => existsSync(file));
if (executable === undefined) throw new Error('there is no server to measure: cargo build --release --bin vestibule');
process.env.VESTIBULE_BINARY = executable;

const profile = /\/(release|debug)\/[^/]*$/.exec(executable)?.[1];

/** What it is, in words. */
export const build = `${profile ? `a ${profile} build` : executable}, made ${statSync(executable).mtime.toISOString().slice(0, 16)}Z`;
