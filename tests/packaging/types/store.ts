/** The store that the bindings sit on: its options, its snapshots, and listening. */
import type { PendingUpload, Upload, Uploader } from 'partwise';
import { createUploader } from 'partwise/external';
import { createUploadStore, trackUpload, uploadStore } from 'partwise/store';
import type { Observable, Totals, UploaderActions, UploaderSnapshot } from 'partwise/store';
import type { UploadSnapshot, UploadStore, UploadStoreOptions } from 'partwise/store';

declare const file: File;
declare const upload: Upload;
declare const made: Uploader;
declare const pending: PendingUpload;

const options: UploadStoreOptions = { endpoint: '/s3', parallel: 2, createUploader };
const store: UploadStore = createUploadStore(options);
export const shared: UploadStore = uploadStore({ backend: {} as never, createUploader: async () => made });
export const same: UploadStore = uploadStore(store);

// Options are those of an uploader, and one more.
// @ts-expect-error
createUploadStore();
// @ts-expect-error
createUploadStore({});
// @ts-expect-error
createUploadStore({ createUploader });
// @ts-expect-error
createUploadStore({ endpoint: 5 });
// @ts-expect-error
createUploadStore({ endpoint: '/s3', signRequest: () => ({ url: '' }) });
// @ts-expect-error
createUploadStore({ endpoint: '/s3', chunkSize: 5 });
// @ts-expect-error
createUploadStore({ endpoint: '/s3', createUploader: () => made });
// @ts-expect-error
uploadStore({ endpoint: '/s3', hash: 'sha1' });
// @ts-expect-error
uploadStore(made);
// @ts-expect-error
store.update({ parallel: 2 });
store.update(options);

// It can be used apart from its object.
const { subscribe, getSnapshot, getServerSnapshot, load, add }: UploadStore = store;
const stop: () => void = subscribe(() => {});
stop();
load();
// @ts-expect-error
subscribe();
// @ts-expect-error
subscribe((snapshot: UploaderSnapshot) => snapshot);

// One file gives one upload, several give a list.
const one: UploadSnapshot = add(file, { key: 'a' });
export const many: UploadSnapshot[] = add([file], { contentType: 'text/plain' });
// @ts-expect-error
add('a.txt');
// @ts-expect-error
add(file, { name: 'x' });
// @ts-expect-error
add([file]).cancel();

// Snapshots are only to be read.
const snapshot: UploaderSnapshot = getSnapshot();
export const empty: readonly UploadSnapshot[] = getServerSnapshot().uploads;
const totals: Totals = snapshot.totals;
export const percent: number = totals.percent;
const actions: UploaderActions = snapshot;
actions.pauseAll();
await actions.discard(pending);
export const goesOn: UploadSnapshot | undefined = await actions.resume(pending.id);
// @ts-expect-error
snapshot.uploads.push(one);
// @ts-expect-error
snapshot.ready = true;
// @ts-expect-error
totals.done += 1;
// @ts-expect-error
await actions.discard(one.state === 'done');

const one$: Observable<UploadSnapshot> = trackUpload(one);
export const elsewhere: UploadSnapshot = trackUpload(upload).getSnapshot();
// @ts-expect-error
trackUpload(file);
// @ts-expect-error
one$.update(options);
