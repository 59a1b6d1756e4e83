/** Child processes: run one to its end, and leave none behind when this process is told to stop. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { root } from './project.mjs';

/** A command ended otherwise than with exit code 0. */
export class CommandFailed extends Error {
  /**
   * @param {string} command
   * @param {number} exitCode
   */
  constructor(command, exitCode) {
    super(`\`${command}\` ended with code ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
/** @type {NodeJS.Signals | undefined} */
let stopping;

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => {
    stopping = signal;
    for (const child of running) child.kill(signal);
    if (running.size === 0) process.exit(128 + constants.signals[signal]);
    // Whoever ignores a polite request for this long is not going to follow it.
    setTimeout(() => running.forEach((child) => child.kill('SIGKILL')), 5_000).unref();
  });
}

/**
 * Runs a command in the repository's root and waits for it.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: Record<string, string>, cwd?: string, onLine?: (line: string) => void, quiet?: boolean }} [options]
 *   `env` is added to this process's environment. `onLine` gets every line of standard output, without colours,
 *   in addition to what is shown. `quiet` shows nothing.
 * @returns {Promise<void>}
 * @throws {CommandFailed}
 */
export async function run(command, args, { env, cwd = root, onLine, quiet = false } = {}) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['inherit', onLine ? 'pipe' : quiet ? 'ignore' : 'inherit', quiet ? 'ignore' : 'inherit'],
  });
  running.add(child);
  if (onLine) {
    let rest = '';
    child.stdout?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      if (!quiet) process.stdout.write(text);
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line.replace(/\x1b\[[0-9;]*m/g, ''));
    });
    child.once('close', () => rest && onLine(rest));
  }
  const shown = [command, ...args].join(' ');
  const code = await new Promise((resolve, reject) => {
    child.once('error', (/** @type {NodeJS.ErrnoException} */ error) =>
      reject(error.code === 'ENOENT' ? new Error(`\`${command}\` is not installed`) : error),
    );
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  }).finally(() => running.delete(child));
  if (stopping) process.exit(128 + constants.signals[stopping]);
  if (code !== 0) throw new CommandFailed(shown, code);
}

/**
 * What a command prints, trimmed; `undefined` when it does not exist or fails.
 *
 * @param {string} command
 * @param {readonly string[]} args
 */
export async function output(command, args) {
  /** @type {string[]} */
  const lines = [];
  try {
    await run(command, args, { quiet: true, onLine: (line) => lines.push(line) });
  } catch {
    return undefined;
  }
  return lines.join('\n').trim();
}

/**
 * Runs a script's main function; what it throws becomes the last line and the exit code, and what is still running is stopped.
 *
 * @param {() => Promise<void>} main
 */
export async function script(main) {
  try {
    await main();
  } catch (error) {
    for (const child of running) child.kill();
    process.stderr.write(`\n${error instanceof Error ? error.message : error}\n`);
    process.exit(error instanceof CommandFailed ? error.exitCode : 1);
  }
}
