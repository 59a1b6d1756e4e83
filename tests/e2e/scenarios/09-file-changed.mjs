/** The file is written to while it is being sent. */
import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import { MiB, copyOf, randomFile } from '../support/files.mjs';
import { rate } from '../support/proxy.mjs';

/** How a file may change. @type {Record<string, (file: import('node:fs/promises').FileHandle) => Promise<unknown>>} */
const changes = {
  'bytes are overwritten': (file) => file.write('changed', 55 * MiB),
  'bytes are appended': (file) => file.write('more', 60 * MiB),
  'it is cut off': (file) => file.truncate(40 * MiB),
};

/** @type {import('../run.mjs').Scenario[]} */
export default Object.entries(changes).map(([how, change]) => ({
  skip: ({ browser }) =>
    browser === 'firefox' && how !== 'it is cut off'
      ? 'Firefox reads the changed file without telling that it is another one'
      : undefined,
  name: `file: when ${how} during the upload, it fails as changed and nothing is completed`,
  async run(world) {
    const file = await copyOf(await randomFile(60 * MiB), world.scope);
    const tab = await world.uploader();
    await world.proxy.rules(rate(5 * MiB));
    const upload = await tab.upload(file);
    await upload.until('a confirmed part', ({ parts }) => parts.length > 0);
    const handle = await open(file.path, 'r+');
    await change(handle);
    await handle.close();

    const error = await upload.failed(60_000);
    await world.account(await upload.report(), file);
    assert.ok(['file-changed', 'file-unreadable'].includes(error.code), `${error.code}: ${error.message}`);
    assert.deepEqual(await world.bucket.keys(), []);
  },
}));
