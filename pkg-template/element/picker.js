/** The browser's own picker, which gives handles: with them an upload goes on after a reload without the file being chosen again. */
import { types } from './limits.js';

/** @typedef {import('./limits.js').Entry} Entry */

/** Where one is to be had; for fingers the plain one is better, which offers camera and gallery. */
export function hasPicker() {
  return 'showOpenFilePicker' in globalThis && !matchMedia('(pointer: coarse)').matches;
}

/**
 * Lets the user choose.
 *
 * @param {{ accept: string, multiple: boolean }} rules as of `<input type=file>`
 * @returns {Promise<{ entries: Entry[], unreadable: string[] } | undefined>} nothing where it may not be used, as in some frames
 */
export async function pick({ accept, multiple }) {
  /** @type {FileSystemFileHandle[]} */
  let handles;
  try {
    const options = { multiple, types: groups(accept) };
    // Not in the types yet.
    handles = await /** @type {any} */ (globalThis).showOpenFilePicker(options);
  } catch (error) {
    const { name, message } = /** @type {Error} */ (error);
    // The user has changed his mind. Tools that test pages intercept only the plain one.
    if (name === 'AbortError' && !/intercepted/i.test(message)) handles = [];
    else return undefined;
  }
  /** @type {Entry[]} */
  const entries = [];
  /** @type {string[]} */
  const unreadable = [];
  for (const handle of handles) {
    const file = await handle.getFile().catch(() => undefined);
    if (file) entries.push({ file, path: handle.name, handle });
    else unreadable.push(handle.name);
  }
  return { entries, unreadable };
}

/** What `accept` lists, as the picker wants it. @param {string} accept */
function groups(accept) {
  const wanted = types(accept);
  if (wanted.length === 0 || wanted.some((type) => type.startsWith('*'))) return undefined;
  const endings = wanted.filter((type) => type.startsWith('.'));
  const media = wanted.filter((type) => !type.startsWith('.')).map((type) => [type, []]);
  if (endings.length > 0) media.push(['application/octet-stream', /** @type {any} */ (endings)]);
  return [{ accept: Object.fromEntries(media) }];
}
