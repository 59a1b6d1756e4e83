/** What is remembered of an unfinished upload. */
import assert from 'node:assert/strict';
import { backend } from '../support/backend.mjs';
import { randomFile } from '../support/files.mjs';
import { parts } from '../support/proxy.mjs';
import { credentials } from '../support/s3.mjs';

/** Bytes. */
const LIMIT = 60_000;

/** @type {import('../run.mjs').Scenario[]} */
export default [
  {
    name: 'checkpoint: 1000 confirmed parts take less than 60 KB of localStorage and hold no secret',
    async run(world) {
      // Their size is of no matter to what is remembered of them.
      const partSize = 64 * 1024;
      const file = await randomFile(1010 * partSize);
      const tab = await world.tab();
      await tab.create({ backend: await world.hook(backend(world.bucket, world.proxy.origin)), partSize });
      // The last part is held back, so that the upload cannot end before it is paused.
      await world.proxy.rules({
        match: { ...parts, partNumber: 1010 },
        action: { do: 'delay', ms: 300_000 },
      });
      const upload = await tab.upload(file);
      await upload.until('1000 confirmed parts', ({ parts }) => parts.length >= 1000, 400_000);
      await upload.pause();

      const stored = await tab.stored();
      // Browsers keep UTF-16 and count it against the quota.
      const bytes = stored.reduce((sum, [name, value]) => sum + 2 * (name.length + value.length), 0);
      assert.ok(bytes > 1000 && bytes < LIMIT, `${bytes} bytes in ${stored.length} entries`);
      const text = JSON.stringify(await tab.storage());
      const secrets = [credentials.accessKey, credentials.secretKey, 'X-Amz', 'Signature', '://'];
      for (const secret of secrets) assert.ok(!text.includes(secret), `localStorage holds ${secret}`);

      await upload.cancel();
      assert.deepEqual(await tab.stored(), []);
      assert.deepEqual(await world.bucket.unfinished(), []);
    },
  },
];
