/** Several tabs with the same file. */
import assert from 'node:assert/strict';
import { MiB, randomFile } from '../support/files.mjs';
import { isPart, rate } from '../support/proxy.mjs';
import { until } from '../support/until.mjs';

/** Milliseconds from the death of the sender to the first byte of its heir. */
const TAKEOVER = 3_000;
const PARALLEL = 4;

/** @type {import('../run.mjs').Scenario[]} */
export default [
  {
    name: 'tabs: of three with the same file one sends and the others mirror it; when it is killed another takes over within 3 s',
    async run(world) {
      const file = await randomFile(150 * MiB);
      const options = await world.signer();
      const browser = await world.browser();
      // Slow while the test itself is busy, so that the sender is not done before it is killed.
      await world.proxy.rules(rate(2 * MiB));
      const tabs = [];
      const uploads = [];
      for (let i = 0; i < 3; i += 1) {
        const tab = await world.tab(browser);
        await tab.create({ ...options, parallel: PARALLEL });
        tabs.push(tab);
        const upload = await tab.upload(file);
        // The first is the sender, whatever the others do.
        if (i === 0) await upload.until('parts', ({ parts }) => parts.length > 0);
        uploads.push(upload);
      }
      const [sender, ...waiting] = /** @type {[typeof uploads[0], ...typeof uploads]} */ (uploads);
      await world.proxy.rules(rate(10 * MiB));
      await sender.reached(50);
      await world.proxy.rules(rate(4 * MiB));
      for (const upload of waiting)
        await upload.until('its progress to be mirrored', ({ progress }) => progress.percent >= 50);
      for (const upload of waiting) assert.equal((await upload.report()).state, 'queued');
      const told = new Set(await tabs[0]?.call('progressOf', sender.id));
      for (const [i, upload] of waiting.entries()) {
        /** @type {number[]} */
        const seen = (await tabs[i + 1]?.call('progressOf', upload.id)) ?? [];
        const early = seen.filter((loaded) => loaded <= Math.max(...told));
        assert.ok(early.length >= 5, `${early.length} events mirrored`);
        const others = early.filter((loaded) => !told.has(loaded));
        assert.deepEqual(others, [], 'what the sender never said');
      }

      const before = await sender.report();
      await tabs[0]?.testify();
      const killedAt = Date.now();
      await tabs[0]?.kill();
      // The heir looks first at what is there. Who sends does so only at its end.
      const heir = async () => {
        const log = (await world.proxy.log()).filter(({ start }) => start > killedAt);
        const looked = log.find(({ method }) => method === 'GET');
        const first = looked && log.find((request) => isPart(request) && request.start > looked.start);
        return first && { looked, first };
      };
      const { looked, first } = await until(heir, { what: 'another tab to send', within: 30_000 });
      const takeover = first.start - killedAt;
      world.figures.push(`taken over after ${(takeover / 1000).toFixed(1)} s`);
      assert.ok(takeover <= TAKEOVER, `taken over only after ${takeover} ms`);
      // Garage spoils a part when an earlier request for it fails after a later one has arrived.
      const dead = async () =>
        (await world.proxy.log()).every(({ start, outcome }) => start > killedAt || outcome !== null);
      await until(dead, { what: 'the requests of the dead tab to end', within: 10_000 });
      await world.proxy.rules();

      const reports = await Promise.all(waiting.map((upload) => upload.done()));
      await world.holds(before.key, file);
      for (const { key, result, badProgress, progress } of reports) {
        assert.equal(key, before.key);
        assert.deepEqual(result, reports[0]?.result);
        assert.equal(badProgress, null);
        assert.equal(progress.percent, 100);
      }
      const senders = reports.filter(({ states }) => states.some(({ state }) => state === 'uploading'));
      assert.equal(senders.length, 1, 'only one of them took over');

      const sent = await world.proxy.parts();
      const numbers = sent.map(({ partNumber }) => partNumber);
      assert.equal(new Set(numbers).size, 30);
      const again = sent.filter(({ partNumber }, at) => numbers.indexOf(partNumber) < at);
      const confirmed = before.parts.map(({ partNumber }) => partNumber);
      for (const { partNumber } of again) {
        assert.ok(!confirmed.includes(partNumber ?? 0), `part ${partNumber} was confirmed and sent again`);
        const { outcome, status, end } = sent[numbers.indexOf(partNumber)] ?? {};
        // Of one that was given up the log tells when, and not when the store replied.
        const had = outcome === 'forwarded' && status === 200 ? looked.start - (end ?? Infinity) : 0;
        assert.ok(had <= 0, `part ${partNumber} was at the store for ${had} ms and sent again`);
      }
      assert.ok(again.length <= PARALLEL, `${again.length} parts were sent again`);
      world.figures.push(`${again.length} parts in flight at the kill sent again`);
      await world.account([before, ...reports], file);
    },
  },
];
