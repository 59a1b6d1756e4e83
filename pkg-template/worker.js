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
 * The size of a lane's buffer, and so of a read into a buffer that is used again and again. That leaves no garbage, and is the
 * fastest way where it is to be had. Reading 512 MiB on two processors, in MB/s, by
 * `npm run bench:hash -- --only read_buffers,read_only,read_slices,read_sync`:
 *
 * | browser         | into such buffers | `stream()` | slices of 2 MiB | `FileReaderSync` |
 * | --------------- | ----------------- | ---------- | --------------- | ---------------- |
 * | Chromium 156    | 1 032             | 898        | 666             | 480              |
 * | Firefox ESR 153 | 832               | 489        | 650             | 478              |
 * | WebKitGTK 2.50  | not to be had     | 1 021      | 730             | 636              |
 *
 * In WebKit, while an upload of 300 MiB was hashed too, messages to the page were 220 to 440 ms late in six of six runs by
 * `stream()`, in two of six by slices. There slices it is; what keeps the page from them is not known.
 *
 * With hashing, Chromium made the MD5s of the parts of 1 GiB at 1 380 MB/s into such buffers, by `stream()` at 960, by slices
 * of 4 MiB at 720, of 1 MiB at 530.
 */
const LANE_BYTES = 1024 * 1024;
/** Milliseconds after which a stream that brings nothing is left for another one, or for slices. */
const STANDSTILL = 250;
/** Where a file's stream takes no buffers: slices, with the next one already being read. */
const SLICE_BYTES = 2 * 1024 * 1024;
/** Jobs hashed side by side. */
const LANES = 4;
/** Jobs that are read at a time: of those that others wait for, and as many of the others. Each has a buffer or two. */
const MAX_ACTIVE = 4;
/** Milliseconds for which bytes wait for those of other jobs. Hashing a lane's buffer takes about one. */
const PATIENCE = 2;
const PROGRESS_MILLIS = 100;

/** @type {Set<number>} What has not ended and not been cancelled. */
const jobs = new Set();
/** Who is being read, and who waits for that; the same for jobs that nobody waits for. */
const pressing = { active: 0, waiting: /** @type {(() => void)[]} */ ([]) };
const patient = { active: 0, waiting: /** @type {(() => void)[]} */ ([]) };
/** @type {(() => void)[]} Patient ones that let others go first. */
let yielding = [];
/** @type {(() => void)[]} Whose bytes are in the lanes. */
let filled = [];
/** Buffers that nobody reads into: a new one for each of many small files would be as much garbage. @type {ArrayBuffer[]} */
const spare = [];
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
async function hash(job) {
  const queue = job.ahead ? patient : pressing;
  if (queue.active < MAX_ACTIVE) queue.active += 1;
  else await /** @type {Promise<void>} */ (new Promise((myTurn) => queue.waiting.push(myTurn)));
  try {
    if (jobs.has(job.job)) await hashNow(job);
  } finally {
    const next = queue.waiting.shift();
    if (next) next();
    else queue.active -= 1;
    yielding.splice(0).forEach((goOn) => goOn());
  }
}

