/** What the page does: hashes the chosen files in one of the ways, and tells how long that took. */
import { hashFile, init } from '/partwise/index.js';

/** @typedef {{ millis: number, digest: string, longestTask: number }} Round */

/** Milliseconds between two looks at the clock. */
const LOOK_EVERY = 10;

let longest = 0;
if (PerformanceObserver.supportedEntryTypes.includes('longtask'))
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
  }).observe({ entryTypes: ['longtask'] });
else watchClock();

/** Where a browser tells of no long tasks: how late a timer is. No task was longer, but many were shorter. */
function watchClock() {
  let last = performance.now();
  setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - LOOK_EVERY);
    last = now;
  }, LOOK_EVERY);
}

/** @type {Map<string, Worker>} Each is started once, as libraries do. */
const workers = new Map();

/**
 * Has a worker of a contender hash a file.
 *
 * @param {string} script
 * @param {File} file
 * @param {string} [path] how it is read
 * @returns {Promise<string>} the MD5, if it makes one
 */
function inWorker(script, file, path) {
  const worker = workers.get(script) ?? new Worker(`/${script}.js`);
  workers.set(script, worker);
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage({ file, path });
  });
}

/** By their names in the table. @type {Record<string, (files: File[]) => Promise<string>>} */
const contenders = {
  read_only: ([file]) => inWorker('read', file, 'stream'),
  read_buffers: ([file]) => inWorker('read', file, 'buffers'),
  read_slices: ([file]) => inWorker('read', file, 'slices'),
  read_sync: ([file]) => inWorker('read', file, 'sync'),
  spark_md5_worker: ([file]) => inWorker('spark', file),
  hash_wasm_stream: ([file]) => inWorker('hash-wasm', file),
  partwise_md5: async ([file]) => (await hashFile(file)).md5,
  partwise_parts: async ([file]) => (await hashFile(file, { algorithms: ['parts'] })).etag,
  partwise_all: async ([file]) => (await hashFile(file, { algorithms: ['md5', 'parts', 'crc64xz'] })).md5,
  partwise_many_files: async ([, ...files]) =>
    (await Promise.all(files.map((file) => hashFile(file)))).map(({ md5 }) => md5).join(),
};

/**
 * @param {string} name
 * @returns {Promise<Round>}
 */
async function measure(name) {
  await init();
  const files = [...document.querySelector('input').files];
  longest = 0;
  const start = performance.now();
  const digest = await contenders[name](files);
  const millis = performance.now() - start;
  // Long tasks are told a little later.
  await new Promise((told) => setTimeout(told, 200));
  return { millis, digest, longestTask: longest };
}

Object.assign(globalThis, { measure });
