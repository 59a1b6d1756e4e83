/** The classic script's global, after `import type {} from 'partwise/global'`. */
import type { Uploader, UploaderOptions } from 'partwise/global';

const options: UploaderOptions = { endpoint: '/s3' };
const first: Uploader = await window.partwise.createUploader(options);
const second: Uploader = await partwise.createUploader(options);
// @ts-expect-error
await partwise.createUploader({});
// @ts-expect-error
await partwise.createUploader({ endpoint: '/s3', chunkSize: 5 });
// @ts-expect-error
window.partwise.Uploaders;
// @ts-expect-error
await partwise.init({ wasm: '/partwise_bg.wasm' });

export const unfinished = [await first.pending(), await second.pending()];
