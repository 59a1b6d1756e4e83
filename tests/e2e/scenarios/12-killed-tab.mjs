/** The tab dies again and again. */
import assert from 'node:assert/strict';
import { MiB, randomFile } from '../support/files.mjs';
import { isPart, rate } from '../support/proxy.mjs';
import { randomNumbers } from '../support/random.mjs';
import { pause } from '../support/until.mjs';

const KILLS = 20;
/** Parts of 5 MiB, the smallest that S3 takes: each is one percent. */
const SIZE = 500 * MiB;
/** Parts that may arrive between the moment a tab is to die and its death, however long a busy machine takes to kill it. */
const AFTERLIFE = 6;
/** Bytes per second. */
const RATE = 25 * MiB;
/** Milliseconds that a part takes. */
const PART = 200;

/**
 * Each connection has up to a part in flight, and each death costs half of that, on average: with one part at a time a
 * tenth of it all, and with each further one another tenth. Seen: 0 to 8 %, and 0 to 25 % as by default.
 *
 * @type {{ options: Record<string, unknown>, what: string, most: number, skip?: import('../run.mjs').Scenario['skip'] }[]}
 */
const ways = [
  { options: { parallel: 1 }, what: 'with one part at a time and at most 15 % sent in vain', most: 0.15 },
  {
    options: {},
    what: 'with as many parts at a time as by default',
    most: 0.5,
    skip: ({ store }) => (store === 'garage' ? 'what it costs does not depend on the store' : undefined),
  },
];

/** @type {import('../run.mjs').Scenario[]} */
export default [
  ...ways.map(({ options: way, what, most, skip }) => ({
    name: `killed: after ${KILLS} deaths of the tab 500 MiB are there, ${what}`,
    long: true,
    skip,
    /** @param {import('../support/world.mjs').World} world */
    async run(world) {
      const file = await randomFile(SIZE);
      const options = await world.signer();
      const profile = await world.profile();
      let browser = await world.browser(profile);
      const chance = randomNumbers(20);
      /** @type {Map<number, number>} when which part was confirmed first */
      const confirmed = new Map();
      const reports = [];
      for (let life = 0; life <= KILLS; life += 1) {
        const tab = await world.tab(browser);
        // Anywhere within the two parts around equal distances, the last long before the end.
        const death = (100 * (life + 1 + 0.2 * chance())) / (KILLS + 3);
        const stored = (await world.proxy.parts()).filter(({ status }) => status === 200);
        const there = new Set(stored.map(({ partNumber }) => partNumber)).size;
        const left = Math.max(0, Math.ceil(death) + AFTERLIFE - there);
        await (life < KILLS ? world.proxy.only(left, RATE) : world.proxy.rules(rate(RATE)));
        await tab.create({ ...options, ...way });
        const upload = await tab.upload(file);
        const report = life < KILLS ? await upload.reached(death) : await upload.done();
        reports.push(report);
        if (life < KILLS) assert.equal(report.state, 'uploading');
        // Some browsers tell of progress when a part has left: they die anywhere within one, too.
        await pause(PART * chance());
        for (const { partNumber } of report.parts)
          if (!confirmed.has(partNumber)) confirmed.set(partNumber, Date.now());
        if (life === KILLS) break;
        if (world.can.killTab) {
          await tab.kill();
        } else {
          // With all that is in it.
          await tab.killBrowser();
          browser = await world.browser(profile);
        }
      }
      const { key } = reports.at(-1) ?? {};
      await world.holds(key, file);
      assert.ok(reports.every(({ badProgress }) => badProgress === null));

      const again = (await world.proxy.log()).filter(
        (request) => isPart(request) && request.start > (confirmed.get(request.partNumber ?? 0) ?? Infinity),
      );
      assert.deepEqual(again, [], 'confirmed parts were sent again');
      // What the kernel had taken of a part arrives although its sender is dead; of Firefox that is mostly all of it.
      const struck = (await world.proxy.parts()).filter(({ status, bodyBytes }) => !status && bodyBytes > 0);
      world.figures.push(`${struck.length} parts struck`);
      const { waste } = await world.account(reports, file);
      assert.ok(waste <= most, `${(waste * 100).toFixed(1)} % were sent in vain`);
      assert.deepEqual(await world.bucket.unfinished(), []);
    },
  })),
];
