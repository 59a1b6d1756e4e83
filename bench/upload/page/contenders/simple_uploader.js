/** simple-uploader.js, in front of a server that takes its chunks. Which of them are there it asks before each. */
import Uploader from 'simple-uploader.js';

export async function start(files, { store, equal }, progress) {
  const uploader = new Uploader({
    target: `${store}/chunks`,
    ...(equal && { chunkSize: equal.partSize, simultaneousUploads: equal.parallel }),
  });
  const ended = new Promise((resolve, reject) => {
    uploader.on('complete', resolve);
    uploader.on('fileError', (_, file, message) => reject(new Error(`${file.name}: ${message}`)));
  });
  uploader.on('fileProgress', () => progress(uploader.progress()));
  uploader.addFiles(files);
  uploader.upload();
  await ended;
}
