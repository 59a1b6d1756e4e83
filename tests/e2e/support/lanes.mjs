/** Doing a few things at a time. */

/**
 * Works on all of them, in their order, so many at the same time. Lanes of several calls can share an iterator.
 *
 * @template T
 * @param {number} lanes
 * @param {IterableIterator<T>} all
 * @param {(one: T) => Promise<void>} work
 */
export async function inLanes(lanes, all, work) {
  const lane = async () => {
    for (const one of all) await work(one);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
