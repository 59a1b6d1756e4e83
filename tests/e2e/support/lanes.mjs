/** Doing a few things at a time. */

/**
 * Works on all of them, in their order, so many at the same time.
 *
 * @template T
 * @param {number} lanes
 * @param {readonly T[]} all
 * @param {(one: T) => Promise<void>} work
 */
export async function inLanes(lanes, all, work) {
  const left = all.values();
  const lane = async () => {
    for (const one of left) await work(one);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
