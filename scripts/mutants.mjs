/**
 * `npm run mutants [-- arguments for cargo-mutants]`: breaks the core in hundreds of small ways, and sees whether the
 * tests notice each. Fails when they notice fewer than nine in ten.
 *
 * What is broken and which tests run is in `.cargo/mutants.toml`. `-F REGEX` takes only the mutants whose name matches,
 * such as `-F core/retry`. The diff and the log of each are in `target/mutants.out`.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { root, toolsDir } from './lib/project.mjs';
import { CommandFailed, output, run, script } from './lib/run.mjs';

const VERSION = '27.1.0';
/** In percent of those that compile. */
const WANTED = 90;
/** How cargo-mutants ends when some survived, and when some hung. Both are for us to judge. */
const FINDINGS = [2, 3];

/** @typedef {{ file: string }} Mutant */
/** @typedef {{ scenario: 'Baseline' | { Mutant: Mutant }, summary: string }} Outcome */

/** Where mutants end; a hanging test has noticed its mutant too. */
const ends = /** @type {const} */ ({
  CaughtMutant: 'caught',
  Timeout: 'hung',
  MissedMutant: 'missed',
  Unviable: 'unviable',
});

async function install() {
  const tool = join(toolsDir, 'bin', 'cargo-mutants');
  if ((await output(tool, ['mutants', '--version'])) === `cargo-mutants ${VERSION}`) return tool;
  process.stdout.write(`==> installing cargo-mutants ${VERSION} into .tools (about two minutes, once)\n`);
  const wanted = ['cargo-mutants', '--version', VERSION, '--locked'];
  await run('cargo', ['install', ...wanted, '--root', toolsDir, '--force']);
  return tool;
}

/**
 * How many ended in which way, by module.
 *
 * @param {readonly Outcome[]} outcomes
 */
function count(outcomes) {
  /** @type {Map<string, { caught: number, hung: number, missed: number, unviable: number }>} */
  const modules = new Map();
  for (const { scenario, summary } of outcomes) {
    const end = ends[/** @type {keyof typeof ends} */ (summary)];
    if (scenario === 'Baseline' || end === undefined) continue;
    const name = /^src\/core\/(\w+)/.exec(scenario.Mutant.file)?.[1] ?? scenario.Mutant.file;
    const module = modules.get(name) ?? { caught: 0, hung: 0, missed: 0, unviable: 0 };
    modules.set(name, { ...module, [end]: module[end] + 1 });
  }
  return modules;
}

/** @param {{ caught: number, hung: number, missed: number }} module */
function line({ caught, hung, missed }) {
  const [noticed, viable] = [caught + hung, caught + hung + missed];
  const share = viable === 0 ? 100 : (100 * noticed) / viable;
  const text = `${noticed} of ${viable} viable mutants caught (${hung} of them by hanging): ${share.toFixed(1)} %`;
  return { share, text };
}

await script(async () => {
  const args = process.argv.slice(2);
  const jobs = Math.min(2, availableParallelism());
  if (!args.some((arg) => /^(-j|--jobs)/.test(arg))) args.unshift('--jobs', String(jobs));

  const tool = await install();
  // Each job builds in a copy of its own; one folder of builds for all would make them wait for each other.
  delete process.env.CARGO_TARGET_DIR;
  const copies = join(root, 'target', 'mutants.tmp');
  mkdirSync(copies, { recursive: true });
  try {
    // Few of the simulator's random runs: each mutant gets them.
    await run(tool, ['mutants', ...args], { env: { TMPDIR: copies, PARTWISE_SIM_RUNS: '20' } });
  } catch (error) {
    if (!(error instanceof CommandFailed && FINDINGS.includes(error.exitCode))) throw error;
  }
  if (args.some((arg) => arg.startsWith('--list'))) return;

  const report = readFileSync(join(root, 'target', 'mutants.out', 'outcomes.json'), 'utf8');
  const modules = count(JSON.parse(report).outcomes);
  const sum = { caught: 0, hung: 0, missed: 0 };
  for (const [name, module] of [...modules].sort()) {
    for (const end of /** @type {const} */ (['caught', 'hung', 'missed'])) sum[end] += module[end];
    process.stdout.write(`${name.padEnd(12)}${line(module).text}; ${module.unviable} do not compile\n`);
  }
  const { share, text } = line(sum);
  process.stdout.write(`\n${text}\n`);
  if (share < WANTED)
    throw new Error(`At least ${WANTED} % are wanted. Those missed are in target/mutants.out/missed.txt`);
});
