/** Reads, and nothing else, in one of the ways there are. */

const MIB = 1024 * 1024;
/** Milliseconds. */
const STANDSTILL = 250;

/** @type {Record<string, (file: File) => AsyncGenerator<ArrayBufferView | ArrayBuffer>>} */
const paths = {
  /** Into buffers of the browser's own. */
  async *stream(file) {
    const reader = file.stream().getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
  },
  /** Into one buffer of ours, again and again. What Chromium forgets to read is read by another stream. */
  async *buffers(file) {
    for (let at = 0; at < file.size;) {
      const reader = file.slice(at).stream().getReader({ mode: 'byob' });
      for (let buffer = new ArrayBuffer(MIB); buffer;) {
        const forgotten = new Promise((stands) => setTimeout(stands, STANDSTILL, {}));
        const { value } = await Promise.race([reader.read(new Uint8Array(buffer)), forgotten]);
        if (value?.length) yield value;
        at += value?.length ?? 0;
        buffer = value?.length ? value.buffer : undefined;
      }
    }
  },
  /** With the next one already being read. */
  async *slices(file) {
    const slice = (/** @type {number} */ at) => file.slice(at, at + 2 * MIB).arrayBuffer();
    let ahead = slice(0);
    for (let at = 0; at < file.size; at += 2 * MIB) {
      const bytes = ahead;
      ahead = slice(at + 2 * MIB);
      yield await bytes;
    }
  },
  /** One slice after the other, with the worker waiting. */
  async *sync(file) {
    const reader = new FileReaderSync();
    for (let at = 0; at < file.size; at += 2 * MIB)
      yield reader.readAsArrayBuffer(file.slice(at, at + 2 * MIB));
  },
};

self.onmessage = async ({ data: { file, path } }) => {
  let bytes = 0;
  for await (const piece of paths[path](file)) bytes += piece.byteLength;
  self.postMessage(String(bytes));
};
