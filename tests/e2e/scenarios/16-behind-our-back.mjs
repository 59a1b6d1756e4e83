/** Someone else ends the multipart upload. */
import assert from 'node:assert/strict';
import { MiB, randomFile } from '../support/files.mjs';
import { abort, complete } from '../support/meddle.mjs';
import { rate } from '../support/proxy.mjs';
import { until } from '../support/until.mjs';

/** So that the upload does not end while someone meddles with it. @param {import('../support/world.mjs').World} world */
function slow(world) {
  return world.proxy.rules(rate(1 * MiB));
}

/** @type {import('../run.mjs').Scenario[]} */
export default [
  {
    name: 'behind our back: an upload that is aborted at 50 % starts anew by itself and arrives',
    async run(world) {
      const file = await randomFile(60 * MiB);
      const tab = await world.uploader();
      await world.proxy.rules(rate(8 * MiB));
      const upload = await tab.upload(file);
      await upload.reached(50);
      await slow(world);
      const { key } = await upload.report();
      await abort(world.bucket, key ?? '');
      await world.proxy.rules();
      const report = await upload.done();
      await world.holds(report.key, file);
      assert.deepEqual(
        report.warnings.map(({ code }) => code),
        ['session-restarted'],
      );
      assert.equal(report.badProgress, null);
      assert.deepEqual(await world.bucket.unfinished(), []);
      await world.account(report, file);
      // What was there was removed, and what was under way was refused; after that each part is sent once.
      const numbers = (await world.proxy.parts()).map(({ partNumber }) => partNumber);
      const often = numbers.filter((one) => numbers.filter((other) => other === one).length > 2);
      assert.deepEqual(often, [], 'parts that were sent more than twice');
    },
  },
  {
    name: 'behind our back: half an object completed by someone else is replaced by the whole',
    async run(world) {
      const file = await randomFile(60 * MiB);
      const tab = await world.uploader();
      await world.proxy.rules(rate(8 * MiB));
      const upload = await tab.upload(file);
      await upload.until('half of the parts', ({ parts }) => parts.length >= 6);
      await slow(world);
      const { key = '' } = await upload.report();
      const count = await complete(world.bucket, key);
      await world.proxy.rules();
      assert.ok(count >= 6 && count < 12, `${count} parts`);
      const report = await upload.done();
      await world.holds(report.key, file);
      assert.equal(report.badProgress, null);
      assert.deepEqual(await world.bucket.unfinished(), []);
      await world.account(report, file);
    },
  },
  {
    name: 'behind our back: the whole object completed by someone else, just before us, is done, and nothing is sent again',
    async run(world) {
      const file = await randomFile(60 * MiB);
      const tab = await world.uploader();
      const completion = { method: 'POST', query: ['uploadId'] };
      await world.proxy.rules({
        name: 'held',
        match: completion,
        times: 1,
        action: { do: 'delay', ms: 10_000 },
      });
      const upload = await tab.upload(file);
      const asked = async () =>
        (await world.proxy.log()).find(
          ({ method, query }) => method === 'POST' && query.includes('uploadId'),
        );
      await until(asked, { what: 'the completion to be on its way', within: 60_000 });
      const { key = '' } = await upload.report();
      assert.equal(await complete(world.bucket, key), 12);
      const report = await upload.done();
      assert.equal(report.key, key);
      await world.holds(report.key, file);
      const { waste } = await world.account(report, file);
      assert.equal(waste, 0);
    },
  },
  {
    name: 'behind our back: when the reply to the completion is lost, it is done, and nothing is sent again',
    async run(world) {
      const file = await randomFile(60 * MiB);
      const tab = await world.uploader();
      const completion = { method: 'POST', query: ['uploadId'] };
      await world.proxy.rules({ match: completion, times: 1, action: { do: 'cut', at: 'reply' } });
      const report = await (await tab.upload(file)).done();
      await world.holds(report.key, file);
      const { waste } = await world.account(report, file);
      assert.equal(waste, 0);
    },
  },
];
