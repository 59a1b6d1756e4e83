/**
 * Serves the pages and the package under a strict content security policy, and passes signing on to the demo server, which
 * then is of the same origin. A web server of yours does the same in its own configuration.
 */
import { readFile } from 'node:fs/promises';
import { createServer, request as ask } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const {
  PORT = '5173',
  DEMO_SERVER = 'http://127.0.0.1:8080',
  STORE = 'http://127.0.0.1:8081/demo',
} = process.env;

/** Nothing inline, no `blob:`, no `data:`. The store is the only other origin, and only to be sent to. */
const policy = `default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ${new URL(STORE).origin}`;

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const folders = { '/partwise/': at('../../dist/'), '/shared/': at('../shared/'), '/': at('page/') };
const types = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

const server = createServer((request, response) =>
  /^\/(s3\/|session$)/.test(request.url) ? passOn(request, response) : sendFile(request, response),
);
server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`policy: ${policy}`);
  console.log(`example: http://127.0.0.1:${server.address().port}/`);
});

async function sendFile(request, response) {
  const [path] = request.url.split('?');
  const prefix = Object.keys(folders).find((prefix) => path.startsWith(prefix));
  const name = path.slice(prefix?.length) || 'index.html';
  // Nothing outside of the folders is served.
  const isWithin = prefix && !name.includes('..');
  const content = isWithin && (await readFile(join(folders[prefix], name)).catch(() => undefined));
  if (!content) return response.writeHead(404).end();
  const headers = {
    'Content-Security-Policy': policy,
    'Content-Type': types[extname(name)] ?? 'application/octet-stream',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-cache',
  };
  response.writeHead(200, headers).end(content);
}

function passOn(request, response) {
  const { method, headers } = request;
  const onward = ask(new URL(request.url, DEMO_SERVER), { method, headers }, (reply) =>
    reply.pipe(response.writeHead(reply.statusCode, reply.headers)),
  );
  onward.on('error', () => response.destroy());
  request.pipe(onward);
}
