/** One upload: from before there is an uploader until after its end, as immutable snapshots. */
import { uploadError } from './error.js';
import { Notifier } from './notifier.js';

/** @typedef {import('../store.js').UploadSnapshot} UploadSnapshot */
/** @typedef {import('../index.js').Upload} Upload */
/** @typedef {import('../index.js').UploadResult} UploadResult */
/** @typedef {import('../index.js').UploadState} UploadState */

/**
 * @typedef {object} Host whose list it is in
 * @property {() => Upload | undefined} [start] adds the file; does nothing while there is no uploader. Who has not added it
 *   cannot add it again either
 * @property {(isProgress: boolean) => void} changed
 * @property {() => void} remove
 */

/** @type {WeakMap<object, Item>} By their snapshots; those of uploads that were added elsewhere by these. */
const items = new WeakMap();
let count = 0;

/**
 * @param {UploadSnapshot | Upload} upload
 * @returns {Item}
 */
export function itemOf(upload) {
  const known = items.get(upload);
  if (known) return known;
  const foreign = /** @type {Upload} */ (upload);
  const item = new Item(foreign.file, NOBODY);
  items.set(foreign, item);
  item.follow(foreign);
  return item;
}

/** Of uploads that are in no list. @type {Host} */
const NOBODY = { changed() {}, remove() {} };

export class Item {
  #notifier = new Notifier();
  #host;
  #actions;
  /** @type {UploadSnapshot} */
  #snapshot;
  /** @type {Upload | undefined} */
  #upload;
  /** @type {(() => void)[]} */
  #listening = [];
  /** @type {{ promise: Promise<UploadResult>, resolve: (result: UploadResult) => void, reject: (cause: unknown) => void } | undefined} */
  #settling;
  /** @type {Error | undefined} */
  #cancelled;

  /**
   * @param {File} file
   * @param {Host} host
   */
  constructor(file, host) {
    const finished = () => this.#finished();
    this.#host = host;
    this.#actions = Object.defineProperty(
      {
        pause: () => this.#pause(),
        resume: () => this.#resume(),
        retry: () => this.#retry(),
        cancel: () => this.#cancel(),
        remove: () => this.#host.remove(),
      },
      'finished',
      { get: finished },
    );
    this.#snapshot = this.#show({ id: String(++count), file, ...fresh(file) });
  }

  subscribe = this.#notifier.subscribe;

  getSnapshot = () => this.#snapshot;

  /** Adds the file, unless that has happened, or there is no uploader, or nobody wants it any more. */
  begin() {
    if (this.#upload || !['queued', 'paused'].includes(this.#snapshot.state)) return;
    const isPaused = this.#snapshot.state === 'paused';
    try {
      const upload = this.#host.start?.();
      if (!upload) return;
      this.follow(upload);
      if (isPaused) upload.pause();
    } catch (error) {
      this.#set({ state: 'failed', error: /** @type {UploadSnapshot['error']} */ (error) });
    }
  }

  /** @param {Upload} upload */
  follow(upload) {
    this.#upload = upload;
    const look = () => ({
      upload,
      key: upload.key,
      state: upload.state,
      progress: upload.progress,
      error: upload.error,
    });
    this.#listening = [
      upload.on('state', () => this.#set({ ...look(), retrying: undefined })),
      upload.on('progress', (progress) => this.#set({ progress, ...this.#movedOn(progress.loaded) }, true)),
      upload.on('hash', (hash) => this.#set({ hash }, true)),
      upload.on('retry', (retrying) => this.#set({ retrying })),
      upload.on('warning', (warning) => this.#set({ warning })),
      upload.on('done', (result) => this.#set({ ...look(), result })),
      upload.on('error', () => this.#set(look())),
    ];
    this.#set(look());
    if (upload.state === 'done') upload.finished.then((result) => this.#set({ result }));
  }

  /** Its uploader is disposed of: nothing more comes of it. */
  abandon() {
    this.#forget();
    this.#host = NOBODY;
    this.#cancelled = cancellation();
    this.#settle();
  }

  /** @param {number} loaded */
  #movedOn(loaded) {
    return loaded > this.#snapshot.progress.loaded ? { retrying: undefined } : {};
  }

  /** @param {Partial<UploadSnapshot>} fields */
  #show(fields) {
    /** @type {UploadSnapshot} */
    const snapshot = Object.freeze(Object.assign(Object.create(this.#actions), this.#snapshot, fields));
    items.set(snapshot, this);
    return snapshot;
  }

  /**
   * @param {Partial<UploadSnapshot>} fields
   * @param {boolean} [isProgress]
   */
  #set(fields, isProgress = false) {
    this.#snapshot = this.#show(fields);
    this.#settle();
    this.#host.changed(isProgress);
    this.#notifier.soon();
  }

  #finished() {
    if (!this.#settling) {
      let [resolve, reject] = [(/** @type {UploadResult} */ _) => {}, (/** @type {unknown} */ _) => {}];
      /** @type {Promise<UploadResult>} */
      const promise = new Promise((...handles) => ([resolve, reject] = handles));
      this.#settling = { promise, resolve, reject };
      this.#settle();
    }
    return this.#settling.promise;
  }

  #settle() {
    const { state, result, error } = this.#snapshot;
    if (result) this.#settling?.resolve(result);
    if (state === 'failed' && error) this.#settling?.reject(error);
    if (state === 'cancelled') this.#cancelled ??= cancellation();
    if (this.#cancelled) this.#settling?.reject(this.#cancelled);
  }

  #pause() {
    if (this.#upload) this.#upload.pause();
    else if (this.#snapshot.state === 'queued') this.#set({ state: 'paused' });
  }

  #resume() {
    if (this.#snapshot.state === 'failed') return this.#retry();
    if (this.#upload) this.#upload.resume();
    else if (this.#snapshot.state === 'paused') this.#set({ state: 'queued' });
  }

  #retry() {
    const { state } = this.#snapshot;
    if (state !== 'failed' && state !== 'cancelled') return;
    if (state === 'failed' && this.#upload) {
      this.#settling = undefined;
      this.#upload.resume();
      return this.#set({ state: this.#upload.state, error: undefined });
    }
    if (!this.#host.start) return;
    this.#settling = this.#cancelled = undefined;
    this.#forget();
    this.#set(fresh(this.#snapshot.file));
    this.begin();
  }

  async #cancel() {
    if (this.#upload) return this.#upload.cancel();
    if (this.#snapshot.state !== 'done') this.#set({ state: 'cancelled', error: undefined });
  }

  #forget() {
    for (const stop of this.#listening) stop();
    this.#listening = [];
    this.#upload = undefined;
  }
}

/** What is known of a file that nothing has been done with. @param {File} file @returns {Partial<UploadSnapshot>} */
function fresh({ size: total }) {
  return {
    state: 'queued',
    progress: { loaded: 0, total, percent: 0, bytesPerSecond: 0, secondsLeft: null },
    ...{ upload: undefined, error: undefined, hash: undefined, retrying: undefined, warning: undefined },
  };
}

function cancellation() {
  return uploadError('the upload was cancelled', { code: 'cancelled', operation: 'add', hint: '' });
}
