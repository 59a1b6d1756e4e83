/** Files that are kept, so that after a reload they need not be chosen again: in a browser, against the demo server. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { processScope } from '../e2e/support/cleanup.mjs';
import { temporaryFolder } from '../e2e/support/files.mjs';
import { accessible, file, inState, onPage, open, openWorld, slow } from './element/world.mjs';

/** @type {import('./element/world.mjs').World} */
let world;
/** Where users have their files. @type {string} */
let folder;
const scope = processScope();

before(async () => {
  world = await openWorld();
  folder = await temporaryFolder('keep-', scope);
});
after(async () => {
  await world?.end();
  await scope.end();
});

/** @typedef {import('playwright-core').Page} Page */

const SIZE = 11_000_000;
/** Bytes per second at which an upload is met half way. */
const SLOW = 2_000_000;

/** Makes a file on disk. @param {string} name */
async function onDisk(name) {
  const path = join(folder, name);
  const { buffer } = file(name, SIZE);
  await writeFile(path, buffer);
  return { path, name, sha256: createHash('sha256').update(buffer).digest('hex') };
}

/** Drops a file from disk on the page, as a user does. @param {Page} page @param {string} path */
async function drop(page, path) {
  const zone = await page.locator('.zone').boundingBox();
  assert.ok(zone);
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  const at = { x: zone.x + 20, y: zone.y + 20, data };
  const session = await page.context().newCDPSession(page);
  for (const type of /** @type {const} */ (['dragEnter', 'dragOver', 'drop']))
    await session.send('Input.dispatchDragEvent', { type, ...at });
  await session.detach();
}

/** Chooses a file as where there are no handles. @param {Page} page @param {string | ReturnType<typeof file>} chosen */
const choosePlainly = (page, chosen) => page.locator('partwise-uploader input').first().setInputFiles(chosen);

/** Waits until some parts of a file are at the store. @param {Page} page */
const someParts = (page) =>
  page.waitForFunction(
    () => (document.querySelector('partwise-uploader')?.uploads[0]?.progress.loaded ?? 0) > 6_000_000,
  );

/** How each unfinished upload can go on. @param {Page} page */
const pending = (page) =>
  page.evaluate(async () => {
    const uploader = await document.querySelector('partwise-uploader')?.ready();
    return (await uploader?.pending())?.map(({ name, resume }) => `${name}: ${resume}`);
  });

/** What is kept: names of handles and copies, and how many copies there are. @param {Page} page */
const kept = (page) =>
  page.evaluate(async () => {
    // Opening it would make it.
    const isThere = (await indexedDB.databases()).some(({ name }) => name === 'partwise-files');
    /** @type {any[]} */
    const known = await new Promise((resolve) => {
      if (!isThere) return resolve([]);
      const request = indexedDB.open('partwise-files');
      request.onsuccess = () => {
        const database = request.result;
        const all = database.transaction('files').objectStore('files').getAll();
        all.onsuccess = () => {
          database.close();
          resolve(all.result);
        };
      };
    });
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle('partwise').catch(() => undefined);
    let copies = 0;
    for await (const name of /** @type {any} */ (folder)?.keys() ?? []) copies += name ? 1 : 0;
    return { files: known.map(({ handle, copy }) => (handle ? 'handle' : copy ? 'copy' : '')), copies };
  });

/** Waits until it is so. @param {Page} page @param {Awaited<ReturnType<typeof kept>>} wanted */
async function keeps(page, wanted) {
  for (let tries = 0; tries < 100; tries += 1) {
    if (JSON.stringify(await kept(page)) === JSON.stringify(wanted)) return;
    await page.waitForTimeout(50);
  }
  assert.deepEqual(await kept(page), wanted);
}

/** Waits until an upload is done, and compares what is stored. @param {Page} page @param {Awaited<ReturnType<typeof onDisk>>} disk */
async function arrives(page, { name, sha256 }) {
  await inState(page, name, 'done');
  const keys = await page.evaluate(() => document.querySelector('partwise-uploader')?.value ?? []);
  assert.equal(keys.length, 1);
  assert.deepEqual(await world.bucket.content(keys[0] ?? ''), { sha256, size: SIZE });
}

/** Counts the parts a page sends. @param {Page} page */
function partsOf(page) {
  /** @type {string[]} */
  const sent = [];
  page.on('request', (request) => {
    const number = new URL(request.url()).searchParams.get('partNumber');
    if (request.method() === 'PUT' && number) sent.push(number);
  });
  return sent;
}

