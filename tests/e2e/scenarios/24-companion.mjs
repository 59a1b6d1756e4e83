/** Uppy Companion, unmodified, as the signing server. */
import assert from 'node:assert/strict';
import { startCompanion } from '../support/companion.mjs';
import { MiB, randomFile } from '../support/files.mjs';
import { abort } from '../support/meddle.mjs';

/**
 * @param {string} what
 * @param {(world: import('../support/world.mjs').World, options: { endpoint: string }) => Promise<void>} run
 * @returns {import('../run.mjs').Scenario}
 */
function scenario(what, run) {
  return {
    name: `companion: ${what}`,
    skip: ({ store }) => (store === 'rgw' ? undefined : 'it is proven in front of Ceph RGW'),
    run: async (world) => run(world, await startCompanion(world)),
  };
}

/** @type {import('../run.mjs').Scenario[]} */
export default [
  scenario('large, small and empty files arrive under the keys that it makes', async (world, options) => {
    const tab = await world.tab();
    await tab.create(options);
    for (const size of [0, 1, 5 * MiB - 1, 5 * MiB, 60 * MiB]) {
      const file = await randomFile(size);
      const report = await (await tab.upload(file, { metadata: { author: 'Ann' } })).done();
      assert.ok(report.key?.endsWith(`-${file.name}`), report.key);
      await world.holds(report.key, file);
      assert.deepEqual(report.retries, []);
    }
    assert.deepEqual(await tab.stored(), []);
  }),
  scenario('after a reload only what is missing is sent', async (world, options) => {
    const file = await randomFile(60 * MiB);
    const browser = await world.browser();
    const first = await world.tab(browser);
    await first.create(options);
    await world.proxy.only(7, 20 * MiB);
    const begun = await first.upload(file);
    const closed = await begun.until('some parts to be confirmed', ({ parts }) => parts.length >= 4);
    await first.close();
    const before = (await world.proxy.parts()).length;
    await world.proxy.rules();
    const second = await world.tab(browser);
    await second.create(options);
    const report = await (await second.upload(file)).done();
    assert.equal(report.key, closed.key);
    await world.holds(report.key, file);
    await world.account([closed, report], file);
    const known = new Set(closed.parts.map(({ partNumber }) => partNumber));
    const again = (await world.proxy.parts())
      .slice(before)
      .filter(({ partNumber }) => known.has(partNumber ?? 0));
    assert.deepEqual(again, []);
    assert.deepEqual(await world.bucket.unfinished(), []);
  }),
  scenario('what is cancelled leaves nothing', async (world, options) => {
    const tab = await world.tab();
    await tab.create(options);
    await world.proxy.only(7, 20 * MiB);
    const upload = await tab.upload(await randomFile(60 * MiB));
    await upload.reached(20);
    assert.equal((await world.bucket.unfinished()).length, 1);
    await upload.cancel();
    assert.deepEqual(await world.bucket.unfinished(), []);
    assert.deepEqual(await tab.stored(), []);
  }),
  scenario('its 500 for an upload that is gone is understood, and it begins anew', async (world, options) => {
    const file = await randomFile(60 * MiB);
    const browser = await world.browser();
    const first = await world.tab(browser);
    await first.create(options);
    await world.proxy.only(7, 20 * MiB);
    const begun = await first.upload(file);
    const closed = await begun.until('some parts to be confirmed', ({ parts }) => parts.length >= 4);
    await first.close();
    await abort(world.bucket, closed.key ?? '');
    await world.proxy.rules();
    const second = await world.tab(browser);
    await second.create(options);
    const report = await (await second.upload(file)).done();
    await world.holds(report.key, file);
    await world.account([closed, report], file);
    assert.ok(report.retries.some(({ operation, status }) => operation === 'list-parts' && status === 500));
    assert.deepEqual(
      report.warnings.map(({ code }) => code),
      ['session-restarted'],
    );
  }),
];
