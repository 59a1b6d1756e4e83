/**
 * End-to-end tests: the packed package in real browsers, against real stores, through a proxy that breaks things.
 *
 * `node tests/e2e/run.mjs [--browser NAME,…] [--store NAME,…] [--grep TEXT] [--repeat N] [--lanes N] [--list]`, by
 * default Chromium against the embedded store and Ceph RGW, without the scenarios that take a minute and more; `--all`: all
 * of them, in all browsers against RGW and Garage. Ends with the line `N passed, N failed`.
 */
import { readdir } from 'node:fs/promises';
import { inspect, parseArgs } from 'node:util';
import { binary } from './support/binaries.mjs';
import { browsers } from './support/browsers/index.mjs';
import { Pool } from './support/browsers/pool.mjs';
import { Scope, everything } from './support/cleanup.mjs';
import { inLanes } from './support/lanes.mjs';
import { Proxy } from './support/proxy.mjs';
import { keepsSecrets } from './support/secrets.mjs';
import { startSite } from './support/site.mjs';
import { stores } from './support/stores/index.mjs';
import { inTime } from './support/until.mjs';
import { World } from './support/world.mjs';

/** Milliseconds a scenario may take at most: the slowest sends 12 000 parts. */
const LONGEST = 1_500_000;
/** Scenarios at the same time; how many times as many of those that mostly wait, and how many of these at most. */
const LANES = '3';
const PATIENT = 4;
const MOST_PATIENT = 10;
/** Milliseconds from one of them to the next: browsers and stores that all start at the same time keep a machine busy. */
const APART = 2_000;
/** How many of the others run beside those that wait: these leave the processors idle, but judge by time. */
const BESIDE = 2;

/**
 * @typedef {object} Scenario
 * @property {string} name what it proves
 * @property {(world: World) => Promise<void>} run
 * @property {boolean} [alone] nothing else may run meanwhile: it measures
 * @property {boolean} [ownStore] it stops the store, and so needs one that is nobody else's
 * @property {boolean} [waits] it mostly waits, and judges by the time things take: with its like, and few others
 * @property {boolean} [long] it takes about a minute or more: only with `--all`, or when `--grep` asks for it
 * @property {readonly (keyof import('./support/browsers/index.mjs').Capabilities)[]} [needs] what the browser must be
 *   able to do
 * @property {(on: { browser: string, store: string }) => string | undefined} [skip] why it cannot run there
 */

/**
 * @typedef {object} Job one scenario in one browser against one store
 * @property {Scenario} scenario
 * @property {string} browser
 * @property {string} store
 */

/** @returns {Promise<Scenario[]>} those of every file in `scenarios/`, in the order of their names */
async function scenarios() {
  const folder = new URL('scenarios/', import.meta.url);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.mjs')).sort();
  const modules = await Promise.all(names.map((name) => import(new URL(name, folder).href)));
  return modules.flatMap((module) => module.default);
}

/** What runs in this process for all scenarios, started when it is first needed. */
class Stage {
  #pool = new Pool();
  /** @type {Map<string, Promise<import('./support/stores/index.mjs').Server>>} */
  #servers = new Map();

  /**
   * @param {Job} job
   * @param {Scope} scope
   */
  async world({ scenario, browser, store }, scope) {
    const server = scenario.ownStore ? chosen(stores, store)(scope) : this.#shared(store);
    const opened = await (await server).open(scope);
    const proxy = await Proxy.start(opened.bucket.origin, scope);
    return new World({
      scope,
      site: await startSite(scope),
      engine: chosen(browsers, browser),
      pool: this.#pool,
      store: opened,
      proxy,
    });
  }

  /** @param {string} store */
  #shared(store) {
    const server = this.#servers.get(store) ?? chosen(stores, store)(everything);
    this.#servers.set(store, server);
    return server;
  }
}

/**
 * @param {Job} job
 * @param {Stage} stage
 * @returns {Promise<'passed' | 'failed' | 'skipped'>}
 */
