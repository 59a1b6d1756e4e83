/** hash-wasm over the file's stream. */
import { createMD5 } from 'hash-wasm';

self.onmessage = async ({ data: { file } }) => {
  const md5 = await createMD5();
  // Not every browser goes through streams by itself.
  const reader = file.stream().getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) md5.update(read.value);
  self.postMessage(md5.digest());
};
