/** What is particular about the example whose server tells what the store has. */
import assert from 'node:assert/strict';
import { stays } from '../../e2e/support/until.mjs';

/** @typedef {import('playwright-core').Page} Page */

/** Less of a file is in the store than has been sent, and the page says so. @param {Page} page */
export async function showsBoth(page) {
  // Of the three parts only the first one arrives.
  await page.getByText('Confirmed by the store: 5.2 MB of 12.6 MB').waitFor();
  const [sent = 0, confirmed = 0] = await page
    .locator('progress')
    .evaluateAll((bars) => bars.map((bar) => /** @type {HTMLProgressElement} */ (bar).value));
  assert.ok(sent > confirmed && confirmed > 0, `sent ${sent}, confirmed ${confirmed}`);
}

/** A user gets no URL for another one's files, nor for anything but an upload. @param {Page} page */
export async function signsNothingElse(page) {
  const { user } = await (await page.request.get(new URL('/api/me', page.url()).href)).json();
  const own = { method: 'PUT', key: `${user}/file`, query: {}, headers: {} };
  /** @param {Record<string, unknown>} change */
  const statusOf = async (change) => {
    const url = new URL('/api/sign', page.url()).href;
    return (await page.request.post(url, { data: { ...own, ...change } })).status();
  };
  assert.equal(await statusOf({}), 200);
  const changes = [
    ...[{ key: 'file' }, { key: user }, { key: `${user}0/file` }, { key: `${user}/../other/file` }],
    ...[{ key: [`${user}/file`] }, { method: 'GET' }, { method: 'DELETE' }, { query: { acl: '' } }],
    ...[{ method: 'DELETE', query: { uploadId: '' } }, { headers: { 'x-amz-acl': 'public-read' } }],
  ];
  for (const change of changes) assert.equal(await statusOf(change), 403, JSON.stringify(change));
}

/**
 * Without an upload under way the store is not asked.
 *
 * @param {Page} page
 * @param {readonly number[]} listings when parts have been listed; grows
 */
export async function asksNothingWhilePaused(page, listings) {
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.locator('[data-state=paused]').waitFor();
  const before = listings.length;
  // One may have been on its way.
  await stays(() => listings.length <= before + 1, { what: 'no parts are listed', during: 3_000 });
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.locator('[data-state=uploading]').waitFor();
}

/** @param {readonly number[]} listings when parts have been listed, in milliseconds */
export function assertOnceASecond(listings) {
  const waits = listings.slice(1).map((time, i) => time - Number(listings[i]));
  assert.ok(waits.length > 0);
  // Timers may be early by a millisecond, and the one before may have been slow on its way.
  for (const wait of waits) assert.ok(wait > 900, `${waits}`);
}
