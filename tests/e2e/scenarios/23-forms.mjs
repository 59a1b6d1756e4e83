/** Chunk endpoints: our client and the real ones of npm, in front of the same server. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { ChunkServer } from '../support/chunk-server.mjs';
import { MiB, randomFile } from '../support/files.mjs';
import { until } from '../support/until.mjs';

const require = createRequire(import.meta.url);
const SIZES = [0, 1, MiB - 1, MiB, MiB + 1, 2 * MiB - 1, 2 * MiB, 5 * MiB + 12345];
const IDENTIFIER = 'the-same-for-all';

/**
 * @param {string} what
 * @param {(world: import('../support/world.mjs').World, server: ChunkServer) => Promise<void>} run
 * @returns {import('../run.mjs').Scenario}
 */
function form(what, run) {
  return {
    name: `form: ${what}`,
    skip: ({ store }) =>
      store === 'rgw' ? undefined : 'it has a server of its own, and runs once in each browser',
    run: async (world) => run(world, await ChunkServer.start(world.scope)),
  };
}

/**
 * Whom npm knows for such servers.
 *
 * @type {Record<string, { script: string, preset: string, start: (target: string, identifier: string, size: number) => void }>}
 */
const others = {
  'simple-uploader.js': {
    script: require.resolve('simple-uploader.js/dist/uploader.js'),
    preset: 'simple-uploader',
    start: (target, identifier, chunkSize) => {
      const { Uploader } = /** @type {any} */ (window);
      const options = {
        target,
        chunkSize,
        simultaneousUploads: 2,
        generateUniqueIdentifier: () => identifier,
      };
      const uploader = new Uploader(options);
      uploader.on('complete', () => Object.assign(window, { theirs: 'done' }));
      uploader.addFile(document.querySelector('input')?.files?.[0]);
      uploader.upload();
    },
  },
  'resumable.js': {
    script: require.resolve('resumablejs/resumable.js'),
    preset: 'resumable',
    start: (target, identifier, chunkSize) => {
      const { Resumable } = /** @type {any} */ (window);
      const options = {
        target,
        chunkSize,
        simultaneousUploads: 2,
        generateUniqueIdentifier: () => identifier,
      };
      const uploader = new Resumable(options);
      uploader.on('complete', () => Object.assign(window, { theirs: 'done' }));
      uploader.on('fileAdded', () => uploader.upload());
      uploader.addFile(document.querySelector('input')?.files?.[0]);
    },
  },
};

/**
 * Uploads the chosen file with one of them.
 *
 * @param {import('../support/tab.mjs').Tab} tab
 * @param {string} name
 * @param {string} target
 */
async function startOther(tab, name, target) {
  const other = others[name];
  if (!other) throw new Error(`there is no ${name}`);
  await tab.view.evaluate(`(0, eval)(${JSON.stringify(await readFile(other.script, 'utf8'))}), 0`);
  await tab.evaluate(other.start, target, IDENTIFIER, MiB);
}

