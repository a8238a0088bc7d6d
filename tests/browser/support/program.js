/**
 * The program under test: started, listened to, and ended as a person would end it.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atMost, until } from './until.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const executable = process.env.VESTIBULE_BINARY
  ?? join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), 'debug', 'vestibule');
/** A clean end lets requests finish; it does not take longer than this. */
const FAREWELL_MS = 20_000;

/** @param {string[]} args @param {{ cwd: string, env?: Record<string, string> }} where */
function launch(args, { cwd, env = {} }) {
  if (!existsSync(executable)) throw new Error(`${executable} is not there: cargo build`);
  // Only what is given here: a developer's own configuration must not reach the tests.
  const own = { PATH: process.env.PATH, HOME: cwd, TMPDIR: tmpdir() };
  return spawn(executable, args, { cwd, env: { ...own, ...env }, stdio: 'pipe' });
}

/** Collects what a process writes. @param {import('node:child_process').ChildProcess} child */
function listen(child) {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part) => { text += part; });
  }
  return () => text;
}

/**
 * Runs one command to its end and returns what it printed.
 * @param {string[]} args
 * @param {{ cwd: string, env?: Record<string, string>, input?: string }} where
 */
export async function run(args, { input = '', ...where }) {
  const child = launch(args, where);
  const output = listen(child);
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`vestibule ${args.join(' ')} ended with ${code}:\n${output()}`);
  return output();
}

/**
 * Starts a server and waits until every address answers.
 * @param {string[]} args
 * @param {string[]} addresses
 * @param {{ cwd: string, env?: Record<string, string> }} where
 */
export async function serve(args, addresses, where) {
  const child = launch(args, where);
  child.stdin.end();
  const output = listen(child);
  const ended = once(child, 'close');
  const running = () => child.exitCode === null && child.signalCode === null;

  /** Ctrl-C, or what a service manager sends; then it has to end by itself, and well. @param {'SIGINT' | 'SIGTERM'} signal */
  const stop = async (signal = 'SIGINT') => {
    if (running()) child.kill(signal);
    await atMost(ended, FAREWELL_MS);
    const late = running();
    if (late) child.kill('SIGKILL');
    await ended;
    if (late) throw new Error(`vestibule did not end on ${signal}:\n${output()}`);
    const how = child.exitCode ?? child.signalCode;
    if (how !== 0) throw new Error(`vestibule ended with ${how}:\n${output()}`);
  };
  try {
    await Promise.all(addresses.map((address) => until(`${address} to answer`, () => {
      if (!running()) throw new Error(`vestibule ended with ${child.exitCode}:\n${output()}`);
      return fetch(address, { redirect: 'manual' }).then(() => true, () => false);
    }, output)));
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return { output, stop };
}

/** @param {number} port */
async function isFree(port) {
  const probe = createServer();
  try {
    probe.listen(port, '127.0.0.1');
    await once(probe, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    probe.close();
  }
}

/**
 * A port such that it and its neighbours at these offsets are free. Below the range the kernel gives to clients,
 * so that no connection takes one between this look and the server's own.
 * @param {number[]} offsets
 */
export async function freePorts(offsets) {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const first = 10_000 + Math.floor(Math.random() * 22_000);
    const free = await Promise.all(offsets.map((offset) => isFree(first + offset)));
    if (free.every(Boolean)) return first;
  }
  throw new Error('no free ports');
}
