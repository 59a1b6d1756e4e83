/** The store goes away and comes back. */
import assert from 'node:assert/strict';
import { MiB, randomFile } from '../support/files.mjs';
import { isPart } from '../support/proxy.mjs';
import { stays } from '../support/until.mjs';

/** Milliseconds. */
const OUTAGE = 60_000;
/** Milliseconds the longest wait after a reply that tells of trouble may take (`core::retry`), and a busy machine. */
const LATEST = 30_000 + 10_000;

/** @type {import('../run.mjs').Scenario[]} */
export default [
  {
    name: 'outage: after the store was down for 60 s it goes on by itself',
    ownStore: true,
    long: true,
    waits: true,
    async run(world) {
      const file = await randomFile(100 * MiB);
      const tab = await world.uploader();
      // So slow that a busy machine, too, sees it half-way.
      await world.proxy.link(2 * MiB);
      const upload = await tab.upload(file);
      // A store that has never taken anything is given up after five attempts.
      await upload.until('some parts to be confirmed', ({ parts }) => parts.length >= 3);
      await world.store.stop();
      await world.proxy.link(10 * MiB);
      const alive = async () => !['done', 'failed'].includes((await upload.report()).state);
      await stays(alive, { what: 'an upload that goes on trying', during: OUTAGE, every: 500 });
      const startedAt = Date.now();
      await world.store.start();
      const upAt = Date.now();
      const report = await upload.done();
      await world.holds(report.key, file);

      const log = (await world.proxy.log()).filter(isPart);
      const taken = log.filter(({ status, end }) => status === 200 && (end ?? 0) > startedAt);
      // It may have answered before the test learnt that it does.
      const after = Math.max(0, Math.min(...taken.map(({ start }) => start)) - upAt);
      world.figures.push(`went on after ${(after / 1000).toFixed(1)} s`);
      assert.ok(after < LATEST, `it went on only ${after} ms after the store`);
      // What the page tells: of these some come no further than a preflight, which Firefox repeats by itself. Each part that is
      // left waits by itself, up to 10 s: 5 on average, once it has waited for some 8 s in shorter steps.
      const { length } = report.retries;
      assert.ok(length > 0 && length < 200, `${length} attempts in vain in ${OUTAGE / 1000} s`);
      assert.equal(report.badProgress, null);
      await world.account(report, file);
    },
  },
];
