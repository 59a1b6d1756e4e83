// The page's side of the tests: makes uploaders, and writes down what a page would see.
// Everything in `window.harness` takes and returns plain data, since it is called from another process.

import { evidence, note, watch } from './witness.js';

/**
 * @import { HashProgress, PartConfirmed, RetryNotice, Upload, UploadError, Uploader, UploadResult, UploadState,
 *   Warning } from 'partwise'
 */

/** @typedef {'states' | 'parts' | 'retries' | 'warnings'} Lists */

/** What happened to one upload. */
class Story {
  /** @type {{ state: UploadState, at: number }[]} */
  states = [];
  /** @type {PartConfirmed[]} */
  parts = [];
  /** @type {(RetryNotice & { at: number })[]} */
  retries = [];
  /** @type {Warning[]} */
  warnings = [];
  /** @type {HashProgress | null} */
  hash = null;
  /** @type {UploadResult | null} */
  result = null;
  /** @type {ReturnType<typeof plainError> | null} */
  error = null;
  /**
   * The first progress event that was less than the one before it, or more than the whole.
   *
   * @type {{ before: number, loaded: number, total: number } | null}
   */
  badProgress = null;
  /** What each progress event said was loaded. @type {number[]} */
  loaded = [];

  /** @param {Upload} upload */
  constructor(upload) {
    this.upload = upload;
    watch(upload);
    this.states.push({ state: upload.state, at: Date.now() });
    upload.on('state', ({ state }) => this.states.push({ state, at: Date.now() }));
    upload.on('part', (part) => this.parts.push(part));
    upload.on('retry', (retry) => this.retries.push({ ...retry, at: Date.now() }));
    upload.on('warning', (warning) => this.warnings.push(warning));
    upload.on('hash', (progress) => (this.hash = progress));
    let before = 0;
    upload.on('progress', ({ loaded, total }) => {
      this.loaded.push(loaded);
      if (loaded < before || loaded > total) this.badProgress ??= { before, loaded, total };
      before = loaded;
    });
    upload.finished.then(
      (result) => (this.result = result),
      (error) => (this.error = plainError(error)),
    );
  }

  /** @param {Record<Lists, number>} known what has been reported of each list before */
  plain({ states, parts, retries, warnings }) {
    const { upload, hash, result, error, badProgress } = this;
    const { loaded, total, percent, bytesPerSecond, secondsLeft } = upload.progress;
    return {
      states: this.states.slice(states),
      parts: this.parts.slice(parts),
      retries: this.retries.slice(retries),
      warnings: this.warnings.slice(warnings),
      hash,
      result,
      error,
      badProgress,
      state: upload.state,
      key: upload.key,
      progress: { loaded, total, percent, bytesPerSecond, secondsLeft },
    };
  }
}

/** @param {UploadError} error */
function plainError(error) {
  const { name, message, stack, code, operation, partNumber, status, hint } = error;
  const isError = /** @type {unknown} */ (error) instanceof Error;
  return { isError, name, message, stack, code, operation, partNumber, status, hint };
}

/**
 * What `observe.js` has seen.
 *
 * @type {{
 *   lines: string[],
 *   requests: { start: number, end: number | null }[],
 *   longTasks: { name: string, duration: number, at: number }[],
 *   blocked: boolean,
 * }}
 */
const observed = /** @type {any} */ (window).observed;

/** @type {Uploader} */
let uploader;
/** @type {Story[]} */
const stories = [];

/**
 * @param {string} url of the test's own server
 * @param {unknown} question
 */
async function ask(url, question) {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(question) });
  const reply = await response.json();
  if (!response.ok) throw new Error(`The test could not answer: ${reply.error}`);
  return reply;
}

const CALLBACKS = [
  'createMultipartUpload',
  'signPart',
  'listParts',
  'completeMultipartUpload',
  'abortMultipartUpload',
];

/**
 * A function of a `backend` that the test answers.
 *
 * @param {string} url
 * @param {string} name
 */
function remote(url, name) {
  return (/** @type {import('partwise').FileDetails} */ file, /** @type {object} */ details) =>
    ask(url, { name, file: file.name, ...details });
}

/** The chosen file at this place. @param {number} index */
function chosen(index) {
  const file = document.querySelector('input')?.files?.[index];
  if (!file) throw new Error(`no file was chosen at ${index}`);
  return file;
}

/** @param {number} id */
function story(id) {
  const story = stories[id];
  if (!story) throw new Error(`there is no upload ${id}`);
  return story;
}

