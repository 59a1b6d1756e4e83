/** Serves the pages: one for each contender, at its name. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { root } from '../../scripts/lib/project.mjs';
import { bundle, contenders } from './contenders.mjs';

const folder = join(root, 'bench', 'upload', 'page');

/**
 * @param {readonly string[]} names of contenders
 * @param {import('../../tests/e2e/support/cleanup.mjs').Scope} scope that ends it
 * @returns {Promise<{ origin: string, gzip: Record<string, number> }>} `gzip`: bytes that a page loads for each
 */
export async function startSite(names, scope) {
  /** @type {Map<string, string>} */
  const files = new Map([['/harness.js', await readFile(join(folder, 'harness.js'), 'utf8')]]);
  const page = await readFile(join(folder, 'index.html'), 'utf8');
  /** @type {Record<string, number>} */
  const sizes = {};
  for (const name of names) {
    const { code, gzip } = await bundle(name);
    files.set(`/contenders/${name}.js`, code);
    sizes[name] = gzip;
  }
  const server = createServer(({ url = '/' }, response) => {
    const script = files.get(url);
    const content = script ?? (url.slice(1) in contenders ? page : undefined);
    response.writeHead(content === undefined ? 404 : 200, {
      'Content-Type': `text/${script === undefined ? 'html' : 'javascript'}; charset=utf-8`,
    });
    response.end(content);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', () => ready(undefined)));
  scope.onEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { origin: `http://127.0.0.1:${port}`, gzip: sizes };
}
