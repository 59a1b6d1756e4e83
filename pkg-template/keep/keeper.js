/** Keeps the files of unfinished uploads, so that after a reload they go on without being chosen again. */
import { UploadError } from '../../src/api/upload_error.js';
import * as copies from './copies.js';
import * as records from './records.js';

/**
 * @typedef {import('./records.js').KeptFile} KeptFile
 * @typedef {import('../index.js').PendingUpload} PendingUpload
 * @typedef {import('../index.js').AddOptions} AddOptions
 * @typedef {Omit<PendingUpload, 'active' | 'resume'>} Unfinished
 */

const DAY = 24 * 60 * 60 * 1000;
const EXPIRE_AFTER = 7 * DAY;
/** Smaller files are sent in one request, and are never pending. */
const SMALLEST_PART = 5 * 1024 * 1024;
const MAX_COPY_SIZE = 1024 ** 3;
/** Copies of which nothing is known are removed unless some page may still be writing them: their names tell when it began. */
const WRITING_AT_MOST = DAY;

/** Whether what has expired was removed, but for what was in use. */
let isTidy = false;
/** One copy at a time: each has to know what room the others have left. @type {Promise<unknown>} */
let copying = Promise.resolve();

export class Keeper {
  #options;
  #pending;
  /** Those that were not to be read when they were asked for. @type {Set<string>} */
  #lost = new Set();
  /** Ends watching; one for each upload. @type {Set<() => void>} */
  #watching = new Set();

