/** Bytes that change between browser and store: whichever it is, it is noticed, and what it was in is sent again. */
import assert from 'node:assert/strict';
import { backend } from '../support/backend.mjs';
import { randomFile } from '../support/files.mjs';
import { bodies, parts } from '../support/proxy.mjs';
import { randomNumbers } from '../support/random.mjs';

const INJECTIONS = 100;
const KiB = 1024;

/**
 * One byte of one request, somewhere below `length`.
 *
 * @param {object} match
 * @param {number} length
 * @param {() => number} random
 */
function damage(match, length, random) {
  return { match, times: 1, action: { do: 'corrupt', at: { bytes: Math.floor(random() * length) } } };
}

/** @param {readonly import('../support/tab.mjs').Report[]} reports */
function noticed(reports) {
  const codes = reports.flatMap(({ retries }) => retries.map(({ code }) => code));
  assert.deepEqual([...new Set(codes)], ['checksum-mismatch']);
  return codes.length;
}

/** @type {import('../run.mjs').Scenario[]} */
export default [
  {
    name: `damage: ${INJECTIONS} of ${INJECTIONS} parts with a byte changed anywhere are noticed and sent again`,
    skip: ({ store }) => (store === 'embedded' ? 'it takes no parts as small as these' : undefined),
    async run(world) {
      const random = randomNumbers(1);
      const partSize = 64 * KiB;
      const file = await randomFile(INJECTIONS * partSize - 1);
      const each = Array.from({ length: INJECTIONS }, (_, index) =>
        damage({ ...parts, partNumber: index + 1 }, Math.min(partSize, file.size - index * partSize), random),
      );
      await world.proxy.rules(...each);
      const tab = await world.tab();
      const functions = await world.hook(backend(world.bucket, world.proxy.origin));
      await tab.create({ backend: functions, partSize });
      const report = await (await tab.upload(file)).done();
      await world.holds(report.key, file);
      assert.equal(noticed([report]), INJECTIONS);
      await world.account(report, file);
    },
  },
  {
    name: `damage: ${INJECTIONS} of ${INJECTIONS} files with a byte changed anywhere are noticed and sent again`,
    async run(world) {
      const random = randomNumbers(2);
      const sizes = Array.from({ length: INJECTIONS }, () => 1 + Math.floor(random() * 100 * KiB));
      const files = await Promise.all(sizes.map((size, seed) => randomFile(size, seed)));
      const key = (/** @type {number} */ index) => `file-${String(index).padStart(3, '0')}.bin`;
      const each = sizes.map((size, index) => damage({ ...bodies, path: key(index) }, size, random));
      await world.proxy.rules(...each);
      const tab = await world.tab();
      await tab.create(world.direct());
      await tab.choose(...files);
      const uploads = [];
      for (const index of files.keys()) uploads.push(await tab.add(index, { key: key(index) }));
      const reports = [];
      for (const upload of uploads) reports.push(await upload.done());
      for (const [index, file] of files.entries()) await world.holds(key(index), file);
      assert.equal(noticed(reports), INJECTIONS);
      await world.account(reports, files);
    },
  },
];
