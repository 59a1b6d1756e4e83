/**
 * Uploads that outlive what shows them: an uploader that is loaded when it is needed, and its uploads as immutable snapshots
 * with a way to hear of changes. `partwise/react` and `partwise/vue` sit on it; it knows neither.
 */
import { uploadError } from './store/error.js';
import { Item, itemOf } from './store/item.js';
import { fingerprint, live } from './store/live.js';
import { Notifier } from './store/notifier.js';
import { PAUSABLE, totalsOf } from './store/totals.js';

/** @typedef {import('./store.js').UploadStore} UploadStore */
/** @typedef {import('./store.js').UploadStoreOptions} UploadStoreOptions */
/** @typedef {import('./store.js').UploaderSnapshot} UploaderSnapshot */
/** @typedef {import('./index.js').Uploader} Uploader */

/** Milliseconds between two snapshots of the list that differ only in progress. */
const PROGRESS_EVERY = 100;
/** Milliseconds after which what is pending is looked up, once for all that has happened meanwhile. */
const PENDING_AFTER = 200;
/** States of an upload in which others may be pending than before. */
const SETTLED = ['uploading', 'done', 'failed', 'cancelled'];

/** @type {Map<string, UploadStore>} By what their options say. */
const shared = new Map();

/** @type {typeof import('./store.js').uploadStore} */
export function uploadStore(source) {
  if ('getSnapshot' in source) return source;
  // A server renders for many users, none of whom uploads there.
  if (typeof document === 'undefined') return createUploadStore(source);
  const name = fingerprint(source);
  const store = shared.get(name) ?? createUploadStore(source);
  shared.set(name, store);
  return store;
}

/**
 * As the library tells it when it is there.
 *
 * @param {Error} cause
 * @returns {never}
 */
function unloaded(cause) {
  const hint =
    'The network may be down, or a file of the page is gone since it was loaded: retry(), or reload the page.';
  throw uploadError(
    `partwise could not be loaded: ${cause.message}`,
    { code: 'network', operation: 'configure', hint },
    { cause },
  );
}

/**
 * Refuses what can be of one file only: each would replace the one before it, or go on with the content of another.
 *
 * @param {import('./index.js').AddOptions | null} [options]
 */
function checkForSeveral(options) {
  const { key, handle } = options ?? {};
  const name = typeof key === 'string' ? 'key' : handle && 'handle';
  if (!name) return;
  const hint = 'Add each file by itself; key may also be a function, which is asked for each file.';
  const message = `option ${name} cannot be the same for several files`;
  throw uploadError(message, { code: 'bad-option', operation: 'add', hint });
}

/** @param {{ readonly id: string } | string} which */
const idOf = (which) => (typeof which === 'string' ? which : which.id);

/** @type {typeof import('./store.js').trackUpload} */
export function trackUpload(upload) {
  const { subscribe, getSnapshot } = itemOf(upload);
  return { subscribe, getSnapshot };
}

