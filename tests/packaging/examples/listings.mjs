/** A store that is asked through a door where a test stands. */
import { createServer, request as ask } from 'node:http';

/**
 * Passes everything on to the store, and notes when parts are listed by whoever has keys: pages only have URLs that are signed.
 *
 * @param {string} store its origin
 * @param {import('../../e2e/support/cleanup.mjs').Scope} scope
 * @returns {Promise<{ origin: string, times: number[] }>} `times` in milliseconds
 */
export async function countListings(store, scope) {
  /** @type {number[]} */
  const times = [];
  const server = createServer((request, response) => {
    const { method, headers, url = '/' } = request;
    if (headers.authorization && url.includes('part-number-marker=')) times.push(performance.now());
    const onward = ask(new URL(url, store), { method, headers }, (reply) =>
      reply.pipe(response.writeHead(reply.statusCode ?? 502, reply.headers)),
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  scope.onEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { origin: `http://127.0.0.1:${port}`, times };
}
