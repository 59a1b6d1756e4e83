/** Of what is asked for, the types know that it is there. */
import { hashFile, init, UploadError } from 'partwise/hash';
import type { FileDigests, HashOptions } from 'partwise/hash';
import { hashFile as fromDefault } from 'partwise';

declare const file: File;

await init();
const md5: string = (await hashFile(file)).md5;
const { parts, etag, crc64xz } = await hashFile(file, { algorithms: ['parts', 'crc64xz'], partSize: 1 });
export const known: [string, readonly string[], string, string] = [md5, parts, etag, crc64xz];
await hashFile(new Blob([]), {
  onProgress: ({ loaded, total }) => loaded / total,
  signal: AbortSignal.timeout(5),
  hashWorkers: 2,
  workerUrl: '/worker.js',
});
const options: HashOptions = { algorithms: ['md5'] };
export const digests: FileDigests = await fromDefault(file, options);
// @ts-expect-error
(await hashFile(file, { algorithms: ['crc64nvme'] })).md5.length;
// @ts-expect-error
await hashFile(file, { algorithms: ['sha1'] });
// @ts-expect-error
await hashFile(file, { algorithms: 'md5' });
// @ts-expect-error
await hashFile(file, { partSize: '5 MiB' });
// @ts-expect-error
await hashFile(file, { workers: 2 });
// @ts-expect-error
await hashFile('text');
export const isOurs = (error: unknown): boolean => error instanceof UploadError;