/** @type {typeof import('./store.js').createUploadStore} */
export function createUploadStore(options) {
  const notifier = new Notifier();
  let latest = options;
  /** @type {Item[]} */
  let items = [];
  /** @type {Uploader | undefined} */
  let uploader;
  /** @type {object | undefined} Stands for the attempt to load that counts. */
  let loading;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let progressTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let pendingTimer;

  const actions = { add, resume, discard, pauseAll, resumeAll, cancelAll, clear, retry, dispose };
  const nothing = show({ ready: false, error: undefined, uploads: [], pending: [], totals: totalsOf([]) });
  let snapshot = nothing;
  /** The list has changed since. */
  let isStale = false;

  /** @param {Omit<UploaderSnapshot, keyof typeof actions>} fields */
  function show(fields) {
    Object.freeze(fields.uploads);
    /** @type {UploaderSnapshot} */
    const shown = Object.freeze({ ...fields, ...actions });
    return shown;
  }

  /** @param {Partial<UploaderSnapshot>} [fields] */
  function changed(fields) {
    clearTimeout(progressTimer);
    progressTimer = undefined;
    if (fields) snapshot = show({ ...snapshot, ...fields });
    isStale = true;
    notifier.soon();
  }

  function getSnapshot() {
    if (isStale) {
      isStale = false;
      const uploads = items.map((item) => item.getSnapshot());
      snapshot = show({ ...snapshot, uploads, totals: totalsOf(uploads) });
    }
    return snapshot;
  }

  async function load() {
    if (uploader || loading) return;
    const attempt = (loading = {});
    try {
      const create = latest.createUploader ?? (await import('./index.js').catch(unloaded)).createUploader;
      const made = await create(live(coreOptions));
      if (loading !== attempt) return made.dispose();
      uploader = made;
      changed({ ready: true, error: undefined });
      for (const item of items) item.begin();
      lookSoon();
    } catch (cause) {
      if (loading === attempt) changed({ error: /** @type {UploaderSnapshot['error']} */ (cause) });
    } finally {
      if (loading === attempt) loading = undefined;
    }
  }

  function coreOptions() {
    const { createUploader, ...rest } = latest;
    return rest;
  }

  /**
   * @param {File} file
   * @param {import('./index.js').AddOptions} [addOptions]
   * @param {boolean} [isOneOfSeveral] that are added with the same options
   */
  function make(file, addOptions, isOneOfSeveral) {
    let state = '';
    /** @type {Item} */
    const item = new Item(file, {
      start() {
        if (isOneOfSeveral) checkForSeveral(addOptions);
        return uploader?.add(file, addOptions);
      },
      changed(isProgress) {
        if (isProgress) return void (progressTimer ??= setTimeout(() => changed(), PROGRESS_EVERY));
        const before = state;
        state = item.getSnapshot().state;
        if (state !== before && SETTLED.includes(state)) lookSoon();
        changed();
      },
      remove() {
        if (!['done', 'cancelled'].includes(item.getSnapshot().state)) item.getSnapshot().cancel();
        items = items.filter((each) => each !== item);
        changed();
      },
    });
    return item;
  }

  /**
   * @param {any} files
   * @param {import('./index.js').AddOptions} [addOptions]
   * @returns {any}
   */
  function add(files, addOptions) {
    const isMany = !files || Symbol.iterator in files;
    const list = [...(isMany ? (files ?? []) : [files])];
    const added = list.map((file) => make(file, addOptions, list.length > 1));
    items = [...items, ...added];
    if (uploader) for (const item of added) item.begin();
    else if (added.length > 0) load();
    changed();
    const snapshots = added.map((item) => item.getSnapshot());
    return isMany ? snapshots : snapshots[0];
  }

  function lookSoon() {
    pendingTimer ??= setTimeout(async () => {
      pendingTimer = undefined;
      await look();
    }, PENDING_AFTER);
  }

  async function look() {
    const asked = uploader;
    // What cannot be looked up now is no reason to show nothing.
    const pending = (await asked?.pending().catch(() => undefined)) ?? snapshot.pending;
    const isNew = JSON.stringify(pending) !== JSON.stringify(snapshot.pending);
    if (asked === uploader && isNew) changed({ pending: Object.freeze(pending) });
  }

  /** @param {{ readonly id: string } | string} which */
  async function resume(which) {
    try {
      const id = idOf(which);
      const upload = await uploader?.resume(id);
      if (!upload) return undefined;
      // Cancelled and wanted after all, it has to go where it would have gone.
      const item = make(upload.file, upload.options);
      item.follow(upload);
      items = [...items, item];
      // At no time is it in both lists.
      changed({ pending: Object.freeze(snapshot.pending.filter((each) => each.id !== id)) });
      return item.getSnapshot();
    } finally {
      await look();
    }
  }

  /** @param {{ readonly id: string } | string} which */
  async function discard(which) {
    try {
      await uploader?.discard(idOf(which));
    } finally {
      await look();
    }
  }

  /**
   * @param {readonly string[]} states
   * @param {(upload: import('./store.js').UploadSnapshot) => void} act
   */
  function each(states, act) {
    for (const item of items) if (states.includes(item.getSnapshot().state)) act(item.getSnapshot());
  }

  function pauseAll() {
    each(PAUSABLE, (upload) => upload.pause());
  }

  function resumeAll() {
    each(['paused'], (upload) => upload.resume());
  }

  async function cancelAll() {
    /** @type {Promise<void>[]} */
    const cancelling = [];
    each([...PAUSABLE, 'paused', 'completing', 'failed'], (upload) => cancelling.push(upload.cancel()));
    await Promise.all(cancelling);
  }

  function clear() {
    items = items.filter((item) => !['done', 'cancelled'].includes(item.getSnapshot().state));
    changed();
  }

  function retry() {
    if (snapshot.error) changed({ error: undefined });
    load();
  }

  function dispose() {
    loading = undefined;
    uploader?.dispose();
    uploader = undefined;
    for (const item of items) item.abandon();
    items = [];
    clearTimeout(pendingTimer);
    pendingTimer = undefined;
    changed(nothing);
  }

  return Object.freeze({
    subscribe: notifier.subscribe,
    getSnapshot,
    getServerSnapshot: () => nothing,
    update(/** @type {UploadStoreOptions} */ options) {
      latest = options;
    },
    load: () => void load(),
    ...actions,
  });
}
