/** A browser that keeps nothing, or keeps what nobody wrote. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MiB, randomFile } from '../support/files.mjs';

/**
 * What may have become of a record, its name and its value; run in the page.
 *
 * @type {Record<string, (name: string, value: string, index: number) => [name: string, value: string]>}
 */
const spoilt = {
  'of a future version': (name, value) => [name.replace('/1/', '/2/'), `99 ${value} {"new":"fields"}`],
  'in an unknown format': (name, value) => [name, `99 ${value} {"new":"fields"}`],
  'cut short': (name, value) => [name, value.slice(0, value.length / 2)],
  'of garbage': (name, _, index) => [
    name,
    ['', 'null', '{', '\u0000\uffff\ud800', '9'.repeat(5_000)][index % 5] ?? '',
  ],
};

/** A profile in which no page may store anything: how a user of Chromium or Firefox says so. @param {string} profile */
async function blockStorage(profile) {
  await mkdir(join(profile, 'Default'), { recursive: true });
  const preferences = { profile: { default_content_setting_values: { cookies: 2 } } };
  await writeFile(join(profile, 'Default', 'Preferences'), JSON.stringify(preferences));
  await writeFile(join(profile, 'user.js'), 'user_pref("network.cookie.cookieBehavior", 2);\n');
}

/** Whether the page may use localStorage. @param {import('../support/tab.mjs').Tab} tab */
function mayStore(tab) {
  return tab.evaluate(() => {
    try {
      localStorage.setItem('probe', '1');
      localStorage.removeItem('probe');
      return true;
    } catch {
      return false;
    }
  });
}

/** @type {import('../run.mjs').Scenario[]} */
export default [
  {
    name: 'storage: with the quota used up it warns once and arrives',
    async run(world) {
      const file = await randomFile(40 * MiB);
      const tab = await world.tab();
      await tab.evaluate(() => {
        for (let size = 1 << 20; size >= 1; size = Math.floor(size / 2)) {
          try {
            for (let i = 0; ; i += 1) localStorage.setItem(`full-${size}-${i}`, 'x'.repeat(size));
          } catch {
            // Smaller pieces may still fit.
          }
        }
      });
      assert.equal(await mayStore(tab), false, 'there is still room');
      await tab.create(await world.signer());
      const report = await (await tab.upload(file)).done();
      await world.holds(report.key, file);
      const warnings = report.warnings.map(({ code }) => code);
      assert.deepEqual(warnings, ['storage-full']);
      await world.account(report, file);
    },
  },
  {
    name: 'storage: with storage blocked by the user it warns once and arrives',
    async run(world) {
      const file = await randomFile(40 * MiB);
      const profile = await world.profile();
      await blockStorage(profile);
      const tab = await world.tab(await world.browser(profile));
      assert.equal(await mayStore(tab), !world.can.blockStorage);
      if (!world.can.blockStorage) {
        // The page gets what others throw.
        world.figures.push('blocked by a script');
        await tab.evaluate(() => {
          const get = () => {
            throw new DOMException('The operation is insecure.', 'SecurityError');
          };
          for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
            Object.defineProperty(window, name, { get });
        });
      }
      await tab.create(await world.signer());
      const report = await (await tab.upload(file)).done();
      await world.holds(report.key, file);
      const warnings = report.warnings.map(({ code }) => code);
      assert.deepEqual(warnings, ['storage-unavailable']);
      await world.account(report, file);
    },
  },
  ...Object.entries(spoilt).map(([how, spoil]) => ({
    name: `storage: records ${how} do not keep an unfinished upload from being sent anew`,
    /** @param {import('../support/world.mjs').World} world */
    async run(world) {
      const file = await randomFile(40 * MiB);
      const options = await world.signer();
      const browser = await world.browser();
      await world.proxy.only(5, 15 * MiB);
      const first = await world.tab(browser);
      await first.create(options);
      const before = await (
        await first.upload(file)
      ).until('confirmed parts', ({ parts }) => parts.length > 2);
      await first.close();
      await world.proxy.rules();

      const tab = await world.tab(browser);
      assert.notDeepEqual(await tab.stored(), []);
      await tab.evaluate(rewrite, String(spoil));
      const others = (await tab.stored()).filter(([name]) => !name.startsWith('partwise/1/')).sort();
      assert.equal(others.length > 0, how === 'of a future version');
      await tab.create(options);
      const report = await (await tab.upload(file)).done();
      await world.holds(report.key, file);
      assert.equal(report.badProgress, null);
      assert.deepEqual(report.warnings, []);
      await world.account([before, report], file);
      // Neither are they left behind, but for what is another version's.
      assert.deepEqual((await tab.stored()).sort(), others);
    },
  })),
];

/**
 * Spoils all records and their copies; run in the page.
 *
 * @param {string} source of a function that spoils one
 */
async function rewrite(source) {
  const spoil = new Function(`return ${source}`)();
  const names = Object.keys(localStorage).filter((name) => name.startsWith('partwise/'));
  names.forEach((name, i) => {
    const [other, spoiled] = spoil(name, localStorage.getItem(name), i);
    localStorage.removeItem(name);
    localStorage.setItem(other, spoiled);
  });
  await new Promise((resolve, reject) => {
    const request = indexedDB.open('partwise');
    request.onerror = reject;
    request.onsuccess = () => {
      const database = request.result;
      const transaction = database.transaction('records', 'readwrite');
      const store = transaction.objectStore('records');
      const keys = store.getAllKeys();
      keys.onsuccess = () =>
        keys.result.forEach((key, i) => {
          const value = store.get(key);
          value.onsuccess = () => {
            const [name, spoiled] = spoil(key, value.result, i);
            store.delete(key);
            store.put(spoiled, name);
          };
        });
      transaction.oncomplete = () => {
        database.close();
        resolve(null);
      };
      transaction.onabort = reject;
    };
  });
}
