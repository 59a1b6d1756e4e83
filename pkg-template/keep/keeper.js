/** Keeps the files of unfinished uploads, so that after a reload they go on without being chosen again. */
import { UploadError } from '../../src/api/upload_error.js';
import * as copies from './copies.js';
import * as records from './records.js';

/**
 * @typedef {import('./records.js').KeptFile} KeptFile
 * @typedef {import('../index.js').PendingUpload} PendingUpload
 * @typedef {import('../index.js').AddOptions} AddOptions
 * @typedef {Omit<PendingUpload, 'resume'>} Unfinished
 */

const DAY = 24 * 60 * 60 * 1000;
const EXPIRE_AFTER = 7 * DAY;
/** Smaller files are sent in one request, and are never pending. */
const SMALLEST_PART = 5 * 1024 * 1024;
const MAX_COPY_SIZE = 1024 ** 3;
/** Copies of which nothing is known are removed unless some page may still be writing them: their names tell when it began. */
const WRITING_AT_MOST = DAY;

/** Whether what has expired was removed. */
let isTidy = false;

export class Keeper {
  #copy;
  #maxCopySize;
  #expireAfter;
  #destination;
  #smallest;

  /** @param {import('../index.js').CommonOptions} options checked already */
  constructor({ keepCopy, maxCopySize, expireAfter, destination, partSize }) {
    this.#copy = keepCopy === 'opfs';
    this.#maxCopySize = maxCopySize ?? MAX_COPY_SIZE;
    this.#expireAfter = expireAfter ?? EXPIRE_AFTER;
    this.#destination = destination ?? '';
    this.#smallest = typeof partSize === 'number' ? partSize : SMALLEST_PART;
  }

