/** What the entries import and the build supplies. */

/** The JavaScript that wasm-bindgen generates for `src/api`. */
declare module 'partwise:glue' {
  import type { AddOptions, PendingUpload, Upload, UploaderOptions } from 'partwise';
  export { Upload, hashFile } from 'partwise';
  /** Without what `keep` adds to it. */
  export class Uploader {
    constructor(options: UploaderOptions);
    add(file: File, options?: AddOptions): Upload;
    readonly uploads: readonly Upload[];
    pending(): Promise<Omit<PendingUpload, 'active' | 'resume'>[]>;
    discard(id: string): Promise<void>;
    dispose(): void;
  }
  export function initSync(source: { module: WebAssembly.Module }): void;
  /** Where the hash worker comes from: its code, or its address. */
  export function set_worker(code: string | undefined, url: string | undefined): void;
}

/** The optimised module, gzip'd and base64 encoded. */
declare module 'partwise:wasm' {
  const text: string;
  export default text;
}

/** The worker's code. */
declare module 'partwise:worker' {
  const code: string;
  export default code;
}
