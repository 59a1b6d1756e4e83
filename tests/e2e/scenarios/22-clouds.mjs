/** The four clouds, each with its own protocol and its own signatures: the library signs, the vendors' code verifies. */
import assert from 'node:assert/strict';
import { Cloud, kinds } from '../support/cloud.mjs';
import { MiB, copyOf, randomFile } from '../support/files.mjs';
import { Proxy, bodies, parts, rate } from '../support/proxy.mjs';

const PART = 5 * MiB;
/** Parts. */
const SHORT_PAGE = 100;
const KEYS = [
  'plain.bin',
  'with space and  two.bin',
  'plus+plus&and=more?.bin',
  '100%25 #hash;semi:colon@.bin',
  "odd !*'()~[]{}|^`,$.bin",
  '中文/文件 名（1）.bin',
  'emoji 😀👩‍💻.bin',
  'a//b///c.bin',
];

/**
 * A scenario for each cloud; the gateways stand in front of one store, and what they prove does not depend on the browser.
 *
 * @param {string} what
 * @param {(world: import('../support/world.mjs').World, cloud: Cloud) => Promise<void>} run
 * @param {{ long?: boolean, skip?: (kind: string, store: string) => string | undefined }} [more]
 * @returns {import('../run.mjs').Scenario[]}
 */
function eachCloud(what, run, { long = false, skip } = {}) {
  return kinds.map((kind) => ({
    name: `${kind}: ${what}`,
    long,
    skip: ({ browser, store }) =>
      browser !== 'chromium' || store === 'garage'
        ? 'it is proven in Chromium, in front of one store'
        : skip?.(kind, store),
    async run(world) {
      const cloud = await Cloud.start(kind, world);
      world.clouds.push(cloud);
      await run(world, cloud);
    },
  }));
}

/** @param {import('../support/world.mjs').World} world @param {Cloud} cloud @param {object} [options] */
async function uploader(world, cloud, options = {}) {
  const tab = await world.tab();
  await tab.create({ ...(await cloud.store()), ...options });
  return tab;
}