describe('a file that was dropped', () => {
  test('goes on after a reload with a click, and only what is missing is sent', () =>
    onPage(world, async (page) => {
      const disk = await onDisk('dropped.bin');
      await slow(page, SLOW);
      await drop(page, disk.path);
      await someParts(page);
      await keeps(page, { files: ['handle'], copies: 0 });
      await open(page, world);
      await slow(page, -1);
      assert.deepEqual(await pending(page), ['dropped.bin: now']);
      const sent = partsOf(page);
      await page.getByText('Only what is missing is sent.').waitFor();
      await accessible(world, page, 'an upload that can be continued');
      await page.getByRole('button', { name: 'Continue: dropped.bin' }).click();
      await arrives(page, disk);
      assert.ok(sent.length > 0 && sent.length <= 2, `parts ${sent} were sent`);
      await keeps(page, { files: [], copies: 0 });
    }));

  test('has to be allowed once all tabs were closed, and can be chosen when it is not', () =>
    onPage(world, async (page) => {
      const disk = await onDisk('asked.bin');
      await slow(page, SLOW);
      await drop(page, disk.path);
      await someParts(page);
      await keeps(page, { files: ['handle'], copies: 0 });
      // The browser takes the permission back once the origin has no page any more.
      await page.goto('about:blank');
      await page.waitForTimeout(1_000);
      await page.addInitScript(() => {
        // A browser without a window shows its question to nobody.
        Object.assign(Object(globalThis).FileSystemHandle.prototype, {
          requestPermission: async () => 'denied',
        });
      });
      await open(page, world);
      await slow(page, -1);
      const how = await pending(page);
      assert.deepEqual(how, ['asked.bin: ask']);
      await page.getByRole('button', { name: 'Continue: asked.bin' }).click();
      // Asked again, the user may allow it yet.
      await page
        .locator('.notice', { hasText: '“asked.bin” goes on once you allow this page to read it.' })
        .waitFor();
      await page.evaluate(() => {
        Object.assign(Object(globalThis).FileSystemHandle.prototype, {
          queryPermission: async () => 'denied',
        });
      });
      await page.getByRole('button', { name: 'Continue: asked.bin' }).click();
      await page.locator('.notice', { hasText: '“asked.bin” cannot be read any more' }).waitFor();
      const chooser = page.waitForEvent('filechooser');
      await page.getByRole('button', { name: 'Choose the file to continue: asked.bin' }).click();
      await (await chooser).setFiles(disk.path);
      await arrives(page, disk);
      await keeps(page, { files: [], copies: 0 });
    }));

  for (const [how, code, change] of /** @type {const} */ ([
    ['changed', 'file-changed', (/** @type {string} */ path) => utimes(path, 1, 1)],
    ['gone', 'file-unreadable', (/** @type {string} */ path) => rm(path)],
  ]))
    test(`that is ${how} by then is refused as ${code}`, () =>
      onPage(world, async (page) => {
        const disk = await onDisk(`${how}.bin`);
        await slow(page, SLOW);
        await drop(page, disk.path);
        await someParts(page);
        await keeps(page, { files: ['handle'], copies: 0 });
        await open(page, world);
        await change(disk.path);
        const found = await page.evaluate(async () => {
          const uploader = await document.querySelector('partwise-uploader')?.ready();
          const [first] = (await uploader?.pending()) ?? [];
          return uploader?.resume(first?.id ?? '').then(
            () => 'no error',
            ({ code, hint }) => [code, Boolean(hint)],
          );
        });
        assert.deepEqual(found, [code, true]);
        assert.equal((await pending(page))?.length, 1);
        await page.getByRole('button', { name: `Continue: ${how}.bin` }).click();
        const said = how === 'changed' ? 'has changed since' : 'cannot be read any more from where it was';
        await page.locator('.notice', { hasText: said }).waitFor();
        await page.getByRole('button', { name: `Choose the file to continue: ${how}.bin` }).waitFor();
        await accessible(world, page, `a file that is ${how}`);
      }));
});

