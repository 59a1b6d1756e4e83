/**
 * `npm run bench:hash [-- --size BYTES --rounds N --browser NAME --only NAME,… --json]`: hashing a file on disk in a real browser,
 * every way in turn within each round, so that what the machine does besides weighs on all of them. Prints medians.
 * `--only read_only,read_buffers,read_slices,read_sync` compares ways of reading a file.
 *
 * Needs what `npm run e2e` needs; `npm run build` first.
 */
import { build as bundle } from 'esbuild';
import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { browsers } from '../../tests/e2e/support/browsers/index.mjs';
import { everything } from '../../tests/e2e/support/cleanup.mjs';
import { MiB, randomFile, temporaryFolder } from '../../tests/e2e/support/files.mjs';
import { root } from '../../tests/e2e/support/paths.mjs';
import { cpuSeconds, peakBytes, renderers, residentBytes, resetPeak } from '../lib/meter.mjs';
import { median, round } from '../lib/statistics.mjs';

const WAYS = [
  'read_only',
  'spark_md5_worker',
  'hash_wasm_stream',
  'partwise_md5',
  'partwise_parts',
  'partwise_all',
  'partwise_many_files',
];
/** Only when asked for. */
const OTHER_WAYS = ['read_buffers', 'read_slices', 'read_sync'];
/** Many files: so many, each of so many bytes. */
const MANY = { count: 64, bytes: 16 * MiB };

/** @typedef {import('../../tests/e2e/support/files.mjs').TestFile} TestFile */
/** @typedef {{ mbps: number, cpu: number, memory: number, task: number }} Figures */

const pageDir = join(root, 'bench', 'hash', 'page');

/** Serves the page, the workers, bundled, and the package. */
async function serve() {
  /** @type {Map<string, string>} */
  const scripts = new Map();
  for (const name of ['read', 'spark', 'hash-wasm']) {
    const options = {
      bundle: true,
      write: /** @type {const} */ (false),
      minify: true,
      logLevel: /** @type {const} */ ('warning'),
    };
    const { outputFiles } = await bundle({
      ...options,
      entryPoints: [join(pageDir, `${name}.js`)],
      format: 'iife',
    });
    scripts.set(`/${name}.js`, outputFiles[0]?.text ?? '');
  }
  const types = new Map([
    ['.js', 'text/javascript'],
    ['.html', 'text/html'],
  ]);
  const server = createServer(async ({ url = '/' }, response) => {
    const path = url === '/' ? '/index.html' : url;
    const inPackage = path.startsWith('/partwise/');
    const file = inPackage ? join(root, 'dist', path.slice('/partwise/'.length)) : join(pageDir, path);
    const content = scripts.get(path) ?? (await readFile(file).catch(() => undefined));
    response.writeHead(content === undefined ? 404 : 200, {
      'Content-Type': types.get(extname(path)) ?? 'text/plain',
    });
    response.end(content);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', () => ready(undefined)));
  everything.onEnd(() => server.close());
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return `http://127.0.0.1:${address.port}/`;
}

async function main() {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: String(1024 * MiB) },
      rounds: { type: 'string', default: '5' },
      browser: { type: 'string', default: 'chromium' },
      only: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  const size = Number(values.size);
  const ways = values.only?.split(',') ?? WAYS;
  const engine = browsers[values.browser];
  if (!engine)
    throw new Error(`--browser: there is no ${values.browser}, only ${Object.keys(browsers).join(', ')}`);
  const known = [...WAYS, ...OTHER_WAYS];
  const unknown = ways.find((way) => !known.includes(way));
  if (unknown) throw new Error(`--only: there is no ${unknown}, only ${known.join(', ')}`);
  const say = (/** @type {string} */ line) => values.json || console.log(line);

  say('making files');
  const big = await randomFile(size);
  const etag = await etagOf(big);
  const small = await Promise.all(
    Array.from({ length: MANY.count }, (_, seed) => randomFile(MANY.bytes, seed)),
  );
  const profile = await temporaryFolder('bench-', everything);
  const browser = await engine.launch(profile, everything);
  const page = await browser.newPage();
  await page.open(await serve());
  await page.choose([big.path, ...small.map(({ path }) => path)]);
  const pids = renderers(profile);

  /** @type {Record<string, Figures[]>} */
  const measured = Object.fromEntries(ways.map((way) => [way, []]));
  // The first round only warms up: code is compiled, and the files come from the disk.
  for (let round = 0; round <= Number(values.rounds); round += 1) {
    for (const way of ways) {
      const idle = residentBytes(pids);
      resetPeak(pids);
      const cpu = cpuSeconds(pids);
      const { millis, digest, longestTask } = await page.evaluate(`measure(${JSON.stringify(way)})`);
      const bytes = way === 'partwise_many_files' ? MANY.count * MANY.bytes : size;
      check(way, digest, { big, etag, small });
      const figures = {
        mbps: bytes / 1000 / millis,
        cpu: ((cpuSeconds(pids) - cpu) / bytes) * 1024 * MiB,
        memory: (peakBytes(pids) - idle) / MiB,
        task: longestTask,
      };
      if (round > 0) measured[way]?.push(figures);
      say(
        `${round || 'warm-up'} ${way} ${figures.mbps.toFixed(0)} MB/s, ${figures.memory.toFixed(0)} MiB, task ${figures.task.toFixed(0)} ms`,
      );
    }
  }
  report(measured, values.json === true, { size, browser: values.browser, rounds: Number(values.rounds) });
}

/**
 * The ETag that S3 gives an object made of parts of `partSize: 'auto'`.
 *
 * @param {TestFile} file
 */
async function etagOf({ path, size }) {
  const partSize = Math.max(5 * MiB, Math.ceil(Math.ceil(size / 10_000) / MiB) * MiB);
  const digests = [];
  const file = await open(path);
  for (let at = 0; at < size; at += partSize) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(partSize), 0, partSize, at);
    digests.push(createHash('md5').update(buffer.subarray(0, bytesRead)).digest());
  }
  await file.close();
  return `${createHash('md5').update(Buffer.concat(digests)).digest('hex')}-${digests.length}`;
}

