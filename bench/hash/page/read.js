/** Reads, and nothing else. */
self.onmessage = async ({ data: file }) => {
  let bytes = 0;
  for await (const piece of file.stream()) bytes += piece.length;
  self.postMessage(String(bytes));
};
