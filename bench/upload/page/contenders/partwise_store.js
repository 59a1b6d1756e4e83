/** Signing in the page, as the clouds' own libraries do: what asking a server for each part costs is the difference. */
import { createUploader } from 'partwise';
import { sendAll } from './partwise.js';

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
  await sendAll(uploader, files, progress);
}