/**
 * Fast and wrong does not count.
 *
 * @param {string} way
 * @param {string} digest
 * @param {{ big: TestFile, etag: string, small: readonly TestFile[] }} files
 */
function check(way, digest, { big, etag, small }) {
  const right = () => {
    if (way.startsWith('read_')) return String(big.size);
    if (way === 'partwise_parts') return etag;
    if (way === 'partwise_many_files') return small.map(({ md5 }) => md5).join();
    return big.md5;
  };
  if (digest !== right()) throw new Error(`${way} has found ${digest}, not ${right()}`);
}

/**
 * @param {Record<string, Figures[]>} measured
 * @param {boolean} json
 * @param {object} about
 */
function report(measured, json, about) {
  const rows = Object.entries(measured).map(([way, rounds]) => ({
    way,
    mbps: median(rounds.map(({ mbps }) => mbps)),
    cpu: median(rounds.map(({ cpu }) => cpu)),
    memory: Math.max(...rounds.map(({ memory }) => memory)),
    task: Math.max(...rounds.map(({ task }) => task)),
  }));
  const rate = (/** @type {string} */ way) => rows.find((row) => row.way === way)?.mbps ?? NaN;
  const results = rows.map(({ way, mbps, cpu, memory, task }) => ({
    way,
    mbps: round(mbps),
    vs_spark: round(mbps / rate('spark_md5_worker'), 2),
    vs_hash_wasm: round(mbps / rate('hash_wasm_stream'), 2),
    vs_read: round(mbps / rate('read_only'), 2),
    cpu_seconds_per_gib: round(cpu, 2),
    peak_mib: round(memory),
    longest_task_ms: round(task),
  }));
  if (json) console.log(JSON.stringify({ ...about, results }));
  else console.table(Object.fromEntries(results.map(({ way, ...figures }) => [way, figures])));
}

try {
  await main();
} finally {
  await everything.end();
}
