/** A store that is asked through a door where a test stands. */
import { createServer, request as ask } from 'node:http';
import { pipeline } from 'node:stream';

/**
 * Passes on to the store what it is asked, and notes when parts are listed by whoever has keys: pages only have URLs that are
 * signed. Parts but the one of this number are held back until `open` is called, however slow the machine is.
 *
 * @param {string} store its origin
 * @param {number} passing number of the part
 * @param {import('../../e2e/support/cleanup.mjs').Scope} scope
 * @returns {Promise<{ origin: string, listings: readonly number[], open: () => void }>} `listings` in milliseconds
 */
export async function doorTo(store, passing, scope) {
  /** @type {number[]} */
  const listings = [];
  let open = () => {};
  const opened = new Promise((resolve) => (open = () => resolve(undefined)));
  const server = createServer(async (request, response) => {
    const { method, headers, url = '/' } = request;
    const number = /[?&]partNumber=(\d+)/.exec(url)?.[1];
    if (method === 'PUT' && number && Number(number) !== passing) await opened;
    if (headers.authorization && url.includes('part-number-marker=')) listings.push(performance.now());
    const onward = ask(new URL(url, store), { method, headers }, (reply) =>
      reply.pipe(response.writeHead(reply.statusCode ?? 502, reply.headers)),
    );
    onward.on('error', () => response.destroy());
    // Whoever goes away while sending has not sent it all to the store, either.
    pipeline(request, onward, (error) => error && response.destroy());
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  scope.onEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { origin: `http://127.0.0.1:${port}`, listings, open };
}
