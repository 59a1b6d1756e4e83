/** Tencent's library for COS: `sliceUploadFile` for one file, `uploadFiles` for many. It goes on by itself after a reload. */
import COS from 'cos-js-sdk-v5/dist/cos-js-sdk-v5.min.js';

const DAY = 24 * 60 * 60;

export async function start(files, { store, equal }, progress) {
  const now = Math.floor(Date.now() / 1000);
  const cos = new COS({
    Domain: new URL(store).host,
    Protocol: 'http:',
    getAuthorization: (_, callback) =>
      callback({
        TmpSecretId: 'key',
        TmpSecretKey: 'secret',
        SecurityToken: 'token',
        StartTime: now,
        ExpiredTime: now + DAY,
      }),
    ...(equal && {
      ChunkSize: equal.partSize,
      ChunkParallelLimit: equal.parallel,
      FileParallelLimit: equal.parallel,
    }),
  });
  const target = (file) => ({
    Bucket: 'bucket-1250000000',
    Region: 'ap-beijing',
    Key: file.name,
    Body: file,
  });
  const onProgress = ({ percent }) => progress(percent);
  const [first] = files;
  if (files.length === 1) await cos.sliceUploadFile({ ...target(first), onProgress });
  else {
    const { files: ended } = await cos.uploadFiles({ files: files.map(target), onProgress });
    const failed = ended.find(({ error }) => error);
    if (failed) throw failed.error;
  }
}
