// The page's side of the tests: makes uploaders, and writes down what a page would see.
// Everything in `window.harness` takes and returns plain data, since it is called from another process.

/**
 * @import { HashProgress, PartConfirmed, RetryNotice, Upload, UploadError, Uploader, UploadResult, UploadState,
 *   Warning } from 'partwise'
 */

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

  /** @param {Upload} upload */
  constructor(upload) {
    this.upload = upload;
    this.states.push({ state: upload.state, at: Date.now() });
    upload.on('state', ({ state }) => this.states.push({ state, at: Date.now() }));
    upload.on('part', (part) => this.parts.push(part));
    upload.on('retry', (retry) => this.retries.push({ ...retry, at: Date.now() }));
    upload.on('warning', (warning) => this.warnings.push(warning));
    upload.on('hash', (progress) => (this.hash = progress));
    let before = 0;
    upload.on('progress', ({ loaded, total }) => {
      if (loaded < before || loaded > total) this.badProgress ??= { before, loaded, total };
      before = loaded;
    });
    upload.finished.then(
      (result) => (this.result = result),
      (error) => (this.error = plainError(error)),
    );
  }

  plain() {
    const { upload, ...seen } = this;
    const { loaded, total, percent, bytesPerSecond, secondsLeft } = upload.progress;
    const progress = { loaded, total, percent, bytesPerSecond, secondsLeft };
    return { ...seen, state: upload.state, key: upload.key, progress };
  }
}

/** @param {UploadError} error */
function plainError(error) {
  const { name, message, stack, code, operation, partNumber, status, hint } = error;
  const isError = /** @type {unknown} */ (error) instanceof Error;
  return { isError, name, message, stack, code, operation, partNumber, status, hint };
}

/** Tasks of more than 50 ms on the main thread since the page was opened. */
const longTasks = /** @type {{ name: string, duration: number, at: number }[]} */ ([]);
new PerformanceObserver((list) => {
  for (const { startTime, duration, name } of list.getEntries())
    longTasks.push({ name, duration, at: performance.timeOrigin + startTime });
}).observe({ type: 'longtask', buffered: true });

/** @type {Uploader} */
let uploader;
/** @type {Story[]} */
const stories = [];

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
   * `store.credentials` is given as a value; `signRequest: true` means the function the test has put on `window`.
   *
   * @param {any} options of `createUploader`
   */
  async create({ store, signRequest, ...options }) {
    const address = '/partwise/index.js';
    /** @type {typeof import('partwise')} */
    const { createUploader } = await import(address);
    if (store) options.store = { ...store, credentials: () => store.credentials };
    if (signRequest) options.signRequest = /** @type {any} */ (window).signRequest;
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
      return { error: plainError(/** @type {UploadError} */ (error)) };
    }
  },

  report: (/** @type {number} */ id) => story(id).plain(),
  longTasks: () => longTasks,
  pending: () => uploader.pending(),

  /** When the call had returned: what goes on afterwards should not. @param {number} id */
  pause(id) {
    story(id).upload.pause();
    return Date.now();
  },
  resume: (/** @type {number} */ id) => story(id).upload.resume(),
  cancel: (/** @type {number} */ id) => story(id).upload.cancel(),

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

Object.assign(window, { harness });
