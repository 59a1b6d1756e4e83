/** What must type-check with the default entry, and what must not. */
import { createUploader, init, Upload, Uploader, UploadError } from 'partwise';
import type { Backend, Progress, UploaderOptions, UploadResult } from 'partwise';

declare const file: File;
declare const backend: Backend;
const signRequest = async () => ({ url: 'https://example.com/', expires: 60 });
const credentials = () => ({ accessKeyId: '', secretAccessKey: '' });

// Each way of uploading, alone and with shared options.
await createUploader({ endpoint: '/s3' });
await createUploader({
  endpoint: '/s3',
  headers: async () => ({ Authorization: '' }),
  withCredentials: true,
});
await createUploader({ signRequest, partSize: 'auto', parallel: 6, hash: 'md5', verify: 'content-md5' });
await createUploader({
  backend,
  storage: 'memory',
  offlineTimeout: Infinity,
  workerUrl: new URL('https://a.b/'),
});
await createUploader({ store: { kind: 's3', bucket: 'b', region: 'r', credentials } });
await createUploader({ signRequest, kind: 'bos' });
await createUploader({
  store: {
    kind: 'oss',
    bucket: 'b',
    region: 'r',
    signatureVersion: 'v1',
    credentials: () => ({ AccessKeyId: '', AccessKeySecret: '', SecurityToken: '', Expiration: '' }),
  },
});
await createUploader({
  store: {
    kind: 'cos',
    bucket: 'b-1',
    region: 'r',
    accelerate: true,
    credentials: async () => ({ credentials: { tmpSecretId: '', tmpSecretKey: '' }, expiredTime: 1 }),
  },
});
await createUploader({
  store: { kind: 'bos', bucket: 'b', region: 'bj', endpoint: new URL('https://a.b/'), credentials },
});
await createUploader({ form: { target: '/upload' }, hash: 'md5', headers: { Authorization: '' } });
await createUploader({
  form: {
    target: new URL('https://a.b/'),
    preset: 'resumable',
    parameters: { identifier: 'id' },
    testChunks: 'once',
    checkChunkUploadedByResponse: ({ offset }, response) => response.includes(String(offset + 1)),
    generateUniqueIdentifier: async ({ name }) => name,
    merge: async (_, { identifier }) => ({ key: identifier }),
  },
});
await init();
const uploader: Uploader = new Uploader({ endpoint: '/s3' });

// None, or several at once.
// @ts-expect-error
await createUploader({});
// @ts-expect-error
await createUploader({ partSize: 'auto' });
// @ts-expect-error
await createUploader({ endpoint: '/s3', signRequest });
// @ts-expect-error
await createUploader({ endpoint: '/s3', backend });
// @ts-expect-error
await createUploader({ signRequest, backend });
// @ts-expect-error
await createUploader({ backend, store: { kind: 's3', bucket: 'b', region: 'r', credentials } });
// @ts-expect-error
new Uploader();

// Wrong values, wrong names, and options of another way of uploading.
// @ts-expect-error
await createUploader({ endpoint: 5 });
// @ts-expect-error
await createUploader({ endpoint: '/s3', hash: 'sha1' });
// @ts-expect-error
await createUploader({ endpoint: '/s3', verify: true });
// @ts-expect-error
await createUploader({ endpoint: '/s3', partSize: '5 MiB' });
// @ts-expect-error
await createUploader({ endpoint: '/s3', storage: 'session' });
// @ts-expect-error
await createUploader({ endpoint: '/s3', chunkSize: 5 });
// @ts-expect-error
await createUploader({ endpoint: '/s3', keepCopy: true });
// @ts-expect-error
await createUploader({ form: { target: '/upload' }, keepCopy: 'opfs' });
// @ts-expect-error
await createUploader({ signRequest, headers: {} });
// @ts-expect-error
await createUploader({ store: { kind: 'gcs', bucket: 'b', region: 'r', credentials } });
// @ts-expect-error
await createUploader({ store: { kind: 's3', bucket: 'b', region: 'r' } });
// @ts-expect-error
await createUploader({ store: { kind: 'bos', bucket: 'b', region: 'r', credentials, accelerate: true } });
await createUploader({
  // @ts-expect-error
  store: { kind: 's3', bucket: 'b', region: 'r', credentials, signatureVersion: 'v4' },
});
await createUploader({
  // @ts-expect-error
  store: { kind: 'oss', bucket: 'b', region: 'r', credentials, signatureVersion: 'v2' },
});
// @ts-expect-error
await createUploader({ store: { kind: 's3', bucket: 'b', region: 'r', credentials: { accessKeyId: '' } } });
// @ts-expect-error
await createUploader({ backend, kind: 'oss' });
// @ts-expect-error
await createUploader({ backend, overwrite: false });
// @ts-expect-error
await createUploader({ endpoint: '/s3', overwrite: false });
// @ts-expect-error
await createUploader({ endpoint: '/s3', parallel: '4' });
// @ts-expect-error
await createUploader({ endpoint: '/s3', instant: true });
// @ts-expect-error
await createUploader({ endpoint: '/s3', key: 'a/b' });
// @ts-expect-error
await createUploader({ form: { target: '/upload' }, verify: 'etag' });
// @ts-expect-error
await createUploader({ form: { target: '/upload', chunkNumberParameterName: 'n' } });
// @ts-expect-error
await createUploader({ backend: { signPart: signRequest } });
// @ts-expect-error
await createUploader({ signRequest: async () => ({ href: '' }) });

// What an earlier page left goes on in one of three ways.
await createUploader({ endpoint: '/s3', keepCopy: 'opfs', maxCopySize: 5e8 });
for (const { id, resume } of await uploader.pending()) {
  const how: 'now' | 'ask' | 'choose' = resume;
  if (how !== 'choose') (await uploader.resume(id)).pause();
}
// @ts-expect-error
uploader.add(file, { handle: file });

// Every event hands over its own detail.
const upload: Upload = uploader.add(file, { key: 'a/b', metadata: { author: 'x' } });
const stop: () => void = upload.on('progress', ({ loaded, secondsLeft }: Progress) => {
  const sum: number = loaded + (secondsLeft ?? 0);
  return sum;
});
stop();
upload.on('error', (error) => error.code === 'etag-hidden' && error.hint.toUpperCase());
upload.on('state', ({ state, previous }) => state === 'done' || previous === 'queued');
// @ts-expect-error
upload.on('finish', () => {});
// @ts-expect-error
upload.on('progress', ({ bytes }) => bytes);
// @ts-expect-error
upload.on('error', (error) => error.code === 'timeout');
// @ts-expect-error
uploader.add(new Blob([]));
// @ts-expect-error
uploader.add(file, { name: 'x' });
// @ts-expect-error
upload.state = 'paused';
// @ts-expect-error
new Upload();

const result: UploadResult = await upload.finished;
// @ts-expect-error
result.url;
const failure: Error = upload.error ?? new UploadError();
export const options: UploaderOptions = { endpoint: '/s3' };
export const name: 'UploadError' | string = failure.name;
