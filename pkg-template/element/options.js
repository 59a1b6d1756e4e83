/** The attributes that stand for options of `createUploader`, and the properties of the same names. */
import { parseSize } from './limits.js';

/** @typedef {(text: string) => unknown} Parse */

/** What is no size stays as it is, so that the error names it. @type {Parse} */
const size = (text) => (Number.isNaN(parseSize(text)) ? text : parseSize(text));
/** @type {Parse} */
const number = (text) => (text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text));
/** @type {Parse} */
const text = (text) => text;
/** @type {Parse} */
const flag = (text) => text !== 'false';

/** @type {Readonly<Record<string, Parse>>} */
export const OPTION_ATTRIBUTES = {
  endpoint: text,
  'with-credentials': flag,
  'part-size': size,
  parallel: number,
  hash: text,
  verify: text,
  instant: text,
  storage: text,
  'keep-copy': text,
  'max-copy-size': size,
  'expire-after': number,
  'retry-for': number,
  'stall-timeout': number,
  'reply-timeout': number,
  'offline-timeout': number,
  'guard-unload': flag,
  'worker-url': text,
  'hash-workers': number,
  destination: text,
};

/** @type {Readonly<Record<string, Parse>>} */
const OTHER_ATTRIBUTES = {
  accept: text,
  'max-size': size,
  'min-size': size,
  'max-files': number,
  duplicates: flag,
  folders: flag,
  'whole-page': flag,
  'plain-picker': flag,
  required: flag,
  disabled: flag,
  name: text,
};

const REFLECTED = { ...OPTION_ATTRIBUTES, ...OTHER_ATTRIBUTES };

/** Whether an attribute that should be a number, or a size, is none. @param {string} name @param {string} value */
export function isUnreadable(name, value) {
  const parse = OTHER_ATTRIBUTES[name];
  return (parse === size || parse === number) && typeof parse(value) === 'string';
}

/** Those that change something when they change. */
export const OBSERVED = [...Object.keys(REFLECTED), 'lang', 'aria-label'];

/** @param {string} attribute */
const camel = (attribute) => attribute.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());

/** The options that attributes give. @param {Element} element */
export function optionsOf(element) {
  /** @type {Record<string, unknown>} */
  const options = {};
  for (const [name, parse] of Object.entries(OPTION_ATTRIBUTES)) {
    const value = element.getAttribute(name);
    if (value !== null) options[camel(name)] = parse(value);
  }
  return options;
}

/**
 * Which files it takes; what is no number is no limit.
 *
 * @param {Pick<import('../element.js').AttributeProperties, 'accept' | 'minSize' | 'maxSize' | 'maxFiles' | 'duplicates'>} element
 * @returns {import('./limits.js').Limits}
 */
export function limitsOf({ accept, minSize, maxSize, maxFiles, duplicates }) {
  const sane = (/** @type {unknown} */ value) =>
    typeof value === 'number' && value >= 0 ? value : undefined;
  return { accept, minSize: sane(minSize), maxSize: sane(maxSize), maxFiles: sane(maxFiles), duplicates };
}

/**
 * Gives a class a property for each attribute: `maxSize` for `max-size`.
 *
 * @param {{ prototype: Element }} type
 */
export function reflect({ prototype }) {
  for (const [name, parse] of Object.entries(REFLECTED))
    Object.defineProperty(prototype, camel(name), {
      configurable: true,
      enumerable: true,
      get() {
        const value = this.getAttribute(name);
        if (value === null)
          return parse === flag ? false : name === 'accept' || name === 'name' ? '' : undefined;
        return parse(value);
      },
      set(value) {
        if (value === undefined || value === null || value === false) this.removeAttribute(name);
        else this.setAttribute(name, value === true ? '' : String(value));
      },
    });
}

/**
 * A property that was set before the element was defined is one of the object, and hides that of the class: it is set anew.
 *
 * @param {HTMLElement} element
 * @param {readonly string[]} names
 */
export function upgrade(element, names) {
  const own = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (element));
  for (const name of [...Object.keys(REFLECTED).map(camel), ...names])
    if (Object.hasOwn(own, name)) {
      const value = own[name];
      delete own[name];
      own[name] = value;
    }
}
