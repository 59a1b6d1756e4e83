/** Serves the test page at `/` and the unpacked package at `/partwise/`, as any web server would. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { unpackedPackage } from './package.mjs';
import { pageDir } from './paths.mjs';

const types = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.wasm', 'application/wasm'],
]);

/** @type {Promise<string> | undefined} */
let unpacked;
/** Where browsers that are used again may keep something. @type {Set<number>} */
const used = new Set();

/**
 * @param {import('./cleanup.mjs').Scope} scope
 * @returns {Promise<string>} its origin, under which browsers keep nothing yet
 */
export async function startSite(scope) {
  const file = async (/** @type {string} */ path) => {
    if (!path.startsWith('/partwise/')) return join(pageDir, path === '/' ? 'index.html' : path);
    unpacked ??= unpackedPackage();
    return join(await unpacked, path.slice('/partwise/'.length));
  };
  const server = createServer(async (request, response) => {
    try {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost');
      const path = await file(normalize(decodeURIComponent(pathname)));
      const content = await readFile(path);
      response.writeHead(200, { 'Content-Type': types.get(extname(path)) ?? 'application/octet-stream' });
      response.end(content);
    } catch (error) {
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end(String(error));
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  if (used.has(port)) {
    // Only afterwards, or the system might give the same one.
    return startSite(scope).finally(close);
  }
  used.add(port);
  scope.onEnd(close);
  return `http://127.0.0.1:${port}`;
}
