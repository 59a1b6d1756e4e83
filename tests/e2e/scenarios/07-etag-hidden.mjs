/** The most common mistake in a bucket's CORS rules. */
import assert from 'node:assert/strict';
import { MiB, randomFile } from '../support/files.mjs';

/** @type {import('../run.mjs').Scenario[]} */
export default [
  {
    name: 'cors: a bucket that hides ETags is reported at the first part, with the rule to add',
    async run(world) {
      const hidden = await world.withHiddenEtag();
      const file = await randomFile(300 * MiB);
      const tab = await hidden.uploader();
      const upload = await tab.upload(file);
      const error = await upload.failed(10_000);
      assert.equal(error.code, 'etag-hidden');
      assert.match(error.hint, /ExposeHeaders?/);
      assert.match(error.hint, /ETag/);
      const { key, progress } = await upload.report();
      assert.ok(progress.percent < 50, `${progress.percent} %`);
      assert.equal(await hidden.bucket.has(key ?? ''), false);
    },
  },
];
