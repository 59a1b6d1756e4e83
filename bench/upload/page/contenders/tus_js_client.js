/** The tus protocol's own library, in front of a server that speaks it. */
import { Upload } from 'tus-js-client';
import { CONNECTIONS, adder, all, sizeOf } from '../pool.js';

export async function start(files, { store, equal, remembers }, progress) {
  const add = adder(sizeOf(files), progress);
  const send = (file) => () =>
    new Promise((resolve, reject) => {
      const upload = new Upload(file, {
        endpoint: `${store}/files`,
        metadata: { filename: file.name, filetype: file.type },
        onProgress: (loaded) => add(file, loaded),
        onSuccess: resolve,
        onError: reject,
        ...(equal && { chunkSize: equal.partSize, parallelUploads: equal.parallel }),
      });
      if (remembers) goOn(upload).catch(reject);
      else upload.start();
    });
  await all(files.map(send), CONNECTIONS);
}

async function goOn(upload) {
  const [previous] = await upload.findPreviousUploads();
  if (previous) upload.resumeFromPreviousUpload(previous);
  upload.start();
}
