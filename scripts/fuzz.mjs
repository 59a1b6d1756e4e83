/**
 * `npm run fuzz [-- --seconds N --target NAME]`: fuzzes everything that parses what comes from outside, 20
 * seconds for each target, and prints how many inputs each has run. Ends with an error at the first finding, and says
 * how to run it again.
 *
 * The targets are laid out for cargo-fuzz, but built without it: safe code needs no address sanitizer, and coverage
 * needs no more than flags that a stable compiler takes, so nothing has to be installed and they run twice as fast.
 * New inputs are kept in `target/fuzz`, and start the next run.
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './lib/project.mjs';
import { output, run, script } from './lib/run.mjs';

const folder = join(root, 'fuzz');
const workDir = join(root, 'target', 'fuzz');

/** What cargo-fuzz passes, but for the sanitizer. */
const RUSTFLAGS = [
  '--cfg=fuzzing',
  '-Cpasses=sancov-module',
  '-Ccodegen-units=1',
  ...[
    '-sanitizer-coverage-level=4',
    '-sanitizer-coverage-inline-8bit-counters',
    '-sanitizer-coverage-pc-table',
    '-sanitizer-coverage-trace-compares',
    '-simplifycfg-branch-fold-threshold=0',
  ].map((argument) => `-Cllvm-args=${argument}`),
].join(' ');

/** Longest input in bytes; one that takes longer than so many seconds, or more memory than this in MiB, is a finding. */
const LIMITS = ['-max_len=32768', '-timeout=10', '-rss_limit_mb=1024', '-malloc_limit_mb=256'];

/** @returns {Promise<string>} */
async function host() {
  const triple = /^host: (.+)$/m.exec((await output('rustc', ['-vV'])) ?? '')?.[1];
  if (!triple) throw new Error('Rust is needed and `rustc` does not run. Install it from https://rustup.rs');
  return triple;
}

/**
 * Builds all targets and returns the folder they are in.
 *
 * @returns {Promise<string>}
 */
async function build() {
  // Named, so that the flags are not for build scripts too.
  const triple = await host();
  const args = ['build', '--locked', '--release', '--bins', '--target', triple];
  await run('cargo', [...args, '--target-dir', workDir, '--manifest-path', join(folder, 'Cargo.toml')], {
    env: { RUSTFLAGS },
  });
  return join(workDir, triple, 'release');
}

/**
 * @param {string} programs
 * @param {string} target
 * @param {number} seconds
 * @returns {Promise<number>} how many inputs it has run
 */
async function fuzz(programs, target, seconds) {
  const found = join(workDir, 'corpus', target);
  const artifacts = join(workDir, 'artifacts', target);
  for (const path of [found, artifacts]) mkdirSync(path, { recursive: true });
  const dictionary = join(folder, 'dictionaries', `${target}.dict`);
  let executions = 0;
  /** @type {string[]} */
  const log = [];
  try {
    await run(
      'sh',
      // libFuzzer reports on standard error.
      ['-c', 'exec "$0" "$@" 2>&1', join(programs, target)].concat([
        `-max_total_time=${seconds}`,
        `-dict=${dictionary}`,
        `-artifact_prefix=${artifacts}/`,
        '-print_final_stats=1',
        '-verbosity=1',
        ...LIMITS,
        found,
        join(folder, 'corpus', target),
      ]),
      {
        quiet: true,
        onLine: (line) => {
          log.push(line);
          if (log.length > 200) log.shift();
          executions = Number(/^stat::number_of_executed_units: (\d+)$/.exec(line)?.[1] ?? executions);
        },
      },
    );
  } catch (error) {
    process.stderr.write(`${log.join('\n')}\n`);
    const name = /Test unit written to (.+)$/m.exec(log.join('\n'))?.[1];
    throw new Error(
      `fuzz target ${target} has a finding${name ? `; to run it again: ${join(programs, target)} ${name}` : ''}`,
      { cause: error },
    );
  }
  if (executions === 0) throw new Error(`fuzz target ${target} has run nothing`);
  return executions;
}

await script(async () => {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '20' },
      target: { type: 'string', multiple: true },
      list: { type: 'boolean', default: false },
    },
  });
  const all = readdirSync(join(folder, 'fuzz_targets')).map((name) => name.replace(/\.rs$/, ''));
  const seconds = Number(values.seconds);
  if (!Number.isInteger(seconds) || seconds < 1) throw new Error('--seconds takes a whole number from 1');
  for (const name of values.target ?? [])
    if (!all.includes(name))
      throw new Error(`There is no fuzz target ${name}, only: ${all.sort().join(', ')}`);
  if (values.list) return void process.stdout.write(`${all.sort().join('\n')}\n`);
  const programs = await build();
  for (const target of values.target ?? all.sort()) {
    const executions = await fuzz(programs, target, seconds);
    process.stdout.write(`fuzz ${target.padEnd(12)}${executions} executions in ${seconds} s, no finding\n`);
  }
});
