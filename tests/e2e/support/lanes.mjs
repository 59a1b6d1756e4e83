/** Doing a few things at a time. */
import { pause } from './until.mjs';

/**
 * Works on all of them, in their order, so many at the same time. Lanes of several calls can share an iterator.
 *
 * @template T
 * @param {number} lanes
 * @param {IterableIterator<T>} all
 * @param {(one: T) => Promise<void>} work
 * @param {number} [apart] milliseconds from when one lane begins until the next does
 */
export async function inLanes(lanes, all, work, apart = 0) {
  const lane = async (/** @type {number} */ number) => {
    await pause(number * apart);
    for (const one of all) await work(one);
  };
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
}