/** @param {Job} job */
async function hashNow({ job, blob, ranges, every, wanted, after, ahead }) {
  const handle = wasm.partwise_hash_new(wanted);
  let left = ranges.reduce((sum, [start, end]) => sum + end - start, 0);
  let ofPiece = every || left;
  let index = 0;
  let loaded = 0;
  let reported = -Infinity;
  const pieceEnds = () => {
    ofPiece = every;
    if (jobs.has(job)) self.postMessage({ type: 'piece', job, index: index++, ...endPiece(handle, wanted) });
  };
  try {
    if (handle === 0) throw new DOMException('too many hashes at once', 'QuotaExceededError');
    if (after) {
      // What another job has in that lane must not be written over.
      if (filled.length > 0) run();
      memory(wasm.partwise_hash_buffer(0), after.length).set(after);
      wasm.partwise_hash_after(handle);
    }
    if (left === 0) pieceEnds();
    for (const [start, end] of ranges) {
      for await (const bytes of bytesOf(blob, start, end)) {
        for (let at = 0; at < bytes.length && jobs.has(job);) {
          const length = Math.min(LANE_BYTES, ofPiece, bytes.length - at);
          while (ahead && pressing.active >= LANES)
            await /** @type {Promise<void>} */ (new Promise((goOn) => yielding.push(goOn)));
          await take(handle, bytes.subarray(at, at + length));
          at += length;
          left -= length;
          ofPiece -= length;
          loaded += length;
          const now = performance.now();
          if (now - reported >= PROGRESS_MILLIS && jobs.has(job)) {
            reported = now;
            self.postMessage({ type: 'progress', job, loaded });
          }
          if (ofPiece === 0 || left === 0) pieceEnds();
        }
        if (!jobs.has(job)) return;
      }
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
    if (filled.length >= Math.min(LANES, pressing.active + patient.active - yielding.length)) run();
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
 * The bytes of a slice, each piece good until the next one.
 *
 * @param {Blob} blob
 * @param {number} start
 * @param {number} end
 */
async function* bytesOf(blob, start, end) {
  let at = start;
  try {
    // As long as that gets on.
    for (let before = -1; before < at && at < end;) {
      before = at;
      const reader = intoBuffers(blob.slice(at, end));
      if (!reader) break;
      for await (const bytes of fill(reader)) {
        at += bytes.length;
        yield bytes;
      }
    }
    if (at < end)
      for await (const bytes of slices(blob, at, end)) {
        at += bytes.length;
        yield bytes;
      }
  } catch (error) {
    // Streams do not say what is wrong with the file.
    await blob.slice(at, at + 1).arrayBuffer();
    throw error;
  }
  if (at !== end) throw new DOMException('the file became shorter', 'NotReadableError');
}

/** @param {Blob} blob @returns {ReadableStreamBYOBReader | undefined} in browsers that have it */
function intoBuffers(blob) {
  try {
    return blob.stream().getReader({ mode: 'byob' });
  } catch {
    return undefined;
  }
}

/**
 * Ends early when the stream stands still.
 *
 * @param {ReadableStreamBYOBReader} reader
 */
async function* fill(reader) {
  let buffer = spare.pop() ?? new ArrayBuffer(LANE_BYTES);
  try {
    for (let length = 0; ;) {
      const { done, value } = await inTime(reader.read(new Uint8Array(buffer, length)));
      if (!value) return;
      buffer = /** @type {ArrayBuffer} */ (value.buffer);
      length += value.length;
      if (length === LANE_BYTES || (done && length > 0)) {
        yield new Uint8Array(buffer, 0, length);
        length = 0;
      }
      if (done) return;
    }
  } finally {
    // One that is still being read into is the stream's.
    if (buffer.byteLength > 0) spare.push(buffer);
    // Who stops early reads no more.
    reader.cancel().catch(() => {});
  }
}

/**
 * A read, or nothing: once in some gigabytes Chromium 156 forgets one, mostly of what is not in the disk's cache.
 *
 * @param {Promise<ReadableStreamReadResult<Uint8Array>>} read
 * @returns {Promise<{ done: boolean, value?: Uint8Array }>}
 */
function inTime(read) {
  return new Promise((resolve, reject) => {
    const stands = setTimeout(() => resolve({ done: true }), STANDSTILL);
    read.then(resolve, reject).finally(() => clearTimeout(stands));
  });
}

/**
 * @param {Blob} blob
 * @param {number} start
 * @param {number} end
 */
async function* slices(blob, start, end) {
  const slice = (/** @type {number} */ at) => {
    const bytes = blob.slice(at, Math.min(at + SLICE_BYTES, end)).arrayBuffer();
    // It fails where it is awaited; but after a failure of the one before it never is, and need not be logged.
    bytes.catch(() => {});
    return bytes;
  };
  let ahead = slice(start);
  for (let at = start; at < end; at += SLICE_BYTES) {
    const bytes = ahead;
    if (at + SLICE_BYTES < end) ahead = slice(at + SLICE_BYTES);
    yield new Uint8Array(await bytes);
  }
}