  /**
   * Keeps a file from when its upload has a place at the store until it is over. A handle takes no room; without one it is
   * copied, if the page wants that.
   *
   * @param {import('../index.js').Upload} upload
   * @param {AddOptions} options what it was added with
   */
  watch(upload, { handle, ...options }) {
    const { file } = upload;
    if (file.size < this.#smallest || !(handle || this.#copy)) return;
    const id = () => this.#idOf({ ...detailsOf(file), key: upload.key ?? '' });
    /** Under which it is kept. @type {string | undefined} */
    let kept;
    let keeping = new AbortController();
    /** @type {Promise<unknown>} One thing after the other. */
    let last = Promise.resolve();
    const next = (/** @type {() => Promise<unknown>} */ act) => (last = last.then(act).catch(() => {}));
    const end = (/** @type {string} */ id) => {
      keeping.abort();
      next(() => forget(id));
    };
    upload.on('state', ({ state }) => {
      if (state === 'uploading' && kept !== id()) {
        // A server may give another key to what has to begin anew.
        if (kept !== undefined) end(kept);
        const now = (kept = id());
        keeping = new AbortController();
        const { signal } = keeping;
        next(() => this.#keep(now, file, { handle, options }, signal));
      }
      if (state === 'done' || state === 'cancelled') end(kept ?? id());
    });
  }

  /**
   * How this upload can go on.
   *
   * @param {Unfinished} pending
   * @returns {Promise<PendingUpload['resume']>}
   */
  async how(pending) {
    const kept = await records.get(this.#idOf(pending));
    if (!kept) return 'choose';
    if (kept.copy) return (await copyOf(kept, pending)) ? 'now' : 'choose';
    switch (await permission(kept, 'queryPermission')) {
      case 'granted':
        return 'now';
      case 'prompt':
        return 'ask';
      default:
        return 'choose';
    }
  }

  /**
   * The file of an unfinished upload, and what it was added with. Asks for permission where that is needed.
   *
   * @param {Unfinished} pending
   * @returns {Promise<{ file: File, options: AddOptions }>}
   */
  async open(pending) {
    const { name } = pending;
    const kept = await records.get(this.#idOf(pending));
    const { handle } = kept ?? {};
    if (!kept || (handle && (await permission(kept, 'requestPermission')) !== 'granted'))
      throw unreadable(`This page may not read “${name}” by itself.`);
    const file = await (handle ? handle.getFile() : copyOf(kept, pending)).catch((cause) => {
      throw unreadable(`“${name}” is no longer where it was.`, cause);
    });
    if (!file) throw unreadable(`The copy of “${name}” is gone.`);
    if (file.size !== pending.size || file.lastModified !== pending.lastModified)
      throw new UploadError(
        `“${name}” has changed since its upload was begun.`,
        'file-changed',
        'read',
        'Add it as a new file, or discard the unfinished upload.',
      );
    // Where the library looks for the path of a file that was chosen with its folder.
    if (kept.relativePath) Object.defineProperty(file, 'relativePath', { value: kept.relativePath });
    return { file, options: { ...kept.options, ...(handle && { handle }) } };
  }

  /** @param {Unfinished} pending */
  async forget(pending) {
    await forget(this.#idOf(pending));
  }

  /** Removes what has expired, and copies of which nothing is known; once in a page. */
  async tidy() {
    if (isTidy) return;
    isTidy = true;
    const known = await records.all();
    const expired = known.filter(({ expires }) => expires < Date.now());
    for (const { id } of expired) await forget(id);
    if (!this.#copy && !known.some(({ copy }) => copy)) return;
    const wanted = new Set(known.map(({ copy }) => copy));
    for (const name of await copies.names().catch(() => []))
      if (!wanted.has(name) && Number.parseInt(name, 36) < Date.now() - WRITING_AT_MOST)
        await copies.remove(name);
  }

  /** Two uploads are the same if a file of the same details goes to the same place. @param {Pick<Unfinished, 'key' | 'name' | 'size' | 'lastModified'>} upload */
  #idOf({ key, name, size, lastModified }) {
    return [this.#destination, key, name, size, lastModified].join('\n');
  }

  /**
   * @param {string} id
   * @param {File} file
   * @param {{ handle?: FileSystemFileHandle, options: AddOptions }} added
   * @param {AbortSignal} signal
   */
  async #keep(id, file, { handle, options }, signal) {
    const { name, type, lastModified } = file;
    const { relativePath, webkitRelativePath } = /** @type {File & { relativePath?: string }} */ (file);
    /** @type {KeptFile} */
    const kept = {
      ...{ id, name, type, lastModified, options },
      relativePath: relativePath || webkitRelativePath || undefined,
      expires: Date.now() + this.#expireAfter,
    };
    if (handle) return void (await records.put({ ...kept, handle }));
    if (file.size > this.#maxCopySize || (await records.get(id)) || !(await copies.fits(file.size))) return;
    const copy = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
    await copies.write(copy, file, signal);
    if (!(await records.put({ ...kept, copy }))) await copies.remove(copy);
  }
}

/** @param {File} file */
const detailsOf = ({ name, size, lastModified }) => ({ name, size, lastModified });

/** @param {string} id */
async function forget(id) {
  const kept = await records.get(id);
  if (!kept) return;
  await records.remove(id);
  if (kept.copy) await copies.remove(kept.copy).catch(() => {});
}

/**
 * @param {KeptFile} kept
 * @param {'queryPermission' | 'requestPermission'} how
 * @returns {Promise<PermissionState>}
 */
async function permission({ handle }, how) {
  try {
    // Not in the types yet; browsers without it have only handles of their own files, which need no permission.
    return (await /** @type {any} */ (handle)[how]?.({ mode: 'read' })) ?? 'granted';
  } catch {
    // Asking needs a click, and some pages may not ask at all.
    return 'denied';
  }
}

/**
 * A copy with the name, type and date of the original; without one, or one that is not whole, nothing.
 *
 * @param {KeptFile} kept
 * @param {Unfinished} pending
 */
async function copyOf({ copy = '', name, type, lastModified }, { size }) {
  const file = await copies.read(copy).catch(() => undefined);
  return file?.size === size ? new File([file], name, { type, lastModified }) : undefined;
}

/** @param {string} message @param {unknown} [cause] */
function unreadable(message, cause) {
  const hint = 'Have the user choose the file again, and add it: the upload goes on where it was.';
  return new UploadError(message, 'file-unreadable', 'read', hint, cause);
}
