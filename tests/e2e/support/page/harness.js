// The page's side of the tests: makes uploaders, and writes down what a page would see.
// Everything in `window.harness` takes and returns plain data, since it is called from another process.

/** What happened to one upload. */
class Record {
  states = [];
  parts = [];
  retries = [];
  warnings = [];
  hash = null;
  result = null;
  error = null;
  /** The first progress event that was less than the one before it, or more than the whole. */
  badProgress = null;

  constructor(upload) {
    this.upload = upload;
    this.states.push({ state: upload.state, at: Date.now() });
    upload.on('state', ({ state }) => this.states.push({ state, at: Date.now() }));
    upload.on('part', (part) => this.parts.push(part));
    upload.on('retry', (retry) => this.retries.push({ ...retry, at: Date.now() }));
    upload.on('warning', (warning) => this.warnings.push(warning));
    upload.on('hash', (progress) => (this.hash = progress));
    let last = 0;
    upload.on('progress', ({ loaded, total }) => {
      if (loaded < last || loaded > total) this.badProgress ??= { last, loaded, total };
      last = loaded;
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

function plainError(error) {
  const { name, message, stack, code, operation, partNumber, status, hint } = error;
  return {
    isError: error instanceof Error,
    name,
    message,
    stack,
    code,
    operation,
    partNumber,
    status,
    hint,
  };
}

/** Tasks of more than 50 ms on the main thread since the page was opened. */
const longTasks = [];
new PerformanceObserver((list) => {
  for (const { startTime, duration, name } of list.getEntries())
    longTasks.push({ name, startTime, duration, at: performance.timeOrigin + startTime });
}).observe({ type: 'longtask', buffered: true });

let uploader;
const records = [];
const file = (index) => document.querySelector('input').files[index];

window.harness = {
  /** `store.credentials` is given as a value; `signRequest: true` means the function the test has put on `window`. */
  async create({ store, signRequest, ...options }) {
    const { createUploader } = await import('/partwise/index.js');
    if (store) options.store = { ...store, credentials: () => store.credentials };
    if (signRequest) options.signRequest = (request) => window.signRequest(request);
    uploader = await createUploader(options);
  },

  /** Adds the chosen file at this place; the number of the upload, or the error thrown. */
  add(index, options) {
    try {
      return { id: records.push(new Record(uploader.add(file(index), options))) - 1 };
    } catch (error) {
      return { error: plainError(error) };
    }
  },

  report: (id) => records[id].plain(),
  reports: () => records.map((record) => record.plain()),
  longTasks: () => longTasks,
  pending: () => uploader.pending(),

  /** When the call had returned: what goes on afterwards should not. */
  pause(id) {
    records[id].upload.pause();
    return Date.now();
  },
  resume: (id) => records[id].upload.resume(),
  cancel: (id) => records[id].upload.cancel(),

  /** Everything the origin stores, by name. */
  storage: () => ({ ...localStorage }),

  /** Sends slices of a chosen file to these URLs without the library; their ETags. For tests of the harness. */
  put: (index, targets) =>
    Promise.all(
      targets.map(({ url, start, end }) => {
        const { promise, resolve, reject } = Promise.withResolvers();
        const request = new XMLHttpRequest();
        request.open('PUT', url);
        request.onload = () => resolve({ status: request.status, etag: request.getResponseHeader('ETag') });
        request.onerror = () => reject(new Error('network error'));
        request.send(file(index).slice(start, end));
        return promise;
      }),
    ),
};
