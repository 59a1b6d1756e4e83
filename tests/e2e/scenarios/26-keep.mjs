/** Files that are kept by the browser, so that after a reload nobody has to choose them again. */
import assert from 'node:assert/strict';
import { MiB, randomFile } from '../support/files.mjs';
import { until } from '../support/until.mjs';

/** @type {import('../run.mjs').Scenario[]} */
export default [
  {
    name: 'keep: a file that was copied goes on after the page is gone, and its copy goes when it has arrived',
    async run(world) {
      const file = await randomFile(60 * MiB);
      const options = { ...(await world.signer()), keepCopy: 'opfs' };
      const browser = await world.browser();
      const first = await world.tab(browser);
      await first.create(options);
      await world.proxy.only(7, 20 * MiB);
      const begun = await first.upload(file);
      const before = await begun.until('some parts to be confirmed', ({ parts }) => parts.length >= 4);
      // WebKitGTK has no private file system: there the file is chosen again, as ever.
      const canCopy = await first.evaluate(() => 'getDirectory' in (navigator.storage ?? {}));
      const copied = async () => !canCopy || (await first.evaluate(copies)).includes(file.size);
      await until(copied, { what: 'the copy', within: 30_000 });
      await until(() => first.evaluate(isNoted), { what: 'the copy to be noted', within: 10_000 });
      await first.close();
      await world.proxy.rules();

      const second = await world.tab(browser);
      await second.create(options);
      const [pending] = await second.call('pending');
      assert.deepEqual([pending?.key, pending?.resume], [before.key, canCopy ? 'now' : 'choose']);
      const again = canCopy ? await second.goOn(pending?.id ?? '') : await second.upload(file);
      const report = await again.done();
      assert.equal(report.key, before.key);
      await world.holds(report.key, file);
      await world.account([before, report], file);
      const known = before.parts.map(({ partNumber }) => partNumber);
      const twice = report.parts.filter(({ partNumber }) => known.includes(partNumber));
      assert.deepEqual(twice, [], 'confirmed parts were sent again');
      const removed = async () => !canCopy || (await second.evaluate(copies)).length === 0;
      await until(removed, { what: 'the copy to be removed', within: 10_000 });
    },
  },
];

/** Whether some file is noted, or cannot be; run in the page. */
async function isNoted() {
  if (!('getDirectory' in (navigator.storage ?? {}))) return true;
  /** @type {IDBDatabase} */
  const database = await new Promise((resolve) => {
    const request = indexedDB.open('partwise-files');
    request.onsuccess = () => resolve(request.result);
  });
  const count = database.transaction('files').objectStore('files').count();
  await new Promise((resolve) => (count.onsuccess = resolve));
  database.close();
  return count.result > 0;
}

/** The sizes of all copies; run in the page. */
async function copies() {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle('partwise', { create: true });
  const sizes = [];
  // Not in the types yet.
  for await (const handle of /** @type {any} */ (folder).values()) sizes.push((await handle.getFile()).size);
  return sizes;
}
