/** The harness itself: an upload without the library, over everything the other scenarios rely on. */
import assert from 'node:assert/strict';
import { MiB, randomFile } from '../support/files.mjs';
import { until } from '../support/until.mjs';

/** @type {import('../run.mjs').Scenario[]} */
export default [
  {
    name: 'harness: a file sent by hand through the proxy is read back unchanged',
    async run(world) {
      const file = await randomFile(3 * MiB);
      const tab = await world.tab();
      await tab.choose(file);
      const key = 'by hand/ü +%.bin';
      const url = world.bucket.url('PUT', key, { origin: world.proxy.origin });
      const reply = await tab.call('put', 0, url);
      assert.deepEqual(reply, { status: 200, etag: `"${file.md5}"` });
      await world.holds(key, file);
      assert.deepEqual(await world.bucket.keys(), [key]);
      const sent = (await world.proxy.log()).filter(({ method }) => method === 'PUT');
      assert.deepEqual(
        sent.map(({ bodyBytes, outcome, status }) => [bodyBytes, outcome, status]),
        [[file.size, 'forwarded', 200]],
      );
    },
  },
  {
    name: 'harness: the store rejects a URL that was tampered with',
    async run(world) {
      const url = world.bucket.url('PUT', 'a', { origin: world.proxy.origin });
      const reply = await fetch(url.replace('/a?', '/b?'), { method: 'PUT', body: 'x' });
      assert.equal(reply.status, 403);
    },
  },
  {
    name: 'harness: a bucket with hidden ETags takes the file and keeps its ETag from the page',
    async run(world) {
      const hidden = await world.withHiddenEtag();
      const file = await randomFile(1 * MiB);
      const tab = await hidden.tab();
      await tab.choose(file);
      const url = hidden.bucket.url('PUT', 'k', { origin: hidden.proxy.origin });
      const reply = await tab.call('put', 0, url);
      assert.deepEqual(reply, { status: 200, etag: null });
      await hidden.holds('k', file);
    },
  },
  {
    name: 'harness: a blocked main thread is noticed',
    async run(world) {
      const tab = await world.tab();
      const blocked = async () => {
        // In a task of the page: what a debugger runs is not reported.
        await tab.evaluate(() => {
          setTimeout(() => {
            const end = performance.now() + 300;
            while (performance.now() < end);
          });
        });
        return (await tab.longTasks()).length > 0;
      };
      // Again and again: on a busy machine one of them may pass for the machine's fault.
      await until(blocked, { what: 'a long task', within: 30_000, every: 500 });
    },
  },
];
