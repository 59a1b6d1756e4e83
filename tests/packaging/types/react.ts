/** The hooks, their sources and what they return. */
import { createUploader } from 'partwise/external';
import { createUploadStore, useUpload, useUploader } from 'partwise/react';
import type { UploaderSnapshot, UploadSnapshot, UploadStoreOptions } from 'partwise/react';
import type { PendingUpload, Upload, UploadResult } from 'partwise';
import { trackUpload, uploadStore } from 'partwise/store';
import type { UploadStore } from 'partwise/store';

declare const file: File;
declare const input: HTMLInputElement;
declare const upload: Upload;
const credentials = () => ({ accessKeyId: '', secretAccessKey: '' });

const uploader: UploaderSnapshot = useUploader({ endpoint: '/s3', headers: () => ({ Authorization: '' }) });
useUploader({ store: { kind: 's3', bucket: 'b', region: 'r', credentials }, parallel: 2 });
useUploader({ endpoint: '/s3', createUploader });
useUploader({
  endpoint: '/s3',
  createUploader: async (options) => (await import('partwise/external')).createUploader(options),
});
const options: UploadStoreOptions = { signRequest: () => ({ url: '' }), destination: 'b' };
const store: UploadStore = createUploadStore(options);
useUploader(store);
export const same: boolean = uploadStore(store) === store && uploadStore(options) !== store;

// @ts-expect-error
useUploader();
// @ts-expect-error
useUploader({});
// @ts-expect-error
useUploader({ endpoint: '/s3', backend: {} });
// @ts-expect-error
useUploader({ endpoint: '/s3', chunkSize: 5 });
// @ts-expect-error
useUploader({ endpoint: '/s3', createUploader: () => null });

// One file gives one upload, several give a list.
const one: UploadSnapshot = uploader.add(file, { key: 'a' });
const many: UploadSnapshot[] = uploader.add(input.files);
many.push(...uploader.add(new Set([file]), { metadata: { author: 'x' } }));
// @ts-expect-error
uploader.add(new Blob([]));
// @ts-expect-error
uploader.add(file, { name: 'x' });
// @ts-expect-error
uploader.add([file]).cancel();
export const result: Promise<UploadResult> = one.finished;

// What is shown is only to be read.
// @ts-expect-error
uploader.uploads.push(one);
// @ts-expect-error
one.state = 'paused';
// @ts-expect-error
uploader.totals.percent = 100;

const { state, progress, error, pause, retry }: UploadSnapshot = useUpload(one);
pause();
retry();
export const line: string = `${state} ${progress.percent} ${error?.code === 'denied' ? error.hint : ''}`;
export const elsewhere: string = useUpload(upload).state;
// @ts-expect-error
useUpload(file);
// @ts-expect-error
useUpload(many.at(0)).state;
export const perhaps: number | undefined = useUpload(many.at(0))?.progress.loaded;

const { totals, pending, discard, ready } = uploader;
export const seconds: number | null = ready ? totals.secondsLeft : null;
export const first: PendingUpload | undefined = pending[0];
if (first) await discard(first);
await discard('id');
export const goesOn: UploadSnapshot | undefined = first && (await uploader.resume(first));
// @ts-expect-error
await discard();
export const message: string = uploader.error ? uploader.error.message : '';
export const why: string | undefined = uploader.error?.hint;

const stop: () => void = trackUpload(one).subscribe(() => {});
stop();
store.update(options);
// @ts-expect-error
store.update({ parallel: 2 });
