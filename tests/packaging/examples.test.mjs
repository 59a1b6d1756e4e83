/** The examples in Chromium, each started as its command starts it. Screenshots are left in `target/screenshots`. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { examples } from '../../scripts/lib/examples.mjs';
import { processScope } from '../e2e/support/cleanup.mjs';
import { MiB, randomFile } from '../e2e/support/files.mjs';
import { root } from './consumer.mjs';
import { slow } from './element/world.mjs';
import { doorTo } from './examples/door.mjs';
import {
  asksNothingWhilePaused,
  assertOnceASecond,
  showsBoth,
  signsNothingElse,
} from './examples/node-signing.mjs';
import { storeOfParts } from './examples/parts.mjs';
import { startExample } from './examples/start.mjs';
import { look, visit } from './examples/visit.mjs';
import { launch } from './site.mjs';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {Awaited<ReturnType<typeof startExample>>} Example */

/** Bytes per second at which a page sends while it is looked at: 12 s for the file. */
const SLOW = MiB;
/** Number of the only part that arrives at first, of 5, 5 and 2 MiB: one of those that are sent from the start. */
const PASSING_PART = 1;

const shared = processScope();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('../e2e/support/files.mjs').TestFile} */
let file;

before(async () => {
  [browser, file] = await Promise.all([launch(), randomFile(12 * MiB)]);
  shared.onEnd(() => browser.close());
});
after(() => shared.end());

test('every example has a command that starts it', async () => {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const commands = Object.keys(scripts).filter((name) => name.startsWith('example:'));
  // The demo page is what `npm start` shows.
  const names = Object.keys(examples).filter((name) => name !== 'script-tag');
  assert.deepEqual(commands.sort(), names.map((name) => `example:${name}`).sort());
  for (const name of names) assert.equal(scripts[`example:${name}`], `exec node scripts/example.mjs ${name}`);
});

describe('the example', { concurrency: 3 }, () => {
  for (const name of ['script-tag', 'element', 'react', 'vue'])
    test(`${name} sends a file`, () =>
      inScope(async (scope) => upload(await startExample(name, scope), { name })));

  test('next sends a file', () =>
    inScope(async (scope) => upload(await startExample('next', scope), { name: 'next', ready: hydrated })));

  test('csp sends a file by every entry, and nothing that its policy stops', () =>
    inScope(async (scope) => {
      const example = await startExample('csp', scope);
      const { headers } = await fetch(example.origin);
      assert.equal(
        headers.get('content-security-policy'),
        `default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ${example.bucket.origin}`,
      );
      await upload(example, { name: 'csp' });
      await upload(example, { name: 'csp-default', path: 'default.html' });
      await upload(example, { name: 'csp-element', path: 'element.html' });
      // Anything stopped would have been noticed.
      const breaking = async (/** @type {Page} */ page) => {
        await page.evaluate(() => void new Worker(URL.createObjectURL(new Blob())));
        await page.getByText('worker-src blob').waitFor();
      };
      await assert.rejects(visit(browser, example.origin, breaking), /worker-src blob/);
    }));

  test('node-signing tells what the store has confirmed, and signs for nobody else', () =>
    inScope(async (scope) => {
      /** @type {Awaited<ReturnType<typeof doorTo>>} */
      let door = Object();
      const example = await startExample('node-signing', scope, async (store) => {
        door = await doorTo(store, PASSING_PART, scope);
        return door.origin;
      });
      const meanwhile = async (/** @type {Page} */ page) => {
        await showsBoth(page);
        await signsNothingElse(page);
        await asksNothingWhilePaused(page, door.listings);
        door.open();
      };
      const afterwards = (/** @type {Page} */ page) =>
        page.getByText('Confirmed by the store: 12.6 MB of 12.6 MB').waitFor();
      await upload(example, { name: 'node-signing', meanwhile, afterwards });
      assertOnceASecond(door.listings);
    }));

  test('node-signing counts parts over pages and gaps, and lists none twice that stay', () =>
    inScope(async (scope) => {
      const store = await storeOfParts(scope);
      process.env.STORE = `${store.origin}/bucket`;
      scope.onEnd(() => delete process.env.STORE);
      const path = join(root, 'examples', 'node-signing', 'server', 'confirmed.js');
      const { confirmed, take } = await import(pathToFileURL(path).href);
      take({ method: 'PUT', key: 'ann/file', query: { uploadId: 'id', partNumber: '1' } });
      const end = new AbortController();
      scope.onEnd(() => end.abort());
      const news = confirmed('ann', end.signal);

      store.parts = new Map([2, 1, 5, 4].map((number) => [number, 10 * number]));
      assert.deepEqual((await news.next()).value, { key: 'ann/file', bytes: 120 });
      store.parts.set(3, 30);
      assert.deepEqual((await news.next()).value, { key: 'ann/file', bytes: 150 });
      store.parts.set(6, 5);
      assert.deepEqual((await news.next()).value, { key: 'ann/file', bytes: 155 });
      assert.deepEqual(store.markers, [0, 2, 2, 4, 5]);
      store.size = 160;
      assert.deepEqual((await news.next()).value, { key: 'ann/file', bytes: 160 });
    }));

  test('hash tells what is in a file', () =>
    inScope(async (scope) => {
      const { origin } = await startExample('hash', scope);
      await visit(browser, origin, async (page) => {
        await look(page, 'hash', 'idle');
        await page.locator('input[type=file]').setInputFiles(file.path);
        await page.getByText(file.md5).waitFor();
        await look(page, 'hash', 'done');
      });
    }));
});

/** @param {(scope: import('../e2e/support/cleanup.mjs').Scope) => Promise<void>} use */
async function inScope(use) {
  const scope = processScope();
  try {
    await use(scope);
  } finally {
    await scope.end();
  }
}

/** Waits until React has put its mark on the field. @param {Page} page */
const hydrated = (page) =>
  page.waitForFunction(() =>
    Object.keys(Object(document.querySelector('input[type=file]'))).some((key) => key.startsWith('__react')),
  );

/**
 * Chooses a file in a page, looks at it before, meanwhile and afterwards, and at what the store has then.
 *
 * @param {Example} example
 * @param {object} options
 * @param {string} options.name of the screenshots
 * @param {string} [options.path] of the page
 * @param {(page: Page) => Promise<unknown>} [options.ready] waits until the page has taken over what the server rendered
 * @param {(page: Page) => Promise<void>} [options.meanwhile]
 * @param {(page: Page) => Promise<void>} [options.afterwards]
 */
async function upload({ origin, bucket }, { name, path = '', ready, meanwhile, afterwards }) {
  await visit(browser, `${origin}/${path}`, async (page) => {
    const input = page.locator('input[type=file]').first();
    await input.waitFor({ state: 'attached' });
    // A look changes the style of fields for a moment, which React must not find, and it must not miss the choice.
    await ready?.(page);
    await look(page, name, 'idle');
    await slow(page, SLOW);
    await input.setInputFiles(file.path);
    await page.locator('[data-state=uploading]').waitFor();
    await page
      .getByText(/[1-9]\d*\.\d MB of 12\.6 MB/)
      .first()
      .waitFor();
    await meanwhile?.(page);
    await look(page, name, 'uploading');
    await slow(page, -1);
    await page.locator('[data-state=done]').waitFor();
    await afterwards?.(page);
    await look(page, name, 'done');
  });
  const [key = '', ...more] = await bucket.keys();
  assert.deepEqual(more, []);
  assert.deepEqual(await bucket.content(key), { sha256: file.sha256, size: file.size });
  await bucket.empty();
}