/** @type {import('../run.mjs').Scenario[]} */
export default [
  form('files of all sizes arrive, as forms and as bytes alone', async (world, server) => {
    for (const method of ['multipart', 'octet']) {
      const tab = await world.tab();
      await tab.create({ form: { target: `${server.origin}/upload`, method, query: { from: method } } });
      for (const size of SIZES) {
        const file = await randomFile(size, method === 'octet' ? 1 : 0);
        const report = await (await tab.upload(file)).done();
        assert.equal(report.badProgress, null);
        const whole = [...server.files.keys()].map((identifier) => server.sha256(identifier));
        assert.ok(whole.includes(file.sha256), `${method} ${size}`);
        assert.match(report.result?.response ?? '', /"result":true/);
      }
      assert.deepEqual(await tab.stored(), []);
    }
  }),
  form('a file tells where it lies in the folder that was dropped', async (world, server) => {
    const file = await randomFile(MiB + 1);
    const path = `photos/2026/${file.name}`;
    const tab = await world.tab();
    await tab.create({ form: { target: `${server.origin}/upload` } });
    await tab.choose(file);
    await tab.evaluate((relativePath) => {
      Object.assign(document.querySelector('input')?.files?.[0] ?? {}, { relativePath });
    }, path);
    await (await tab.add()).done();
    assert.deepEqual(
      [...server.files.values()].map((kept) => kept.path),
      [path],
    );
  }),
  ...[false, true].map((tellsAll) =>
    form(
      `a page that was killed goes on where it was, asking ${tellsAll ? 'once for all chunks' : 'before each chunk'}`,
      async (world, server) => {
        server.tellsAll = tellsAll;
        server.delay = 30;
        const file = await randomFile(40 * MiB);
        const options = { form: { target: `${server.origin}/upload`, testChunks: tellsAll ? 'once' : true } };
        const browser = await world.browser();
        const first = await world.tab(browser);
        await first.create(options);
        const killed = await (await first.upload(file)).reached(40);
        await first.kill();
        const [identifier = ''] = server.files.keys();
        const held = new Set(server.files.get(identifier)?.chunks.keys());
        const before = server.sent.length;
        const second = await world.tab(browser);
        await second.create(options);
        const report = await (await second.upload(file)).done();
        assert.equal(server.sha256(identifier), file.sha256);
        assert.equal(report.badProgress, null);
        await world.account([killed, report], file, server.bytes);
        const again = server.sent.slice(before).filter(({ chunk }) => held.has(chunk));
        assert.ok(
          held.size >= 10 && again.length <= 2,
          `${again.length} of ${held.size} chunks were sent again`,
        );
      },
    ),
  ),
  form('a file that somebody else has sent is there at once, by its MD5', async (world, server) => {
    server.tellsAll = true;
    server.waitsForMerge = true;
    const file = await randomFile(12 * MiB);
    const target = { target: `${server.origin}/upload`, testChunks: 'once', merge: `${server.origin}/merge` };
    const tab = await world.tab();
    await tab.create({ form: target, hash: 'md5' });
    const first = await (await tab.upload(file)).done();
    assert.equal(server.sha256(file.md5), file.sha256);
    assert.deepEqual(
      [first.result?.instant, first.result?.location, server.merges],
      [false, `/files/${file.md5}`, 1],
    );
    const before = server.sent.length;
    const other = await world.tab();
    await other.create({ form: target, hash: 'md5' });
    const second = await (await other.upload(file)).done();
    assert.equal(server.sent.length, before);
    assert.deepEqual([second.result?.instant, second.result?.md5], [true, file.md5]);
    assert.equal(second.result?.location, `/files/${file.md5}`);
  }),
  ...Object.entries(others).flatMap(([name, { preset }]) => [
    form(`what ${name} has begun is finished`, async (world, server) => {
      server.delay = 30;
      const file = await randomFile(30 * MiB);
      const target = `${server.origin}/upload`;
      const theirs = await world.tab();
      await theirs.choose(file);
      await startOther(theirs, name, target);
      await until(async () => server.sent.length >= 10, { what: 'a third of the chunks', within: 60_000 });
      await theirs.close();
      const held = new Set(server.files.get(IDENTIFIER)?.chunks.keys());
      const before = server.sent.length;
      const tab = await world.tab();
      await tab.create({ form: { target, preset, identifier: IDENTIFIER } });
      const report = await (await tab.upload(file)).done();
      assert.equal(server.sha256(IDENTIFIER), file.sha256);
      await world.account(report, file, server.bytes);
      const again = server.sent
        .slice(before)
        .filter(({ chunk, by }) => by === server.sent[0]?.by && held.has(chunk));
      assert.ok(again.length <= 2, `${again.length} chunks were sent again`);
    }),
    form(`what we have begun is finished by ${name}`, async (world, server) => {
      server.delay = 30;
      const file = await randomFile(30 * MiB);
      const target = `${server.origin}/upload`;
      const tab = await world.tab();
      await tab.create({ form: { target, preset, identifier: IDENTIFIER } });
      const closed = await (await tab.upload(file)).reached(35);
      await tab.close();
      const before = server.sent.length;
      const theirs = await world.tab();
      await theirs.choose(file);
      await startOther(theirs, name, target);
      const done = () => theirs.view.evaluate('window.theirs === "done"');
      await until(done, { what: `${name} to finish`, within: 60_000 });
      assert.equal(server.sha256(IDENTIFIER), file.sha256);
      await world.account(closed, file, server.bytes);
      assert.ok(server.sent.length - before < 25, 'it began anew');
    }),
  ]),
  form('statuses are final or not, and JSON may tell of a failure', async (world, server) => {
    const file = await randomFile(6 * MiB);
    const tab = await world.tab();
    await tab.create({ form: { target: `${server.origin}/upload` } });
    server.troubles.set(2, [
      { status: 503, body: '' },
      { status: 400, body: 'not now' },
      { status: 200, body: '{"result":false,"message":"disk full"}' },
    ]);
    const report = await (await tab.upload(file)).done();
    assert.ok([...server.files.keys()].some((identifier) => server.sha256(identifier) === file.sha256));
    await world.account(report, file, server.bytes);
    assert.equal(report.retries.length, 3);
    assert.match(report.retries[2]?.message ?? '', /disk full/);

    server.troubles.set(3, [{ status: 415, body: '{"error":"no such type"}' }]);
    const refused = await tab.upload(await randomFile(6 * MiB, 1));
    const error = await refused.failed();
    assert.deepEqual([error.code, error.status], ['backend', 415]);
    assert.match(error.message, /no such type/);
  }),
];
