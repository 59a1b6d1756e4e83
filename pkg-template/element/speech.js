/** The words and figures of one language. */
import { en } from '../text/en.js';
import { fill } from '../text/fill.js';
import * as format from '../text/format.js';
import { languageOf, preferredTag, validTag } from '../text/language.js';
import { zhHans } from '../text/zh-hans.js';
import { zhHant } from '../text/zh-hant.js';

/** What is built in. */
export const TABLES = { en, 'zh-Hans': zhHans, 'zh-Hant': zhHant };

/** @typedef {import('../element.js').Words} Words */

export class Speech {
  /** @type {Words} */
  #words;
  /** Of the words, and so of the figures among them. */
  locale;

  /**
   * @param {string} tag the language wanted
   * @param {Partial<Words>} [own] the page's own words; what they lack is said in a built-in language
   */
  constructor(tag, own) {
    const language = languageOf(tag);
    this.locale = language || own ? validTag(tag) : 'en';
    this.#words = { ...TABLES[language ?? 'en'], ...own };
  }

  /**
   * @param {keyof Words} key
   * @param {Readonly<Record<string, string>>} [values]
   */
  say(key, values) {
    return fill(this.#words[key] ?? '', values);
  }

  /** @param {string} action @param {string} name */
  on(action, name) {
    return this.say('on', { action, name });
  }

  /** What a reader is told of an error. @param {unknown} error */
  problem(error) {
    const { code, message } = /** @type {{ code?: string, message?: string }} */ (error ?? {});
    return this.say(/** @type {keyof Words} */ (`error.${code}`)) || (message ?? String(error));
  }

  /** @param {number} value */
  bytes(value) {
    return format.formatBytes(value, this.locale, this.#words);
  }

  /** A size that is a rule rather than a measurement: `50 MB`. @param {number} value */
  limit(value) {
    return format.formatLimit(value, this.locale, this.#words);
  }

  /** @param {number} value 0 to 100 */
  percent(value) {
    return format.formatPercent(value, this.locale, this.#words);
  }

  /** @param {number} value */
  count(value) {
    return format.formatCount(value, this.locale, this.#words);
  }

  /** @param {number} seconds */
  duration(seconds) {
    return format.formatDuration(seconds, this.locale, this.#words);
  }

  /** @param {number} moment milliseconds since 1970 */
  ago(moment) {
    return format.formatAgo(moment, this.locale, this.#words);
  }

  /** @param {Parameters<typeof format.progressPhrases>[0]} progress */
  progress(progress) {
    return format.progressPhrases(progress, this.locale, this.#words);
  }
}

/**
 * The language of the nearest element that names one, also outside of shadow trees; else the browser's.
 *
 * @param {Element} element
 */
export function languageAt(element) {
  for (let at = /** @type {Element | null} */ (element); at;) {
    const named = at.closest('[lang]');
    const tag = named?.getAttribute('lang');
    if (tag) return tag;
    const root = at.getRootNode();
    at = root instanceof ShadowRoot ? root.host : null;
  }
  return preferredTag();
}