export const harness = {
  /**
   * `store.credentials` and `headers` are given as values or as URLs at which the page asks, `signRequest` as a URL to
   * which the page turns with every request, `backend` as one that answers what its functions are
   * asked, and `form` with an `identifier` in place of the function that makes one.
   *
   * @param {any} options of `createUploader`
   */
  async create({ store, signRequest, headers, backend, form, ...options }) {
    const address = '/partwise/index.js';
    /** @type {typeof import('partwise')} */
    const { createUploader } = await import(address);
    const { credentials } = store ?? {};
    const given = () => (typeof credentials === 'string' ? ask(credentials, null) : credentials);
    if (store) options.store = { ...store, credentials: given };
    if (signRequest) options.signRequest = (/** @type {unknown} */ request) => ask(signRequest, request);
    if (backend) options.backend = Object.fromEntries(CALLBACKS.map((name) => [name, remote(backend, name)]));
    if (form) {
      const { identifier, ...rest } = form;
      options.form = { ...rest, ...(identifier && { generateUniqueIdentifier: () => identifier }) };
    }
    if (headers) options.headers = typeof headers === 'string' ? () => ask(headers, null) : headers;
    uploader = await createUploader(options);
  },

  /**
   * Adds the chosen file at this place: the number of the upload, or the error thrown.
   *
   * @param {number} index
   * @param {import('partwise').AddOptions} options
   */
  add(index, options) {
    try {
      return { id: stories.push(new Story(uploader.add(chosen(index), options))) - 1 };
    } catch (error) {
      note(error);
      return { error: plainError(/** @type {UploadError} */ (error)) };
    }
  },

  /**
   * Adds all chosen files at once, as a page does when a folder is dropped on it: how many, and from when to when. Chromium
   * asks the disk for a file's size when that is first looked at, half a millisecond each, whoever looks: not counted.
   */
  addAll() {
    const files = [...(document.querySelector('input')?.files ?? [])];
    files.forEach(({ size }) => size);
    const from = Date.now();
    for (const file of files) stories.push(new Story(uploader.add(file)));
    return { count: files.length, from, to: Date.now() };
  },

  /** How many uploads are in which state, and the errors of those that failed. */
  summary() {
    /** @type {Record<string, number>} */
    const states = {};
    // From what was told: asking thousands of uploads would be a long task of the test's own.
    for (const story of stories) {
      const state = story.states.at(-1)?.state ?? 'queued';
      states[state] = (states[state] ?? 0) + 1;
    }
    return { states, errors: stories.flatMap(({ error }) => error ?? []) };
  },

  /** What all uploads together have cost. */
  cost: () => ({
    states: stories.flatMap(({ states }) => states),
    retries: stories.flatMap(({ retries }) => retries),
  }),

  /**
   * What has happened to an upload; of its lists only what has been added to those already known.
   *
   * @param {number} id
   * @param {Partial<Record<Lists, number>>} [known]
   */
  report: (id, known) => story(id).plain({ states: 0, parts: 0, retries: 0, warnings: 0, ...known }),
  /** What the progress events of an upload said was loaded. */
  progressOf: (/** @type {number} */ id) => story(id).loaded,
  /** Since the page was opened, tasks of more than 50 ms on the main thread; 100 ms in browsers that do not report them. */
  longTasks: () => observed.longTasks,
  /** All requests the page has made, milliseconds since 1970. */
  requests: () => observed.requests,
  async pending() {
    const uploads = await uploader.pending();
    note(uploads);
    return uploads;
  },
  /** Goes on with one of them without a file being chosen: the number of the upload. @param {string} id */
  async goOn(id) {
    return stories.push(new Story(await uploader.resume(id))) - 1;
  },

  /** When the call had returned: what goes on afterwards should not. @param {number} id */
  pause(id) {
    story(id).upload.pause();
    return Date.now();
  },
  resume: (/** @type {number} */ id) => story(id).upload.resume(),
  cancel: (/** @type {number} */ id) => story(id).upload.cancel(),

  /** Lets no new request leave. @param {boolean} blocked */
  block(blocked) {
    observed.blocked = blocked;
  },

  /** Makes the page believe that it is offline, for browsers that cannot be told. @param {boolean} offline */
  claimOffline(offline) {
    Object.defineProperty(navigator, 'onLine', { value: !offline, configurable: true });
    dispatchEvent(new Event(offline ? 'offline' : 'online'));
  },

  /** Sets the page's clock wrong. @param {number} by milliseconds */
  skewClock(by) {
    const now = Date.now;
    Date.now = () => now() + by;
  },

  /** What the library has told this page or left in it, for `secrets.mjs`. */
  evidence,

  /** Everything the origin stores, by name. */
  storage: () => ({ ...localStorage }),

  /**
   * Sends the chosen file to a URL without the library, for tests of the harness.
   *
   * @param {number} index
   * @param {string} url
   * @returns {Promise<{ status: number, etag: string | null }>}
   */
  put(index, url) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open('PUT', url);
      request.onload = () => resolve({ status: request.status, etag: request.getResponseHeader('ETag') });
      request.onerror = () => reject(new Error('network error'));
      request.send(chosen(index));
    });
  },
};

/**
 * Calls a function of the harness, in a task of the page: how long it blocks is not reported of what a debugger runs.
 * What comes back is text, which every browser's protocol carries unchanged.
 *
 * @param {string} name
 * @param {unknown[]} args
 */
async function call(name, args) {
  await new Promise((resolve) => setTimeout(resolve));
  const value = await /** @type {any} */ (harness)[name](...args);
  return JSON.stringify({ value, lines: observed.lines.splice(0) });
}

Object.assign(window, { harness, call });