test('a file that another tab is sending is left to that tab for as long as it lives', () =>
  onPage(world, async (page) => {
    const disk = await onDisk('elsewhere.bin');
    const other = await page.context().newPage();
    await open(other, world);
    await slow(other, SLOW);
    await choosePlainly(other, disk.path);
    await someParts(other);
    await open(page, world);
    await page.evaluate(() => document.querySelector('partwise-uploader')?.ready());
    await page.getByText('It is being uploaded in another tab.').waitFor();
    assert.equal(await page.getByRole('button', { name: /elsewhere/ }).count(), 0);
    await accessible(world, page, 'an upload of another tab');
    await other.close();
    await page.getByRole('button', { name: 'Choose the file to continue: elsewhere.bin' }).waitFor();
    await page.getByRole('button', { name: 'Discard: elsewhere.bin' }).click();
    await page.locator('.pending').waitFor({ state: 'hidden' });
  }));

test('an attribute that is no number is told of', () =>
  onPage(world, async (page) => {
    const warned = page.waitForEvent('console', (message) => message.type() === 'warning');
    await page.evaluate(() => document.querySelector('partwise-uploader')?.setAttribute('max-size', 'lots'));
    assert.match((await warned).text(), /max-size="lots" is no number/);
  }));

describe('a file that was chosen with the browser’s own picker', () => {
  /** What stands for a file on disk, and for what the user does: nobody sees the picker of a browser without a window. */
  const picker = async () => {
    const root = await navigator.storage.getDirectory();
    const page = Object(globalThis);
    page.showOpenFilePicker = async () => [await root.getFileHandle('picked.bin')];
    // Files of the page's own need no permission; those on disk do.
    if (page.permission) page.FileSystemHandle.prototype.queryPermission = async () => page.permission;
    page.FileSystemHandle.prototype.requestPermission = async () => (page.permission = 'granted');
  };

  test('goes on after a reload, once however often it is asked for, when the user has allowed it', () =>
    onPage(world, async (page) => {
      const sha256 = await page.evaluate(async (size) => {
        const bytes = Uint8Array.from({ length: size }, (_, at) => (at * 2654435761) >>> 13);
        const root = await navigator.storage.getDirectory();
        const writable = await (await root.getFileHandle('picked.bin', { create: true })).createWritable();
        await writable.write(bytes);
        await writable.close();
        const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
        return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
      }, SIZE);
      await page.evaluate(picker);
      await slow(page, SLOW);
      await page.getByRole('button', { name: 'Choose files' }).click();
      await someParts(page);
      await keeps(page, { files: ['handle'], copies: 0 });
      await open(page, world);
      await page.evaluate(() => (Object(globalThis).permission = 'prompt'));
      await page.evaluate(picker);
      assert.deepEqual(await pending(page), ['picked.bin: ask']);
      const { same, left } = await page.evaluate(async () => {
        const uploader = await document.querySelector('partwise-uploader')?.ready();
        const [first] = (await uploader?.pending()) ?? [];
        const [one, other] = await Promise.all([
          uploader?.resume(first?.id ?? ''),
          uploader?.resume(first?.id ?? ''),
        ]);
        return { same: one === other, left: (await uploader?.pending())?.length };
      });
      assert.deepEqual([same, left], [true, 0]);
      await slow(page, -1);
      const key = await page.evaluate(async () => {
        const [upload] = document.querySelector('partwise-uploader')?.uploader?.uploads ?? [];
        return (await upload?.finished)?.key;
      });
      assert.deepEqual(await world.bucket.content(key ?? ''), { sha256, size: SIZE });
      await keeps(page, { files: [], copies: 0 });
    }));

  test('goes on in the list only where the list has room', () =>
    onPage(
      world,
      async (page) => {
        const disk = await onDisk('room.bin');
        await slow(page, SLOW);
        await drop(page, disk.path);
        await someParts(page);
        await keeps(page, { files: ['handle'], copies: 0 });
        await open(page, world, { 'max-files': '1' });
        await slow(page, -1);
        await choosePlainly(page, file('other.txt', 10));
        await inState(page, 'other.txt', 'done');
        await page.getByRole('button', { name: 'Continue: room.bin' }).click();
        await page.locator('.notice', { hasText: 'no more than 1 file at a time' }).waitFor();
        assert.deepEqual(await pending(page), ['room.bin: now']);
      },
      { attributes: { 'max-files': '1' } },
    ));
});

