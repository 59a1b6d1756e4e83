import { useUploader } from 'partwise/vue';
import { token } from './session.js';

/** The app's one uploader, wherever it is asked for. */
export function useFiles() {
  return useUploader({
    endpoint: '/s3',
    headers: async () => ({ Authorization: `Bearer ${await token()}` }),
    hash: 'md5',
    guardUnload: true,
    // After a reload nobody has to look for the file again.
    keepCopy: 'opfs',
  });
}
