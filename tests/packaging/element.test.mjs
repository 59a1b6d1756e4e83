/** The element in a browser, against the demo server and its store. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { processScope } from '../e2e/support/cleanup.mjs';
import { temporaryFolder } from '../e2e/support/files.mjs';
import {
  SERVER_MAX,
  accessible,
  choose,
  file,
  inState,
  onPage,
  open,
  openWorld,
  row,
  slow,
  told,
} from './element/world.mjs';

/** @type {import('./element/world.mjs').World} */
let world;

before(async () => {
  world = await openWorld();
});
after(() => world?.end());

/** @typedef {import('playwright-core').Page} Page */

/** Keys as the form would send them. @param {Page} page @returns {Promise<string[]>} */
const keysIn = (page) =>
  page.evaluate(() =>
    new FormData(/** @type {HTMLFormElement} */ (document.querySelector('form'))).getAll('keys').map(String),
  );

/** What is wrong with the control. @param {Page} page */
const complaint = (page) =>
  page.evaluate(() => document.querySelector('partwise-uploader')?.validationMessage);

/** Waits until it is told. @param {Page} page @param {string | RegExp} text */
const notice = (page, text) => page.locator('.notice', { hasText: text }).waitFor();

/** With a folder that goes away. @param {(folder: string) => Promise<void>} use */
async function inFolder(use) {
  const scope = processScope();
  try {
    await use(await temporaryFolder('element-', scope));
  } finally {
    await scope.end();
  }
}

