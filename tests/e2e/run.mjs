/**
 * End-to-end tests: the packed package in a real browser, against real stores, through a proxy that breaks things.
 *
 * `node tests/e2e/run.mjs [--store embedded|rgw] [--grep TEXT] [--list]`. Ends with the line `N passed, N failed`.
 */
import { readdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { everything } from './support/cleanup.mjs';
import { Proxy } from './support/proxy.mjs';
import { startSite } from './support/site.mjs';
import { stores } from './support/stores/index.mjs';
import { inTime } from './support/until.mjs';
import { World } from './support/world.mjs';

/** Milliseconds a scenario may take at most: the slowest sends 5 GiB. */
const LONGEST = 600_000;

/**
 * @typedef {object} Scenario
 * @property {string} name what it proves
 * @property {(world: World) => Promise<void>} run
 */

/** @returns {Promise<Scenario[]>} those of every file in `scenarios/`, in the order of their names */
async function scenarios() {
  const folder = new URL('scenarios/', import.meta.url);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.mjs')).sort();
  const modules = await Promise.all(names.map((name) => import(new URL(name, folder).href)));
  return modules.flatMap((module) => module.default);
}

/**
 * @param {Scenario} scenario
 * @param {World} world
 * @param {string} title
 * @returns {Promise<boolean>} whether it passed
 */
async function passes(scenario, world, title) {
  const start = performance.now();
  const seconds = () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
  try {
    await inTime(scenario.run(world), { what: 'the scenario to end', within: LONGEST });
    console.log(`ok     ${title} (${seconds()})`);
    return true;
  } catch (error) {
    console.log(`FAILED ${title} (${seconds()})`);
    console.log(error instanceof Error ? error.stack : error);
    console.log(await world.story());
    return false;
  } finally {
    await world.scope.end();
    await world.proxy.reset();
    await world.bucket.empty();
  }
}

async function main() {
  const { values } = parseArgs({
    options: { store: { type: 'string' }, grep: { type: 'string' }, list: { type: 'boolean' } },
  });
  const chosen = (await scenarios()).filter(({ name }) => name.includes(values.grep ?? ''));
  if (values.list) return chosen.forEach(({ name }) => console.log(name));
  const wanted = Object.entries(stores).filter(([name]) => name === (values.store ?? name));
  if (wanted.length === 0) throw new Error(`--store is one of ${Object.keys(stores).join(', ')}`);

  const count = { passed: 0, failed: 0 };
  try {
    const site = await startSite();
    for (const [name, startStore] of wanted) {
      const store = await startStore();
      const proxy = await Proxy.start(store.bucket.origin);
      for (const scenario of chosen) {
        const world = new World({ site, store, proxy });
        const passed = await passes(scenario, world, `${name}: ${scenario.name}`);
        count[passed ? 'passed' : 'failed'] += 1;
      }
    }
  } catch (error) {
    count.failed += 1;
    console.log(error instanceof Error ? error.stack : error);
  } finally {
    await everything.end();
  }
  console.log(`${count.passed} passed, ${count.failed} failed`);
  process.exitCode = count.failed > 0 || count.passed === 0 ? 1 : 0;
}

await main();
