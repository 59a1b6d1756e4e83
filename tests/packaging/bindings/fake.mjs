/** An uploader that does what a test says, and remembers what it was told. */

/** @typedef {import('../../../pkg-template/index.js').UploaderOptions} UploaderOptions */

export class FakeUpload {
  key = undefined;
  state = 'queued';
  error = undefined;
  finished = new Promise(() => {});
  /** @type {string[]} */
  calls = [];
  /** @type {Map<string, Set<(detail: any) => void>>} */
  listeners = new Map();

  /** @param {File} file @param {unknown} options */
  constructor(file, options) {
    this.file = file;
    this.options = options;
    this.progress = { loaded: 0, total: file.size, percent: 0, bytesPerSecond: 0, secondsLeft: null };
  }

  /** @param {string} event @param {(detail: any) => void} listener */
  on(event, listener) {
    const all = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, all.add(listener));
    return () => all.delete(listener);
  }

  /** @param {string} event @param {any} [detail] */
  emit(event, detail) {
    for (const listener of this.listeners.get(event) ?? []) listener(detail);
  }

  /** How many are listening. */
  get heard() {
    return [...this.listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** @param {string} state @param {any} [error] */
  become(state, error) {
    const previous = this.state;
    Object.assign(this, { state });
    this.emit('state', { state, previous });
    Object.assign(this, { error });
    if (error) this.emit('error', error);
  }

  /** @param {number} loaded @param {number} [bytesPerSecond] */
  load(loaded, bytesPerSecond = 0) {
    this.progress = {
      ...this.progress,
      ...{ loaded, bytesPerSecond, percent: (100 * loaded) / this.progress.total },
    };
    this.emit('progress', this.progress);
  }

  /** @param {any} result */
  finish(result) {
    this.become('done');
    this.emit('done', result);
  }

  pause() {
    this.calls.push('pause');
    this.become('paused');
  }

  resume() {
    this.calls.push('resume');
    this.become('uploading');
  }

  async cancel() {
    this.calls.push('cancel');
    this.become('cancelled');
  }
}

/**
 * A `createUploader` for tests.
 *
 * @param {{ failures?: unknown[] }} [options] what the first attempts are rejected with
 */
export function fakeUploaders({ failures = [] } = {}) {
  /** @type {FakeUploader[]} */
  const made = [];
  return {
    made,
    /** @param {any} options @returns {Promise<any>} */
    async createUploader(options) {
      const failure = failures.shift();
      if (failure) throw failure;
      const uploader = new FakeUploader(options);
      made.push(uploader);
      return uploader;
    },
  };
}

class FakeUploader {
  /** @type {FakeUpload[]} */
  uploads = [];
  /** @type {unknown[]} */
  unfinished = [];
  /** @type {unknown[]} */
  discarded = [];
  disposed = 0;

  /** @param {any} options */
  constructor(options) {
    this.options = options;
  }

  /** @param {File} file @param {any} options */
  add(file, options) {
    if (options?.key === '..') throw Object.assign(new Error('the key'), { code: 'bad-key' });
    const upload = new FakeUpload(file, options);
    this.uploads.push(upload);
    return upload;
  }

  async pending() {
    return this.unfinished;
  }

  /** Those called `lost` are not to be read. @param {string} id */
  async resume(id) {
    if (id === 'lost') throw Object.assign(new Error('the file'), { code: 'file-unreadable' });
    this.unfinished = [];
    return this.add(new File(['x'], `${id}.txt`), {});
  }

  /** @param {string} id */
  async discard(id) {
    this.discarded.push(id);
    this.unfinished = [];
  }

  dispose() {
    this.disposed += 1;
  }
}
