/** A store that knows one upload, and lists its parts two at a time. */
import { createServer } from 'node:http';

/**
 * @param {import('../../e2e/support/cleanup.mjs').Scope} scope
 * @returns {Promise<{ origin: string, parts: Map<number, number>, markers: number[], size: number | undefined }>} `parts`: sizes by
 *   number; `markers`: after which numbers parts were asked for; `size`: of the object, once the upload is complete
 */
export async function storeOfParts(scope) {
  const server = createServer((request, response) => {
    const marker = new URL(request.url ?? '/', 'http://store').searchParams.get('part-number-marker');
    if (marker === null)
      return response.writeHead(store.size ? 200 : 404, { 'Content-Length': store.size ?? 0 }).end();
    store.markers.push(Number(marker));
    if (store.size) return response.writeHead(404).end('<Error><Code>NoSuchUpload</Code></Error>');
    const after = [...store.parts].filter(([number]) => number > Number(marker)).sort(([a], [b]) => a - b);
    const page = after.slice(0, 2).map(([number, size]) => {
      return `<Part><PartNumber>${number}</PartNumber><ETag>"0"</ETag><Size>${size}</Size></Part>`;
    });
    const truncated = `<IsTruncated>${after.length > 2}</IsTruncated>`;
    response.end(`<ListPartsResult>${truncated}${page.join('')}</ListPartsResult>`);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  scope.onEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  /** @type {Awaited<ReturnType<typeof storeOfParts>>} */
  const store = { origin: `http://127.0.0.1:${port}`, parts: new Map(), markers: [], size: undefined };
  return store;
}