/** @type {import('../run.mjs').Scenario[]} */
export default [
  ...eachCloud(
    '200 MiB arrive though the page is killed half-way, and no confirmed part is sent again',
    async (world, cloud) => {
      const file = await randomFile(200 * MiB);
      const browser = await world.browser();
      const first = await world.tab(browser);
      await first.create(await cloud.store());
      await cloud.proxy.only(24, 40 * MiB);
      const begun = await first.upload(file);
      const killed = await begun.until('40 % to be confirmed', ({ parts }) => parts.length >= 16);
      await first.kill();
      const known = new Set(killed.parts.map(({ partNumber }) => partNumber));
      const before = (await cloud.proxy.parts()).length;
      await cloud.proxy.rules();

      const second = await world.tab(browser);
      await second.create(await cloud.store());
      const report = await (await second.upload(file)).done();
      await world.holds(report.key, file);
      assert.equal(report.badProgress, null);
      const again = (await cloud.proxy.parts())
        .slice(before)
        .filter(({ partNumber }) => known.has(partNumber ?? 0));
      assert.deepEqual(again, []);
      await world.account([killed, report], file, await cloud.proxy.sent());
      if (cloud.gateway?.cloud.crc64) assert.match(report.result?.crc64 ?? '', /^\d+$/);
      assert.deepEqual(await world.bucket.unfinished(), []);
    },
  ),
  ...eachCloud('it pauses, goes on, and leaves nothing when it is cancelled', async (world, cloud) => {
    const file = await randomFile(60 * MiB);
    const tab = await uploader(world, cloud);
    await cloud.proxy.only(7, 20 * MiB);
    const upload = await tab.upload(file);
    await upload.reached(30);
    await upload.pause();
    assert.equal((await upload.report()).state, 'paused');
    await cloud.proxy.rules();
    await upload.resume();
    const report = await upload.done();
    await world.holds(report.key, file);
    await cloud.proxy.only(7, 20 * MiB);
    const other = await tab.upload(await randomFile(60 * MiB, 1));
    await other.reached(30);
    assert.equal((await world.bucket.unfinished()).length, 1);
    await other.cancel();
    assert.deepEqual(await world.bucket.unfinished(), []);
    assert.deepEqual(await tab.stored(), []);
  }),
  ...eachCloud(
    'signed by the vendor’s own code, URLs that expire on the way are replaced',
    async (world, cloud) => {
      const file = await randomFile(30 * MiB);
      const tab = await world.tab();
      await tab.create(await cloud.signRequest(3));
      await cloud.proxy.rules({
        match: { ...parts, partNumber: 3 },
        times: 1,
        action: { do: 'delay', ms: 5_000 },
      });
      const report = await (await tab.upload(file, { metadata: { author: 'Ann', 标题: '中文' } })).done();
      await world.holds(report.key, file);
      await world.account(report, file, await cloud.proxy.sent());
      const [retry, ...others] = report.retries;
      assert.deepEqual([retry?.partNumber, others], [3, []]);
      // Ceph RGW does not let pages read why.
      const codes = cloud.gateway ? ['url-expired'] : ['url-expired', 'network'];
      assert.ok(codes.includes(retry?.code ?? ''), retry?.code);
    },
  ),
  ...eachCloud('credentials that end during an upload are asked for once more', async (world, cloud) => {
    const file = await randomFile(60 * MiB);
    const tab = await uploader(world, cloud);
    await cloud.proxy.rules(rate(10 * MiB));
    const upload = await tab.upload(file);
    await upload.reached(30);
    assert.equal(cloud.asked, 1);
    if (cloud.gateway) cloud.gateway.accounts.end();
    else await expireToken(cloud.proxy);
    const report = await upload.done();
    await world.holds(report.key, file);
    await world.account(report, file, await cloud.proxy.sent());
    assert.equal(cloud.asked, 2);
  }),
  ...[20, -20, -90].flatMap((minutes) =>
    eachCloud(
      `a clock that is ${Math.abs(minutes)} minutes ${minutes > 0 ? 'fast' : 'slow'} is corrected`,
      async (world, cloud) => {
        const file = await randomFile(12 * MiB);
        const tab = await uploader(world, cloud);
        await tab.call('skewClock', minutes * 60_000);
        const report = await (await tab.upload(file)).done();
        await world.holds(report.key, file);
        await world.account(report, file, await cloud.proxy.sent());
        assert.ok(report.retries.length <= 2, JSON.stringify(report.retries));
      },
      {
        // URLs live for an hour.
        skip: (kind, store) =>
          minutes < -60 && kind === 's3' && store === 'rgw'
            ? 'Ceph RGW does not let pages read that a URL has expired'
            : undefined,
      },
    ),
  ),
  ...eachCloud('a damaged part, a wrong ETag and a wrong checksum are found out', async (world, cloud) => {
    const file = await randomFile(30 * MiB);
    const tab = await uploader(world, cloud);
    const { gateway } = cloud;
    /** @type {(number | string | undefined)[][]} */
    const expected = [[2, 'checksum-mismatch']];
    if (gateway) {
      gateway.damaged.add(2);
      gateway.lies.set(3, 'etag');
      expected.push([3, 'checksum-mismatch']);
      if (gateway.cloud.crc64) {
        gateway.lies.set(4, 'crc64');
        expected.push([4, 'checksum-mismatch']);
      }
    } else {
      const damaged = { match: { ...parts, partNumber: 2 }, times: 1 };
      await cloud.proxy.rules({ ...damaged, action: { do: 'corrupt', at: { share: 0.7 } } });
    }
    const report = await (await tab.upload(file)).done();
    await world.holds(report.key, file);
    await world.account(report, file, await cloud.proxy.sent());
    const retries = report.retries.map(({ partNumber, code }) => [partNumber, code]);
    assert.deepEqual(retries.sort(), expected);
    if (!gateway?.cloud.crc64) return;

    // The whole object: everything is sent once more.
    gateway.lies.set(0, 'crc64');
    const other = await randomFile(12 * MiB);
    const whole = await (await tab.upload(other)).done();
    await world.holds(whole.key, other);
    assert.deepEqual(
      whole.warnings.map(({ code }) => code),
      ['session-restarted'],
    );
  }),
  ...eachCloud('keys with spaces, reserved and Chinese characters are kept', async (world, cloud) => {
    const tab = await uploader(world, cloud, { verify: 'content-md5' });
    for (const size of [1000, PART + 1]) {
      const file = await randomFile(size);
      for (const key of KEYS) {
        const report = await (await tab.upload(file, { key: `${size}/${key}` })).done();
        assert.equal(report.key, `${size}/${key}`);
        await world.holds(report.key, file);
      }
    }
    const wanted = [1000, PART + 1].flatMap((size) => KEYS.map((key) => `${size}/${key}`));
    assert.deepEqual((await world.bucket.keys()).sort(), wanted.sort());
  }),
  ...eachCloud('small and empty files go in one request', async (world, cloud) => {
    const tab = await uploader(world, cloud);
    for (const size of [0, 1, PART - 1]) {
      const file = await randomFile(size);
      const report = await (await tab.upload(file, { metadata: { author: 'Ann' } })).done();
      await world.holds(report.key, file);
      assert.deepEqual(report.warnings, []);
    }
    const sent = (await cloud.proxy.log()).filter(({ method }) => method === 'PUT');
    assert.equal(sent.length, 3);
    if (cloud.gateway) assert.deepEqual(cloud.gateway.count, { object: 3 });
  }),
  ...eachCloud(
    'the demo server signs for it, and asks it for everything but the content',
    async (world, cloud) => {
      const tab = await world.tab();
      await tab.create(await cloud.signer());
      for (const size of [1000, 12 * MiB]) {
        const file = await randomFile(size);
        const report = await (await tab.upload(file, { metadata: { author: 'Ann' } })).done();
        await world.holds(report.key, file);
        assert.deepEqual(report.retries, []);
      }
      await cloud.proxy.only(7, 20 * MiB);
      const other = await tab.upload(await randomFile(60 * MiB));
      await other.reached(20);
      await other.cancel();
      assert.deepEqual(await world.bucket.unfinished(), []);
    },
  ),
  ...eachCloud('a signature that fits another request is refused', async (world, cloud) => {
    const tab = await world.tab();
    await tab.create(await cloud.signRequest(900, (url) => url.replace('/k?', '/other?')));
    const { code } = await (await tab.upload(await randomFile(1000), { key: 'k' })).failed();
    // Ceph RGW does not let pages read why.
    assert.ok(code === 'denied' || (!cloud.gateway && code === 'network'), code);
    assert.deepEqual(await world.bucket.keys(), []);
  }),
  ...eachCloud(
    'with overwrite: false an object that is there is kept, and one of our own known although its reply was lost',
    async (world, cloud) => {
      const tab = await uploader(world, cloud, { overwrite: false });
      const reports = [];
      const files = [];
      for (const size of [1000, PART + 1]) {
        const [ours, theirs] = [await randomFile(size), await randomFile(size, 1)];
        files.push(ours);
        const key = `${size}.bin`;
        const last = size < PART ? bodies : { method: 'POST', query: ['uploadId'] };
        await cloud.proxy.rules({ match: last, times: 1, action: { do: 'cut', at: 'reply' } });
        reports.push(await (await tab.upload(ours, { key })).done());
        const { code } = await (await tab.upload(theirs, { key })).failed();
        assert.equal(code, 'exists');
        await world.holds(key, ours);
      }
      await world.account(reports, files, await cloud.proxy.sent());
      // Not every store that speaks S3's protocol looks at the end.
      if (!cloud.gateway) return;
      await cloud.proxy.rules(rate(10 * MiB));
      const late = await tab.upload(await randomFile(20 * MiB), { key: 'late.bin' });
      await late.reached(20);
      await (await world.bucket.request('PUT', 'late.bin', { body: 'theirs' })).text();
      assert.equal((await late.failed()).code, 'exists');
      assert.equal((await world.bucket.content('late.bin'))?.size, 6);
      assert.equal((await world.bucket.unfinished()).length, 1);
      await late.cancel();
      assert.deepEqual(await world.bucket.unfinished(), []);
    },
  ),
  ...eachCloud(
    'what this browser has sent before is found under its key by its MD5, for as long as it is there',
    async (world, cloud) => {
      const browser = await world.browser();
      const options = { ...(await cloud.store()), hash: 'md5', instant: 'before' };
      for (const size of [1000, PART + 1]) {
        const file = await randomFile(size);
        const renamed = await copyOf(file, world.scope, `renamed-${size}.bin`);
        const send = async (/** @type {typeof file} */ chosen) => {
          const before = (await cloud.proxy.log()).length;
          const tab = await world.tab(browser);
          await tab.create(options);
          const { key = '', result, warnings } = await (await tab.upload(chosen)).done();
          await world.holds(key, file);
          assert.deepEqual(warnings, []);
          const sent = (await cloud.proxy.log()).slice(before).filter(({ method }) => method !== 'OPTIONS');
          return { key, instant: result?.instant, sent: sent.map(({ method }) => method).join() };
        };
        const first = await send(file);
        assert.equal(first.instant, false);
        assert.deepEqual(await send(renamed), { key: first.key, instant: true, sent: 'HEAD' });

        await (await world.bucket.request('PUT', first.key, { body: 'another object' })).text();
        const again = await send(renamed);
        assert.equal(again.instant, false);
        assert.notEqual(again.key, first.key);
        await (await world.bucket.request('DELETE', again.key)).text();
        assert.equal((await send(file)).instant, false);
      }
    },
  ),
  ...eachCloud(
    'more parts than a list has room for are found again page by page',
    async (world, cloud) => {
      const partSize = { s3: PART, oss: 100 * 1024, cos: MiB, bos: 100 * 1024 }[cloud.kind];
      const page = cloud.kind === 's3' ? SHORT_PAGE : 1000;
      const [last, enough] = [page + 10, page + 5];
      const options = { ...(cloud.kind === 's3' ? await shortPages(world) : await cloud.store()), partSize };
      const file = await randomFile(last * partSize);
      const browser = await world.browser();
      const first = await world.tab(browser);
      await first.create(options);
      // The last part is held back, so that the upload cannot end before the page is gone.
      await cloud.proxy.rules({
        match: { ...parts, partNumber: last },
        action: { do: 'delay', ms: 300_000 },
      });
      const begun = await first.upload(file);
      const killed = await begun.until(
        `${enough} confirmed parts`,
        ({ parts }) => parts.length >= enough,
        400_000,
      );
      await first.kill();
      const before = (await cloud.proxy.parts()).length;
      await cloud.proxy.rules();
      const second = await world.tab(browser);
      await second.create(options);
      const report = await (await second.upload(file)).done();
      await world.holds(report.key, file);
      await world.account([killed, report], file, await cloud.proxy.sent());
      const after = (await cloud.proxy.parts()).length - before;
      assert.ok(after <= 5, `${after} parts were sent again`);
      const log = await cloud.proxy.log();
      const pages = log.filter(({ query }) => query.some((name) => /^max-?parts$/i.test(name)));
      assert.equal(pages.filter(({ method }) => method === 'GET').length, 2);
    },
    {
      long: true,
      skip: (kind, store) =>
        kind !== 's3' && store === 'embedded' ? 'the store behind takes no such small parts' : undefined,
    },
  ),
];

/**
 * Has the store list fewer parts a page than is asked for: its parts are so large that a page of 1000 would take gigabytes.
 *
 * @param {import('../support/world.mjs').World} world
 */
async function shortPages(world) {
  const { bucket, proxy } = world;
  const signed = (/** @type {any} */ { method, key, query, headers }) => {
    const short = query['max-parts'] ? { ...query, 'max-parts': String(SHORT_PAGE) } : query;
    const options = { query: short, headers, origin: proxy.origin, expires: 3600 };
    return { url: bucket.url(method, key, options), expires: 3600 };
  };
  return { kind: 's3', signRequest: await world.hook(signed) };
}

/** One part is refused for an expired token, as AWS words it. @param {Proxy} proxy */
function expireToken(proxy) {
  const body = '<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>';
  return proxy.rules({
    match: parts,
    times: 1,
    action: { do: 'reply', status: 403, headers: { 'content-type': 'application/xml' }, body, cors: true },
  });
}
