/**
 * The demo, all sites in one process, as `vestibule demo` starts it.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, serve } from './program.js';

/** Who is there from the beginning. */
export const alice = { username: 'alice', password: 'looking-glass-1871' };

const OFFSETS = { accounts: 0, wiki: 1, notes: 2, specs: 5 };

/** Starts the demo on free ports, with its state in a folder that goes with it. */
export async function startDemo() {
  const folder = await mkdtemp(join(tmpdir(), 'vestibule-demo.'));
  const first = await freePorts([0, 1, 2, 3, 4, 5, 6]);
  const local = Object.values(OFFSETS).map((offset) => `http://127.0.0.1:${first + offset}/`);
  const data = join(folder, 'data');
  const program = await serve(['demo', '--first-port', String(first), '--data', data], local, { cwd: folder });
  return {
    accounts: `http://accounts.vestibule.localhost:${first + OFFSETS.accounts}`,
    wiki: `http://wiki.vestibule.localhost:${first + OFFSETS.wiki}`,
    notes: `http://notes.vestibule.localhost:${first + OFFSETS.notes}`,
    specs: `http://specs.example.localhost:${first + OFFSETS.specs}`,
    /** Everything it has printed and logged so far. */
    output: program.output,
    async stop() {
      await program.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof startDemo>>} Demo */
