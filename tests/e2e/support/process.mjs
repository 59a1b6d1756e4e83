/** Child processes, each in a group of its own, so that it can be stopped with all of its children and nothing else. */
import { spawn } from 'node:child_process';
import { atOnce, everything } from './cleanup.mjs';
import { root } from './paths.mjs';
import { inTime, pause } from './until.mjs';

/** Characters of output kept for a failure's message. */
const TAIL = 4000;
/** Milliseconds in which the system takes down what was killed. */
const TEARDOWN = 2000;

/** Groups that run. @type {Set<number>} */
const groups = new Set();
// All at once: one after the other would take longer than whoever asks this process to stop waits before killing it.
atOnce.add(() => groups.forEach((pid) => signalGroup(pid, 'SIGKILL')));

/**
 * @typedef {object} Running
 * @property {number} pid
 * @property {RegExpExecArray} ready what `ready` matched
 * @property {Promise<void>} ended
 * @property {() => boolean} alive
 * @property {import('node:child_process').ChildProcess['stdio']} stdio
 * @property {() => string} output the last of what it printed
 * @property {() => Promise<void>} stop kills it and its children, at once
 * @property {(signal: NodeJS.Signals) => unknown} signal tells it and its children
 */

/**
 * Starts a program and waits until a line of its output matches.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {object} options
 * @param {RegExp} options.ready
 * @param {import('./cleanup.mjs').Scope} [options.scope] when it is stopped
 * @param {number} [options.within] milliseconds until it must be ready
 * @param {Record<string, string>} [options.env]
 * @param {boolean} [options.pipes] two more, which it reads from and writes to as file descriptors 3 and 4
 * @returns {Promise<Running>}
 */
export async function start(
  command,
  args,
  { ready, scope = everything, within = 30_000, env, pipes = false },
) {
  // Its standard input is a pipe of ours: programs that watch it notice even when this process is killed.
  const child = spawn(command, args, {
    cwd: root,
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe', ...(pipes ? /** @type {const} */ (['pipe', 'pipe']) : [])],
  });
  remember(child);
  child.stdin.on('error', () => {});
  let output = '';
  let over = false;
  let forget = () => {};
  const ended = new Promise((resolve) => {
    child.once('error', resolve);
    child.once('exit', resolve);
  }).then((error) => {
    over = true;
    // What it has started does not outlive it.
    signalGroup(child.pid, 'SIGKILL');
    if (error instanceof Error) output += error.message;
    forget();
  });
  // Without a warning: nothing they would still write down is of use, and whoever presses Ctrl-C does not wait.
  const stop = async () => {
    if (!over) signalGroup(child.pid, 'SIGKILL');
    await ended;
    await groupGone(child.pid);
  };
  forget = scope.onEnd(stop);

  const matched = new Promise((resolve) => {
    const read = (/** @type {Buffer | string} */ data) => {
      output += data;
      const match = ready.exec(output);
      if (match) resolve(match);
      // Only now: so much may come at once that the line is not in the tail any more.
      output = output.slice(-TAIL);
    };
    // A pattern that matches nothing at all asks for no output.
    read('');
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    ended.then(() => resolve(null));
  });
  const what = `${command} to print ${ready}`;
  const match = await inTime(matched, { what, within }).catch(async (error) => {
    await stop();
    throw new Error(`${error.message}\n${output}`);
  });
  if (!match) throw new Error(`${command} ${args.join(' ')} ended early:\n${output}`);
  return {
    pid: child.pid ?? 0,
    ready: match,
    ended,
    alive: () => !over,
    stdio: child.stdio,
    output: () => output,
    stop,
    signal: (signal) => !over && signalGroup(child.pid, signal),
  };
}

/**
 * Runs a program to its end and returns its standard output.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: Record<string, string>, within?: number, show?: boolean, cwd?: string }} [options] `within` in
 *   milliseconds; `show` passes standard error on
 * @returns {Promise<string>}
 */
export async function run(command, args, { env, within = 60_000, show = false, cwd = root } = {}) {
  const child = spawn(command, args, {
    cwd,
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', show ? 'inherit' : 'pipe'],
  });
  remember(child);
  const forget = everything.onEnd(() => signalGroup(child.pid, 'SIGKILL'));
  let output = '';
  let errors = '';
  child.stdout?.on('data', (data) => (output += data));
  child.stderr?.on('data', (data) => (errors = (errors + data).slice(-TAIL)));
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const shown = [command, ...args].join(' ');
  try {
    const code = await inTime(ended, { what: `${shown} to end`, within });
    if (code !== 0) throw new Error(`${shown} ended with code ${code}\n${errors}`);
    return output;
  } finally {
    signalGroup(child.pid, 'SIGKILL');
    forget();
  }
}

/** Until its children, too, hold no file and no port; they have been killed. @param {number | undefined} pid */
async function groupGone(pid) {
  const deadline = performance.now() + TEARDOWN;
  while (signalGroup(pid, 0) && performance.now() < deadline) await pause(10);
}

/** @param {import('node:child_process').ChildProcess} child */
function remember(child) {
  const { pid } = child;
  if (pid === undefined) return;
  groups.add(pid);
  child.once('exit', () => groups.delete(pid));
}

/**
 * @param {number | undefined} pid
 * @param {NodeJS.Signals | 0} signal 0: none, only asks
 * @returns {boolean} whether there is anybody
 */
function signalGroup(pid, signal) {
  try {
    return pid !== undefined && process.kill(-pid, signal);
  } catch {
    // Gone already.
    return false;
  }
}
