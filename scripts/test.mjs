/**
 * `npm test`: everything, from installing to uploads in a real browser. Stops at the first stage that fails.
 *
 * `node scripts/test.mjs STAGE… [-- arguments]` runs only these stages of tests (`native`, `web`, `packaging`, `e2e`);
 * arguments go to the last one. Ends with the line `N passed, N failed`.
 */
import { build } from './build.mjs';
import { CommandFailed, run, script } from './lib/run.mjs';
import { setup } from './setup.mjs';

/** @typedef {{ name: string, title: string, command: readonly [string, ...string[]] }} Stage */

/** @type {readonly Stage[]} */
const stages = [
  { name: 'native', title: 'native tests', command: ['cargo', 'test', '--workspace'] },
  { name: 'web', title: 'browser tests of the parts', command: ['node', 'scripts/test-web.mjs'] },
  {
    name: 'packaging',
    title: 'tests of the npm package',
    command: ['node', '--test', '--test-reporter=spec', 'tests/packaging/package.test.mjs'],
  },
  { name: 'e2e', title: 'end-to-end tests', command: ['node', 'tests/e2e/run.mjs'] },
];

/** How the test runners (cargo, node:test, ours) report a total or the passed or failed part of it. */
const totals = [
  /^test result: \w+\. (?<passed>\d+) passed; (?<failed>\d+) failed/,
  /^(?:ℹ|#) pass (?<passed>\d+)$/,
  /^(?:ℹ|#) fail (?<failed>\d+)$/,
  /^(?<passed>\d+) passed, (?<failed>\d+) failed$/,
];

const count = { passed: 0, failed: 0 };

/** @param {string} line */
function addTotals(line) {
  for (const pattern of totals) {
    const { passed = 0, failed = 0 } = pattern.exec(line)?.groups ?? {};
    count.passed += Number(passed);
    count.failed += Number(failed);
  }
}

/**
 * @param {string} title
 * @param {() => Promise<void>} work
 */
async function timed(title, work) {
  const start = performance.now();
  process.stdout.write(`\n==> ${title}\n`);
  await work().catch((error) => {
    count.failed ||= error instanceof CommandFailed ? 1 : 0;
    process.stdout.write(`\n${count.passed} passed, ${count.failed} failed\n`);
    error.message = `FAILED in ${title}: ${error.message}`;
    throw error;
  });
  process.stdout.write(`==> ${title}: ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
}

await script(async () => {
  const args = process.argv.slice(2);
  const split = args.indexOf('--');
  const wanted = split < 0 ? args : args.slice(0, split);
  const extra = split < 0 ? [] : args.slice(split + 1);
  const unknown = wanted.find((name) => !stages.some((stage) => stage.name === name));
  if (unknown)
    throw new Error(`There is no stage ${unknown}; there are: ${stages.map(({ name }) => name).join(' ')}`);
  const chosen = stages.filter(({ name }) => wanted.length === 0 || wanted.includes(name));

  await timed('setup', () => setup({ tests: true }));
  await timed('build', build);
  for (const stage of chosen) {
    const [program, ...own] = stage.command;
    const all = stage === chosen.at(-1) ? [...own, ...extra] : own;
    await timed(stage.title, () => run(program, all, { onLine: addTotals }));
  }
  process.stdout.write(`\n${count.passed} passed, ${count.failed} failed\n`);
});
