/**
 * Hashes slices of files (MD5, and CRC-64 where one is wanted) away from the main thread.
 *
 * It runs its own instance of the page's compiled module without the page's glue: hashing is plain memory and numbers,
 * so every import is a stub. A plain script, so that it starts from a Blob URL as well as from a file.
 *
 * Page to worker: `{ type: 'init', module }`, then any of `{ type: 'hash', … }` ({@link Job}), `{ type: 'cancel', job }` and
 * `{ type: 'ping' }`. Worker to page: `{ type: 'ready' }`, then for each job any number of `{ type: 'progress', job, loaded }`,
 * and one `{ type: 'piece', job, index, digests, whole? }` for each piece, in their order, or `{ type: 'failed', job, name, message }`,
 * where `name` is an exception's, such as `NotReadableError`; and `{ type: 'pong' }` for each ping. An `error` event means
 * that the worker is of no more use.
 *
 * `digests` are an MD5, a CRC-64/XZ and a CRC-64/NVME in hexadecimal digits, those that were not wanted zeros; `whole` is
 * where the MD5 of everything stands, in bytes.
 */
'use strict';

/**
 * What `src/browser/worker_exports.rs` exports.
 *
 * @typedef {{
 *   memory: WebAssembly.Memory,
 *   partwise_hash_buffer: (lane: number) => number,
 *   partwise_hash_new: (wanted: number) => number,
 *   partwise_hash_after: (handle: number) => void,
 *   partwise_hash_put: (lane: number, handle: number, len: number) => void,
 *   partwise_hash_run: () => void,
 *   partwise_hash_piece: (handle: number) => number,
 *   partwise_hash_whole: (handle: number) => number,
 *   partwise_hash_free: (handle: number) => void,
 * }} Exports
 */

/**
 * @typedef {object} Job
 * @property {number} job its number
 * @property {Blob} blob
 * @property {[start: number, end: number][]} ranges read one after the other
 * @property {number} every each so many bytes are a piece; 0: all are one
 * @property {number} wanted the sum of 1 for the MD5 of each piece, 2 for that of everything, 4 for CRC-64/XZ, 8 for CRC-64/NVME
 * @property {Uint8Array} [after] where the MD5 of everything goes on
 * @property {boolean} ahead others are not to wait for it
 */

/**
 * The size of a lane's buffer, and so of a read. Slices with the next one already being read are about as fast
 * as `blob.stream()` and twice as fast as `FileReaderSync` (Chromium 156, 600 MB from disk: 2.6, 2.4 and 6.4 s). Unlike
 * a stream, whose pieces are as large as the browser likes, they bound the memory and let jobs take turns.
 */
const READ_BYTES = 8 * 1024 * 1024;
/** Reads that a job has begun beyond the one it waits for. */
const READS_AHEAD = 1;
/** Reads going on at a time over all jobs. Who has waited longest is next. */
const MAX_READS = 2;
/** The size of a lane's buffer. */
const LANE_BYTES = 1024 * 1024;
/** Jobs hashed side by side. */
const LANES = 4;
/** Milliseconds for which bytes wait for those of other jobs. Hashing a lane's buffer takes about one. */
const PATIENCE = 2;
const PROGRESS_MILLIS = 100;