describe('a file without a handle', () => {
  test('is copied when that is wanted, goes on by itself, and the copy is removed', () =>
    onPage(
      world,
      async (page) => {
        const disk = await onDisk('copied.bin');
        await slow(page, SLOW);
        await choosePlainly(page, disk.path);
        await someParts(page);
        await keeps(page, { files: ['copy'], copies: 1 });
        await open(page, world, { 'keep-copy': 'opfs' });
        await slow(page, -1);
        assert.deepEqual(await pending(page), ['copied.bin: now']);
        await page.getByRole('button', { name: 'Continue: copied.bin' }).click();
        await arrives(page, disk);
        await keeps(page, { files: [], copies: 0 });
      },
      { attributes: { 'keep-copy': 'opfs' } },
    ));

  for (const [why, attributes] of /** @type {const} */ ([
    ['that nobody wants kept', {}],
    ['that is larger than copies may be', { 'keep-copy': 'opfs', 'max-copy-size': '10 MB' }],
  ]))
    test(`${why} has to be chosen again`, () =>
      onPage(
        world,
        async (page) => {
          const disk = await onDisk('chosen.bin');
          await slow(page, SLOW);
          await choosePlainly(page, disk.path);
          await someParts(page);
          await open(page, world, attributes);
          await slow(page, -1);
          assert.deepEqual(await pending(page), ['chosen.bin: choose']);
          assert.deepEqual(await kept(page), { files: [], copies: 0 });
          const chooser = page.waitForEvent('filechooser');
          await page.getByRole('button', { name: 'Choose the file to continue: chosen.bin' }).click();
          await (await chooser).setFiles(disk.path);
          await arrives(page, disk);
        },
        { attributes },
      ));
});

test('a renamed file that is known by its MD5 keeps the copy it had', () =>
  onPage(
    world,
    async (page) => {
      const disk = await onDisk('before.bin');
      await slow(page, SLOW);
      await choosePlainly(page, disk.path);
      await someParts(page);
      await keeps(page, { files: ['copy'], copies: 1 });
      const attributes = { 'keep-copy': 'opfs', hash: 'md5' };
      await open(page, world, attributes);
      const renamed = { ...(await onDisk('after.bin')), sha256: disk.sha256 };
      await copyFile(disk.path, renamed.path);
      await slow(page, SLOW);
      const sent = partsOf(page);
      await choosePlainly(page, renamed.path);
      await page.waitForFunction(
        () => document.querySelector('partwise-uploader')?.uploads[0]?.state === 'uploading',
      );
      await keeps(page, { files: ['copy'], copies: 1 });
      await slow(page, -1);
      await arrives(page, renamed);
      assert.ok(sent.length > 0 && sent.length <= 2, `parts ${sent} were sent`);
      await keeps(page, { files: [], copies: 0 });
    },
    { attributes: { 'keep-copy': 'opfs', hash: 'md5' } },
  ));

