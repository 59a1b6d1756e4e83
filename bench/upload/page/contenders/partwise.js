/** With a signing server, as the README begins. */
import { createUploader } from 'partwise';
import { adder, sizeOf } from '../pool.js';

export async function start(files, { backend, equal }, progress) {
  await sendAll(await createUploader({ endpoint: `${backend}/s3`, ...equal }), files, progress);
}

export async function sendAll(uploader, files, progress) {
  const add = adder(sizeOf(files), progress);
  const send = (file) => {
    const upload = uploader.add(file);
    upload.on('progress', ({ loaded }) => add(file, loaded));
    return upload.finished;
  };
  await Promise.all(files.map(send));
}
