/** When the uploader behind the element is made, and which one: without a browser. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Supply } from '../../pkg-template/element/supply.js';

/** What makes uploaders that tell what became of them. */
function world() {
  /** @type {any} */
  let options = { endpoint: '/first' };
  /** @type {any[]} */
  const made = [];
  /** @type {any[]} */
  const current = [];
  /** @type {(() => Promise<void>)[]} */
  const delays = [];
  const supply = new Supply(
    () => options,
    () => async (given) => {
      await delays.shift()?.();
      const uploader = {
        options: given,
        uploads: [],
        disposed: false,
        dispose: () => (uploader.disposed = true),
      };
      made.push(uploader);
      return /** @type {any} */ (uploader);
    },
    (uploader) => current.push(uploader),
  );
  return {
    supply,
    made,
    current,
    delays,
    /** @param {string} endpoint */
    change(endpoint) {
      options = { endpoint };
      supply.renew();
    },
  };
}

test('it is made once, however often it is asked for', async () => {
  const { supply, made } = world();
  const [a, b] = await Promise.all([supply.get(), supply.get()]);
  assert.equal(a, b);
  assert.equal(made.length, 1);
});

test('options that change while it is being made count, and nobody gets the former one', async () => {
  const { supply, made, current, delays, change } = world();
  /** @type {() => void} */
  let release = () => {};
  delays.push(() => new Promise((resolve) => (release = resolve)));
  const asked = supply.get();
  change('/second');
  const second = await supply.get();
  release();
  assert.equal(await asked, second);
  assert.deepEqual(current, [second]);
  assert.deepEqual(
    made.map(({ options, disposed }) => [options.endpoint, disposed]),
    [
      ['/second', false],
      ['/first', true],
    ],
  );
});

test('one that is being made when all is disposed of is not replaced', async () => {
  const { supply, made, current, delays } = world();
  /** @type {() => void} */
  let release = () => {};
  delays.push(() => new Promise((resolve) => (release = resolve)));
  const asked = supply.get();
  supply.dispose();
  release();
  await assert.rejects(asked, { name: 'AbortError' });
  assert.deepEqual([made.map(({ disposed }) => disposed), current], [[true], []]);
  assert.ok(await supply.get(), 'whoever asks later gets one');
});

test('one that is still uploading is let go of when it is done', async () => {
  const { supply, change } = world();
  const first = /** @type {any} */ (await supply.get());
  first.uploads = [{}];
  change('/second');
  await supply.get();
  assert.equal(first.disposed, false);
  first.uploads = [];
  supply.tidy();
  assert.equal(first.disposed, true);
});

test('a failure is forgotten', async () => {
  const { supply, delays } = world();
  delays.push(() => Promise.reject(new Error('no network')));
  await assert.rejects(supply.get(), /no network/);
  assert.ok(await supply.get());
});

test('an uploader of the page takes its place, and is never disposed of', async () => {
  const { supply, current } = world();
  const own = /** @type {any} */ (await supply.get());
  const given = /** @type {any} */ ({ uploads: [], dispose: () => assert.fail('it is the page’s') });
  supply.adopt(given);
  assert.equal(own.disposed, true);
  assert.equal(await supply.get(), given);
  assert.equal(current.at(-1), given);
  supply.dispose();
});
