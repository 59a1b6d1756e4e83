/** The package as it is published: packed, installed into a clean folder, and used from there. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFile, cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { build } from 'esbuild';
import { documents, entries } from '../../scripts/lib/manifest.mjs';
import { install, link, root, runIn } from './consumer.mjs';
import { launch, serve } from './site.mjs';

/** @type {Awaited<ReturnType<typeof install>>} */
let consumer;
/** @type {string} */
let installed;

before(async () => {
  consumer = await install();
  installed = join(consumer.folder, 'node_modules', 'partwise');
  await link(consumer.folder, ['react', 'vue']);
});
after(() => consumer.remove());

test('the package holds exactly the files it should', async () => {
  const present = new Set(await readdir(root));
  assert.deepEqual(
    consumer.packed,
    [
      ...['index', 'external', 'global', 'hash', 'store', 'react', 'vue', 'element', 'format'].flatMap(
        (name) => [`${name}.js`, `${name}.d.ts`],
      ),
      ...['worker.js', 'partwise_bg.wasm', 'package.json'],
      ...documents.filter((name) => present.has(name)),
    ].sort(),
  );
});

test('every path of the manifest leads to a file', async () => {
  const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
  const { main, module, types, unpkg, jsdelivr, exports } = manifest;
  const targets = Object.values(exports).flatMap((target) =>
    typeof target === 'string' ? target : Object.values(target),
  );
  for (const path of [main, module, types, unpkg, jsdelivr, ...targets])
    assert.ok(consumer.packed.includes(path.replace('./', '')), path);
});

