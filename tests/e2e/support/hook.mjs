/** Lets pages ask the test: a server on loopback that answers with what a function of the test returns. */
import { createServer } from 'node:http';

/**
 * @param {(question: any) => unknown} answer gets the JSON that a page has sent by POST; what it returns is the reply,
 *   what it throws is told with 500
 * @param {import('./cleanup.mjs').Scope} scope
 * @returns {Promise<string>} the URL to ask
 */
export async function startHook(answer, scope) {
  const server = createServer(async (request, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Access-Control-Allow-Headers', '*');
    if (request.method !== 'POST') return void response.writeHead(204).end();
    try {
      let text = '';
      for await (const piece of request.setEncoding('utf8')) text += piece;
      const reply = JSON.stringify((await answer(JSON.parse(text))) ?? null);
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(reply);
    } catch (error) {
      response
        .writeHead(500, { 'Content-Type': 'application/json' })
        .end(JSON.stringify({ error: String(error) }));
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  scope.onEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return `http://127.0.0.1:${address.port}/`;
}