describe('what is kept', () => {
  for (const [how, act] of /** @type {const} */ ([
    [
      'cancelled',
      async (/** @type {Page} */ page) => {
        await page.evaluate(() => document.querySelector('partwise-uploader')?.uploads[0]?.cancel());
      },
    ],
    [
      'discarded',
      async (/** @type {Page} */ page) => {
        await open(page, world, { 'keep-copy': 'opfs' });
        await page.getByRole('button', { name: /^Discard/ }).click();
      },
    ],
  ]))
    test(`goes when the upload is ${how}`, () =>
      onPage(
        world,
        async (page) => {
          await slow(page, SLOW);
          await choosePlainly(page, (await onDisk('gone.bin')).path);
          await someParts(page);
          await keeps(page, { files: ['copy'], copies: 1 });
          await act(page);
          await keeps(page, { files: [], copies: 0 });
        },
        { attributes: { 'keep-copy': 'opfs' } },
      ));

  test('goes when it has expired, and so do copies that nobody knows', () =>
    onPage(
      world,
      async (page) => {
        await slow(page, SLOW);
        await choosePlainly(page, (await onDisk('old.bin')).path);
        await someParts(page);
        await keeps(page, { files: ['copy'], copies: 1 });
        await page.evaluate(async () => {
          const root = await navigator.storage.getDirectory();
          const folder = await root.getDirectoryHandle('partwise');
          for (const age of [1, 25]) {
            const name = `${(Date.now() - age * 3_600_000).toString(36)}-x`;
            await folder.getFileHandle(name, { create: true });
          }
        });
        await page.clock.setSystemTime(Date.now() + 61_000);
        await open(page, world, { 'keep-copy': 'opfs', 'expire-after': '60000' });
        assert.deepEqual(await pending(page), []);
        // Of the copies nobody knows, some page may still be writing the younger one.
        await keeps(page, { files: [], copies: 1 });
      },
      { attributes: { 'keep-copy': 'opfs', 'expire-after': '60000' } },
    ));

  test('several go on with one click', () =>
    onPage(
      world,
      async (page) => {
        const names = ['first.bin', 'second.bin'];
        await slow(page, SLOW);
        for (const name of names) await choosePlainly(page, (await onDisk(name)).path);
        await keeps(page, { files: ['copy', 'copy'], copies: 2 });
        await open(page, world, { 'keep-copy': 'opfs' });
        await slow(page, -1);
        await page.getByRole('button', { name: 'Continue all' }).click();
        for (const name of names) await inState(page, name, 'done');
        assert.equal(await page.getByRole('button', { name: 'Continue' }).count(), 0);
        await keeps(page, { files: [], copies: 0 });
      },
      { attributes: { 'keep-copy': 'opfs' } },
    ));

  test('stays for as long as a tab reads it, though it has expired', () =>
    onPage(
      world,
      async (page) => {
        const disk = await onDisk('read.bin');
        await slow(page, SLOW);
        await choosePlainly(page, disk.path);
        await someParts(page);
        await keeps(page, { files: ['copy'], copies: 1 });
        await page.evaluate(
          () =>
            new Promise((resolve) => {
              const request = indexedDB.open('partwise-files');
              request.onsuccess = () => {
                const store = request.result.transaction('files', 'readwrite').objectStore('files');
                const all = store.getAll();
                all.onsuccess = () => {
                  for (const each of all.result) store.put({ ...each, expires: 0 });
                  request.result.close();
                };
                store.transaction.oncomplete = resolve;
              };
            }),
        );
        const other = await page.context().newPage();
        await open(other, world, { 'keep-copy': 'opfs' });
        await other.evaluate(() => document.querySelector('partwise-uploader')?.ready());
        await other.getByText('It is being uploaded in another tab.').waitFor();
        await pending(other);
        assert.deepEqual(await kept(other), { files: ['copy'], copies: 1 });
        await page.close();
        await keeps(other, { files: [], copies: 0 });
      },
      { attributes: { 'keep-copy': 'opfs' } },
    ));

  test('is nothing with storage="memory"', () =>
    onPage(
      world,
      async (page) => {
        await slow(page, SLOW);
        await drop(page, (await onDisk('memory.bin')).path);
        await someParts(page);
        assert.deepEqual(await kept(page), { files: [], copies: 0 });
      },
      { attributes: { storage: 'memory', 'keep-copy': 'opfs' } },
    ));
});

test('wrong options are named', () =>
  onPage(world, async (page) => {
    const messages = await page.evaluate(async () => {
      const entry = '/partwise/external.js';
      /** @type {typeof import('partwise')} */
      const { createUploader } = await import(entry);
      const message = (/** @type {Promise<unknown>} */ made) =>
        made.then(
          () => 'no error',
          ({ code, message }) => `${code}: ${message}`,
        );
      const keepCopy = 'opfs';
      const wrong = [
        ...[{ keepCopy: 'always' }, { maxCopySize: 1e9 }],
        ...[-1, '1 GB'].map((maxCopySize) => ({ keepCopy, maxCopySize })),
      ];
      const made = wrong.map((each) =>
        message(createUploader(/** @type {any} */ ({ endpoint: '/s3', ...each }))),
      );
      const uploader = await createUploader({ endpoint: '/s3' });
      const add = async () => uploader.add(new File(['x'], 'x'), /** @type {any} */ ({ handle: 'x' }));
      return Promise.all([...made, message(add()), message(uploader.resume('no such id'))]);
    });
    assert.deepEqual(messages, [
      'bad-option: option keepCopy must be one of "off", "opfs"',
      'bad-option: option maxCopySize must be left out: it goes with keepCopy only',
      'bad-option: option maxCopySize must be a number of bytes',
      'bad-option: option maxCopySize must be a number of bytes',
      'bad-option: option handle must be a FileSystemFileHandle',
      'bad-option: the id must be one that pending() has given',
    ]);
  }));
