/** Signing in the page, as the clouds' own libraries do: what asking a server for each part costs is the difference. */
import { createUploader } from 'partwise';
import { adder, sizeOf } from '../pool.js';

export async function start(files, { store, equal }, progress) {
  const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
  const uploader = await createUploader({
    store: {
      kind: 's3',
      bucket: 'bucket',
      region: 'us-east-1',
      endpoint: store,
      credentials: async () => credentials,
    },
    ...equal,
  });
  const add = adder(sizeOf(files), progress);
  const send = (file) => {
    const upload = uploader.add(file);
    upload.on('progress', ({ loaded }) => add(file, loaded));
    return upload.finished;
  };
  await Promise.all(files.map(send));
}
