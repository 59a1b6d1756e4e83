/** The external entry has everything of the default one, and an `init` that can be told where the files are. */
import { createUploader, init, Uploader, UploadError } from 'partwise/external';
import type { UploaderOptions, UploadResult } from 'partwise/external';

await init();
await init({ wasm: new URL('https://example.com/partwise_bg.wasm'), worker: '/worker.js' });
// @ts-expect-error
await init('/partwise_bg.wasm');
// @ts-expect-error
await init({ wasm: new Uint8Array() });
// @ts-expect-error
await init({ module: '/partwise_bg.wasm' });
// @ts-expect-error
await createUploader({});
// @ts-expect-error
await createUploader({ endpoint: '/s3', wasm: '/partwise_bg.wasm' });

const options: UploaderOptions = { endpoint: '/s3' };
const uploader: Uploader = await createUploader(options);
export const results: Promise<UploadResult>[] = uploader.uploads.map(({ finished }) => finished);
export const isOurs = (error: unknown): boolean => error instanceof UploadError;