for (const name of ['README.md', 'README.zh-CN.md'])
  test(`${name} is for whoever has installed the package: no link leads nowhere, and it begins with installing`, async () => {
    const text = await readFile(join(installed, name), 'utf8');
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const relative = links.filter((link) => !/^(https:|#)/.test(link));
    assert.deepEqual(
      relative.filter((link) => !consumer.packed.includes(link)),
      [],
    );
    const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchor(heading));
    for (const link of links.filter((link) => link.startsWith('#')))
      assert.ok(headings.includes(link.slice(1)), link);
    assert.ok(links.some((link) => link.endsWith('/docs/react.md') || link.endsWith('/docs/zh-CN/react.md')));
    assert.doesNotMatch(text, /repository -->/);
    const [command] = /^npm \w+/m.exec(text) ?? [];
    assert.equal(command, 'npm install');
  });

/** As it is linked to. @param {string} heading */
function anchor(heading) {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

const uploading = ['Upload', 'UploadError', 'Uploader', 'createUploader', 'hashFile', 'init'];
/** What each entry exports. */
const exported = {
  partwise: uploading,
  'partwise/external': uploading,
  'partwise/global': uploading,
  'partwise/hash': ['UploadError', 'hashFile', 'init'],
  'partwise/store': ['createUploadStore', 'trackUpload', 'uploadStore'],
  'partwise/react': ['createUploadStore', 'useUpload', 'useUploader'],
  'partwise/vue': ['createUploadStore', 'useUpload', 'useUploader'],
  'partwise/element': ['PartwiseUploader'],
  'partwise/format': ['formatBytes', 'formatDuration', 'formatPercent', 'formatProgress', 'formatSpeed'],
};
for (const [entry, names] of Object.entries(exported))
  test(`importing ${entry} on a server touches nothing`, async () => {
    // Frameworks are free to touch what they like.
    const framework = /react|vue/.exec(entry)?.[0];
    const script = `
      ${framework ? `await import('${framework}');` : ''}
      const traps = { fetch: globalThis, compile: WebAssembly, compileStreaming: WebAssembly, instantiate: WebAssembly,
        createObjectURL: URL, atob: globalThis, DecompressionStream: globalThis };
      for (const [name, owner] of Object.entries(traps))
        Object.defineProperty(owner, name, { get() { throw new Error(name + ' was touched'); } });
      const module = await import(${JSON.stringify(entry)});
      console.log(Object.keys(${JSON.stringify(entry)}.endsWith('global') ? globalThis.partwise : module).sort().join());
    `;
    const printed = await runIn(consumer.folder, process.execPath, ['--input-type=module', '--eval', script]);
    assert.equal(printed.trim(), names.join());
  });

describe('types', () => {
  test('every entry has code that uses it rightly and wrongly', async () => {
    const folder = join(root, 'tests', 'packaging', 'types');
    for (const entry of ['default', ...entries]) {
      const code = await readFile(join(folder, `${entry}.ts`), 'utf8');
      assert.ok(code.includes(entry === 'default' ? "'partwise'" : `'partwise/${entry}'`), entry);
      assert.ok(code.includes('// @ts-expect-error\n'), entry);
    }
  });

  /** @type {[string, string][]} */
  const settings = [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ];
  for (const [module, moduleResolution] of settings)
    test(`strict TypeScript finds exact types with moduleResolution ${moduleResolution}`, async () => {
      const folder = join(consumer.folder, `types-${moduleResolution}`);
      await cp(join(root, 'tests', 'packaging', 'types'), folder, { recursive: true });
      const compilerOptions = {
        ...{ module, moduleResolution, target: 'es2022', lib: ['es2022', 'dom'], types: [] },
        ...{ strict: true, noEmit: true, skipLibCheck: false, exactOptionalPropertyTypes: true },
      };
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
      await runIn(folder, join(root, 'node_modules', '.bin', 'tsc'), ['-p', '.']);
    });
});

describe('in a browser', () => {
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let site;
  /** @type {Awaited<ReturnType<typeof launch>>} */
  let browser;

  before(async () => {
    await bundleConsumer('partwise');
    await bundleConsumer('partwise/external');
    for (const name of ['partwise_bg.wasm', 'worker.js'])
      await copyFile(join(installed, name), join(consumer.folder, 'bundled', name));
    site = await serve(consumer.folder);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    site?.close();
  });

  /**
   * A page of its own for each test; what it reports on its console as an error fails the test.
   *
   * @param {(page: import('playwright-core').Page) => Promise<void>} use
   */
  async function onPage(use) {
    site.requests.length = 0;
    site.refuse.clear();
    const page = await browser.newPage();
    /** @type {string[]} */
    const errors = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    try {
      await page.goto(site.origin);
      await use(page);
    } finally {
      await page.close();
    }
    assert.deepEqual(errors, []);
  }

  /**
   * What every entry must do, however it was loaded.
   *
   * @param {import('playwright-core').Page} page with `partwise` defined
   */
  async function checkEntry(page) {
    const outcome = await page.evaluate(async () => {
      const { createUploader, init, Uploader, Upload, UploadError } = globalThis.partwise;
      const read = (/** @type {unknown} */ error) =>
        error instanceof UploadError && { name: error.name, code: error.code, hint: error.hint };
      const attempt = (/** @type {any} */ options) => {
        try {
          return new Uploader(options);
        } catch (error) {
          return read(error);
        }
      };
      const early = attempt({ endpoint: '/s3' });
      const first = init();
      const shared = first === init();
      await first;
      const wrong = attempt({});
      const [a, b] = await Promise.all([
        createUploader({ endpoint: '/s3' }),
        createUploader({ endpoint: '/s3' }),
      ]);
      const made = a instanceof Uploader && b instanceof Uploader && typeof Upload === 'function';
      a.dispose();
      b.dispose();
      return { early, shared, wrong, made };
    });
    assert.equal(outcome.made, true);
    assert.equal(outcome.shared, true, 'concurrent calls of init share one promise');
    assert.ok(outcome.early && outcome.wrong && !('add' in outcome.early) && !('add' in outcome.wrong));
    assert.equal(outcome.early.name, 'UploadError');
    assert.equal(outcome.early.code, 'bad-option');
    assert.match(outcome.early.hint, /await init\(\)/);
    assert.match(outcome.early.hint, /createUploader/);
    assert.equal(outcome.wrong.code, 'bad-option');
  }

  /** @type {Record<string, string>} */
  const modules = {
    'the default entry': '/node_modules/partwise/index.js',
    'the default entry, bundled': '/bundled/partwise.js',
    'the external entry': '/node_modules/partwise/external.js',
    'the external entry, bundled': '/bundled/external.js',
  };
  for (const [name, path] of Object.entries(modules))
    test(`${name} starts, and only when asked`, () =>
      onPage(async (page) => {
        await page.evaluate(async (path) => {
          globalThis.partwise = await import(path);
        }, path);
        assert.deepEqual(site.requests.slice(1), [path], 'importing loads nothing else');
        await checkEntry(page);
        const wasm = site.requests.filter((request) => request.endsWith('.wasm'));
        assert.equal(wasm.length, path.includes('external') ? 1 : 0);
      }));

  test('the default entry starts where the browser reads no base64 by itself', () =>
    onPage(async (page) => {
      await page.evaluate(async (path) => {
        Reflect.deleteProperty(Uint8Array, 'fromBase64');
        globalThis.partwise = await import(path);
      }, '/node_modules/partwise/index.js');
      await checkEntry(page);
    }));

  test('the entry for hashing hashes in a worker, and one that is gone is done without', () =>
    onPage(async (page) => {
      const hash = (/** @type {object} */ options) =>
        page.evaluate(
          async ({ path, ...options }) => {
            const { hashFile } = await import(path);
            const file = new Blob([new Uint8Array(5_000_000).fill(7)]);
            return hashFile(file, {
              algorithms: ['md5', 'crc64xz', 'parts'],
              partSize: 2_000_000,
              ...options,
            });
          },
          { path: '/node_modules/partwise/hash.js', ...options },
        );
      const found = [await hash({})];
      assert.equal(page.workers().length, 1);
      found.push(await hash({ workerUrl: '/there-is-none.js' }));
      const bytes = Buffer.alloc(5_000_000, 7);
      const md5 = (/** @type {Buffer} */ piece) => createHash('md5').update(piece);
      const parts = [0, 2_000_000, 4_000_000].map((at) => md5(bytes.subarray(at, at + 2_000_000)));
      for (const digests of found) {
        assert.equal(digests.md5, md5(bytes).digest('hex'));
        assert.deepEqual(
          digests.parts,
          parts.map((part) => part.copy().digest('hex')),
        );
        const etag = md5(Buffer.concat(parts.map((part) => part.copy().digest())));
        assert.equal(digests.etag, `${etag.digest('hex')}-3`);
      }
      assert.equal(found[0].crc64xz, found[1].crc64xz);
    }));

  test('the example of examples/hash tells what is in a file', () =>
    onPage(async (page) => {
      await cp(join(root, 'examples', 'hash'), join(consumer.folder, 'hash'), { recursive: true });
      // Where the demo server has it.
      await cp(installed, join(consumer.folder, 'partwise'), { recursive: true });
      await page.goto(`${site.origin}/hash/index.html`);
      const buffer = Buffer.from('123456789');
      await page.locator('input').setInputFiles({ name: 'nine.txt', mimeType: 'text/plain', buffer });
      const output = page.locator('output', { hasText: 'md5' });
      assert.deepEqual(JSON.parse((await output.textContent()) ?? ''), {
        size: 9,
        md5: '25f9e794323b453885f5181f1b624d0b',
        crc64xz: '11051210869376104954',
        crc64nvme: 'rosUhgp5mIg=',
      });
      assert.equal(await page.locator('progress').evaluate((bar) => Object(bar).value), 1);
    }));

  test('the global entry starts from a classic script', () =>
    onPage(async (page) => {
      await page.addScriptTag({ url: '/node_modules/partwise/global.js' });
      await checkEntry(page);
      assert.equal(site.requests.length, 2, 'one file is all a page loads');
    }));

  test('a failed load is explained and can be tried again', () =>
    onPage(async (page) => {
      site.refuse.add('/node_modules/partwise/partwise_bg.wasm');
      const failed = await page.evaluate(async (path) => {
        globalThis.partwise = await import(path);
        return globalThis.partwise.init().catch((error) => ({ code: error.code, text: String(error) }));
      }, '/node_modules/partwise/external.js');
      assert.ok(failed);
      assert.equal(failed.code, 'network');
      assert.match(failed.text, /partwise_bg\.wasm.*503/);
      site.refuse.clear();
      await page.evaluate(async () =>
        (await globalThis.partwise.createUploader({ endpoint: '/s3' })).dispose(),
      );
    }));

  test('the external entry starts where the policy allows neither blob: nor data: nor eval', () =>
    onPage(async (page) => {
      site.policy =
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";
      try {
        await page.goto(site.origin);
        await page.evaluate(async (path) => {
          globalThis.partwise = await import(path);
          (await globalThis.partwise.createUploader({ endpoint: '/s3' })).dispose();
        }, '/node_modules/partwise/external.js');
      } finally {
        site.policy = '';
      }
    }));

  test('a policy that forbids WebAssembly is named in the error', () =>
    onPage(async (page) => {
      site.policy = "script-src 'self'";
      try {
        await page.goto(site.origin);
        const hint = await page.evaluate(async (path) => {
          const { init } = await import(path);
          return init().catch((/** @type {import('partwise').UploadError} */ error) => error.hint);
        }, '/node_modules/partwise/index.js');
        assert.match(hint, /'wasm-unsafe-eval'/);
      } finally {
        site.policy = '';
      }
    }));

  /** @param {string} entry */
  async function bundleConsumer(entry) {
    const source = join(consumer.folder, 'consumer.js');
    await writeFile(source, `export * from '${entry}';\n`);
    await mkdir(join(consumer.folder, 'bundled'), { recursive: true });
    const name = entry.split('/').pop();
    await build({
      entryPoints: [source],
      outfile: join(consumer.folder, 'bundled', `${name}.js`),
      bundle: true,
      format: 'esm',
      logLevel: 'error',
    });
  }
});
