/** A static site on 127.0.0.1 for a folder, and a browser to look at it with. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { chromium } from 'playwright-core';

const types = new Map([
  ['.html', 'text/html'],
  ['.js', 'text/javascript'],
  ['.wasm', 'application/wasm'],
]);

/**
 * @typedef {(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => Promise<boolean>} Answer
 *   resolves with false for requests that are none of its own
 */

/**
 * @param {string} folder
 * @param {Answer} [answer] is asked first
 * @returns {Promise<{ origin: string, requests: string[], refuse: Set<string>, policy: string, close: () => void }>}
 *   `requests`: the paths asked for so far; `refuse`: paths that are answered with 503; `policy`: sent as
 *   Content-Security-Policy when not empty.
 */
export async function serve(folder, answer) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname === '/favicon.ico') return void response.writeHead(204).end();
    if (await answer?.(request, response)) return;
    site.requests.push(pathname);
    if (site.policy) response.setHeader('Content-Security-Policy', site.policy);
    if (site.refuse.has(pathname)) return void response.writeHead(503).end();
    if (pathname === '/')
      return void response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html>');
    try {
      const content = await readFile(join(folder, normalize(pathname)));
      const type = types.get(extname(pathname)) ?? 'application/octet-stream';
      response.writeHead(200, { 'Content-Type': type }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  const site = {
    origin: `http://127.0.0.1:${address.port}`,
    /** @type {string[]} */
    requests: [],
    /** @type {Set<string>} */
    refuse: new Set(),
    policy: '',
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
  return site;
}

/** Chromium from `CHROME` or the path, without any traffic of its own. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROME ?? '/usr/bin/chromium',
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-dev-shm-usage'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });
}
