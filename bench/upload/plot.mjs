/**
 * `node bench/upload/plot.mjs [RESULT.json…]`: of what `npm run bench:upload -- --json` has printed makes the tables in
 * `bench/README.md` and the plots beside it, and keeps it as `bench/upload/result.json`, of which it makes them again when no
 * file is named. Of scenarios in several files the last counts.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { root } from '../../scripts/lib/project.mjs';
import { bars } from './bars.mjs';
import { contenders } from './contenders.mjs';
import { scenarios } from './scenarios.mjs';
import { markdown } from './tables.mjs';

/**
 * @typedef {import('./report.mjs').Result} Result
 *
 * @typedef {object} Outcome of a scenario
 * @property {string} name
 * @property {string} about
 * @property {number} bytes
 * @property {Result[]} results
 * @property {string} [command] once results of several runs are in one file: which of them it comes from
 * @property {string} [machine] so is this
 *
 * @typedef {object} Report what `--json` prints
 * @property {string} command
 * @property {string} machine
 * @property {string} browser
 * @property {Record<string, string>} versions
 * @property {number} scale
 * @property {Record<string, number>} gzip
 * @property {Outcome[]} scenarios
 */

const readme = join(root, 'bench', 'README.md');
const kept = join(root, 'bench', 'upload', 'result.json');
const plots = join(root, 'bench', 'upload', 'plots');
const BETWEEN = /(<!-- upload -->\n)[^]*(<!-- \/upload -->)/;

const all = scenarios.map(({ name }) => name);

/**
 * What a user feels, by the files' names: how much, in the middle or the worst round, behind a bar, and in which scenarios it is
 * worth a look.
 *
 * @type {Record<string, { title: string, scenarios: readonly string[], figure: keyof import('./report.mjs').Spreads,
 *   of: 'median' | 'max', least: number, value: (figure: number, bytes: number) => number, told: (value: number) => string }>}
 */
const pictures = {
  time: {
    title: 'Time to finish',
    scenarios: all,
    figure: 'seconds',
    of: 'median',
    least: 0.1,
    value: (seconds) => seconds,
    told: (seconds) => `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`,
  },
  waste: {
    title: 'Bytes sent in vain',
    scenarios: ['lossy', 'reload', 'throttle', 'outage'],
    figure: 'sent',
    of: 'median',
    least: 1e6,
    value: (sent, bytes) => Math.max(0, sent - 1) * bytes,
    told: (bytes) => `${(bytes / 1e6).toFixed(1)} MB`,
  },
  freezes: {
    title: 'The longest moment in which the page did not answer',
    scenarios: all,
    figure: 'longestTask',
    of: 'max',
    least: 100,
    value: (millis) => millis,
    told: (millis) => (millis < 50 ? 'below 50 ms' : `${millis.toFixed(0)} ms`),
  },
};

/** @param {Report} report @returns {Record<string, string>} SVG files by their names */
export function draw({ scenarios }) {
  const drawn = Object.entries(pictures).flatMap(([name, picture]) => {
    const panels = picture.scenarios
      .flatMap((name) => scenarios.filter((scenario) => scenario.name === name))
      .map(({ name, about, bytes, results }) => ({
        title: name,
        subtitle: about,
        least: picture.least,
        bars: results.filter(isPlotted).map((result) => bar(result, bytes, picture)),
      }));
    return panels.length ? [[`${name}.svg`, bars(picture.title, panels)]] : [];
  });
  return Object.fromEntries(drawn);
}

/** By their defaults; the reference for parts has none. @param {Result} result */
const isPlotted = ({ contender, row }) => row === 'defaults' || contender === 'raw_parts';

/**
 * @param {Result} result
 * @param {number} bytes
 * @param {(typeof pictures)[string]} picture
 * @returns {import('./bars.mjs').Bar}
 */
function bar({ contender, figures, finished, rounds }, bytes, { figure, of, value, told }) {
  const label = contenders[contender]?.label ?? contender;
  const kind = contender.startsWith('raw_') ? 'reference' : contender === 'partwise' ? 'ours' : 'peer';
  const { [of]: shown = null, min, max } = figures?.[figure] ?? {};
  if (finished === 0 || shown === null)
    return { label, kind, value: null, note: rounds > 1 ? `failed in all ${rounds} rounds` : 'failed' };
  const failures = finished < rounds ? `, failed in ${rounds - finished} of ${rounds}` : '';
  return {
    label,
    kind,
    value: value(shown, bytes),
    min: value(min ?? shown, bytes),
    max: value(max ?? shown, bytes),
    note: told(value(shown, bytes)) + failures,
  };
}

/** @param {readonly Report[]} reports @returns {Report} */
export function merged(reports) {
  const last = reports.at(-1);
  if (!last) throw new Error('which results?');
  if (reports.some(({ scale }) => scale !== last.scale)) throw new Error('their --scale differs');
  const outcomes = reports.flatMap(({ command, machine, scenarios }) =>
    scenarios.map((one) => ({ command, machine, ...one })),
  );
  const scenarios = [...new Map(outcomes.map((one) => [one.name, one])).values()];
  const command = [...new Set(scenarios.map(({ command }) => command))].join('\n');
  // Not all contenders take part in each run.
  const gzip = Object.assign({}, ...reports.map((report) => report.gzip));
  return { ...last, command, gzip, scenarios };
}

/** As the repository has all its files. @param {string} path @param {string} content */
async function write(path, content) {
  writeFileSync(path, await format(content, { ...(await resolveConfig(path)), filepath: path }));
}

async function main() {
  const given = process.argv.slice(2);
  const paths = given.length ? given : [kept];
  const report = merged(paths.map((path) => JSON.parse(readFileSync(path, 'utf8'))));
  await write(kept, JSON.stringify(report));
  mkdirSync(plots, { recursive: true });
  const files = draw(report);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(plots, name), content);
  const pictured = Object.keys(files).map((name) => {
    const { title = '' } = pictures[name.replace('.svg', '')] ?? {};
    return `![${title}](upload/plots/${name})\n\n`;
  });
  const section = `\n${pictured.join('')}${markdown(report)}\n\n`;
  const text = readFileSync(readme, 'utf8');
  await write(
    readme,
    text.replace(BETWEEN, (_, before, after) => before + section + after),
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
