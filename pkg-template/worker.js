/**
 * Hashes slices of files (MD5, and CRC-64 where a store tells it) away from the main thread.
 *
 * It runs its own instance of the page's compiled module without the page's glue: hashing is plain memory and numbers,
 * so every import is a stub. A plain script, so that it starts from a Blob URL as well as from a file.
 *
 * Page to worker: `{ type: 'init', module }`, then any of `{ type: 'hash', job, blob, ranges, crc64 }` (one MD5 over
 * all ranges, and one checksum: 1 for CRC-64/XZ, 2 for CRC-64/NVME, 0 for none), `{ type: 'cancel', job }` and `{ type: 'ping' }`. Worker to page: `{ type: 'ready' }`, then for each job any number of
 * `{ type: 'progress', job, loaded }` and one `{ type: 'done', job, digests }` or `{ type: 'failed', job, name, message }`,
 * where `name` is an exception's, such as `NotReadableError`; and `{ type: 'pong' }` for each ping. An `error` event means
 * that the worker is of no more use.
 */
'use strict';

/**
 * What `src/browser/worker_exports.rs` exports.
 *
 * @typedef {{
 *   memory: WebAssembly.Memory,
 *   partwise_hash_buffer: () => number,
 *   partwise_hash_new: (crc64: number) => number,
 *   partwise_hash_update: (handle: number, len: number) => void,
 *   partwise_hash_finish: (handle: number) => number,
 *   partwise_hash_free: (handle: number) => void,
 * }} Exports
 * @typedef {{ job: number, blob: Blob, ranges: [start: number, end: number][], crc64: number }} Job
 */

/**
 * The size of the module's input buffer, and so of a read. Slices with the next one already being read are about as fast
 * as `blob.stream()` and twice as fast as `FileReaderSync` (Chromium 156, 600 MB from disk: 2.6, 2.4 and 6.4 s). Unlike
 * a stream, whose pieces are as large as the browser likes, they bound the memory and let jobs take turns.
 */
const READ_BYTES = 1024 * 1024;
/** Reads going on at a time over all jobs. Who has waited longest is next. */
const MAX_READS = 4;
const PROGRESS_MILLIS = 100;

/** @type {Set<number>} What has not ended and not been cancelled. */
const jobs = new Set();
/** @type {(() => void)[]} */
const waiting = [];
let reading = 0;
/** @type {Exports} */
let wasm;

self.onmessage = ({ data }) => {
  switch (data.type) {
    case 'init':
      wasm = instantiate(data.module);
      self.postMessage({ type: 'ready' });
      break;
    case 'hash':
      jobs.add(data.job);
      hash(data).catch(die);
      break;
    case 'cancel':
      jobs.delete(data.job);
      break;
    case 'ping':
      self.postMessage({ type: 'pong' });
      break;
  }
};

self.onmessageerror = () => {
  throw new Error('the compiled module cannot be shared with a worker');
};

/** @param {WebAssembly.Module} module */
function instantiate(module) {
  /** @type {Record<string, Record<string, () => never>>} */
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    (imports[from] ??= {})[name] = () => {
      throw new Error(`${name} is not available in the hash worker`);
    };
  }
  return /** @type {Exports} */ (/** @type {unknown} */ (new WebAssembly.Instance(module, imports).exports));
}

/** @param {unknown} defect A rejected promise would only be logged; this becomes an `error` event at the page. */
function die(defect) {
  setTimeout(() => {
    throw defect;
  });
}

/** @param {Job} job */
async function hash({ job, blob, ranges, crc64 }) {
  const handle = wasm.partwise_hash_new(crc64);
  let loaded = 0;
  let reported = -Infinity;
  try {
    if (handle === 0) throw new DOMException('too many hashes at once', 'QuotaExceededError');
    const reads = readsOf(blob, ranges);
    let ahead = reads.next().value;
    while (ahead && jobs.has(job)) {
      const read = ahead;
      ahead = reads.next().value;
      const bytes = await read;
      update(handle, bytes);
      loaded += bytes.length;
      const now = performance.now();
      if (now - reported >= PROGRESS_MILLIS && jobs.has(job)) {
        reported = now;
        self.postMessage({ type: 'progress', job, loaded });
      }
    }
    if (jobs.has(job)) self.postMessage({ type: 'done', job, digests: finish(handle, crc64) });
  } catch (error) {
    // A module that has trapped is not to be trusted again; everything else is a file that cannot be read.
    if (error instanceof WebAssembly.RuntimeError) throw error;
    const { name, message } = /** @type {Error} */ (error);
    if (jobs.has(job)) self.postMessage({ type: 'failed', job, name, message });
  } finally {
    jobs.delete(job);
    wasm.partwise_hash_free(handle);
  }
}

/**
 * @param {number} handle
 * @param {Uint8Array} bytes
 */
function update(handle, bytes) {
  const address = wasm.partwise_hash_buffer();
  // A new view each time, after the call: the memory has another buffer once it has grown.
  new Uint8Array(wasm.memory.buffer, address, READ_BYTES).set(bytes);
  wasm.partwise_hash_update(handle, bytes.length);
}

/**
 * @param {number} handle
 * @param {number} crc64
 * @returns {string} hexadecimal digits
 */
function finish(handle, crc64) {
  const address = wasm.partwise_hash_finish(handle);
  const digests = new Uint8Array(wasm.memory.buffer, address, crc64 ? 24 : 16);
  return Array.from(digests, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Begins one read for each `next()`.
 *
 * @param {Blob} blob
 * @param {Job['ranges']} ranges
 */
function* readsOf(blob, ranges) {
  for (const [first, last] of ranges) {
    for (let start = first; start < last; start += READ_BYTES) {
      const read = readSlice(blob, start, Math.min(start + READ_BYTES, last));
      // It fails where it is awaited; but after a failure of the one before it never is, and need not be logged.
      read.catch(() => {});
      yield read;
    }
  }
}

/**
 * @param {Blob} blob
 * @param {number} start
 * @param {number} end
 */
async function readSlice(blob, start, end) {
  if (reading < MAX_READS) reading += 1;
  else await /** @type {Promise<void>} */ (new Promise((myTurn) => waiting.push(myTurn)));
  try {
    const bytes = new Uint8Array(await blob.slice(start, end).arrayBuffer());
    if (bytes.length !== end - start) throw new DOMException('the file became shorter', 'NotReadableError');
    return bytes;
  } finally {
    const next = waiting.shift();
    if (next) next();
    else reading -= 1;
  }
}