describe('uploading', () => {
  test('a file that is chosen arrives whole, and its key is what the form sends', () =>
    onPage(world, async (page) => {
      const small = file('small.bin', 100_000);
      const large = file('large.bin', 6_000_000);
      await choose(page, small, large);
      await inState(page, 'small.bin', 'done');
      await inState(page, 'large.bin', 'done');
      const keys = await keysIn(page);
      assert.equal(keys.length, 2);
      for (const { buffer, name } of [small, large]) {
        const key = keys.find((each) => each.endsWith(name)) ?? assert.fail(`no key for ${name}`);
        const sha256 = createHash('sha256').update(buffer).digest('hex');
        assert.deepEqual(await world.bucket.content(key), { sha256, size: buffer.length });
      }
      const [complete, ...more] = await told(page, 'complete');
      assert.deepEqual(complete.results.map((/** @type {any} */ { key }) => key).sort(), [...keys].sort());
      assert.deepEqual([more.length, complete.failed.length], [0, 0]);
      assert.deepEqual(
        (await told(page, 'added')).map(({ path }) => path),
        ['small.bin', 'large.bin'],
      );
      assert.equal((await told(page, 'progress')).at(-1).percent, 100);
    }));

  test('the library is loaded only when somebody comes near', () =>
    onPage(
      world,
      async (page) => {
        const loaded = () =>
          page.evaluate(() =>
            performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname),
          );
        assert.ok(!(await loaded()).includes('/partwise/index.js'));
        await page.getByRole('button', { name: 'Choose files' }).focus();
        await page.waitForFunction(() => document.querySelector('partwise-uploader')?.uploader);
        assert.ok((await loaded()).includes('/partwise/index.js'));
        assert.ok(!(await loaded()).some((path) => path.endsWith('.wasm')), 'it is in the module');
      },
      { external: false },
    ));

  test('files that are dropped and pasted are taken', () =>
    onPage(world, async (page) => {
      await page.evaluate(() => {
        const give = (/** @type {string} */ name, /** @type {(data: DataTransfer) => Event} */ make) => {
          const data = new DataTransfer();
          data.items.add(new File([name], name));
          return document.querySelector('partwise-uploader')?.dispatchEvent(make(data));
        };
        give('dropped.txt', (dataTransfer) => new DragEvent('drop', { dataTransfer, cancelable: true }));
        give(
          'pasted.txt',
          (clipboardData) => new ClipboardEvent('paste', { clipboardData, cancelable: true }),
        );
      });
      await inState(page, 'dropped.txt', 'done');
      await inState(page, 'pasted.txt', 'done');
    }));

  test('files keep the folder they were chosen in', () =>
    inFolder(async (folder) => {
      await mkdir(join(folder, 'photos', 'summer'), { recursive: true });
      await writeFile(join(folder, 'photos', 'summer', 'beach.txt'), 'sand');
      await onPage(
        world,
        async (page) => {
          const chooser = page.waitForEvent('filechooser');
          await page.getByRole('button', { name: 'Choose a folder' }).click();
          await (await chooser).setFiles(join(folder, 'photos'));
          await inState(page, 'photos/summer/beach.txt', 'done');
          assert.match((await keysIn(page))[0] ?? '', /\/photos\/summer\/beach\.txt$/);
        },
        { attributes: { folders: '' } },
      );
    }));

  test('it can be paused and goes on, alone and with all others', () =>
    onPage(world, async (page) => {
      await slow(page, 400_000);
      await choose(page, file('one.bin', 6_000_000), file('two.bin', 6_000_000));
      await inState(page, 'one.bin', 'uploading');
      await row(page, 'one.bin').getByRole('button', { name: 'Pause: one.bin' }).click();
      await inState(page, 'one.bin', 'paused');
      await page.getByRole('button', { name: 'Pause all' }).click();
      await inState(page, 'two.bin', 'paused');
      assert.equal(await complaint(page), 'Please wait until all files are uploaded.');
      await slow(page, -1);
      await page.getByRole('button', { name: 'Resume all' }).click();
      await inState(page, 'one.bin', 'done');
      await inState(page, 'two.bin', 'done');
      assert.equal(await complaint(page), '');
    }));

  test('what an earlier page left is shown, and goes on with the same file', () =>
    inFolder((folder) =>
      onPage(world, async (page) => {
        // One on the disk, since its date has to stay the same.
        const path = join(folder, 'left.bin');
        const { buffer } = file('left.bin', 11_000_000);
        await writeFile(path, buffer);
        await slow(page, 2_500_000);
        const first = page.waitForEvent('filechooser');
        await page.getByRole('button', { name: 'Choose files' }).click();
        await (await first).setFiles(path);
        await page.waitForFunction(
          () => {
            const element = document.querySelector('partwise-uploader');
            if (!(Number(element?.uploads[0]?.progress.loaded) > 8_000_000)) return false;
            element?.pauseAll();
            return true;
          },
          undefined,
          { timeout: 30_000 },
        );
        await open(page, world);
        await page.locator('.pending').getByText('left.bin').waitFor();
        await accessible(world, page, 'with an unfinished upload');
        const again = page.waitForEvent('filechooser');
        await page.getByRole('button', { name: 'Choose the file to continue: left.bin' }).click();
        await (await again).setFiles(path);
        await inState(page, 'left.bin', 'done');
        await page.locator('.pending').waitFor({ state: 'hidden' });
        const [key = ''] = await keysIn(page);
        const sha256 = createHash('sha256').update(buffer).digest('hex');
        assert.deepEqual(await world.bucket.content(key), { sha256, size: buffer.length });
      }),
    ));

  test('what an earlier page left can be discarded', () =>
    onPage(world, async (page) => {
      await slow(page, 500_000);
      await choose(page, file('unwanted.bin', 8_000_000));
      await inState(page, 'unwanted.bin', 'uploading');
      await page.evaluate(() => document.querySelector('partwise-uploader')?.pauseAll());
      await open(page, world);
      await page.getByRole('button', { name: 'Discard: unwanted.bin' }).click();
      await page.locator('.pending').waitFor({ state: 'hidden' });
      assert.ok(!(await world.bucket.unfinished()).some((key) => key.endsWith('unwanted.bin')));
      const focused = await page.evaluate(
        () => document.querySelector('partwise-uploader')?.shadowRoot?.activeElement?.textContent,
      );
      assert.equal(focused, 'Choose files');
    }));

  test('an upload goes on while the element is out of the page', () =>
    onPage(world, async (page) => {
      await slow(page, 3_000_000);
      await choose(page, file('moved.bin', 6_000_000));
      await inState(page, 'moved.bin', 'uploading');
      await page.evaluate(() => {
        const element = document.querySelector('partwise-uploader');
        element?.remove();
        Object(globalThis).kept = element;
      });
      await page.waitForFunction(() => Object(globalThis).kept.value.length === 1, undefined, {
        timeout: 30_000,
      });
      await page.evaluate(() => document.querySelector('fieldset')?.append(Object(globalThis).kept));
      await inState(page, 'moved.bin', 'done');
      assert.equal((await keysIn(page)).length, 1);
    }));

  test('another element goes on with the uploader of the first', () =>
    onPage(world, async (page) => {
      await slow(page, 3_000_000);
      await choose(page, file('shared.bin', 6_000_000));
      await inState(page, 'shared.bin', 'uploading');
      await page.evaluate(() => {
        const [first] = document.getElementsByTagName('partwise-uploader');
        const second = document.createElement('partwise-uploader');
        second.uploader = first?.uploader;
        first?.replaceWith(second);
      });
      await inState(page, 'shared.bin', 'done');
    }));

  test('a failed upload says why in the reader’s language, and can be taken off the list', () =>
    onPage(world, async (page) => {
      await choose(page, file('too-large.bin', SERVER_MAX + 1));
      await inState(page, 'too-large.bin', 'failed');
      const failed = row(page, 'too-large.bin');
      assert.match((await failed.textContent()) ?? '', /The file is larger than allowed\./);
      assert.equal(await failed.getByText('What to do:').isVisible(), false);
      await failed.getByText('Details for developers').click();
      assert.match((await failed.locator('details').textContent()) ?? '', /too-large · /);
      await accessible(world, page, 'failed');
      assert.match((await complaint(page)) ?? '', /could not be uploaded/);
      await page.evaluate(() => (document.documentElement.lang = 'zh-CN'));
      await page.getByText('文件超过允许的大小。').waitFor();
      assert.equal((await told(page, 'error'))[0].error.code, 'too-large');
      await page.getByRole('button', { name: '从列表中移除：too-large.bin' }).click();
      await page.locator('.uploads').waitFor({ state: 'hidden' });
      assert.equal(await complaint(page), '');
    }));

  test('an uploader that cannot be made is explained, and made when it can be', () =>
    onPage(
      world,
      async (page) => {
        await choose(page, file('waits.txt', 100));
        await notice(page, /could not be started\. This page has a wrong setting\./);
        await page.evaluate(() => {
          const element = document.querySelector('partwise-uploader');
          if (element) element.partSize = 'auto';
        });
        await page.getByRole('button', { name: 'Try again' }).click();
        await inState(page, 'waits.txt', 'done');
      },
      { attributes: { 'part-size': 'huge' } },
    ));
});

