/** What the three entries share; they differ only in where the WebAssembly and the worker come from. */
import {
  Upload,
  Uploader as WasmUploader,
  hashFile as wasmHashFile,
  initSync,
  set_worker,
} from 'partwise:glue';
import { UploadError } from '../src/api/upload_error.js';
import { Keeper } from './keep/keeper.js';

export { Upload, UploadError };

let ready = false;

/** @typedef {{ module: WebAssembly.Module, workerCode?: string, workerUrl?: string }} Parts */

/** @type {typeof import('./index.js').Uploader} */
export const Uploader = class Uploader extends WasmUploader {
  #options;
  /** Nothing outlives a page that keeps nothing, and chunk endpoints have no pending uploads. @type {Keeper | undefined} */
  #keeper;
  /** What goes on in this page, by the id it had. @type {Map<string, Promise<Upload>>} */
  #resumed = new Map();

  /** @param {import('./index.js').UploaderOptions} options */
  constructor(options) {
    if (!ready)
      throw loadError(
        'bad-option',
        'The WebAssembly is not loaded yet.',
        'Use `await createUploader(options)`, or `await init()` before `new Uploader(options)`.',
      );
    super(options);
    this.#options = options;
    if (options.storage !== 'memory' && !options.form)
      this.#keeper = new Keeper(options, () => super.pending());
  }

  /**
   * @override
   * @param {File} file
   * @param {import('./index.js').AddOptions} [options]
   */
  add(file, options) {
    const given = { ...options };
    const { handle } = given;
    if (handle && typeof handle.getFile !== 'function')
      throw new UploadError(
        'option handle must be a FileSystemFileHandle',
        'bad-option',
        'add',
        'Files come with one from showOpenFilePicker() and DataTransferItem.getAsFileSystemHandle().',
      );
    // What a function says is noted: the file has to go on under the same key.
    const key = given.key ?? this.#options.key;
    if (typeof key === 'function') given.key = (/** @type {File} */ each) => (given.key = key(each));
    // Of thousands of files each look into an empty object is felt.
    const upload = super.add(file, Object.keys(given).length ? given : undefined);
    Object.defineProperty(upload, 'options', { value: Object.freeze(given) });
    this.#keeper?.watch(upload, file);
    return upload;
  }

  /** @override */
  async pending() {
    const keeper = this.#keeper;
    const unfinished = (await super.pending()).filter(({ id }) => !this.#resumed.has(id));
    const active = await activeIds();
    keeper?.tidy(active).catch(() => {});
    return Promise.all(
      unfinished.map(async (each) => ({
        ...each,
        active: active.has(each.id),
        resume: (await keeper?.how(each)) ?? 'choose',
      })),
    );
  }

  /** @param {string} id */
  resume(id) {
    const before = this.#resumed.get(id);
    if (before) return before;
    const resumed = this.#goOn(id);
    this.#resumed.set(id, resumed);
    const forget = () => this.#resumed.delete(id);
    resumed.then((upload) => upload.finished).then(forget, forget);
    return resumed;
  }

  /** @param {string} id */
  async #goOn(id) {
    const unfinished = (await super.pending()).find((each) => each.id === id);
    if (!unfinished || !this.#keeper)
      throw new UploadError(
        'the id must be one that pending() has given',
        'bad-option',
        'add',
        'It may be finished or discarded by now, or go on in this page already: call pending() again.',
      );
    const { file, options } = await this.#keeper.open(unfinished);
    return this.add(file, options);
  }

  /**
   * @override
   * @param {string} id
   */
  async discard(id) {
    // The content of the file goes in any case, even if the store cannot be reached.
    if (typeof id === 'string') await this.#keeper?.forget(id);
    await super.discard(id);
  }

  /** @override */
  dispose() {
    this.#keeper?.dispose();
    super.dispose();
  }
};

/** What tabs are sending: each of them holds a lock of its name. Nothing where a page may have no locks. */
async function activeIds() {
  const { held = [] } = (await navigator.locks?.query().catch(() => undefined)) ?? {};
  return new Set(held.map(({ name = '' }) => name.replace(/^partwise\//, '')));
}

/**
 * Makes `init`, `createUploader` and `hashFile` for an entry. Nothing is opened before one of them is called.
 *
 * @template {unknown[]} Arguments
 * @param {(...args: Arguments) => Promise<Parts>} open fetches or unpacks, and compiles
 */
export function entry(open) {
  /** @type {Promise<void> | undefined} */
  let loading;

  /** @param {Arguments} args */
  const init = (...args) =>
    // A failed load is forgotten, so that it can be tried again, say when the network is back.
    (loading ??= load(open(...args)).catch((cause) => {
      loading = undefined;
      throw cause;
    }));

  /** @param {import('./index.js').UploaderOptions} options */
  const createUploader = async (options) => {
    await /** @type {() => Promise<void>} */ (init)();
    return new Uploader(options);
  };

  /**
   * @param {Blob} file
   * @param {import('./index.js').HashOptions} [options]
   */
  const hashFile = async (file, options) => {
    await /** @type {() => Promise<void>} */ (init)();
    return wasmHashFile(file, options);
  };

  return { init, createUploader, hashFile };
}

/** @param {Promise<Parts>} opening */
async function load(opening) {
  try {
    const { module, workerCode, workerUrl } = await opening;
    initSync({ module });
    set_worker(workerCode, workerUrl);
    ready = true;
  } catch (cause) {
    throw cause instanceof UploadError
      ? cause
      : loadError(
          'bad-option',
          `The WebAssembly could not be started: ${cause instanceof Error ? cause.message : cause}`,
          "A content security policy needs 'wasm-unsafe-eval' in script-src; browsers older than 2023 are not supported.",
        );
  }
}

/**
 * @param {'bad-option' | 'network'} code
 * @param {string} message
 * @param {string} hint
 */
export function loadError(code, message, hint) {
  return new UploadError(message, code, 'configure', hint);
}
