/**
 * The entry with files of its own, for a content security policy without `blob:` and for streaming compilation:
 * `partwise_bg.wasm` and `worker.js` are expected beside it.
 */
import { entry, loadError } from './entry.js';

export { Upload, UploadError, Uploader } from './entry.js';

export const { init, createUploader, hashFile } = /* @__PURE__ */ entry(
  async (/** @type {import('./external.js').ExternalFiles} */ files = {}) => ({
    // Bundlers find the files by exactly these two expressions.
    module: await fetchModule(files.wasm ?? new URL('./partwise_bg.wasm', import.meta.url)),
    workerUrl: String(files.worker ?? new URL('./worker.js', import.meta.url)),
  }),
);

/** @param {string | URL} url */
async function fetchModule(url) {
  const response = await fetch(url).catch((cause) => cause);
  if (!response.ok)
    throw loadError(
      'network',
      `${url} could not be fetched: ${response.status ?? response.message}`,
      'Serve partwise_bg.wasm beside the script, or say where it is: `await init({ wasm: url })`.',
    );
  // Compiling while downloading works only with the right media type, which not every server sends.
  return response.headers.get('Content-Type') === 'application/wasm'
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}
