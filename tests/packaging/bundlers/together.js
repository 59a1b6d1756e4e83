import { createUploader } from 'partwise';
import 'partwise/element';
import { createUploadStore } from 'partwise/store';
import { upload } from './upload.js';

globalThis.uploaded = upload(async (options) => {
  // The store loads the package by itself, when it is needed, and has to find the one that is there.
  const store = createUploadStore(options);
  store.load();
  await new Promise((ready) => store.subscribe(ready));
  if (!store.getSnapshot().ready || !customElements.get('partwise-uploader')) throw new Error('not loaded');
  store.dispose();
  return createUploader(options);
});
