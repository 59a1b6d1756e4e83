/** The default entry: one self-contained module, so that no bundler and no server has to know about WebAssembly. */
import packedWasm from 'partwise:wasm';
import workerCode from 'partwise:worker';
import { entry } from './entry.js';
import { unpack } from './unpack.js';

export { Upload, UploadError, Uploader } from './entry.js';

export const { init, createUploader, hashFile } = /* @__PURE__ */ entry(async () => ({
  module: await WebAssembly.compile(await unpack(packedWasm)),
  workerCode,
}));
