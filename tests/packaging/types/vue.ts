/** The composables, their sources and what they return. */
import { computed, ref, shallowRef } from 'vue';
import type { ComputedRef } from 'vue';
import { createUploadStore, useUpload, useUploader } from 'partwise/vue';
import type { UploaderRefs, UploadRefs, UploadSnapshot } from 'partwise/vue';
import type { Upload, UploadState } from 'partwise';

declare const file: File;
declare const upload: Upload;
const endpoint = ref('/s3');

const uploader: UploaderRefs = useUploader({ endpoint: '/s3', hash: 'md5' });
useUploader(() => ({ endpoint: endpoint.value }));
useUploader(computed(() => ({ endpoint: endpoint.value, headers: { Authorization: '' } })));
useUploader(createUploadStore({ endpoint: '/s3' }));
// @ts-expect-error
useUploader({});
// @ts-expect-error
useUploader(() => ({ endpoint: 5 }));
// @ts-expect-error
useUploader({ endpoint: '/s3', chunkSize: 5 });
// @ts-expect-error
useUploader(endpoint);
// @ts-expect-error
useUpload(file);

const one: UploadSnapshot = uploader.add(file);
const many: UploadSnapshot[] = uploader.add([file], { key: 'a' });
export const percent: ComputedRef<number> = computed(() => uploader.totals.value.percent);
export const names: string[] = uploader.uploads.value.map((each) => each.file.name);
export const ready: boolean = uploader.ready.value;
// @ts-expect-error
uploader.ready.value = true;
// @ts-expect-error
uploader.uploads.value.push(one);
// @ts-expect-error
uploader.uploads.length;

const known: UploadRefs = useUpload(one);
export const state: UploadState = known.state.value;
export const loaded: number = known.progress.value.loaded;
known.pause();
await known.cancel();
export const again: UploadSnapshot = known.snapshot.value;
useUpload(upload);
useUpload(() => one);
const perhaps = useUpload(shallowRef(many.at(0)));
export const key: string | undefined = perhaps.key.value;
// @ts-expect-error
perhaps.progress.value.loaded;
export const size: number | undefined = perhaps.file.value?.size;
// @ts-expect-error
useUpload(file);