  /**
   * @param {import('../index.js').CommonOptions} options checked already
   * @param {() => Promise<Unfinished[]>} pending what is unfinished
   */
  constructor({ keepCopy, maxCopySize, expireAfter, partSize, hash }, pending) {
    this.#options = {
      copies: keepCopy === 'opfs',
      maxCopySize: maxCopySize ?? MAX_COPY_SIZE,
      expireAfter: expireAfter ?? EXPIRE_AFTER,
      smallest: typeof partSize === 'number' ? partSize : SMALLEST_PART,
      byContent: hash === 'md5',
    };
    this.#pending = pending;
  }

  /**
   * Keeps a file from when its upload has a place at the store until it is over. A handle takes no room; without one it is
   * copied, if the page wants that.
   *
   * @param {import('../index.js').Upload} upload
   * @param {File} file its own: asking the upload for it takes longer
   */
  watch(upload, file) {
    const { options } = upload;
    if (file.size < this.#options.smallest) return;
    const keeping = new AbortController();
    /** That of the pending upload, once known. @type {string | undefined} */
    let id;
    let isKept = false;
    /** @type {Promise<unknown>} One thing after the other. */
    let last = Promise.resolve();
    const next = (/** @type {() => Promise<unknown>} */ act) => (last = last.then(act).catch(() => {}));
    const end = () => {
      unsubscribe();
      keeping.abort();
      this.#watching.delete(end);
    };
    const unsubscribe = upload.on('state', ({ state }) => {
      id = /** @type {{ fingerprint?: string }} */ (upload).fingerprint ?? id;
      const known = id;
      if (known === undefined) return;
      if (state === 'uploading' && !isKept) {
        isKept = true;
        next(() => this.#keep(known, file, options, keeping.signal));
      }
      if (state === 'done' || state === 'cancelled') {
        end();
        next(() => this.#letGo(known, state));
      }
    });
    this.#watching.add(end);
  }

  /** Nothing more is kept; what is, stays for another page. */
  dispose() {
    for (const end of [...this.#watching]) end();
  }

  /**
   * How this upload can go on.
   *
   * @param {Unfinished} pending
   * @returns {Promise<PendingUpload['resume']>}
   */
  async how({ id, size }) {
    const kept = this.#lost.has(id) ? undefined : await records.get(id);
    if (!kept) return 'choose';
    if (kept.copy) return (await copyOf(kept, size)) ? 'now' : 'choose';
    const state = await permission(kept, 'queryPermission');
    return state === 'granted' ? 'now' : state === 'prompt' ? 'ask' : 'choose';
  }

  /**
   * The file of an unfinished upload, and what it was added with. Asks for permission where that is needed.
   *
   * @param {Unfinished} pending
   * @returns {Promise<{ file: File, options: AddOptions }>}
   */
  async open({ id, name, size, lastModified }) {
    const kept = await records.get(id);
    if (!kept) throw unreadable(`“${name}” was not kept.`);
    const { handle } = kept;
    if (handle && (await permission(kept, 'requestPermission')) !== 'granted')
      throw unreadable(
        `The user has not allowed this page to read “${name}”.`,
        'Call resume() in a click, since the browser asks only then; or have the file chosen again, and add it.',
      );
    const file = await (handle ? handle.getFile().catch(() => undefined) : copyOf(kept, size));
    // As long as the user has not allowed it, nothing is lost.
    this.#lost.add(id);
    if (!file) throw unreadable(`“${name}” is no longer where it was.`);
    if (file.size !== size || (file.lastModified !== lastModified && !this.#options.byContent))
      throw new UploadError(
        `“${name}” has changed since its upload was begun.`,
        'file-changed',
        'read',
        'Add it as a new file, or discard the unfinished upload.',
      );
    this.#lost.delete(id);
    // Where the library looks for the path of a file that was chosen with its folder.
    if (kept.relativePath) Object.defineProperty(file, 'relativePath', { value: kept.relativePath });
    return { file, options: { ...kept.options, ...(handle && { handle }) } };
  }

  /** Forgets a file, and removes its copy. @param {string} id */
  async forget(id) {
    const kept = await records.get(id);
    if (!kept) return;
    await records.remove(id);
    if (kept.copy) await copies.remove(kept.copy).catch(() => {});
  }

  /**
   * Removes what has expired, and copies of which nothing is known; once in a page.
   *
   * @param {ReadonlySet<string>} active what tabs are sending: they read its copies
   */
  async tidy(active) {
    if (isTidy) return;
    isTidy = true;
    const known = await records.all();
    if (!known) return;
    const expired = known.filter(({ expires }) => expires < Date.now());
    // The next call finds what is being read now.
    isTidy = !expired.some(({ id }) => active.has(id));
    for (const { id } of expired) if (!active.has(id)) await this.forget(id);
    if (!this.#options.copies && !known.some(({ copy }) => copy)) return;
    const wanted = new Set(known.map(({ copy }) => copy));
    for (const name of await copies.names().catch(() => []))
      if (!wanted.has(name) && Number.parseInt(name, 36) < Date.now() - WRITING_AT_MOST)
        await copies.remove(name);
  }

  /**
   * @param {string} id
   * @param {File} file
   * @param {AddOptions} added
   * @param {AbortSignal} signal
   */
  async #keep(id, file, { handle, ...options }, signal) {
    const { maxCopySize, expireAfter } = this.#options;
    const { name, type, lastModified, size } = file;
    const { relativePath, webkitRelativePath } = /** @type {File & { relativePath?: string }} */ (file);
    /** @type {KeptFile} */
    const kept = {
      ...{ id, name, type, lastModified, options },
      relativePath: relativePath || webkitRelativePath || undefined,
      expires: Date.now() + expireAfter,
    };
    const before = await records.get(id);
    if (handle) {
      await records.put({ ...kept, handle });
      if (before?.copy) await copies.remove(before.copy);
      return;
    }
    const isUsable = before?.handle
      ? (await permission(before, 'queryPermission')) !== 'denied'
      : before && (await copyOf(before, size));
    if (before && isUsable) return void (await records.put({ ...before, expires: kept.expires }));
    if (!this.#options.copies || size > maxCopySize) return;
    copying = copying.then(() => makeCopy(kept, file, signal)).catch(() => {});
    await copying;
  }

  /** @param {string} id @param {'done' | 'cancelled'} state */
  async #letGo(id, state) {
    // Another tab may have gone on with it, or the store may not have removed it.
    if (state === 'cancelled' && (await this.#pending()).some((each) => each.id === id)) return;
    await this.forget(id);
  }
}

/**
 * @param {KeptFile} kept
 * @param {File} file
 * @param {AbortSignal} signal
 */
async function makeCopy(kept, file, signal) {
  if (signal.aborted || !(await copies.fits(file.size))) return;
  const copy = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
  await copies.write(copy, file, signal);
  if (signal.aborted || !(await records.put({ ...kept, copy }))) await copies.remove(copy);
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
    // Asking without a click.
    return 'denied';
  }
}

/**
 * A copy with the name, type and date of the original; without one, or one that is not whole, nothing.
 *
 * @param {KeptFile} kept
 * @param {number} size
 */
async function copyOf({ copy = '', name, type, lastModified }, size) {
  const file = await copies.read(copy).catch(() => undefined);
  return file?.size === size ? new File([file], name, { type, lastModified }) : undefined;
}

/** @param {string} message */
function unreadable(
  message,
  hint = 'Have the user choose the file again, and add it: the upload goes on where it was.',
) {
  return new UploadError(message, 'file-unreadable', 'read', hint);
}