describe('limits', () => {
  test('files that are not wanted are named with the reason', () =>
    onPage(
      world,
      async (page) => {
        await page
          .getByText('Text, PDF · up to 5 kB each · at least 10 bytes each · up to 2 files')
          .waitFor();
        await page.evaluate(async () => {
          const element = document.querySelector('partwise-uploader');
          const make = (/** @type {string} */ name, /** @type {number} */ size, type = 'text/plain') =>
            new File([new Uint8Array(size)], name, { type, lastModified: 1e12 });
          await element?.add([make('one.txt', 100)]);
          await element?.add([
            ...[make('one.txt', 100), make('film.mp4', 100, 'video/mp4')],
            ...[make('big.pdf', 6000), make('tiny.txt', 5), make('two.txt', 100), make('three.txt', 100)],
          ]);
        });
        await notice(page, '5 files were not added');
        const refused = (await told(page, 'refused')).map(({ path, reason }) => [path, reason]);
        assert.deepEqual(refused, [
          ['one.txt', 'duplicate'],
          ['film.mp4', 'type'],
          ['big.pdf', 'too-large'],
          ['tiny.txt', 'too-small'],
          ['three.txt', 'too-many'],
        ]);
        await notice(page, 'big.pdf: 6.0 kB, larger than 5 kB');
        await notice(page, 'three.txt: no more than 2 files at a time');
        await inState(page, 'two.txt', 'done');
        await accessible(world, page, 'refused');
        await page.getByRole('button', { name: 'Dismiss' }).click();
        assert.equal(await page.locator('.notice').count(), 0);
      },
      { attributes: { accept: 'text/*,.pdf', 'max-size': '5 kB', 'min-size': '10', 'max-files': '2' } },
    ));

  test('a function of the page may refuse, and say how files are added', () =>
    onPage(world, async (page) => {
      await page.evaluate(() => {
        const element = document.querySelector('partwise-uploader');
        if (!element) return;
        element.check = ({ name }) => name.includes('secret') && 'this looks confidential';
        element.addOptions = ({ name }) => ({ key: `renamed-${name}` });
      });
      await choose(page, file('secret.txt', 10), file('open.txt', 10));
      await notice(page, 'secret.txt: this looks confidential');
      await inState(page, 'open.txt', 'done');
      assert.match((await keysIn(page))[0] ?? '', /renamed-open\.txt$/);
    }));
});

