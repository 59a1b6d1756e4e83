/** Hashing beside the upload. */
import assert from 'node:assert/strict';
import { MiB, randomFile } from '../support/files.mjs';

/** @type {import('../run.mjs').Scenario[]} */
export default [
  {
    name: 'hash: the MD5 of 300 MiB is right and the main thread is never blocked',
    alone: true,
    async run(world) {
      const file = await randomFile(300 * MiB);
      const tab = await world.uploader({ hash: 'md5' });
      const upload = await tab.upload(file);
      const report = await upload.done();
      assert.equal(report.result?.md5, file.md5);
      assert.equal(report.hash?.md5, file.md5);
      assert.equal(report.badProgress, null);
      assert.equal(report.progress.percent, 100);
      assert.deepEqual(report.warnings, [], 'it was not hashed in a worker');
      const start = report.states[0]?.at ?? 0;
      const blocked = (await tab.longTasks()).filter(({ at }) => at >= start);
      const longest = Math.max(0, ...blocked.map(({ duration }) => duration));
      world.figures.push(`${blocked.length} long tasks, longest ${longest.toFixed(0)} ms`);
      assert.ok(longest <= world.longestTask, `the page stood still for ${longest} ms`);
      await world.holds(report.key, file);
    },
  },
];
