/** What the three entries share; they differ only in where the WebAssembly and the worker come from. */
import {
  Upload,
  Uploader as WasmUploader,
  hashFile as wasmHashFile,
  initSync,
  set_worker,
} from 'partwise:glue';
import { UploadError } from '../src/api/upload_error.js';

export { Upload, UploadError };

let ready = false;

/** @typedef {{ module: WebAssembly.Module, workerCode?: string, workerUrl?: string }} Parts */

/** @type {typeof import('./index.js').Uploader} */
export const Uploader = class Uploader extends WasmUploader {
  /** @param {import('./index.js').UploaderOptions} options */
  constructor(options) {
    if (!ready)
      throw loadError(
        'bad-option',
        'The WebAssembly is not loaded yet.',
        'Use `await createUploader(options)`, or `await init()` before `new Uploader(options)`.',
      );
    super(options);
  }
};

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
