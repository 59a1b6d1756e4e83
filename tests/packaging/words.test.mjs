/** What the element says, and which files it takes: without a browser. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { accepts, parseSize, refusal } from '../../pkg-template/element/limits.js';
import { Speech, TABLES } from '../../pkg-template/element/speech.js';
import {
  formatBytes,
  formatDuration,
  formatPercent,
  formatProgress,
  formatSpeed,
} from '../../pkg-template/format.js';
import { languageOf } from '../../pkg-template/text/language.js';

/** Those that `Intl` says where a table is silent. */
const OPTIONAL = ['rate', 'byte', 'day', 'hour', 'minute', 'second'];

describe('words', () => {
  const keys = Object.keys(TABLES.en).filter((key) => !OPTIONAL.includes(key));

  const pages = /** @type {const} */ ([
    ['element.md', TABLES.en],
    ['zh-CN/element.md', TABLES['zh-Hans']],
  ]);
  for (const [page, table] of pages)
    test(`docs/${page} lists them all`, async () => {
      const text = await readFile(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
      const braces = /** @type {any} */ (new Proxy({}, { get: (_, name) => `{${String(name)}}` }));
      const rows = Object.entries(table).map(([key, phrase]) => [
        key,
        (typeof phrase === 'function' ? phrase(braces) : phrase).trim(),
      ]);
      const section = text.slice(text.lastIndexOf('\n## '));
      const listed = [...section.matchAll(/^\| `([\w.-]+)` +\| (.*?) +\|$/gm)].map((row) => row.slice(1));
      assert.deepEqual(listed, rows);
    });

  for (const [language, table] of Object.entries(TABLES)) {
    test(`${language} has every word`, () => {
      const own = Object.keys(table).filter((key) => !OPTIONAL.includes(key));
      assert.deepEqual(own.sort(), [...keys].sort());
      for (const [key, phrase] of Object.entries(table)) assert.ok(phrase, key);
    });

    test(`${language} names the same values as English`, () => {
      for (const key of /** @type {(keyof typeof TABLES.en)[]} */ (keys)) {
        const named = (/** @type {any} */ phrase) => {
          /** @type {Set<string>} */
          const names = new Set();
          if (typeof phrase === 'function')
            phrase(new Proxy({}, { get: (_, name) => (names.add(String(name)), '2') }));
          else for (const [, name = ''] of phrase.matchAll(/\{(\w+)\}/g)) names.add(name);
          return [...names].sort();
        };
        assert.deepEqual(named(table[key]), named(TABLES.en[key]), key);
      }
    });
  }

  test('Simplified Chinese is written with its own characters, and Traditional with its own', () => {
    const all = (/** @type {object} */ table) =>
      Object.values(table)
        .filter((phrase) => typeof phrase === 'string')
        .join('');
    assert.doesNotMatch(all(TABLES['zh-Hans']), /[檔傳暫儲選擇讀請無從這個為後續]/);
    assert.doesNotMatch(all(TABLES['zh-Hant']), /[传暂储选择读请无从这个为后续线络满]/);
  });

  test('a tag leads to the language it means', () => {
    const meant = { en: 'en', 'en-GB': 'en', zh: 'zh-Hans', 'zh-CN': 'zh-Hans', 'zh-SG': 'zh-Hans' };
    const others = { 'zh-TW': 'zh-Hant', 'zh-HK': 'zh-Hant', 'zh-Hant': 'zh-Hant', 'zh-Hans-HK': 'zh-Hans' };
    for (const [tag, language] of Object.entries({ ...meant, ...others }))
      assert.equal(languageOf(tag), language, tag);
    for (const tag of ['de', 'fr-CA', 'no language']) assert.equal(languageOf(tag), undefined, tag);
  });

  test('plurals are said right', () => {
    const speech = new Speech('en');
    assert.equal(speech.say('files', { done: '0', all: '1' }), '0 of 1 file done');
    assert.equal(speech.say('files', { done: '1', all: '2' }), '1 of 2 files done');
    assert.equal(speech.say('refused.title', { count: '1' }), '1 file was not added');
  });

  test('own words come first, and figures follow their language', () => {
    const speech = new Speech('de', { there: '{loaded} von {total}' });
    assert.equal(speech.locale, 'de');
    assert.equal(speech.say('there', { loaded: speech.bytes(1.5e6), total: '3' }), '1,5 MB von 3');
    assert.equal(speech.say('pause'), 'Pause');
    assert.equal(new Speech('de').bytes(1.5e6), '1.5 MB', 'no German figures in English sentences');
  });

  test('an error without a word of its own tells its message', () => {
    const speech = new Speech('en');
    assert.equal(speech.problem({ code: 'network' }), 'The server cannot be reached.');
    assert.equal(speech.problem(new Error('so it is')), 'so it is');
    assert.equal(speech.problem('text'), 'text');
  });
});

describe('figures', () => {
  const progress = { loaded: 768_200_000, total: 2_164_900_000, bytesPerSecond: 3_500_000, secondsLeft: 399 };

  test('one line says how far an upload is', () => {
    assert.equal(
      formatProgress(progress, 'zh-CN'),
      '上传进度 768.2 MB / 2164.9 MB · 3.5 MB/s · 剩余 6 分 39 秒',
    );
    assert.equal(
      formatProgress(progress, 'zh-TW'),
      '上傳進度 768.2 MB / 2164.9 MB · 3.5 MB/s · 剩餘 6 分 39 秒',
    );
    assert.equal(
      formatProgress(progress, 'en'),
      'Uploaded 768.2 MB of 2164.9 MB · 3.5 MB/s · 6 min 39 sec left',
    );
  });

  test('while nothing moves, there is no speed and no time', () => {
    const still = { loaded: 0, total: 5_000_000, bytesPerSecond: 0, secondsLeft: null };
    assert.equal(formatProgress(still, 'en'), 'Uploaded 0.0 MB of 5.0 MB');
    assert.equal(
      formatProgress({ ...progress, secondsLeft: null }, 'en'),
      'Uploaded 768.2 MB of 2164.9 MB · 3.5 MB/s',
    );
    assert.equal(
      formatProgress({ ...progress, loaded: progress.total }, 'en'),
      'Uploaded 2164.9 MB of 2164.9 MB',
    );
    assert.equal(formatProgress({ loaded: 5, total: 10 }, 'zh'), '上传进度 5 字节 / 10 字节');
  });

  test('other languages give their words, and Intl the rest', () => {
    const words = { sent: '{loaded} von {total}', left: 'noch {duration}' };
    assert.equal(
      formatProgress(progress, 'de', words).replaceAll('\u00a0', ' '),
      '768,2 MB von 2164,9 MB · 3,5 MB/s · noch 6 Min. 39 Sek.',
    );
    assert.equal(formatProgress(progress, 'de'), formatProgress(progress, 'en'));
    assert.equal(formatProgress(progress, 'not a language'), formatProgress(progress, 'en'));
  });

  test('sizes, speeds, durations and percentages', () => {
    assert.deepEqual(
      [0, 1, 999, 1000, 999_999_999, 9_999_900_000, 1e10, 1e13].map((bytes) => formatBytes(bytes, 'en')),
      ['0 bytes', '1 byte', '999 bytes', '1.0 kB', '1000.0 MB', '9999.9 MB', '10.0 GB', '10.0 TB'],
    );
    assert.deepEqual(
      [10, 3.5e6].map((rate) => formatSpeed(rate, 'en')),
      ['0.0 kB/s', '3.5 MB/s'],
    );
    assert.deepEqual(
      [0, 59.4, 60, 3_600, 3_661, 90_000].map((seconds) => formatDuration(seconds, 'en')),
      ['1 sec', '59 sec', '1 min', '1 hr', '1 hr 1 min', '1 day 1 hr'],
    );
    assert.deepEqual(
      [0, 35.9, 99.99, 100].map((value) => formatPercent(value, 'en')),
      ['0%', '35%', '99%', '100%'],
    );
  });
});

describe('limits', () => {
  const none = { accept: '', minSize: undefined, maxSize: undefined, maxFiles: undefined, duplicates: false };
  const entry = (/** @type {string} */ name, size = 10, lastModified = 1) => ({
    file: new File([new Uint8Array(size)], name, { lastModified, type: 'text/plain' }),
    path: name,
  });

  test('types are told by ending, kind and media type', () => {
    const pdf = { name: 'Report.PDF', type: 'application/pdf' };
    for (const accept of ['', '.pdf', 'application/pdf', 'application/*', ' .txt , .PDF ', '*/*'])
      assert.ok(accepts(accept, pdf), accept);
    for (const accept of ['.txt', 'image/*', 'application/json']) assert.ok(!accepts(accept, pdf), accept);
  });

  test('a file is refused for the first limit that it breaks', () => {
    assert.equal(refusal(entry('a.txt'), none, []), undefined);
    assert.equal(refusal(entry('a.txt'), { ...none, accept: '.pdf' }, []), 'type');
    assert.equal(refusal(entry('a.txt'), { ...none, maxSize: 9 }, []), 'too-large');
    assert.equal(refusal(entry('a.txt'), { ...none, minSize: 11 }, []), 'too-small');
    assert.equal(refusal(entry('a.txt'), { ...none, maxFiles: 1 }, [entry('b.txt')]), 'too-many');
    assert.equal(refusal(entry('a.txt'), { ...none, minSize: 10, maxSize: 10, maxFiles: 1 }, []), undefined);
  });

  test('the same file is taken once, unless it may be there twice', () => {
    assert.equal(refusal(entry('a.txt'), none, [entry('a.txt')]), 'duplicate');
    assert.equal(refusal(entry('a.txt'), { ...none, duplicates: true }, [entry('a.txt')]), undefined);
    for (const other of [entry('b.txt'), entry('a.txt', 11), entry('a.txt', 10, 2)])
      assert.equal(refusal(entry('a.txt'), none, [other]), undefined);
  });

  test('sizes may be written with a unit', () => {
    const sizes = {
      5242880: 5_242_880,
      '5 MB': 5_000_000,
      '5MiB': 5_242_880,
      '1.5 gb': 1.5e9,
      '10 k': 10_000,
      '2 TiB': 2 ** 41,
    };
    for (const [text, bytes] of Object.entries(sizes)) assert.equal(parseSize(text), bytes, text);
    for (const text of ['', 'five', '-1', '5 PB', 'MB']) assert.ok(Number.isNaN(parseSize(text)), text);
  });
});
