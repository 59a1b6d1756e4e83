/** Links that are slow, long, break, or swallow what is sent. */
import assert from 'node:assert/strict';
import { backend } from '../support/backend.mjs';
import { MiB, randomFile } from '../support/files.mjs';
import { isPart, parts, rate } from '../support/proxy.mjs';
import { stays, until } from '../support/until.mjs';

/** Milliseconds of a watchdog, and those it may take beyond, back-off and a busy machine included. */
const WATCHDOG = 5_000;
const SLACK = 5_000;
/** What a busy store asks to be spared, seconds. */
const RETRY_AFTER = 3;
/** Milliseconds. */
const CUT_EVERY = 10_000;

/**
 * Ten seconds of this link carry five parts of the 5 MiB that S3 asks for at least, and each cut takes half of what is in
 * flight: with one part at a time a tenth is sent in vain at best. Smaller parts lose less, where the store takes them:
 * down to what the way there and back leaves open between the last byte and the reply, 3 % here. Connections that are cut
 * together go on in step, so that of each cut all or none of them may lose a part: hence a file that takes several of them.
 *
 * @type {{ options: (world: import('../support/world.mjs').World) => Promise<Record<string, unknown>>, what: string, size: number, most: number }[]}
 */
const links = [
  {
    what: 'with parts of 64 KiB, and at most 10 % is sent in vain',
    options: async (world) => ({
      backend: await world.hook(backend(world.bucket, world.proxy.origin)),
      partSize: 64 * 1024,
    }),
    size: 25 * MiB,
    most: 0.1,
  },
  {
    what: 'with the smallest parts of S3',
    options: (world) => world.signer(),
    size: 100 * MiB,
    // Seen: 0.21 to 0.45.
    most: 0.9,
  },
];

