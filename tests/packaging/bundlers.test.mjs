/** The package in every bundler: built into an application in a clean folder, which then uploads a file in a browser. */
import assert from 'node:assert/strict';
import { copyFile, cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createServer } from 'vite';
import { installTools, workshop } from '../../scripts/lib/tools.mjs';
import { builds, next } from './bundlers/how.mjs';
import { install, root } from './consumer.mjs';
import { openWorld } from './element/world.mjs';
import { serve } from './site.mjs';

/** Some of what only the worker says. */
const WORKER = Buffer.from('the compiled module cannot be shared with a worker');

/** @type {import('./element/world.mjs').World} */
let world;
/** Where the package is installed. @type {string} */
let app;
/** @type {() => Promise<void>} */
let remove;

before(async () => {
  await installTools();
  const consumer = await install();
  remove = consumer.remove;
  app = await mkdtemp(join(workshop, 'app-'));
  await cp(join(consumer.folder, 'node_modules'), join(app, 'node_modules'), { recursive: true });
  for (const name of ['default.js', 'external.js', 'together.js', 'upload.js'])
    await copyFile(join(root, 'tests', 'packaging', 'bundlers', name), join(app, name));
  // Else some would take that of the repository, which has names of its own for the package.
  await writeFile(join(app, 'tsconfig.json'), '{}');
  world = await openWorld();
});
after(async () => {
  await world?.end();
  await remove?.();
  if (app) await rm(app, { recursive: true, force: true });
});

/**
 * Opens the application, and looks for what it has uploaded.
 *
 * @param {string} address
 * @returns {Promise<string[]>} the addresses of what it has loaded
 */
async function uploads(address) {
  const page = await world.browser.newPage();
  /** @type {string[]} */
  const problems = [];
  /** @type {string[]} */
  const loaded = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('request', (request) => loaded.push(request.url()));
  try {
    await page.goto(`${address}?server=${encodeURIComponent(world.origin)}`);
    await page
      .waitForFunction(() => 'uploaded' in globalThis, undefined, { timeout: 20_000 })
      .catch(() => {});
    const { key, sha256, size, warnings } = await page.evaluate(() => Object(globalThis).uploaded ?? {});
    assert.deepEqual([problems, warnings], [[], []]);
    assert.deepEqual(await world.bucket.content(key), { sha256, size });
    return loaded;
  } finally {
    await page.close();
  }
}

/** All files below a folder. @param {string} folder */
async function filesIn(folder) {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  return Promise.all(
    files.map(async ({ parentPath, name }) => ({ name, content: await readFile(join(parentPath, name)) })),
  );
}

/** How often bytes occur in files. @param {{ content: Buffer }[]} files @param {Buffer} bytes */
function occurrences(files, bytes) {
  let count = 0;
  for (const { content } of files)
    for (let at = content.indexOf(bytes); at >= 0; at = content.indexOf(bytes, at + 1)) count += 1;
  return count;
}

/** How often there is each of: the module packed into code, as a file, and the worker as a file. @param {string} folder */
async function census(folder) {
  const content = (/** @type {string} */ name) => readFile(join(app, 'node_modules', 'partwise', name));
  const wasm = await content('partwise_bg.wasm');
  const [packed = ''] = /[A-Za-z0-9+/]{20000}/.exec((await content('index.js')).toString('latin1')) ?? [];
  assert.ok(packed, 'the default entry has the module in it');
  const files = await filesIn(folder);
  return {
    packed: occurrences(files, Buffer.from(packed.slice(10_000, 10_400))),
    wasm: occurrences(files, wasm.subarray(100_000, 100_400)),
    // The others have it in a string.
    workers: files.filter(
      ({ content }) => occurrences([{ content }], WORKER) === 1 && content.length < 20_000,
    ).length,
  };
}

/** Serves a folder, has its page upload, and tells whether it has loaded a module. @param {string} folder @param {string} page */
async function loadsModule(folder, page) {
  const site = await serve(folder);
  try {
    return (await uploads(`${site.origin}/${page}`)).some((url) => url.includes('.wasm'));
  } finally {
    site.close();
  }
}

for (const [name, build] of Object.entries(builds))
  describe(name, () => {
    test('the default entry uploads, with the module in it once and no file of its own', async () => {
      const folder = await build(app, 'default');
      assert.deepEqual(await census(folder), { packed: 1, wasm: 0, workers: 0 });
      assert.equal(await loadsModule(folder, 'index.html'), false);
    });

    test('partwise/external uploads, with one file for the module and one for the worker', async () => {
      const folder = await build(app, 'external');
      assert.deepEqual(await census(folder), { packed: 0, wasm: 1, workers: 1 });
      assert.equal(await loadsModule(folder, 'index.html'), true);
    });

    if (name !== 'no bundler')
      test('element, store and uploader share one module', async () => {
        const folder = await build(app, 'together');
        assert.equal((await census(folder)).packed, 1);
        assert.equal(await loadsModule(folder, 'index.html'), false);
      });
  });

describe('Next', () => {
  for (const bundler of /** @type {const} */ (['turbopack', 'webpack']))
    test(`both entries and the hooks upload when built by ${bundler}, and nothing is there twice`, async () => {
      const folder = await next(app, bundler);
      assert.deepEqual(await census(folder), { packed: 1, wasm: 1, workers: 1 });
      assert.equal(await loadsModule(folder, 'index.html'), false);
      assert.equal(await loadsModule(folder, 'external.html'), true);
      assert.equal(await loadsModule(folder, 'hooks.html'), false);
      assert.match(await readFile(join(folder, 'hooks.html'), 'utf8'), /<h1>0<!-- --> files/);
    });
});

describe('vite, while developing', () => {
  for (const entry of ['default', 'external'])
    test(`${entry === 'default' ? 'partwise' : 'partwise/external'} uploads`, async () => {
      const folder = join(app, `develop-${entry}`);
      await mkdir(folder, { recursive: true });
      for (const file of [`${entry}.js`, 'upload.js']) await copyFile(join(app, file), join(folder, file));
      const html = await readFile(join(root, 'tests', 'packaging', 'bundlers', 'page.html'), 'utf8');
      await writeFile(join(folder, 'index.html'), html.replace('SCRIPT', `${entry}.js`));
      const server = await createServer({
        root: folder,
        cacheDir: join(folder, '.vite'),
        logLevel: 'warn',
        server: { host: '127.0.0.1', port: 0 },
        // Vite moves what it has bundled ahead, away from the files beside it.
        ...(entry === 'external' && { optimizeDeps: { exclude: ['partwise'] } }),
      });
      try {
        await server.listen();
        await uploads(server.resolvedUrls?.local[0] ?? '');
      } finally {
        await server.close();
      }
    });
});

test('a classic script uploads', async () => {
  const folder = join(app, 'classic');
  await mkdir(folder, { recursive: true });
  await copyFile(join(app, 'node_modules', 'partwise', 'global.js'), join(folder, 'global.js'));
  const upload = (await readFile(join(app, 'upload.js'), 'utf8')).replace('export ', '');
  await writeFile(join(folder, 'app.js'), `${upload}\nwindow.uploaded = upload(partwise.createUploader);\n`);
  await writeFile(
    join(folder, 'index.html'),
    '<!doctype html><link rel="icon" href="data:,"><script src="global.js"></script><script src="app.js"></script>',
  );
  const site = await serve(folder);
  try {
    await uploads(`${site.origin}/index.html`);
  } finally {
    site.close();
  }
});
