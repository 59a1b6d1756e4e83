/** hash-wasm over the file's stream. */
import { createMD5 } from 'hash-wasm';

self.onmessage = async ({ data: { file } }) => {
  const md5 = await createMD5();
  for await (const piece of file.stream()) md5.update(piece);
  self.postMessage(md5.digest());
};