describe('form', () => {
  test('a form that wants a file is not sent without, and its button gets the keyboard', () =>
    onPage(
      world,
      async (page) => {
        const valid = () => page.evaluate(() => document.querySelector('form')?.reportValidity());
        assert.equal(await valid(), false);
        assert.equal(await complaint(page), 'Please add a file.');
        const focused = await page.evaluate(
          () => document.querySelector('partwise-uploader')?.shadowRoot?.activeElement?.textContent,
        );
        assert.equal(focused, 'Choose files');
        await choose(page, file('wanted.txt', 10));
        await inState(page, 'wanted.txt', 'done');
        assert.equal(await valid(), true);
      },
      { attributes: { required: '' } },
    ));

  test('what cannot be added does not keep the form from being sent', () =>
    onPage(world, async (page) => {
      await page.evaluate(() => {
        const element = document.querySelector('partwise-uploader');
        if (element) element.addOptions = () => ({ key: '../up' });
      });
      await choose(page, file('awkward.txt', 10));
      await page.locator('.notice').waitFor();
      assert.equal(await page.evaluate(() => document.querySelector('form')?.checkValidity()), true);
    }));

  test('what is set before the element is defined counts', () =>
    onPage(world, async (page) => {
      const kept = await page.evaluate(() => {
        const early = document.implementation.createHTMLDocument().createElement('partwise-uploader');
        const check = () => 'no';
        Object.assign(early, { check, words: { chooseFiles: 'Pick' } });
        document.body.append(early);
        const later = /** @type {any} */ (early);
        return later.check === check && !Object.hasOwn(later, 'check') && later.words.chooseFiles;
      });
      assert.equal(kept, 'Pick');
    }));

  test('a reset cancels what is under way and empties the list', () =>
    onPage(world, async (page) => {
      await choose(page, file('kept.txt', 10));
      await inState(page, 'kept.txt', 'done');
      await slow(page, 500_000);
      await choose(page, file('dropped.bin', 8_000_000));
      await inState(page, 'dropped.bin', 'uploading');
      await page.evaluate(() => document.querySelector('form')?.reset());
      await page.locator('.uploads').waitFor({ state: 'hidden' });
      assert.deepEqual(await keysIn(page), []);
      await page.waitForFunction(
        () => document.querySelector('partwise-uploader')?.uploader?.uploads.length === 0,
      );
    }));

  test('a fieldset that is disabled disables it', () =>
    onPage(world, async (page) => {
      await page.evaluate(() => document.querySelector('fieldset')?.toggleAttribute('disabled', true));
      assert.equal(await page.getByRole('button', { name: 'Choose files' }).isDisabled(), true);
      const taken = await page.evaluate(() => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File(['x'], 'x.txt'));
        const event = new DragEvent('drop', { dataTransfer, cancelable: true });
        document.querySelector('partwise-uploader')?.dispatchEvent(event);
        return { isOpened: !event.defaultPrevented, uploads: Object(event.target).uploads.length };
      });
      // Nor does the browser open it in place of the page.
      assert.deepEqual(taken, { isOpened: false, uploads: 0 });
    }));

  test('a label names it', () =>
    onPage(world, async (page) => {
      await page.getByRole('group', { name: 'Attachments' }).waitFor();
    }));
});

