/** Whoever answers never ends. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { backend } from '../support/backend.mjs';
import { MiB, randomFile } from '../support/files.mjs';
import { until } from '../support/until.mjs';

/** Bytes that may have been sent by the time the browser hangs up: the library takes 8 MiB, the rest is in buffers. */
const ENOUGH = 256 * MiB;
const PIECE = Buffer.alloc(MiB, ' ');

/**
 * A server that answers everything but preflights with spaces, for ever.
 *
 * @param {import('../support/cleanup.mjs').Scope} scope
 */
async function endless(scope) {
  /** Bytes of each reply. @type {number[]} */
  const replies = [];
  /** Those that somebody still reads. */
  const open = new Set();
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Access-Control-Allow-Methods', '*');
    response.setHeader('Access-Control-Allow-Headers', '*, Authorization');
    response.setHeader('Access-Control-Expose-Headers', 'ETag');
    if (request.method === 'OPTIONS') return void response.writeHead(204).end();
    response.writeHead(200, { 'Content-Type': 'application/json', ETag: '"e"' });
    const reply = replies.push(0) - 1;
    open.add(reply);
    response.on('close', () => open.delete(reply));
    const more = () => {
      if (response.destroyed) return;
      replies[reply] = (replies[reply] ?? 0) + PIECE.length;
      const next = () => setTimeout(more, 50);
      if (response.write(PIECE)) next();
      else response.once('drain', next);
    };
    request.on('end', more);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  scope.onEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { origin: `http://127.0.0.1:${port}`, replies, open };
}

/**
 * @param {string} whose reply
 * @param {(world: import('../support/world.mjs').World, origin: string) => Promise<Record<string, unknown>>} options
 * @returns {import('../run.mjs').Scenario}
 */
function cutOff(whose, options) {
  return {
    name: `endless: the reply of ${whose} is cut off, with an error that says so`,
    skip: ({ store }) =>
      store === 'rgw' ? undefined : 'it has a server of its own, and runs once in each browser',
    async run(world) {
      const { origin, replies, open } = await endless(world.scope);
      const tab = await world.tab();
      await tab.create(await options(world, origin));
      const upload = await tab.upload(await randomFile(6 * MiB));
      const error = await upload.failed();
      assert.match(error.message, /one that does not end/);
      await until(() => open.size === 0, { what: 'every reply to be hung up', within: 30_000 });
      const most = Math.max(...replies);
      world.figures.push(
        `${error.code}: ${error.message}`,
        `${replies.length} replies, ${most / MiB} MiB at most`,
      );
      assert.ok(most <= ENOUGH, `${most} bytes were taken`);
    },
  };
}

/** @type {import('../run.mjs').Scenario[]} */
export default [
  cutOff('a signing server', async (_, origin) => ({ endpoint: `${origin}/s3` })),
  cutOff('a store', async (world, origin) => ({
    backend: await world.hook(backend(world.bucket, origin)),
  })),
];
