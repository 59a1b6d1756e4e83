/** For libraries that send one file, and for bare requests: several at a time. */

/** Connections that a browser has for one origin of HTTP/1.1; with more files at a time the others would only wait. */
export const CONNECTIONS = 6;

/**
 * Does all tasks, so many at a time, until one fails.
 *
 * @param {readonly (() => Promise<void>)[]} tasks
 * @param {number} atOnce
 */
export async function all(tasks, atOnce) {
  const queue = tasks[Symbol.iterator]();
  const worker = async () => {
    for (const task of queue) await task();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/**
 * Adds up the progress of several files or parts.
 *
 * @param {number} total bytes
 * @param {(share: number) => void} progress
 */
export function adder(total, progress) {
  /** @type {Map<unknown, number>} */
  const loaded = new Map();
  let sum = 0;
  return (/** @type {unknown} */ what, /** @type {number} */ bytes) => {
    sum += bytes - (loaded.get(what) ?? 0);
    loaded.set(what, bytes);
    progress(sum / total);
  };
}

/** Bytes of all. @param {readonly File[]} files */
export const sizeOf = (files) => files.reduce((sum, { size }) => sum + size, 0);
