/** Which files are taken. */

/** @typedef {import('../element.js').RefusalReason} RefusalReason */

/**
 * @typedef {object} Limits
 * @property {string} accept as of `<input type=file>`
 * @property {number | undefined} minSize bytes
 * @property {number | undefined} maxSize bytes
 * @property {number | undefined} maxFiles
 * @property {boolean} duplicates whether a file may be in the list twice
 */

/**
 * @typedef {object} Entry
 * @property {File} file
 * @property {string} path in the folder it came in
 * @property {FileSystemFileHandle} [handle] where it can be read again after a reload
 */

/**
 * Why a file is refused; `undefined` when it is taken.
 *
 * @param {Entry} entry
 * @param {Limits} limits
 * @param {readonly Entry[]} present
 * @returns {Exclude<RefusalReason, 'unreadable' | 'error' | 'custom'> | undefined}
 */
export function refusal({ file, path }, { accept, minSize, maxSize, maxFiles, duplicates }, present) {
  if (!accepts(accept, file)) return 'type';
  if (maxSize !== undefined && file.size > maxSize) return 'too-large';
  if (minSize !== undefined && file.size < minSize) return 'too-small';
  const same = (/** @type {Entry} */ other) =>
    other.path === path && other.file.size === file.size && other.file.lastModified === file.lastModified;
  if (!duplicates && present.some(same)) return 'duplicate';
  if (maxFiles !== undefined && present.length >= maxFiles) return 'too-many';
  return undefined;
}

/**
 * Whether a file is of one of the types, each an ending (`.pdf`), a media type, or a kind of them (`image/*`).
 *
 * @param {string} accept
 * @param {{ name: string, type: string }} file
 */
export function accepts(accept, { name, type }) {
  const wanted = types(accept);
  if (wanted.length === 0) return true;
  const [ending, media] = [name.toLowerCase(), type.toLowerCase().split(';')[0] ?? ''];
  return wanted.some((each) => {
    if (each === '*/*' || each === '*') return true;
    if (each.startsWith('.')) return ending.endsWith(each);
    return each.endsWith('/*') ? media.startsWith(each.slice(0, -1)) : media === each;
  });
}

/** What an `accept` lists, in lower case. @param {string} accept */
export function types(accept) {
  return accept
    .split(',')
    .map((each) => each.trim().toLowerCase())
    .filter(Boolean);
}

const POWERS = ['', 'k', 'm', 'g', 't'];

/**
 * A number of bytes: `5242880`, `5 MB` or `5 MiB`. `NaN` for what is none.
 *
 * @param {string} text
 */
export function parseSize(text) {
  const [, digits, prefix = '', binary] = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?\s*$/i.exec(text) ?? [];
  if (digits === undefined) return NaN;
  return Math.round(Number(digits) * (binary ? 1024 : 1000) ** POWERS.indexOf(prefix.toLowerCase()));
}