describe('use', () => {
  test('the keyboard reaches everything and is never lost', () =>
    onPage(world, async (page) => {
      const focused = () =>
        page.evaluate(() => {
          const active = document.querySelector('partwise-uploader')?.shadowRoot?.activeElement;
          return active?.getAttribute('aria-label') ?? active?.textContent;
        });
      await page.keyboard.press('Tab');
      assert.equal(await focused(), 'Choose files');
      const chooser = page.waitForEvent('filechooser');
      await page.keyboard.press('Enter');
      await slow(page, 500_000);
      await (await chooser).setFiles([file('keys.bin', 8_000_000)]);
      await inState(page, 'keys.bin', 'uploading');
      await page.keyboard.press('Tab');
      assert.equal(await focused(), 'Pause: keys.bin');
      await page.keyboard.press('Space');
      await inState(page, 'keys.bin', 'paused');
      assert.equal(await focused(), 'Resume: keys.bin');
      await page.keyboard.press('Tab');
      assert.equal(await focused(), 'Cancel: keys.bin');
      await page.keyboard.press('Enter');
      await inState(page, 'keys.bin', 'cancelled');
      assert.equal(await focused(), 'Remove from the list: keys.bin');
      await page.keyboard.press('Enter');
      assert.equal(await focused(), 'Choose files');
    }));

  for (const colorScheme of /** @type {const} */ (['light', 'dark']))
    test(`axe finds nothing to complain of, in any state (${colorScheme})`, () =>
      onPage(
        world,
        async (page) => {
          await accessible(world, page, 'idle');
          await slow(page, 400_000);
          await choose(page, file('a.bin', 6_000_000), file('b.bin', 6_000_000), file('c.txt', 10));
          await inState(page, 'a.bin', 'uploading');
          await accessible(world, page, 'uploading');
          await row(page, 'a.bin').getByRole('button', { name: 'Pause: a.bin' }).click();
          await inState(page, 'a.bin', 'paused');
          await accessible(world, page, 'paused');
          await row(page, 'b.bin').getByRole('button', { name: 'Cancel: b.bin' }).click();
          await inState(page, 'b.bin', 'cancelled');
          await inState(page, 'c.txt', 'done');
          await slow(page, -1);
          await choose(page, file('d.bin', SERVER_MAX + 1));
          await inState(page, 'd.bin', 'failed');
          await accessible(world, page, 'done, failed and cancelled');
        },
        { context: { colorScheme } },
      ));

  test('what happens is announced', () =>
    onPage(world, async (page) => {
      await choose(page, file('heard.txt', 10));
      await page.getByRole('status').filter({ hasText: 'heard.txt: Done' }).waitFor();
    }));

  test('it speaks the language around it, the page’s own words, and English where it knows none', () =>
    onPage(world, async (page) => {
      const speak = (/** @type {string} */ lang) =>
        page.evaluate((lang) => (document.documentElement.lang = lang), lang);
      await speak('zh-CN');
      await page.getByRole('button', { name: '选择文件' }).waitFor();
      await speak('zh-TW');
      await page.getByRole('button', { name: '選擇檔案' }).waitFor();
      await speak('fr');
      await page.getByRole('button', { name: 'Choose files' }).waitFor();
      await page.evaluate(() => {
        const element = document.querySelector('partwise-uploader');
        if (element) element.words = { choose: 'Choisir des fichiers', 'limit.max-size': 'jusqu’à {size}' };
        element?.setAttribute('max-size', '5.5 MB');
      });
      await page.getByRole('button', { name: 'Choisir des fichiers' }).waitFor();
      await page.getByText(/^Jusqu’à 5,5\sMo$/).waitFor();
    }));

  test('rows keep their height while figures come and go, and nothing is wider than 320 pixels', () =>
    onPage(
      world,
      async (page) => {
        await slow(page, 500_000);
        await choose(page, file('steady.bin', 6_000_000));
        await inState(page, 'steady.bin', 'uploading');
        const height = () =>
          row(page, 'steady.bin').evaluate((element) => element.getBoundingClientRect().height);
        const before = await height();
        await page.getByText(/sec left/).waitFor();
        assert.equal(await height(), before);
        await row(page, 'steady.bin').getByRole('button', { name: 'Pause: steady.bin' }).click();
        await inState(page, 'steady.bin', 'paused');
        assert.equal(await height(), before);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
      },
      { context: { viewport: { width: 320, height: 640 } } },
    ));
});
