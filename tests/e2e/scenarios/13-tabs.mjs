/** Several tabs with the same file. */
import assert from 'node:assert/strict';
import { MiB, randomFile } from '../support/files.mjs';
import { bodies } from '../support/proxy.mjs';
import { until } from '../support/until.mjs';

/** Milliseconds from the death of the sender to the first byte of its heir. */
const TAKEOVER = 3_000;

/** @type {import('../run.mjs').Scenario[]} */
export default [
  {
    name: 'tabs: of three with the same file one sends and the others mirror it; when it is killed another takes over within 3 s',
    async run(world) {
      const file = await randomFile(150 * MiB);
      const options = await world.signer();
      const browser = await world.browser();
      await world.proxy.rules({ match: bodies, action: { do: 'rate', bytesPerSecond: 10 * MiB } });
      const tabs = [];
      const uploads = [];
      for (let i = 0; i < 3; i += 1) {
        const tab = await world.tab(browser);
        await tab.create(options);
        tabs.push(tab);
        const upload = await tab.upload(file);
        // The first is the sender, whatever the others do.
        if (i === 0) await upload.until('parts', ({ parts }) => parts.length > 0);
        uploads.push(upload);
      }
      const [sender, ...waiting] = /** @type {[typeof uploads[0], ...typeof uploads]} */ (uploads);
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
      const killedAt = Date.now();
      await tabs[0]?.kill();
      const heirSends = async () =>
        (await world.proxy.parts()).find(({ start, outcome }) => start > killedAt && outcome !== 'aborted');
      const first = await until(heirSends, { what: 'another tab to send', within: 30_000 });
      const takeover = first.start - killedAt;
      world.figures.push(`taken over after ${(takeover / 1000).toFixed(1)} s`);
      assert.ok(takeover <= TAKEOVER, `taken over only after ${takeover} ms`);

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

      /** @type {Map<number, import('../support/proxy.mjs').Seen[]>} */
      const sent = new Map();
      for (const request of await world.proxy.parts())
        sent.set(request.partNumber ?? 0, [...(sent.get(request.partNumber ?? 0) ?? []), request]);
      assert.equal(sent.size, 30);
      const again = [...sent.values()].filter(({ length }) => length > 1);
      for (const [one, ...others] of again) {
        const inFlight = one && one.start < killedAt && (one.end ?? Infinity) >= killedAt - 50;
        assert.ok(
          inFlight && others.length === 1,
          `part ${one?.partNumber} was sent ${1 + others.length} times`,
        );
      }
      world.figures.push(`${again.length} parts in flight at the kill sent again`);
      await world.account([before, ...reports], file);
    },
  },
];
