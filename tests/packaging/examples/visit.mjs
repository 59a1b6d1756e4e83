/** A look at a page, as somebody would have it on a desk and on a phone. */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../consumer.mjs';

/** @typedef {import('playwright-core').Page} Page */

/** Where to look at what the tests saw. */
const folder = join(root, 'target', 'screenshots');

/** CSS pixels. */
const WIDTHS = [390, 1280];

/**
 * Opens a page; fails when it reports an error, or its policy stops something.
 *
 * @param {import('playwright-core').Browser} browser
 * @param {string} url
 * @param {(page: Page) => Promise<void>} use
 */
export async function visit(browser, url, use) {
  const context = await browser.newContext({
    locale: 'en-US',
    colorScheme: 'light',
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const troubles = await troublesOf(page);
  try {
    await page.goto(url);
    await use(page);
    assert.deepEqual(await page.evaluate(() => Object(globalThis).violations), []);
  } finally {
    await context.close();
  }
  assert.deepEqual(troubles, []);
}

/** What goes wrong in a page from now on. @param {Page} page */
async function troublesOf(page) {
  /** @type {string[]} */
  const troubles = [];
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') troubles.push(message.text());
  });
  await page.addInitScript(() => {
    /** @type {string[]} */
    const violations = (Object(globalThis).violations = []);
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
      violations.push(`${effectiveDirective} ${blockedURI}`),
    );
  });
  return troubles;
}

/**
 * Takes `target/screenshots/NAME-STATE-WIDTH.png`; fails when the page is wider than the window.
 *
 * @param {Page} page
 * @param {string} name
 * @param {string} state
 */
export async function look(page, name, state) {
  await mkdir(folder, { recursive: true });
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    const path = join(folder, `${name}-${state}-${width}.png`);
    await page.screenshot({ path, animations: 'disabled' });
    const [needed, there] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(Number(needed) <= Number(there), `${name}, ${state}: ${needed} of ${there} pixels`);
  }
}
