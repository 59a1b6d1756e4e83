/**
 * `npm test`: everything, from installing to uploads in a real browser. Stops at the first stage that fails.
 *
 * `node scripts/test.mjs STAGE… [-- arguments]` runs only these stages of tests (`native`, `sim`, `web`, `packaging`, `e2e`, or
 * `e2e-all`, which must be asked for); arguments go to the last one. Ends with the line `N passed, N failed`.
 */
import { build } from './build.mjs';
import { run, script } from './lib/run.mjs';
import { setup } from './setup.mjs';

/**
 * @typedef {object} Stage
 * @property {string} name
 * @property {string} title
 * @property {readonly [string, ...string[]]} command
 * @property {boolean} [asked] runs only when it is named
 */

const packaging = [
  'package',
  'store',
  'bindings',
  'docs',
  'words',
  'supply',
  'element',
  'keep',
  'size',
  'bench',
  'harness',
  'checks',
  'bundlers',
  'examples',
].map((name) => `tests/packaging/${name}.test.mjs`);

/** @type {readonly Stage[]} */
const stages = [
  { name: 'native', title: 'native tests', command: ['cargo', 'test', '--workspace'] },
  {
    name: 'sim',
    title: 'simulated lives of uploads',
    command: ['cargo', 'test', '--release', '--package', 'partwise', '--test', 'sim'],
  },
  { name: 'web', title: 'browser tests of the parts', command: ['node', 'scripts/test-web.mjs'] },
  {
    name: 'packaging',
    title: 'tests of the npm package',
    command: ['node', '--test', '--test-reporter=spec', ...packaging],
  },
  { name: 'e2e', title: 'end-to-end tests', command: ['node', 'tests/e2e/run.mjs'] },
  {
    name: 'e2e-all',
    title: 'end-to-end tests in all browsers',
    command: ['node', 'tests/e2e/run.mjs', '--all'],
    asked: true,
  },
];

/** How cargo and node:test report totals, one line for each binary or for each outcome. */
const partials = [
  /^test result: \w+\. (?<passed>\d+) passed; (?<failed>\d+) failed/,
  /^(?:ℹ|#) pass (?<passed>\d+)$/,
  /^(?:ℹ|#) fail (?<failed>\d+)$/,
];
/** How our own runners end; counts everything before, also what they passed on. */
const total = /^(\d+) passed, (\d+) failed$/;

/** Reads how many tests passed and failed from a stage's output. */
function counter() {
  const count = { passed: 0, failed: 0 };
  return {
    count,
    /** @param {string} line */
    onLine(line) {
      const found = total.exec(line);
      if (found) [count.passed, count.failed] = [Number(found[1]), Number(found[2])];
      for (const pattern of partials) {
        const { passed = 0, failed = 0 } = pattern.exec(line)?.groups ?? {};
        count.passed += Number(passed);
        count.failed += Number(failed);
      }
    },
  };
}

/**
 * Runs one stage with a headline and its duration.
 *
 * @param {string} title
 * @param {() => Promise<void>} work
 */
async function timed(title, work) {
  const start = performance.now();
  process.stdout.write(`\n==> ${title}\n`);
  await work().catch((error) => {
    error.message = `FAILED in ${title}: ${error.message}`;
    throw error;
  });
  process.stdout.write(`==> ${title}: ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
}

/**
 * @param {readonly Stage[]} chosen
 * @param {readonly string[]} extra arguments for the last one
 */
async function runStages(chosen, extra) {
  const sum = { passed: 0, failed: 0 };
  /** @type {Record<string, string>} */
  const env = process.stdout.isTTY ? { CARGO_TERM_COLOR: 'always', FORCE_COLOR: '1' } : {};
  try {
    for (const stage of chosen) {
      const [program, ...own] = stage.command;
      const { count, onLine } = counter();
      const args = stage === chosen.at(-1) ? [...own, ...extra] : own;
      await timed(stage.title, () => run(program, args, { env, onLine })).finally(() => {
        sum.passed += count.passed;
        sum.failed += count.failed;
      });
    }
  } finally {
    process.stdout.write(`\n${sum.passed} passed, ${sum.failed} failed\n`);
  }
}

await script(async () => {
  const args = process.argv.slice(2);
  const split = args.includes('--') ? args.indexOf('--') : args.length;
  const wanted = args.slice(0, split);
  const unknown = wanted.find((name) => !stages.some((stage) => stage.name === name));
  if (unknown)
    throw new Error(`There is no stage ${unknown}; there are: ${stages.map(({ name }) => name).join(' ')}`);

  const chosen = stages.filter(({ name, asked }) => (wanted.length === 0 ? !asked : wanted.includes(name)));
  await timed('setup', () => setup({ tests: true, everything: wanted.includes('e2e-all') }));
  await timed('build', build);
  await runStages(chosen, args.slice(split + 1));
});
