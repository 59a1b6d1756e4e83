/**
 * `npm run size [-- --json | --check | --accept]`: the bytes a page loads for one upload, by entry: the entry itself and the files
 * it fetches. `total_gz` is the default entry's, gzip'd at level 9.
 *
 * `--check` fails when that is too large, see `lib/size-limit.mjs`; `--accept` writes down that it is as large now.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { distDir, root } from './lib/project.mjs';
import { script } from './lib/run.mjs';
import { sizeProblem } from './lib/size-limit.mjs';

/** Holds the size that was last accepted. */
const landedPath = join(root, 'scripts', 'size.json');

const loads = {
  partwise: ['index.js'],
  'partwise/external': ['external.js', 'partwise_bg.wasm', 'worker.js'],
  'partwise/global': ['global.js'],
  'partwise/hash': ['hash.js', 'index.js'],
  'partwise/store': ['store.js', 'index.js'],
  'partwise/react': ['react.js', 'store.js', 'index.js'],
  'partwise/vue': ['vue.js', 'store.js', 'index.js'],
  'partwise/element': ['element.js', 'index.js'],
  'partwise/format': ['format.js'],
};

/** @param {string} name */
function measure(name) {
  const content = readFileSync(join(distDir, name));
  return {
    raw: content.length,
    gz: gzipSync(content, { level: 9 }).length,
    br: brotliCompressSync(content).length,
  };
}

/** @param {readonly string[]} names */
function sum(names) {
  const total = { raw: 0, gz: 0, br: 0 };
  for (const { raw, gz, br } of names.map(measure)) {
    total.raw += raw;
    total.gz += gz;
    total.br += br;
  }
  return total;
}

await script(async () => {
  if (!existsSync(distDir)) throw new Error('There is no dist/ yet. Run `npm run build`.');
  const entries = Object.fromEntries(Object.entries(loads).map(([entry, names]) => [entry, sum(names)]));
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ entries, total_gz: entries.partwise?.gz })}\n`);
    return;
  }
  const line = (/** @type {unknown[]} */ [name, ...cells]) =>
    `${String(name).padEnd(20)}${cells.map((cell) => String(cell).padStart(10)).join('')}\n`;
  process.stdout.write(line(['bytes', 'raw', 'gzip', 'brotli']));
  for (const [entry, { raw, gz, br }] of Object.entries(entries))
    process.stdout.write(line([entry, raw, gz, br]));
  const total = entries.partwise?.gz ?? 0;
  process.stdout.write(`total_gz ${total}\n`);
  if (process.argv.includes('--accept'))
    writeFileSync(landedPath, `${JSON.stringify({ total_gz: total }, null, 2)}\n`);
  if (!process.argv.includes('--check')) return;
  const { total_gz: landed } = JSON.parse(readFileSync(landedPath, 'utf8'));
  const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  const problem = sizeProblem({ total, landed, changelog });
  if (problem) throw new Error(problem);
});
