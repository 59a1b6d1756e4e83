/** The element's properties, events and words. */
import { PartwiseUploader } from 'partwise/element';
import type { PartwiseEvents, RefusalReason, Words } from 'partwise/element';
import { createUploader } from 'partwise/external';
import type { UploadResult } from 'partwise';

const element = document.createElement('partwise-uploader');
const same: PartwiseUploader = element;
element.endpoint = '/s3';
element.maxSize = 5;
element.maxSize = undefined;
element.partSize = 'auto';
element.hash = 'md5';
element.options = { headers: async () => ({ Authorization: '' }), guardUnload: true };
element.options = {
  store: {
    kind: 'oss',
    bucket: 'b',
    region: 'r',
    credentials: async () => same.options.store!.credentials(),
  },
};
element.createUploader = createUploader;
element.uploader = await element.ready();
element.uploader = undefined;
element.addOptions = (file, path) => ({ key: path, metadata: { type: file.type } });
element.check = ({ size }) => size > 5 && 'too much';
await element.add([new File([], 'a'), { file: new File([], 'b'), path: 'c/b' }]);
// @ts-expect-error
element.hash = 'sha1';
// @ts-expect-error
element.maxFiles = 'many';
// @ts-expect-error
element.options = { endpoint: 5 };
// @ts-expect-error
element.options = { endpoint: '/s3', chunkSize: 5 };
// @ts-expect-error
element.parallel = 'four';
// @ts-expect-error
element.createUploader = () => null;
// @ts-expect-error
element.addOptions = () => ({ name: 'x' });
// @ts-expect-error
element.check = () => true;
// @ts-expect-error
element.value = [];
// @ts-expect-error
await element.add(['a']);

// Events are known on the element and on what is around it.
element.addEventListener('partwise-done', ({ detail }) => detail.result.key.toUpperCase());
document.body.addEventListener('partwise-refused', ({ detail }) => {
  const reason: RefusalReason = detail.reason;
  return reason === 'too-large' && detail.file?.size;
});
element.addEventListener('partwise-complete', ({ detail: { results, failed } }) => [...results, ...failed]);
// @ts-expect-error
element.addEventListener('partwise-progress', ({ detail }) => detail.speed);
export const detail: PartwiseEvents['partwise-error']['error']['code'] = 'network';
export const results: UploadResult[] = element.results;
export const keys: string[] = element.value;
export const form: HTMLFormElement | null = element.form;

element.words = { choose: 'Auswählen', files: ({ done, all }) => `${done}/${all}`, 'state.done': 'Fertig' };
// @ts-expect-error
element.words = { chose: '' };
// @ts-expect-error
element.words = { 'state.finished': '' };
// @ts-expect-error
export const incomplete: Words = { choose: '' };
