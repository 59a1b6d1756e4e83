/** The user holds an upload, lets it go on, or gives it up. */
import assert from 'node:assert/strict';
import { MiB, randomFile } from '../support/files.mjs';
import { stays, until } from '../support/until.mjs';

/** @type {import('../run.mjs').Scenario[]} */
export default [
  {
    name: 'pause: within 200 ms no request is in flight, none starts, and resume finishes',
    async run(world) {
      const file = await randomFile(60 * MiB);
      const tab = await world.uploader();
      await tab.throttle(5 * MiB);
      const upload = await tab.upload(file);
      await upload.reached(30);

      const paused = await upload.pause();
      await until(async () => (await world.proxy.open()) === 0, { what: 'no open request', within: 20_000 });
      const late = (/** @type {{ start: number, end: number | null }} */ { start, end }) =>
        start > paused + 200 || (end ?? Infinity) > paused + 200;
      assert.deepEqual((await tab.requests()).filter(late), []);
      const before = await world.proxy.log();
      // Where the proxy is what is slow, the kernel goes on sending to it what the browser has given up.
      if (world.can.throttle) assert.deepEqual(before.filter(late), []);
      assert.ok(before.every(({ start }) => start <= paused + 200));
      assert.ok(before.some(({ outcome }) => outcome === 'aborted'));
      const silent = async () => (await world.proxy.log()).length === before.length;
      await stays(silent, { what: 'no request starts', during: 2_000 });
      assert.equal((await upload.report()).state, 'paused');

      await tab.throttle(-1);
      await upload.resume();
      const report = await upload.done();
      await world.account(report, file);
      await world.holds(report.key, file);
      assert.equal(report.badProgress, null);
    },
  },
  {
    name: 'cancel: no multipart upload is left at the store and nothing in localStorage',
    async run(world) {
      const file = await randomFile(60 * MiB);
      const tab = await world.uploader();
      await tab.throttle(5 * MiB);
      const upload = await tab.upload(file);
      const { key } = await upload.reached(30);
      assert.deepEqual(await world.bucket.unfinished(), [key]);
      assert.notDeepEqual(await tab.stored(), []);

      await upload.cancel();
      const { state, error } = await upload.report();
      assert.deepEqual([state, error?.code], ['cancelled', 'cancelled']);
      assert.deepEqual(await world.bucket.unfinished(), []);
      assert.deepEqual(await world.bucket.keys(), []);
      assert.deepEqual(await tab.stored(), []);
    },
  },
];
