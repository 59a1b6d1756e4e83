/** The network goes away and comes back. */
import assert from 'node:assert/strict';
import { MiB, randomFile } from '../support/files.mjs';
import { rate } from '../support/proxy.mjs';
import { stays, until } from '../support/until.mjs';

/** @type {import('../run.mjs').Scenario[]} */
export default [
  {
    name: 'offline: after 5 s without network it finishes by itself and no attempt is used up',
    async run(world) {
      const file = await randomFile(300 * MiB);
      const tab = await world.uploader();
      await world.proxy.rules(rate(40 * MiB));
      const upload = await tab.upload(file);
      await upload.reached(30);
      // So that some are under way when it happens, however long that takes.
      await world.proxy.rules(rate(4 * MiB));
      const slowAt = Date.now();
      const slow = async () => (await world.proxy.parts()).some(({ start }) => start > slowAt);
      await until(slow, { what: 'a part that is slow', within: 30_000 });

      await tab.setOffline(true);
      // What is under way goes on when the browser only believes to be offline: the connections have to be cut, too.
      await world.proxy.offline(true);
      const cutAt = Date.now();
      const over = async () => (await tab.requests()).every(({ end }) => end !== null);
      await until(over, { what: 'the page to learn of every request that it is over', within: 10_000 });
      await upload.until('state offline', ({ state }) => state === 'offline', 10_000);
      const offline = async () => (await upload.report()).state === 'offline';
      await stays(offline, { what: 'state offline', during: cutAt + 5_000 - Date.now() });

      await world.proxy.rules();
      await world.proxy.offline(false);
      await tab.setOffline(false);
      const report = await upload.done();
      await world.account(report, file);
      await world.holds(report.key, file);
      assert.ok((await world.proxy.parts()).some(({ outcome }) => outcome === 'cut'));
      assert.ok(report.states.every(({ state }) => state !== 'failed'));
      const attempts = report.retries.filter(({ at }) => at > cutAt).map(({ attempt }) => attempt);
      assert.ok(
        attempts.every((attempt) => attempt === 1),
        `attempts: ${attempts}`,
      );
      assert.equal(report.badProgress, null);
    },
  },
];
