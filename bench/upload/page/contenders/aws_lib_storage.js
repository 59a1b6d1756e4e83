/** Amazon's library for uploads in parts. */
import { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { CONNECTIONS, adder, all, sizeOf } from '../pool.js';

export async function start(files, { store, equal }, progress) {
  const client = new S3Client({
    region: 'us-east-1',
    endpoint: store,
    forcePathStyle: true,
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret', sessionToken: 'token' },
  });
  const add = adder(sizeOf(files), progress);
  const send = (file) => async () => {
    const upload = new Upload({
      client,
      params: { Bucket: 'bucket', Key: file.name, Body: file },
      ...(equal && { partSize: equal.partSize, queueSize: equal.parallel }),
    });
    upload.on('httpUploadProgress', ({ loaded }) => add(file, loaded ?? 0));
    await upload.done();
  };
  await all(files.map(send), CONNECTIONS);
}