/** @type {Set<number>} What has not ended and not been cancelled. */
const jobs = new Set();
/** @type {[pressing: (() => void)[], ahead: (() => void)[]]} Who waits for a read. */
const waiting = [[], []];
let reading = 0;
/** @type {(() => void)[]} Whose bytes are in the lanes. */
let filled = [];
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
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
async function hash({ job, blob, ranges, every, wanted, after, ahead: isAhead }) {
  const handle = wasm.partwise_hash_new(wanted);
  let loaded = 0;
  let index = 0;
  let reported = -Infinity;
  try {
    if (handle === 0) throw new DOMException('too many hashes at once', 'QuotaExceededError');
    if (after) {
      memory(wasm.partwise_hash_buffer(0), after.length).set(after);
      wasm.partwise_hash_after(handle);
    }
    const reads = readsOf(blob, ranges, every, isAhead);
    const ahead = Array.from({ length: READS_AHEAD }, () => reads.next().value);
    for (let next = ahead.shift(); next && jobs.has(job); next = ahead.shift()) {
      const { read, endsPiece } = next;
      ahead.push(reads.next().value);
      if (read) {
        const bytes = await read;
        for (let at = 0; at < bytes.length; at += LANE_BYTES)
          await take(handle, bytes.subarray(at, at + LANE_BYTES));
        loaded += bytes.length;
        const now = performance.now();
        if (now - reported >= PROGRESS_MILLIS && jobs.has(job)) {
          reported = now;
          self.postMessage({ type: 'progress', job, loaded });
        }
      }
      if (endsPiece && jobs.has(job))
        self.postMessage({ type: 'piece', job, index: index++, ...endPiece(handle, wanted) });
    }
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
 * A new view each time, and after every call: the memory has another buffer once it has grown.
 *
 * @param {number} address
 * @param {number} length
 */
function memory(address, length) {
  return new Uint8Array(wasm.memory.buffer, address, length);
}

/**
 * Hashes bytes together with those of other jobs that have some by then.
 *
 * @param {number} handle
 * @param {Uint8Array} bytes
 * @returns {Promise<void>}
 */
function take(handle, bytes) {
  const lane = filled.length;
  memory(wasm.partwise_hash_buffer(lane), LANE_BYTES).set(bytes);
  wasm.partwise_hash_put(lane, handle, bytes.length);
  return new Promise((taken) => {
    filled.push(taken);
    if (filled.length >= Math.min(LANES, jobs.size)) run();
    else timer ??= setTimeout(run, PATIENCE);
  });
}

function run() {
  clearTimeout(timer);
  timer = undefined;
  wasm.partwise_hash_run();
  const taken = filled;
  filled = [];
  taken.forEach((goOn) => goOn());
}

/**
 * @param {number} handle
 * @param {number} wanted
 */
function endPiece(handle, wanted) {
  const digests = Array.from(memory(wasm.partwise_hash_piece(handle), 32), (byte) =>
    byte.toString(16).padStart(2, '0'),
  );
  const whole = wanted & 2 ? memory(wasm.partwise_hash_whole(handle), 88).slice() : undefined;
  return { digests: digests.join(''), whole };
}

/**
 * Begins one read for each `next()`. A piece without bytes is no read.
 *
 * @param {Blob} blob
 * @param {Job['ranges']} ranges
 * @param {number} every
 * @param {boolean} isAhead
 * @returns {Generator<{ read?: Promise<Uint8Array>, endsPiece: boolean }, void>}
 */
function* readsOf(blob, ranges, every, isAhead) {
  let left = ranges.reduce((sum, [start, end]) => sum + end - start, 0);
  if (left === 0) yield { endsPiece: true };
  let ofPiece = every || left;
  for (const [first, last] of ranges) {
    for (let start = first, end; start < last; start = end) {
      end = Math.min(start + READ_BYTES, start + ofPiece, last);
      left -= end - start;
      ofPiece -= end - start;
      const read = readSlice(blob, start, end, isAhead);
      // It fails where it is awaited; but after a failure of the one before it never is, and need not be logged.
      read.catch(() => {});
      const endsPiece = ofPiece === 0 || left === 0;
      if (endsPiece) ofPiece = every;
      yield { read, endsPiece };
    }
  }
}

/**
 * @param {Blob} blob
 * @param {number} start
 * @param {number} end
 * @param {boolean} isAhead
 */
async function readSlice(blob, start, end, isAhead) {
  if (reading < MAX_READS) reading += 1;
  else await /** @type {Promise<void>} */ (new Promise((myTurn) => waiting[isAhead ? 1 : 0].push(myTurn)));
  try {
    const bytes = new Uint8Array(await blob.slice(start, end).arrayBuffer());
    if (bytes.length !== end - start) throw new DOMException('the file became shorter', 'NotReadableError');
    return bytes;
  } finally {
    const next = waiting[0].shift() ?? waiting[1].shift();
    if (next) next();
    else reading -= 1;
  }
}
