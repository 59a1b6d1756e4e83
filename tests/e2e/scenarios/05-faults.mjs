/** A store that is busy, a link that breaks, URLs that age. */
import assert from 'node:assert/strict';
import { MiB, randomFile } from '../support/files.mjs';
import { isPart, parts, rate } from '../support/proxy.mjs';

/** @type {import('../run.mjs').Scenario[]} */
export default [
  {
    name: 'faults: with 20 % busy replies, 5 % cut bodies and URLs of 2 s nothing is lost and nothing retried in vain',
    async run(world) {
      const file = await randomFile(300 * MiB);
      const tab = await world.tab();
      await tab.create(await world.signer({ urlExpires: 2 }));
      await world.proxy.rules(
        { name: 'cut', match: parts, probability: 0.05, seed: 2, action: { do: 'cut', at: { share: 0.5 } } },
        { name: 'busy', match: parts, probability: 0.2, seed: 1, action: { do: 'reply', status: 503 } },
        // At full speed no URL would grow old.
        rate(30 * MiB),
      );
      const report = await (await tab.upload(file)).done(300_000);
      await world.account(report, file);
      await world.holds(report.key, file);

      const log = await world.proxy.log();
      const sent = log.filter(isPart);
      const injected = sent.filter(({ rule }) => rule === 'cut' || rule === 'busy');
      assert.ok(injected.length >= 5, `only ${injected.length} faults in ${sent.length} requests`);
      assert.equal(report.parts.length, 60);
      // Besides the faults, URLs that were too old: refused with 403 or 400, sometimes before all was sent.
      const failed = sent.filter(({ status }) => status !== 200);
      assert.equal(sent.length - failed.length, 60, 'what had arrived was sent again');
      const retried = report.retries.filter(({ operation }) => operation === 'put-part');
      /** @param {{ partNumber?: number | null }[]} list */
      const numbers = (list) => list.map(({ partNumber }) => partNumber).join();
      // Ceph RGW refuses the preflight already of a URL that is too old.
      const unsent = log.filter(({ method, status }) => method === 'OPTIONS' && (status ?? 0) >= 400);
      const reasons = [...failed, ...unsent];
      assert.ok(
        retried.length <= reasons.length,
        `retried: ${numbers(retried)}; failed: ${numbers(reasons)}`,
      );
      assert.equal(report.badProgress, null);
    },
  },
];
