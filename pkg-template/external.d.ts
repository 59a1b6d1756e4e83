/**
 * `partwise` with the WebAssembly and the worker in files of their own, for strict content security policies.
 *
 * @packageDocumentation
 */
export * from './index.js';

/** Where the files are, when they are not beside the script. */
export interface ExternalFiles {
  /** Address of `partwise_bg.wasm`. */
  wasm?: string | URL;
  /** Address of `worker.js`; of the page's own origin. */
  worker?: string | URL;
}

/** As `init` of `partwise`; call it first with `files` when a bundler or server moved them. Only the first call's count. */
export function init(files?: ExternalFiles): Promise<void>;
