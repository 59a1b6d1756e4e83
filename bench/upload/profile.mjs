/**
 * `node bench/upload/profile.mjs SCENARIO CONTENDER [SCALE]`: what one contender's main thread does in a scenario, on this machine's
 * own loopback: the functions in which it spends its time, and how often it asks the browser for what. Names of partwise's
 * functions are those of its bundle; what they are stands there, at the column.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../../scripts/lib/project.mjs';
import { Chromium } from '../../tests/e2e/support/chromium/browser.mjs';
import { everything } from '../../tests/e2e/support/cleanup.mjs';
import { temporaryFolder } from '../../tests/e2e/support/files.mjs';
import { round } from '../lib/statistics.mjs';
import { PART_SIZES, contenders } from './contenders.mjs';
import { installPeers } from './peers.mjs';
import { scaled, scenarios } from './scenarios.mjs';
import { Sink, makeFiles } from './sink.mjs';
import { startSite } from './site.mjs';

/** Functions that are told. */
const MOST = 25;

/**
 * Milliseconds by function, without those that it calls.
 *
 * @param {{ nodes: any[], samples: number[], timeDeltas: number[] }} profile microseconds
 */
function selfTimes({ nodes, samples, timeDeltas }) {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, lineNumber, columnNumber } }) => [
      id,
      `${functionName || '(anonymous)'} ${lineNumber + 1}:${columnNumber + 1}`,
    ]),
  );
  /** @type {Map<string, number>} */
  const times = new Map();
  for (const [index, node] of samples.entries()) {
    const name = names.get(node) ?? '?';
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0) / 1000);
  }
  return [...times].sort(([, a], [, b]) => b - a).slice(0, MOST);
}

async function main() {
  const [name = '', contender = '', scale = '0.1'] = process.argv.slice(2);
  const known = scenarios.find((scenario) => scenario.name === name);
  if (!known) throw new Error(`which scenario? ${scenarios.map(({ name }) => name).join(', ')}`);
  const { peers } = contenders[contender] ?? fail(`which contender? ${Object.keys(contenders).join(', ')}`);
  await installPeers(peers ? [peers] : []);
  const scenario = scaled(known, Number(scale));
  const files = await makeFiles(scenario);
  const { origin: site } = await startSite([contender], everything);
  const sink = await Sink.start(everything);
  await sink.prepare(files, [...PART_SIZES, scenario.size]);
  const { store, backend } = sink;
  await sink.reset({ files, store, atOnce: scenario.atOnce });
  const browser = await Chromium.launch(await temporaryFolder('bench-', everything), everything);
  const page = await browser.newPage();
  await page.open(`${site}/${contender}`);
  await page.choose(files.map(({ path }) => path));
  await page.evaluate('ready()');
  const watch = await readFile(join(root, 'bench', 'upload', 'page', 'calls.js'), 'utf8');
  await page.evaluate(`${watch}; undefined`);
  const settings = { store, backend, equal: null, remembers: false, tellAt: null };
  await page.send('Profiler.enable');
  await page.send('Profiler.setSamplingInterval', { interval: 200 });
  await page.send('Profiler.start');
  const result = await page.evaluate(`run(${JSON.stringify(settings)})`);
  const { profile } = await page.send('Profiler.stop');
  const { right } = await sink.stats();
  console.log(
    `${result.error ?? 'done'} after ${result.millis.toFixed(0)} ms, ${right} of ${files.length} stored`,
  );
  const calls = Object.entries(await page.evaluate('calls')).map(([name, { calls, millis }]) => [
    name,
    { calls, millis: round(millis, 1) },
  ]);
  console.table(Object.fromEntries(calls));
  for (const [name, millis] of selfTimes(profile))
    console.log(`${millis.toFixed(1).padStart(9)} ms  ${name}`);
}

/** @param {string} message @returns {never} */
function fail(message) {
  throw new Error(message);
}

try {
  await main();
} finally {
  await everything.end();
}
