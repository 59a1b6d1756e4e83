/**
 * What the browser tests send requests to: another origin than the page's, with CORS, that answers and misbehaves as
 * the query says.
 *
 * - `reply=never`: reads the body and stays silent · `reset`: cuts the connection while the body is coming ·
 *   `cut`: cuts it in the middle of the reply · `endless`: a reply without end · `huge`: one of 4 GiB, announced ·
 *   `bomb`: 256 MiB in a few hundred kilobytes of gzip · default: what arrived, as JSON, with its MD5 as `ETag`
 * - `status=503`: with that status · `cors=off`: without CORS headers · `cookie=NAME`: sets that cookie
 * - `id=ID`: counts this request under a name; `GET /seen?id=ID` tells `{ begun, ended, aborted, sent }`,
 *   where `sent` is how many bytes of replies have been written
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';

/** @typedef {{ begun: number, ended: number, aborted: number, sent: number }} Seen */

/**
 * Listens on a free port of the loopback interface.
 *
 * @returns {Promise<{ origin: string, close: () => void }>}
 */
export async function startEchoServer() {
  /** @type {Map<string, Seen>} */
  const seen = new Map();
  const server = createServer((request, response) => {
    answer(request, response, seen).catch(() => response.destroy());
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', () => ready(undefined)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the echo server has no port');
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { origin: `http://127.0.0.1:${address.port}`, close };
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {Map<string, Seen>} seen
 */
async function answer(request, response, seen) {
  const url = new URL(request.url ?? '/', 'http://echo');
  const ask = url.searchParams;
  if (ask.get('cors') !== 'off') allow(request, response);
  if (request.method === 'OPTIONS') return void response.writeHead(204).end();

  const id = ask.get('id') ?? '';
  const count = seen.get(id) ?? { begun: 0, ended: 0, aborted: 0, sent: 0 };
  seen.set(id, count);
  if (url.pathname === '/seen') return void response.end(JSON.stringify(count));
  count.begun += 1;
  response.once('close', () => (response.writableFinished ? count.ended++ : count.aborted++));

  const reply = ask.get('reply');
  if (reply === 'reset') return void request.once('data', () => request.socket.resetAndDestroy());
  const md5 = createHash('md5');
  let size = 0;
  let text = '';
  for await (const chunk of request) {
    md5.update(chunk);
    size += chunk.length;
    if (text.length < 4096) text += chunk.toString('latin1', 0, 4096);
  }
  if (reply === 'never') return;
  const digest = md5.digest('hex');
  response.statusCode = Number(ask.get('status') ?? 200);
  response.setHeader('ETag', `"${digest}"`);
  response.setHeader('X-Hidden', 'CORS does not expose this');
  if (ask.has('cookie')) response.setHeader('Set-Cookie', `${ask.get('cookie')}=1; Path=/; SameSite=Lax`);
  if (reply === 'cut') {
    response.setHeader('Content-Length', 1000);
    return void response.write('the beginning', () => response.destroy());
  }
  if (reply === 'huge') response.setHeader('Content-Length', 4 * 1024 ** 3);
  if (reply === 'endless' || reply === 'huge') return endless(response, count);
  if (reply === 'bomb') {
    response.setHeader('Content-Encoding', 'gzip');
    return void response.end(gzipSync(Buffer.alloc(256 * 1024 ** 2), { level: 1 }));
  }
  const { method, headers } = request;
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify({ method, headers, size, md5: digest, text }));
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
function allow(request, response) {
  response.setHeader('Access-Control-Allow-Origin', request.headers.origin ?? '*');
  response.setHeader('Access-Control-Allow-Credentials', 'true');
  response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, PUT, POST, DELETE');
  response.setHeader(
    'Access-Control-Allow-Headers',
    request.headers['access-control-request-headers'] ?? '*',
  );
  response.setHeader('Access-Control-Expose-Headers', 'ETag');
}

/**
 * @param {import('node:http').ServerResponse} response
 * @param {Seen} count
 */
function endless(response, count) {
  const chunk = 'x'.repeat(64 * 1024);
  const fill = () => {
    while (!response.destroyed) {
      count.sent += chunk.length;
      if (!response.write(chunk)) return;
    }
  };
  response.on('drain', fill);
  fill();
}
