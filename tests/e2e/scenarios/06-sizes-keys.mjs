/** Every size around the borders of parts, every key a user may think of. */
import assert from 'node:assert/strict';
import { MiB, randomFile } from '../support/files.mjs';
import { credentials } from '../support/s3.mjs';

const PART = 5 * MiB;
const SIZES = [0, 1, PART - 1, PART, PART + 1, 2 * PART];
const KEYS = [
  'with space and  two.bin',
  'plus+plus.bin',
  '100%.bin',
  'already%20encoded%2F.bin',
  '中文/文件 名.bin',
  'emoji 😀👩‍💻.bin',
  'deep/er/nested/folder/file.bin',
  "odd ~!@#$&*()='[]{};:,?.bin",
];

/** @type {import('../run.mjs').Scenario[]} */
export default [
  {
    name: 'sizes: files of 0 bytes to two parts exactly arrive whole',
    async run(world) {
      const tab = await world.uploader();
      for (const size of SIZES) {
        const file = await randomFile(size);
        const report = await (await tab.upload(file)).done();
        await world.holds(report.key, file);
        assert.equal(report.progress.loaded, size);
      }
      const sent = await world.proxy.parts();
      assert.deepEqual(
        sent.map(({ partNumber, bodyBytes }) => [partNumber, bodyBytes]).sort(byNumbers),
        [
          [1, PART],
          [1, PART],
          [1, PART],
          [2, 1],
          [2, PART],
        ].sort(byNumbers),
      );
    },
  },
  {
    name: 'keys: signed in the page, objects get exactly the keys asked for',
    async run(world) {
      const tab = await world.tab();
      await tab.create(world.direct());
      await everyKey(world, tab);
    },
  },
  {
    name: 'keys: signed by a function of the page, objects get exactly the keys asked for',
    async run(world) {
      const tab = await world.tab();
      const signRequest = await world.hook((request) => ({
        url: world.bucket.url(request.method, request.key, {
          query: request.query,
          headers: request.headers,
          origin: world.proxy.origin,
        }),
      }));
      await tab.create({ signRequest });
      await everyKey(world, tab);
    },
  },
  {
    name: 'keys: names a browser cannot address are refused with bad-key',
    async run(world) {
      const tab = await world.tab();
      await tab.create(world.direct());
      await tab.choose(await randomFile(1));
      for (const key of ['..', 'a/../b', './a', 'a/.', 'a/..']) {
        const error = await tab.refusal({ key });
        assert.deepEqual([error?.code, error?.name, error?.isError], ['bad-key', 'UploadError', true], key);
      }
      assert.deepEqual(await world.proxy.log(), []);
    },
  },
];

/**
 * Each key once for a file that goes in one request and once for a multipart upload.
 *
 * @param {import('../support/world.mjs').World} world
 * @param {import('../support/tab.mjs').Tab} tab
 */
async function everyKey(world, tab) {
  for (const size of [1000, PART + 1]) {
    const file = await randomFile(size);
    for (const key of KEYS) {
      const report = await (await tab.upload(file, { key: `${size}/${key}` })).done();
      assert.equal(report.key, `${size}/${key}`);
      await world.holds(`${size}/${key}`, file);
    }
  }
  const wanted = [1000, PART + 1].flatMap((size) => KEYS.map((key) => `${size}/${key}`));
  assert.deepEqual((await world.bucket.keys()).sort(), wanted.sort());
  assert.deepEqual(await world.bucket.unfinished(), []);
  const kept = JSON.stringify(await tab.storage());
  assert.ok(!kept.includes(credentials.secretKey) && !kept.includes(credentials.accessKey));
}

/**
 * @param {(number | null)[]} a
 * @param {(number | null)[]} b
 */
function byNumbers([part = 0, bytes = 0], [otherPart = 0, otherBytes = 0]) {
  return (part ?? 0) - (otherPart ?? 0) || (bytes ?? 0) - (otherBytes ?? 0);
}
