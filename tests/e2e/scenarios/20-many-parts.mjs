/** As many parts as there may be. */
import assert from 'node:assert/strict';
import { backend } from '../support/backend.mjs';
import { binary } from '../support/binaries.mjs';
import { randomFile, temporaryFolder } from '../support/files.mjs';
import { pageDir } from '../support/paths.mjs';
import { start } from '../support/process.mjs';
import { Proxy } from '../support/proxy.mjs';
import { Bucket, credentials } from '../support/s3.mjs';

/** Bytes: so small that the parts themselves cost little. */
const PART = 8 * 1024;
/** The small one twice, since other scenarios may keep the machine busier before or after. */
const COUNTS = [1_000, 10_000, 1_000];

/**
 * A store that takes small parts, as some do.
 *
 * @param {import('../support/world.mjs').World} world
 */
async function lenientStore({ scope }) {
  const program = await binary('partwise-demo-server');
  const args = [
    ...['--port', '0', '--store-port', '0', '--page', pageDir, '--min-part', '1'],
    ...['--data', await temporaryFolder('store-', scope), '--until-stdin-closes'],
    ...['--access-key', credentials.accessKey, '--secret-key', credentials.secretKey],
  ];
  const { ready } = await start(program, args, { ready: /store: (\S+)\/demo\n/, scope });
  return new Bucket(ready[1] ?? '', 'demo');
}

/** Counts what is written to localStorage; run in the page before the library comes. */
function countWrites() {
  const counts = { writes: 0, characters: 0, most: 0 };
  const { setItem } = Storage.prototype;
  Storage.prototype.setItem = function (name, value) {
    counts.writes += 1;
    counts.characters += name.length + value.length;
    counts.most = Math.max(counts.most, value.length);
    setItem.call(this, name, value);
  };
  Object.assign(window, { counts });
}

/** @type {import('../run.mjs').Scenario[]} */
export default [
  {
    name: 'parts: with 1 000 and with 10 000 of them time and writes to localStorage grow in proportion',
    long: true,
    skip: ({ store }) => (store === 'garage' ? 'it brings its own store, so once is enough' : undefined),
    async run(world) {
      const bucket = await lenientStore(world);
      const proxy = await Proxy.start(bucket.origin, world.scope);
      const url = await world.hook(backend(bucket, proxy.origin));
      const browser = await world.browser();
      const runs = [];
      for (const count of COUNTS) {
        const file = await randomFile(count * PART);
        const tab = await world.tab(browser);
        await tab.evaluate(countWrites);
        await tab.create({ backend: url, partSize: PART });
        const report = await (await tab.upload(file)).done(1_000_000);
        assert.equal(report.parts.length, count);
        assert.deepEqual(report.retries, []);
        const { sha256, size } = file;
        assert.deepEqual(await bucket.content(report.key ?? ''), { sha256, size });
        const counts = await tab.evaluate(() => /** @type {any} */ (window).counts);
        assert.deepEqual(await tab.stored(), []);
        await tab.close();
        world.figures.push(`${count} parts: ${counts.writes} writes of ${counts.characters} characters`);
        const { seconds, waste } = await world.account(report, file, await proxy.sent());
        assert.equal(waste, 0);
        await proxy.reset();
        runs.push({ count, seconds, ...counts });
      }
      const [small, large, again] = /** @type {[any, any, any]} */ (runs);
      // One for each part, and the same few for each upload.
      assert.equal(small.writes - small.count, large.writes - large.count);
      assert.ok(small.writes - small.count < 10, `${small.writes} writes for ${small.count} parts`);
      // No write grows with the number of parts.
      assert.ok(large.most <= small.most + 16, `${large.most} characters at a time, ${small.most} before`);
      const tenth = (small.seconds + again.seconds) / 2;
      // What grows with the square takes a hundred times as long.
      assert.ok(large.seconds < 20 * tenth, `${large.seconds} s, ${tenth} s for a tenth`);
    },
  },
];