/** @type {import('../run.mjs').Scenario[]} */
export default [
  ...links.map(({ options, what, size, most }) => ({
    name: `link: with 20 Mbit/s, 300 ms there and back and a cut every 10 s it finishes ${what}`,
    long: true,
    waits: true,
    /** @param {import('../support/world.mjs').World} world */
    async run(world) {
      const file = await randomFile(size);
      const tab = await world.tab();
      await tab.create(await options(world));
      await world.proxy.rules(
        rate(20e6 / 8),
        // Each way.
        { action: { do: 'latency', ms: 150 } },
      );
      const since = Date.now();
      await world.proxy.cut(CUT_EVERY);
      const report = await (await tab.upload(file)).done(400_000);
      await world.holds(report.key, file);
      assert.equal(report.badProgress, null);
      const { seconds, waste } = await world.account(report, file);
      assert.ok(seconds > (size * 8) / 20e6, `${seconds} s: the link was faster than that`);
      const cut = (await world.proxy.log()).filter(({ outcome }) => outcome === 'cut');
      const cuts = new Set(cut.map(({ end }) => Math.round(((end ?? 0) - since) / CUT_EVERY)));
      world.figures.push(`${cuts.size} cuts`);
      assert.ok(cut.some(isPart), 'no part was cut');
      // Those that found a request under way: a busy machine pauses between them, too.
      assert.ok(cuts.size >= Math.max(1, seconds / (CUT_EVERY / 1000) / 2), `${cuts.size} cuts`);
      assert.ok(waste <= most, `${(waste * 100).toFixed(1)} % were sent in vain`);
    },
  })),
  {
    name: 'black hole: connections that go silent without a reset are replaced when the watchdog says so, not earlier',
    async run(world) {
      const file = await randomFile(60 * MiB);
      const tab = await world.uploader({ stallTimeout: WATCHDOG, replyTimeout: WATCHDOG, parallel: 4 });
      await world.proxy.rules(rate(5 * MiB));
      const upload = await tab.upload(file);
      await upload.reached(20);
      const silentAt = Date.now();
      await world.proxy.silence(true);
      // The link is back at once, for new connections: those that were open never are.
      await world.proxy.silence(false);
      const report = await upload.done();
      await world.holds(report.key, file);

      const log = (await world.proxy.log()).filter(isPart);
      const swallowed = log.filter(({ outcome }) => outcome === 'hung');
      assert.ok(swallowed.length >= 3, `only ${swallowed.length} requests were under way`);
      for (const { partNumber } of swallowed) {
        // Sent again as soon as a slot is free.
        const givenUp = report.retries.filter(
          (retry) => retry.at > silentAt && retry.partNumber === partNumber,
        );
        const after = (givenUp[0]?.at ?? Infinity) - silentAt;
        // What the kernel still took counts as movement; of a part that had to wait for its turn the last was a little earlier.
        assert.ok(
          after >= WATCHDOG - 1_000 && after <= WATCHDOG + SLACK,
          `part ${partNumber} was given up after ${after} ms`,
        );
        const next = log.find(
          ({ partNumber: number, start, outcome }) =>
            number === partNumber && start > silentAt && outcome !== 'hung',
        );
        // A browser may use a connection for it that was open and idle: such a one never is back either, and is given up.
        const times = [
          ...givenUp.map(({ at, delay }) => ({ at, delay })),
          { at: next?.start ?? Infinity, delay: 0 },
        ];
        for (const [i, { at, delay }] of times.slice(0, -1).entries()) {
          const then = Number(times[i + 1]?.at) - at - delay;
          const most = SLACK + (i + 1 < givenUp.length ? WATCHDOG : 0);
          assert.ok(then <= most, `part ${partNumber}: ${then} ms after attempt ${i + 1}`);
        }
      }
      const retries = report.retries.filter(({ at, operation }) => at > silentAt && operation === 'put-part');
      assert.ok(
        retries.every(({ code }) => code === 'stalled'),
        JSON.stringify(retries),
      );
      assert.equal(report.badProgress, null);
      await world.account(report, file);
    },
  },
  {
    name: 'black hole: while new connections go silent too it keeps trying, and goes on when they do not any more',
    async run(world) {
      const file = await randomFile(60 * MiB);
      const watchdog = 2_000;
      const tab = await world.uploader({ stallTimeout: watchdog, replyTimeout: watchdog });
      await world.proxy.rules(rate(5 * MiB));
      const upload = await tab.upload(file);
      await upload.reached(20);
      await world.proxy.silence(true);
      await upload.until(
        'a third attempt in the black hole',
        ({ retries }) => retries.some(({ attempt }) => attempt >= 3),
        60_000,
      );
      const over = Date.now();
      await world.proxy.silence(false);
      const report = await upload.done();
      await world.holds(report.key, file);
      assert.ok(report.states.every(({ state }) => state !== 'failed'));
      assert.equal(report.badProgress, null);
      const [first] = (await world.proxy.parts()).filter(({ start }) => start > over);
      const after = (first?.start ?? Infinity) - over;
      world.figures.push(`went on after ${(after / 1000).toFixed(1)} s`);
      // What hangs is given up, then waited for with the delay of a fourth attempt.
      assert.ok(after < watchdog + 10_000, `it went on only after ${after} ms`);
      await world.account(report, file);
    },
  },
  {
    name: 'black hole: a part that was taken and never answered is sent again when the reply is overdue, not earlier',
    async run(world) {
      const file = await randomFile(40 * MiB);
      const tab = await world.uploader({ replyTimeout: WATCHDOG });
      await world.proxy.rules({ match: { ...parts, partNumber: 3 }, times: 1, action: { do: 'swallow' } });
      const upload = await tab.upload(file);
      const report = await upload.done();
      await world.holds(report.key, file);
      const third = (await world.proxy.parts()).filter(({ partNumber }) => partNumber === 3);
      assert.deepEqual(
        third.map(({ outcome }) => outcome),
        ['hung', 'forwarded'],
      );
      const after = (third[1]?.start ?? Infinity) - (third[0]?.start ?? 0);
      assert.ok(after >= WATCHDOG && after <= WATCHDOG + SLACK, `it was sent again after ${after} ms`);
      await world.account(report, file);
    },
  },
  {
    name: 'late: a reply that comes after the page has given up changes nothing, and the part is there once',
    async run(world) {
      const file = await randomFile(40 * MiB);
      const tab = await world.uploader({ replyTimeout: 8_000 });
      await world.proxy.rules({
        match: { ...parts, partNumber: 2 },
        times: 1,
        action: { do: 'delay-reply', ms: 16_000 },
      });
      const report = await (await tab.upload(file)).done();
      await world.holds(report.key, file);
      assert.equal(report.parts.filter(({ partNumber }) => partNumber === 2).length, 1);
      const sent = async () => (await world.proxy.parts()).filter(({ partNumber }) => partNumber === 2);
      // The first reply is still being held back.
      const ended = async () =>
        (await sent()).every(({ outcome, status }) => outcome !== null && status !== null);
      await until(ended, { what: 'the late reply', within: 60_000 });
      const second = await sent();
      assert.deepEqual(
        second.map(({ outcome, status }) => [outcome, status]),
        [
          ['aborted', 200],
          ['forwarded', 200],
        ],
      );
      await world.account(report, file);
    },
  },
  {
    name: 'corrupt: a part that was damaged on its way is found out and sent again',
    async run(world) {
      const file = await randomFile(40 * MiB);
      const tab = await world.uploader();
      const damaged = { match: { ...parts, partNumber: 4 }, times: 1 };
      await world.proxy.rules({ ...damaged, action: { do: 'corrupt', at: { share: 0.7 } } });
      const report = await (await tab.upload(file)).done();
      await world.holds(report.key, file);
      const codes = report.retries.map(({ partNumber, code }) => [partNumber, code]);
      assert.deepEqual(codes, [[4, 'checksum-mismatch']]);
      await world.account(report, file);
    },
  },
  {
    name: 'refused: a store that refuses early, with and without CORS, is tried again',
    async run(world) {
      const file = await randomFile(40 * MiB);
      const tab = await world.uploader();
      await world.proxy.rules(
        {
          name: 'early',
          match: { ...parts, partNumber: 2 },
          times: 2,
          action: { do: 'reply', status: 503, early: true },
        },
        {
          name: 'hidden',
          match: { ...parts, partNumber: 3 },
          times: 2,
          action: { do: 'reply', status: 503, cors: false },
        },
        {
          name: 'reset',
          match: { ...parts, partNumber: 4 },
          times: 2,
          action: { do: 'cut', at: { bytes: 0 } },
        },
      );
      const report = await (await tab.upload(file)).done();
      await world.holds(report.key, file);
      const struck = (await world.proxy.parts()).map(({ rule }) => rule);
      for (const name of ['early', 'hidden', 'reset'])
        assert.equal(struck.filter((rule) => rule === name).length, 2, name);
      const codes = report.retries.filter(({ partNumber }) => partNumber === 3).map(({ code }) => code);
      assert.deepEqual(codes, ['network', 'network'], 'a reply that pages may not see');
      await world.account(report, file);
    },
  },
  {
    name: 'refused: without a word to the page the network is gone for 5 s, and then it goes on',
    async run(world) {
      const file = await randomFile(60 * MiB);
      const tab = await world.uploader();
      await world.proxy.link(5 * MiB);
      const upload = await tab.upload(file);
      await upload.reached(30);
      await world.proxy.offline(true);
      // By its own account the browser is online all the time.
      await upload.until('a second refused connection', ({ retries }) =>
        retries.some(({ attempt }) => attempt >= 2),
      );
      const trying = async () => !['done', 'failed'].includes((await upload.report()).state);
      await stays(trying, { what: 'an upload that goes on trying', during: 5_000, every: 200 });
      await world.proxy.offline(false);
      const report = await upload.done();
      await world.holds(report.key, file);
      assert.equal(report.badProgress, null);
      await world.account(report, file);
    },
  },
  {
    name: 'points: parts that hang or break at a byte, replies that never come, and a store that says when to come back',
    async run(world) {
      const file = await randomFile(40 * MiB);
      const tab = await world.uploader({ stallTimeout: WATCHDOG, replyTimeout: WATCHDOG });
      const once = (/** @type {number} */ partNumber, /** @type {object} */ action) => ({
        name: `part ${partNumber}`,
        match: { ...parts, partNumber },
        times: 1,
        action,
      });
      await world.proxy.rules(
        once(2, { do: 'hang', at: { bytes: 1_000_000 } }),
        once(3, { do: 'hang', at: 'reply' }),
        once(4, { do: 'cut', at: { bytes: 1_000_000 } }),
        once(5, { do: 'reply', status: 503, retryAfter: RETRY_AFTER }),
      );
      const report = await (await tab.upload(file)).done();
      await world.holds(report.key, file);
      assert.equal(report.badProgress, null);
      const log = await world.proxy.parts();
      for (const { partNumber, outcome, least } of [
        { partNumber: 2, outcome: 'hung', least: WATCHDOG },
        { partNumber: 3, outcome: 'hung', least: WATCHDOG },
        { partNumber: 4, outcome: 'cut', least: 0 },
        { partNumber: 5, outcome: 'injected', least: RETRY_AFTER * 1_000 },
      ]) {
        const tries = log.filter((request) => request.partNumber === partNumber);
        const outcomes = tries.map((request) => request.outcome);
        assert.deepEqual(outcomes, [outcome, 'forwarded'], `part ${partNumber}`);
        const [struck, next] = tries;
        const after = (next?.start ?? Infinity) - (struck?.start ?? 0);
        assert.ok(after >= least, `part ${partNumber} was sent again after ${after} ms`);
      }
      await world.account(report, file);
    },
  },
];
