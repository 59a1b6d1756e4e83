/** The demo server with its store, a browser, and a page with the element in it. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { binary } from '../../e2e/support/binaries.mjs';
import { processScope } from '../../e2e/support/cleanup.mjs';
import { temporaryFolder } from '../../e2e/support/files.mjs';
import { start } from '../../e2e/support/process.mjs';
import { Bucket, credentials } from '../../e2e/support/s3.mjs';
import { root } from '../consumer.mjs';
import { launch } from '../site.mjs';

/** Larger files are refused by the server. */
export const SERVER_MAX = 12_000_000;

const BUCKET = 'demo';

/** @typedef {Awaited<ReturnType<typeof openWorld>>} World */
/** @typedef {import('playwright-core').Page} Page */

/** Starts everything that the tests share. */
export async function openWorld() {
  const scope = processScope();
  const program = await binary('partwise-demo-server');
  const data = await temporaryFolder('element-', scope);
  const page = join(root, 'tests', 'packaging', 'element', 'page');
  const args = [
    ...['--port', '0', '--store-port', '0', '--data', data, '--bucket', BUCKET, '--page', page],
    ...['--access-key', credentials.accessKey, '--secret-key', credentials.secretKey],
    ...['--max-size', String(SERVER_MAX), '--until-stdin-closes'],
  ];
  const { ready } = await start(program, args, { ready: /store: (\S+)\/demo\n[^]*demo: (\S+)\/\n/, scope });
  const browser = await launch();
  scope.onEnd(() => browser.close());
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  return {
    bucket: new Bucket(ready[1] ?? '', BUCKET),
    origin: ready[2] ?? '',
    axe,
    browser,
    end: () => scope.end(),
  };
}

/**
 * A page of its own; what it reports as an error fails the test.
 *
 * @param {World} world
 * @param {(page: Page) => Promise<void>} use
 * @param {{ context?: import('playwright-core').BrowserContextOptions, attributes?: Record<string, string>, external?: boolean }} [options]
 *   `external`: with `partwise/external`, which needs no `blob:`
 */
export async function onPage(world, use, { context, attributes = {}, external = true } = {}) {
  const own = await world.browser.newContext({ locale: 'en-US', ...context });
  const page = await own.newPage();
  /** @type {string[]} */
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  // Asked for only when it is waited for, the dialogue may already be open.
  page.on('filechooser', () => {});
  page.on('console', (message) => {
    // The browser's own line about a request that a test wants refused.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      errors.push(message.text());
  });
  try {
    await open(page, world, attributes, external);
    await use(page);
  } finally {
    await own.close();
  }
  assert.deepEqual(errors, []);
}

/**
 * Opens the page, or opens it again.
 *
 * @param {Page} page
 * @param {World} world
 * @param {Record<string, string>} [attributes] of the element
 * @param {boolean} [external]
 */
export async function open(page, world, attributes = {}, external = true) {
  await page.goto(`${world.origin}/`);
  await page.waitForFunction(() => Object(globalThis).ready);
  await page.evaluate(
    ({ attributes, external }) => {
      const element = document.querySelector('partwise-uploader');
      if (!element) throw new Error('there is no element');
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      const entry = '/partwise/external.js';
      if (external) element.createUploader = async (options) => (await import(entry)).createUploader(options);
    },
    { attributes, external },
  );
}

/**
 * Bytes that compress badly and differ from file to file.
 *
 * @param {string} name
 * @param {number} size
 */
export function file(name, size, mimeType = 'application/octet-stream') {
  const buffer = Buffer.alloc(size);
  for (let at = 0; at < size; at += 4)
    buffer.writeUInt32LE((at * 2654435761 + name.length) >>> 0, at % (size - 3));
  return { name, mimeType, buffer };
}

/** Chooses files as a user does. @param {Page} page @param {...ReturnType<typeof file>} files */
export async function choose(page, ...files) {
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: /^Choose (a file|files)$/ }).click();
  await (await chooser).setFiles(files);
}

/** The row of a file. @param {Page} page @param {string} name */
export function row(page, name) {
  return page.getByRole('listitem').filter({ hasText: name });
}

/** Waits until a file is in a state. @param {Page} page @param {string} name @param {string} state */
export async function inState(page, name, state) {
  await page.locator(`[data-state="${state}"]`, { hasText: name }).waitFor({ timeout: 30_000 });
}

/** @type {WeakMap<Page, import('playwright-core').CDPSession>} */
const limiters = new WeakMap();

/**
 * Lets the page send only so much, so that an upload can be met half way.
 *
 * @param {Page} page
 * @param {number} bytesPerSecond -1: no limit
 */
export async function slow(page, bytesPerSecond) {
  // Another session would limit in addition.
  const session = limiters.get(page) ?? (await page.context().newCDPSession(page));
  limiters.set(page, session);
  await session.send('Network.emulateNetworkConditions', {
    ...{ offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: bytesPerSecond },
  });
}

/** What the page was told by events of one name. @param {Page} page @param {string} name @returns {Promise<any[]>} */
export function told(page, name) {
  return page.evaluate(
    (name) =>
      Object(globalThis)
        .told.filter((/** @type {any} */ each) => each.name === name)
        .map((/** @type {any} */ { detail }) => ({
          ...JSON.parse(JSON.stringify(detail)),
          ...(detail.file ? { file: detail.file.name } : {}),
          ...(detail.upload ? { upload: detail.upload.file.name } : {}),
        })),
    name,
  );
}

/** Fails with what axe finds. @param {World} world @param {Page} page @param {string} state */
export async function accessible({ axe }, page, state) {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const { violations } = await Object(globalThis).axe.run(document, {
      rules: { 'color-contrast-enhanced': { enabled: false } },
    });
    return violations.map((/** @type {any} */ { id, nodes }) => ({
      id,
      nodes: nodes.map((/** @type {any} */ node) => `${node.html}: ${node.failureSummary}`),
    }));
  });
  assert.deepEqual(violations, [], state);
}
