/** A folder full of small files. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MiB, temporaryFolder } from '../support/files.mjs';
import { inLanes } from '../support/lanes.mjs';
import { until } from '../support/until.mjs';

const COUNT = 2_000;
/**
 * Milliseconds that adding one file may take, with the test's fourteen listeners: three to five times what was seen. The
 * page adds all of them in one task, which it could split.
 */
const ADDING = 0.5;
/** Bytes of the library's memory that one added file may take. */
const PER_FILE = 4 * 1024;

/** Lets the test see the library's memory; run in the page before it comes. */
function watchMemory() {
  const { Instance } = WebAssembly;
  /** @type {WebAssembly.Memory | undefined} */
  let memory;
  WebAssembly.Instance = /** @type {any} */ (
    class extends Instance {
      /** @param {ConstructorParameters<typeof Instance>} made */
      constructor(...made) {
        super(...made);
        memory ??= /** @type {WebAssembly.Memory} */ (this.exports.memory);
      }
    }
  );
  const used = () => ({
    wasm: memory?.buffer.byteLength ?? 0,
    heap: /** @type {any} */ (performance).memory?.usedJSHeapSize ?? null,
  });
  Object.assign(window, { used });
}

/** @type {import('../run.mjs').Scenario[]} */
export default [
  {
    name: `files: ${COUNT} small ones in one batch arrive, the page stays responsive once they are added, memory stays flat`,
    alone: true,
    async run(world) {
      const folder = await temporaryFolder('many-', world.scope);
      const files = Array.from({ length: COUNT }, (_, i) => {
        const content = randomBytes(1 + ((i * 7919) % 20_000));
        const name = `small-${String(i).padStart(4, '0')}.bin`;
        return { name, path: join(folder, name), size: content.length, content };
      });
      await inLanes(16, files.values(), ({ path, content }) => writeFile(path, content));

      // One that nothing else was in: it is measured.
      const tab = await world.tab(await world.browser(await world.profile()));
      await tab.evaluate(watchMemory);
      await tab.create(await world.signer());
      await tab.choose(...files);
      const used = async () => {
        await tab.view.collectGarbage?.();
        return tab.evaluate(() => /** @type {any} */ (window).used());
      };
      const before = await used();
      const added = await tab.call('addAll');
      assert.equal(added.count, COUNT);
      /** @param {number} count */
      const done = (count) =>
        until(
          async () => {
            const { states, errors } = await tab.call('summary');
            assert.deepEqual(errors, []);
            return (states.done ?? 0) >= count;
          },
          { what: `${count} files to be there`, within: 400_000, every: 250 },
        );
      await done(COUNT / 4);
      const early = await used();
      await done(COUNT);
      const late = await used();
      const tasks = await tab.longTasks();
      await world.account(await tab.call('cost'), files);

      const wanted = new Map(
        files.map(({ name, content }) => [name, createHash('sha256').update(content).digest('hex')]),
      );
      const keys = await world.bucket.keys();
      assert.equal(keys.length, COUNT);
      await inLanes(8, keys.values(), async (key) => {
        const name = [...wanted.keys()].find((name) => key.endsWith(name)) ?? '';
        assert.equal((await world.bucket.content(key))?.sha256, wanted.get(name), key);
        wanted.delete(name);
      });
      assert.equal(wanted.size, 0);
      assert.deepEqual(await tab.stored(), []);

      // The test's own loop, which the page could split, is judged by itself, and what the library does in the same task
      // afterwards with all the others; what comes before it is the browser's, which takes its time to choose so many files
      // and to learn how large they are.
      const adding = added.to - added.from;
      const others = tasks
        .map(({ at, duration }) => at + duration - Math.max(at, added.to))
        .filter((duration) => duration > 0);
      const longest = Math.max(0, ...others);
      const shown = (/** @type {number | null} */ bytes) =>
        bytes === null ? '?' : `${(bytes / MiB).toFixed(1)} MiB`;
      world.figures.push(
        `${COUNT} files added in ${adding.toFixed(0)} ms, then ${others.length} long tasks, longest ${longest.toFixed(0)} ms`,
        `wasm ${[before, early, late].map(({ wasm }) => shown(wasm)).join(' → ')}, JavaScript ${[before, early, late].map(({ heap }) => shown(heap)).join(' → ')}`,
      );
      assert.ok(adding <= COUNT * ADDING, `adding took ${adding} ms`);
      assert.ok(longest <= world.longestTask, `tasks took ${others.join(', ')} ms`);
      assert.ok(before.wasm > 0, 'the library was not seen');
      assert.ok(
        early.wasm - before.wasm <= COUNT * PER_FILE,
        "a file takes too much of the library's memory",
      );
      assert.ok(late.wasm <= early.wasm + MiB, 'the library took more and more memory');
      if (late.heap) assert.ok(late.heap - early.heap < 8 * MiB, 'the page took more and more memory');
    },
  },
];
