/**
 * `npm run bench:upload [-- --scenario NAME,… --only NAME,… --rows defaults,equal --equal 8x4 --rounds N --scale SHARE --patience TIMES --journal FOLDER --json]`:
 * partwise and other libraries send the same files to the same sink from a real Chromium, every one in turn within each round, so
 * that what the machine does besides weighs on all of them. Tells medians, the least and the most; whoever fails or does not come to
 * an end is told as such, and the others go on.
 *
 * `--equal 5x1` gives all parts of 5 MiB, one at a time, in the second row. `--scale 0.05` sends a twentieth, to see that everything works; such figures mean nothing. `--patience 5` waits that much longer.
 * `--journal FOLDER` leaves what each contender has asked there, for `bench/upload/timeline.mjs`. `bench/upload/plot.mjs` makes tables
 * and plots of what `--json` prints.
 *
 * Needs what `npm run e2e` needs; `npm run build` first.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Chromium } from '../../tests/e2e/support/chromium/browser.mjs';
import { everything } from '../../tests/e2e/support/cleanup.mjs';
import { temporaryFolder } from '../../tests/e2e/support/files.mjs';
import { PART_SIZES, contenders, equalParts } from './contenders.mjs';
import { Link } from './link.mjs';
import { installPeers, versions } from './peers.mjs';
import { line, summary, table } from './report.mjs';
import { once } from './round.mjs';
import { bytesOf, inRound, scaled, scenarios } from './scenarios.mjs';
import { Sink, makeFiles } from './sink.mjs';
import { startSite } from './site.mjs';

/** @typedef {import('./scenarios.mjs').Scenario} Scenario */
/** @typedef {import('./round.mjs').Entry} Entry */
/** @typedef {import('./round.mjs').Figures} Figures */

const say = (/** @type {string} */ text) => process.stderr.write(`${text}\n`);

function options() {
  const { values } = parseArgs({
    options: {
      scenario: { type: 'string' },
      only: { type: 'string' },
      rows: { type: 'string', default: 'defaults,equal' },
      equal: { type: 'string', default: '8x4' },
      rounds: { type: 'string', default: '3' },
      scale: { type: 'string', default: '1' },
      patience: { type: 'string', default: '1' },
      journal: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const names = scenarios.map(({ name }) => name);
  const takePart = Object.keys(contenders).filter((name) => !contenders[name]?.asked);
  const scale = positive('--scale', values.scale);
  const rows = chosen('--rows', values.rows, ['defaults', 'equal'], []);
  const equal = equalParts(values.equal);
  return {
    chosen: chosen('--scenario', values.scenario, names, names).flatMap((name) =>
      scenarios.filter((scenario) => scenario.name === name).map((scenario) => scaled(scenario, scale)),
    ),
    entries: chosen('--only', values.only, Object.keys(contenders), takePart).flatMap((contender) =>
      (contenders[contender]?.rows ?? [])
        .filter((row) => rows.includes(row))
        .map((row) => ({ contender, row, equal: row === 'equal' ? equal : null })),
    ),
    rounds: positive('--rounds', values.rounds),
    scale,
    patience: positive('--patience', values.patience),
    journal: values.journal,
    json: values.json,
  };
}

/**
 * @param {string} option
 * @param {string | undefined} given
 * @param {readonly string[]} known
 * @param {readonly string[]} otherwise
 */
function chosen(option, given, known, otherwise) {
  const names = given?.split(',') ?? otherwise;
  const unknown = names.find((name) => !known.includes(name));
  if (unknown) throw new Error(`${option}: there is no ${unknown}, only ${known.join(', ')}`);
  return names;
}

/** @param {string} option @param {string} given */
function positive(option, given) {
  const number = Number(given);
  if (!(number > 0 && number < Infinity)) throw new Error(`${option}: ${given} is no number above 0`);
  return number;
}

/**
 * One scenario: every contender in each of the rounds.
 *
 * @param {import('./round.mjs').World} world
 * @param {Scenario} scenario
 * @param {readonly Entry[]} entries
 * @param {number} rounds
 * @param {string | undefined} journal where requests are written down
 */
async function compete(world, scenario, entries, rounds, journal) {
  say(`\n${scenario.name}: ${scenario.about}; ${scenario.count} × ${scenario.size} bytes`);
  const files = await makeFiles(scenario);
  await world.sink.prepare(files, [...PART_SIZES, scenario.size]);
  /** @type {Map<Entry, Figures[]>} */
  const measured = new Map(entries.map((entry) => [entry, []]));
  for (let round = scenario.warmUp ? 0 : 1; round <= rounds; round += 1) {
    // Each round begins with another one, so that nobody always comes after the same one.
    const first = round % entries.length;
    for (const entry of [...entries.slice(first), ...entries.slice(0, first)]) {
      if (everything.ending) return [];
      if (!world.browser.alive) world.browser = await launch();
      const figures = await once(world, inRound(scenario, round), entry, files).catch((error) =>
        broken(scenario, error),
      );
      if (round > 0) measured.get(entry)?.push(figures);
      if (journal) {
        const name = [scenario.name, entry.contender, entry.row, round].join('-');
        await writeFile(join(journal, `${name}.json`), JSON.stringify(await world.sink.journal()));
      }
      say(`${round || 'warm-up'} ${entry.contender} ${entry.row}  ${line(figures)}`);
    }
  }
  return entries.map((entry) => summary(entry, measured.get(entry) ?? []));
}

/** Once, and again when one has not survived a contender. */
async function launch() {
  return Chromium.launch(await temporaryFolder('bench-', everything), everything);
}

/** Of a round that did not even come to its end. @param {Scenario} scenario @param {Error} error @returns {Figures} */
function broken(scenario, error) {
  const nothing = { requests: 0, preflights: 0, refused: 0, longestTask: 0, frozen: 0, mainThread: 0 };
  const unknown = { seconds: scenario.patience, rate: 0, ofLink: null, sent: 0, firstByte: null };
  const free = { cpu: 0, memory: 0, hashed: 0, sinkCpu: 0 };
  return { finished: false, error: error.message, ...nothing, ...unknown, ...free };
}

async function main() {
  const { chosen, entries, rounds, scale, patience, journal, json } = options();
  if (journal) await mkdir(journal, { recursive: true });
  const names = [...new Set(entries.map(({ contender }) => contender))];
  await installPeers(new Set(names.flatMap((name) => contenders[name]?.peers ?? [])));
  const { origin: site, gzip } = await startSite(names, everything);
  const sink = await Sink.start(everything);
  const link = chosen.some(({ link }) => link) ? await Link.start(sink, everything) : null;
  const world = { browser: await launch(), sink, link, site, patience };
  const about = {
    command: ['npm run bench:upload --', ...process.argv.slice(2)].join(' '),
    machine: `${cpus().length} × ${cpus()[0]?.model.trim()}, Linux ${release().split('.').slice(0, 2).join('.')}`,
    browser: await world.browser.version(),
    versions: versions(),
    scale,
    gzip,
  };
  const results = [];
  for (const scenario of chosen) {
    const outcome = await compete(world, scenario, entries, rounds, journal);
    if (!json) console.table(table(outcome));
    const { name, about } = scenario;
    results.push({ name, about, bytes: bytesOf(scenario), link: scenario.link, results: outcome });
  }
  if (json) console.log(JSON.stringify({ ...about, scenarios: results }));
  else console.table(Object.fromEntries(names.map((name) => [name, { gzip_bytes: gzip[name] }])));
}

try {
  await main();
} finally {
  await everything.end();
}
