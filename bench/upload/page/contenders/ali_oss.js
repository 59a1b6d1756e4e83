/** Alibaba's library for OSS. Its page keeps the checkpoint, and gives it back with the file. */
import OSS from 'ali-oss/dist/aliyun-oss-sdk.min.js';
import { CONNECTIONS, adder, all, sizeOf } from '../pool.js';

export async function start(files, { store, equal, remembers }, progress) {
  const client = new OSS({
    region: 'oss-cn-hangzhou',
    bucket: 'bucket',
    endpoint: store,
    cname: true,
    accessKeyId: 'key',
    accessKeySecret: 'secret',
    stsToken: 'token',
  });
  const add = adder(sizeOf(files), progress);
  const send = (file) => async () => {
    await client.multipartUpload(file.name, file, {
      ...equal,
      checkpoint: remembers ? kept(file) : undefined,
      progress: (share, checkpoint) => {
        if (remembers && checkpoint) keep(checkpoint);
        add(file, share * file.size);
      },
    });
  };
  await all(files.map(send), CONNECTIONS);
}

/** Without the file, which no storage for text takes. */
function keep({ file, ...checkpoint }) {
  localStorage.setItem(`checkpoint ${file.name}`, JSON.stringify(checkpoint));
}

function kept(file) {
  const text = localStorage.getItem(`checkpoint ${file.name}`);
  return text ? { ...JSON.parse(text), file } : undefined;
}
