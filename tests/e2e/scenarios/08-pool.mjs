/** Several files at once. */
import assert from 'node:assert/strict';
import { MiB, randomFile } from '../support/files.mjs';
import { isPart, mostAtOnce } from '../support/proxy.mjs';

const COUNT = 5;
/** What `parallel: 'auto'` may grow to. */
const AUTO_LIMIT = 5;

/** Files of the same size and other content. */
function files() {
  return Promise.all(Array.from({ length: COUNT }, (_, i) => randomFile(30 * MiB, i)));
}

/** @type {import('../run.mjs').Scenario[]} */
export default [
  ...[
    { parallel: 'auto', limit: AUTO_LIMIT },
    { parallel: 3, limit: 3 },
  ].map(({ parallel, limit }) => ({
    name: `pool: five files share ${limit} connections (parallel: ${parallel}) and all arrive`,
    /** @param {import('../support/world.mjs').World} world */
    async run(world) {
      const chosen = await files();
      const tab = await world.uploader({ parallel });
      await tab.choose(...chosen);
      const uploads = [];
      for (const i of chosen.keys()) uploads.push(await tab.add(i));
      for (const [i, upload] of uploads.entries()) {
        const { key } = await upload.done();
        await world.holds(key, /** @type {any} */ (chosen[i]));
      }
      const most = mostAtOnce((await world.proxy.log()).filter(isPart));
      assert.ok(most > 1 && most <= limit, `${most} part requests at the same time`);
    },
  })),
  {
    name: 'pool: a file that is refused does not stop the others',
    async run(world) {
      const chosen = await files();
      const refused = 2;
      const tab = await world.tab();
      await tab.create(world.direct());
      const body = '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>';
      await world.proxy.rules({
        match: { method: 'PUT', path: `/file-${refused}` },
        action: { do: 'reply', status: 403, body },
      });
      await tab.choose(...chosen);
      const uploads = [];
      for (const i of chosen.keys()) uploads.push(await tab.add(i, { key: `file-${i}` }));
      const reports = [];
      for (const [i, upload] of uploads.entries()) {
        if (i === refused) continue;
        const report = await upload.done();
        await world.holds(report.key, /** @type {any} */ (chosen[i]));
        reports.push(report);
      }
      const error = await uploads[refused]?.failed();
      assert.equal(error?.code, 'denied');
      await world.account(
        reports,
        chosen.filter((_, i) => i !== refused),
      );
      assert.deepEqual(
        (await world.bucket.keys()).sort(),
        [...chosen.keys()].filter((i) => i !== refused).map((i) => `file-${i}`),
      );
    },
  },
];
