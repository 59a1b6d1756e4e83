/** The bindings as an app has them: bundled from the packed package, rendered on a server, and taken over by a browser. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { build } from 'esbuild';
import { receiver } from './bindings/receiver.mjs';
import { install, link, root, runIn } from './consumer.mjs';
import { launch, serve } from './site.mjs';

/** @type {Awaited<ReturnType<typeof install>>} */
let consumer;
/** @type {Awaited<ReturnType<typeof serve>>} */
let site;
/** @type {Awaited<ReturnType<typeof launch>>} */
let browser;
const received = receiver();

/** So that the frameworks complain about what is wrong. */
const development = {
  'process.env.NODE_ENV': '"development"',
  __VUE_OPTIONS_API__: 'false',
  __VUE_PROD_DEVTOOLS__: 'false',
  __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'true',
};

before(async () => {
  consumer = await install();
  await link(consumer.folder, ['react', 'react-dom', 'vue']);
  await cp(join(root, 'tests', 'packaging', 'bindings'), join(consumer.folder, 'apps'), { recursive: true });
  site = await serve(consumer.folder, received.answer);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  site?.close();
  await consumer?.remove();
});

test('the manifest asks for neither framework', async () => {
  const path = join(consumer.folder, 'node_modules', 'partwise', 'package.json');
  const { dependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(await readFile(path, 'utf8'));
  assert.equal(dependencies, undefined);
  assert.deepEqual(peerDependencies, { react: '>=18', vue: '>=3.3' });
  assert.deepEqual(peerDependenciesMeta, { react: { optional: true }, vue: { optional: true } });
});

test('components of a server may import the hooks', async () => {
  const path = join(consumer.folder, 'node_modules', 'partwise', 'react.js');
  assert.match(await readFile(path, 'utf8'), /^'use client';/);
});

for (const framework of ['react', 'vue'])
  describe(framework, () => {
    /** @type {string} */
    let html;
    /** @type {string} */
    let bundled;

    before(async () => {
      const app = join(consumer.folder, 'apps', framework);
      bundled = join(consumer.folder, 'bundled', framework);
      await mkdir(bundled, { recursive: true });
      await build({
        ...{ entryPoints: [join(app, 'main.js')], outdir: bundled, bundle: true, splitting: true },
        ...{ format: 'esm', logLevel: 'error', define: development },
      });
      html = await runIn(app, process.execPath, ['server.js']);
      const parts = [`<div id="app">${html}</div>`, `<div id="late">${html}</div>`];
      const script = `<script type="module" src="/bundled/${framework}/main.js"></script>`;
      await writeFile(join(bundled, 'index.html'), `<!doctype html>${parts.join('')}${script}`);
    });

    /** Who does something in the app. @param {(page: import('playwright-core').Page) => Promise<void>} use */
    async function inApp(use) {
      received.objects.clear();
      received.users.length = 0;
      site.requests.length = 0;
      const page = await browser.newPage();
      /** @type {string[]} */
      const told = [];
      page.on('pageerror', (error) => told.push(String(error)));
      page.on('console', (message) => {
        const is = message.type();
        if ((is === 'error' || is === 'warning') && !site.refuse.size) told.push(message.text());
      });
      try {
        await page.goto(`${site.origin}/bundled/${framework}/index.html`);
        await use(page);
      } finally {
        await page.close();
        received.hold = undefined;
        site.refuse.clear();
      }
      assert.deepEqual(told, []);
    }

    const file = (/** @type {string} */ name, buffer = randomBytes(300_000)) => ({
      ...{ name, mimeType: 'application/octet-stream', buffer },
    });

    test('a server renders an empty list, the same each time', async () => {
      assert.match(html, /data-ready="false"/);
      assert.match(html, /<p id="percent">0 %<\/p><ul>/);
      const app = join(consumer.folder, 'apps', framework);
      assert.equal(await runIn(app, process.execPath, ['server.js']), html);
    });

    test('the WebAssembly is in one file, which is not loaded with the app', async () => {
      const names = (await readdir(bundled)).filter((name) => name.endsWith('.js'));
      const texts = await Promise.all(names.map((name) => readFile(join(bundled, name), 'utf8')));
      const big = texts.filter((text) => text.includes('H4sI'));
      assert.equal(big.length, 1);
      assert.ok(!texts[names.indexOf('main.js')]?.includes('H4sI'));
    });

    test('a file arrives, and components share one uploader', () =>
      inApp(async (page) => {
        const sent = file('a.bin');
        await page.locator('#app input').setInputFiles(sent);
        await page.locator('#app li[data-state=done]').waitFor();
        assert.ok(received.objects.get('ann/a.bin')?.equals(sent.buffer));
        assert.match((await page.locator('#app li').textContent()) ?? '', /^a\.bin 100 /);
        assert.equal(await page.locator('#app li').getAttribute('data-key'), 'ann/a.bin');
        await page.locator('#app #percent', { hasText: '100 %' }).waitFor();
        assert.equal(await page.evaluate(() => globalThis.made), 1);
      }));

    test('uploads go on while another page of the app is shown', () =>
      inApp(async (page) => {
        let release = () => {};
        received.hold = new Promise((resolve) => (release = () => resolve()));
        await page.locator('#app input').setInputFiles([file('a.bin'), file('b.bin')]);
        await page.locator('#app li[data-state=uploading]').nth(1).waitFor();
        await page.locator('#app #navigate').click();
        await page.locator('#app #elsewhere').waitFor();
        release();
        const deadline = Date.now() + 30_000;
        while (received.objects.size < 2) {
          assert.ok(Date.now() < deadline);
          await page.waitForTimeout(20);
        }
        await page.locator('#app #navigate').click();
        await page.locator('#app li[data-state=done]').nth(1).waitFor();
        assert.equal(await page.evaluate(() => globalThis.made), 1);
      }));

    test('a part of the page that is taken over late shows what has been added', () =>
      inApp(async (page) => {
        await page.locator('#app input').setInputFiles(file('a.bin'));
        await page.locator('#app li[data-state=done]').waitFor();
        await page.evaluate(() => globalThis.takeOver('#late'));
        await page.locator('#late li[data-state=done]').waitFor();
      }));

    test('functions and headers of the latest rendering are used', () =>
      inApp(async (page) => {
        await page.locator('#app input').setInputFiles(file('a.bin'));
        await page.locator('#app li[data-state=done]').waitFor();
        await page.locator('#app #switch').click();
        await page.locator('#app #switch', { hasText: 'bob' }).waitFor();
        await page.locator('#app input').setInputFiles(file('b.bin'));
        await page.locator('#app li[data-state=done]').nth(1).waitFor();
        assert.deepEqual(received.users, ['ann', 'bob']);
        assert.equal(await page.evaluate(() => globalThis.made), 1);
      }));

    test('a row pauses its upload and lets it go on', () =>
      inApp(async (page) => {
        let release = () => {};
        received.hold = new Promise((resolve) => (release = () => resolve()));
        await page.locator('#app [data-ready=true]').waitFor();
        await page.locator('#app input').setInputFiles(file('a.bin'));
        await page.locator('#app li[data-state=uploading]').waitFor();
        await page.locator('#app li button').click();
        await page.locator('#app li[data-state=paused]').waitFor();
        release();
        await page.locator('#app li button').click();
        await page.locator('#app li[data-state=done]').waitFor();
      }));

    test('files chosen before the package could be loaded are sent when it can', () =>
      inApp(async (page) => {
        const [chunk] = (await readdir(bundled)).filter((name) => /^partwise|^index-/.test(name));
        assert.ok(chunk);
        site.refuse.add(`/bundled/${framework}/${chunk}`);
        await page.reload();
        await page.locator('#app #retry').waitFor();
        await page.locator('#app input').setInputFiles(file('a.bin'));
        await page.locator('#app li[data-state=queued]').waitFor();
        site.refuse.clear();
        await page.locator('#app #retry').click();
        await page.locator('#app li[data-state=done]').waitFor();
        assert.deepEqual([...received.objects.keys()], ['ann/a.bin']);
      }));
  });