async function outcome(job, stage) {
  const { scenario, browser, store } = job;
  const title = `${browser} × ${store}: ${scenario.name}`;
  const missing = scenario.needs?.find((need) => !chosen(browsers, browser).can[need]);
  const reason = missing ? `${browser} offers no ${missing}` : scenario.skip?.({ browser, store });
  if (reason) {
    console.log(`skip   ${title}: ${reason}`);
    return 'skipped';
  }
  const start = performance.now();
  const seconds = () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
  const scope = new Scope();
  const done = everything.onEnd(() => scope.end());
  /** @type {World | undefined} */
  let world;
  try {
    world = await stage.world(job, scope);
    await inTime(scenario.run(world), { what: 'the scenario to end', within: LONGEST });
    await keepsSecrets(world);
    console.log(`ok     ${title} (${[seconds(), ...world.figures].join('; ')})`);
    return 'passed';
  } catch (error) {
    if (world) world.outcome.failed = true;
    const told = Promise.resolve(world?.story());
    const story = (await inTime(told, { what: 'the story', within: 60_000 }).catch(String)) ?? '';
    // With what caused it: of a failed fetch its message tells nothing.
    console.log(`FAILED ${title} (${seconds()})\n${inspect(error)}\n${story}`);
    return 'failed';
  } finally {
    // What hangs while it is stopped must not keep the others waiting.
    const ended = scope.end().then(done);
    await inTime(ended, { what: `the end of ${title}`, within: 60_000 }).catch(console.log);
  }
}

/**
 * @template T
 * @param {Readonly<Record<string, T>>} all
 * @param {string} name
 * @returns {T}
 */
function chosen(all, name) {
  const found = all[name];
  if (!found) throw new Error(`there is no ${name}, only ${Object.keys(all).join(', ')}`);
  return found;
}

async function main() {
  const { values } = parseArgs({
    options: {
      all: { type: 'boolean' },
      browser: { type: 'string' },
      store: { type: 'string' },
      grep: { type: 'string', default: '' },
      repeat: { type: 'string', default: '1' },
      lanes: { type: 'string', default: LANES },
      list: { type: 'boolean' },
    },
  });
  const named = (await scenarios()).filter(({ name }) => name.includes(values.grep));
  const wanted = named.filter(({ long }) => !long || values.all || values.grep !== '');
  if (values.list) return wanted.forEach(({ name }) => console.log(name));
  const inBrowsers = (values.browser ?? (values.all ? 'chromium,firefox,webkit' : 'chromium')).split(',');
  const atStores = (values.store ?? (values.all ? 'rgw,garage' : 'embedded,rgw')).split(',');
  inBrowsers.forEach((name) => chosen(browsers, name));
  atStores.forEach((name) => chosen(stores, name));
  // The long ones first, so that no lane is left with one at the end; and scenario by scenario, so that at no time all lanes
  // are taken by the browser that needs most.
  const ordered = [...wanted.filter(({ long }) => long), ...wanted.filter(({ long }) => !long)];
  const jobs = ordered.flatMap((scenario) =>
    inBrowsers.flatMap((browser) => atStores.map((store) => ({ scenario, browser, store }))),
  );
  const lanes = Number(values.lanes);

  const count = { passed: 0, failed: 0, skipped: 0 };
  const stage = new Stage();
  const run = async (/** @type {Job} */ job) => {
    if (everything.ending) return;
    count[await outcome(job, stage)] += 1;
  };
  try {
    // Before any scenario's time runs: on a new machine this takes minutes.
    await binary('partwise-test-support', 'fault-proxy');
    await binary('partwise-demo-server');
    for (let round = 1; round <= Number(values.repeat); round += 1) {
      const start = performance.now();
      const seconds = () => `${((performance.now() - start) / 1000).toFixed(0)} s`;
      const waiting = jobs.filter(({ scenario }) => scenario.waits);
      const alone = jobs.filter(({ scenario }) => scenario.alone);
      // All lanes that run the others take from this one line.
      const others = jobs.filter(({ scenario }) => !scenario.waits && !scenario.alone).values();
      const beside = Math.min(BESIDE, lanes - 1);
      const wait = async () => {
        const patient = Math.min(lanes * PATIENT, MOST_PATIENT, waiting.length);
        await inLanes(patient, waiting.values(), run, APART);
        console.log(`${waiting.length} that wait: over at ${seconds()}`);
      };
      await Promise.all([
        inLanes(beside, others, run),
        wait().then(() => inLanes(lanes - beside, others, run)),
      ]);
      console.log(`the others: over at ${seconds()}`);
      await inLanes(1, alone.values(), run);
      console.log(`round ${round}: ${seconds()}`);
    }
  } catch (error) {
    count.failed += 1;
    console.log(error instanceof Error ? error.stack : error);
  } finally {
    await everything.end();
  }
  if (count.skipped > 0) console.log(`${count.skipped} skipped`);
  console.log(`${count.passed} passed, ${count.failed} failed`);
  process.exitCode = count.failed > 0 || count.passed === 0 ? 1 : 0;
}

await main();
