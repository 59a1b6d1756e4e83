/** Copies of files in the origin private file system (OPFS), for browsers that keep no handles. */

const FOLDER = 'partwise';
/** The share of the storage this origin may use that copies leave free. */
const SPARE = 0.1;

async function folder() {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(FOLDER, { create: true });
}

/** Whether there is room for so many bytes more. @param {number} size */
export async function fits(size) {
  const { quota = 0, usage = 0 } = await navigator.storage.estimate();
  return usage + size <= quota * (1 - SPARE);
}

/**
 * Copies a file; what fails or is aborted leaves nothing.
 *
 * @param {string} name
 * @param {File} file
 * @param {AbortSignal} signal
 */
export async function write(name, file, signal) {
  const handle = await (await folder()).getFileHandle(name, { create: true });
  try {
    // What is written shows only once it is closed.
    await file.stream().pipeTo(await handle.createWritable(), { signal });
  } catch (error) {
    await remove(name);
    throw error;
  }
}

/** @param {string} name */
export async function read(name) {
  return (await (await folder()).getFileHandle(name)).getFile();
}

/** @param {string} name */
export async function remove(name) {
  await (await folder()).removeEntry(name).catch(() => {});
}

/** The names of all copies, also of those that a page was writing when it went away. @returns {Promise<string[]>} */
export async function names() {
  const found = [];
  // Not in the types yet.
  for await (const name of /** @type {any} */ (await folder()).keys()) found.push(name);
  return found;
}
