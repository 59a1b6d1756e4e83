/** Sizes, speeds, durations, and the line that tells how far an upload is. */
import { fill } from './fill.js';
import { languageOf, preferredTag, validTag } from './language.js';
import { PROGRESS_WORDS } from './progress-words.js';

/** @typedef {Partial<import('../format.js').ProgressWords>} Words */

/** Units with their size and the smallest number of bytes shown in them. Megabytes run on to 9999, so that the figures of a large file keep their unit. */
const UNITS = /** @type {const} */ ([
  ['terabyte', 1e12, 1e13],
  ['gigabyte', 1e9, 1e10],
  ['megabyte', 1e6, 1e6],
  ['kilobyte', 1e3, 1e3],
]);

const SPANS = /** @type {const} */ ([
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
]);

/** @type {Map<string, Intl.NumberFormat>} */
const formats = new Map();

/** @type {typeof import('../format.js').formatProgress} */
export function formatProgress(progress, locale, words) {
  return progressPhrases(progress, locale, words).join(' · ');
}

/**
 * The phrases of {@link formatProgress}, so that lines may be broken between them.
 *
 * @param {Parameters<typeof import('../format.js').formatProgress>[0]} progress
 * @param {string} [locale]
 * @param {Words} [words]
 */
export function progressPhrases({ loaded, total, bytesPerSecond = 0, secondsLeft = null }, locale, words) {
  const said = speech(locale, words);
  const phrases = [
    fill(said.words.sent, { loaded: bytesIn(said, loaded, total), total: bytesIn(said, total, total) }),
  ];
  if (bytesPerSecond > 0 && loaded < total) {
    phrases.push(formatSpeed(bytesPerSecond, locale, words));
    if (secondsLeft !== null)
      phrases.push(fill(said.words.left, { duration: formatDuration(secondsLeft, locale, words) }));
  }
  return phrases;
}

/** @type {typeof import('../format.js').formatBytes} */
export function formatBytes(bytes, locale, words) {
  return bytesIn(speech(locale, words), bytes, bytes);
}

/**
 * A size that is a rule rather than a measurement, without a needless decimal: `50 MB`, `2 GB`.
 *
 * @param {number} bytes
 * @param {string} [locale]
 * @param {Words} [words]
 */
export function formatLimit(bytes, locale, words) {
  const said = speech(locale, words);
  const [unit, size] = UNITS.find(([, size]) => bytes >= size) ?? [];
  if (!unit || !size) return counted(said, 'byte', bytes);
  return number(said.locale, { style: 'unit', unit, maximumFractionDigits: 1 }).format(bytes / size);
}

/** @type {typeof import('../format.js').formatSpeed} */
export function formatSpeed(bytesPerSecond, locale, words) {
  const said = speech(locale, words);
  const scale = Math.max(bytesPerSecond, 1e3);
  if (said.words.rate) return fill(said.words.rate, { size: bytesIn(said, bytesPerSecond, scale) });
  const [unit, size] = unitFor(scale) ?? ['kilobyte', 1e3];
  return decimal(said.locale, `${unit}-per-second`).format(bytesPerSecond / size);
}

/** @type {typeof import('../format.js').formatDuration} */
export function formatDuration(seconds, locale, words) {
  const said = speech(locale, words);
  let rest = Math.max(1, Math.round(seconds));
  const first = SPANS.findIndex(([, length]) => rest >= length);
  return SPANS.slice(first, first + 2)
    .map(([unit, length]) => {
      const count = Math.floor(rest / length);
      rest -= count * length;
      return count > 0 ? counted(said, unit, count) : '';
    })
    .filter(Boolean)
    .join(' ');
}

/** @type {typeof import('../format.js').formatPercent} */
export function formatPercent(percent, locale, words) {
  return number(speech(locale, words).locale, { style: 'percent' }).format(Math.floor(percent) / 100);
}

/**
 * A whole number.
 *
 * @param {number} value
 * @param {string} [locale]
 * @param {Words} [words]
 */
export function formatCount(value, locale, words) {
  return number(speech(locale, words).locale, {}).format(value);
}

/**
 * How long ago a moment (milliseconds since 1970) was, in the largest unit that fits.
 *
 * @param {number} moment
 * @param {string} [locale]
 * @param {Words} [words]
 */
export function formatAgo(moment, locale, words) {
  // “Now” would be said of what begins.
  const seconds = Math.max(1, (Date.now() - moment) / 1000);
  const [unit, length] = SPANS.find(([, size]) => seconds >= size) ?? SPANS[3];
  const format = new Intl.RelativeTimeFormat(speech(locale, words).locale, { numeric: 'auto' });
  return format.format(-Math.floor(seconds / length), unit);
}

/**
 * Where there are no words in a language, its numbers would stand in an English sentence: then all is English.
 *
 * @param {string} [tag]
 * @param {Words} [words]
 */
function speech(tag = preferredTag(), words) {
  const language = languageOf(tag);
  const locale = language || words ? validTag(tag) : 'en';
  return { locale, words: { ...PROGRESS_WORDS[language ?? 'en'], ...words } };
}

/**
 * @param {ReturnType<typeof speech>} said
 * @param {number} bytes
 * @param {number} scale the size whose unit is taken, so that two sizes can be compared
 */
function bytesIn(said, bytes, scale) {
  const found = unitFor(scale);
  if (!found) return counted(said, 'byte', bytes);
  const [unit, size] = found;
  return decimal(said.locale, unit).format(bytes / size);
}

/** @param {number} scale */
function unitFor(scale) {
  return UNITS.find(([, , from]) => scale >= from);
}

/**
 * @param {ReturnType<typeof speech>} said
 * @param {'byte' | 'day' | 'hour' | 'minute' | 'second'} unit
 * @param {number} count
 */
function counted({ locale, words }, unit, count) {
  const own = words[unit];
  if (own) return fill(own, { count: number(locale, {}).format(count) });
  const unitDisplay = unit === 'byte' ? 'long' : 'short';
  return number(locale, { style: 'unit', unit, unitDisplay }).format(count);
}

/**
 * One decimal, always, so that a changing figure keeps its width.
 *
 * @param {string} locale
 * @param {string} unit
 */
function decimal(locale, unit) {
  const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1, useGrouping: false };
  return number(locale, { style: 'unit', unit, ...digits });
}

/**
 * @param {string} locale
 * @param {Intl.NumberFormatOptions} options
 */
function number(locale, options) {
  const key = locale + JSON.stringify(options);
  const format = formats.get(key) ?? new Intl.NumberFormat(locale, options);
  formats.set(key, format);
  return format;
}
