/** Which of the built-in languages a tag (`zh-HK`) means. */

/** @typedef {'en' | 'zh-Hans' | 'zh-Hant'} Language */

/** @type {readonly string[]} */
const TRADITIONAL = ['TW', 'HK', 'MO'];

/**
 * The built-in language of a tag, `undefined` for one that is not built in.
 *
 * @param {string} tag
 * @returns {Language | undefined}
 */
export function languageOf(tag) {
  const locale = parse(tag);
  if (locale?.language === 'en') return 'en';
  if (locale?.language !== 'zh') return undefined;
  const traditional = locale.script ? locale.script === 'Hant' : TRADITIONAL.includes(locale.region ?? '');
  return traditional ? 'zh-Hant' : 'zh-Hans';
}

/** A tag that `Intl` takes; what it cannot read means English. @param {string} tag */
export function validTag(tag) {
  return parse(tag)?.toString() ?? 'en';
}

/** The language of the browser, or of the server. */
export function preferredTag() {
  return globalThis.navigator?.language ?? 'en';
}

/** @param {string} tag */
function parse(tag) {
  try {
    return new Intl.Locale(tag);
  } catch {
    return undefined;
  }
}
