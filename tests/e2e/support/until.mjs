/** Waiting without guessing how long. */

/** Milliseconds for the last answer. */
const HANGING = 30_000;

/**
 * Asks until the answer is true, and returns it.
 *
 * @template T
 * @param {() => T | Promise<T>} ask
 * @param {{ what: string, within: number, every?: number }} options `within` and `every` in milliseconds
 * @returns {Promise<NonNullable<T>>}
 */
export async function until(ask, { what, within, every = 25 }) {
  const deadline = performance.now() + within;
  for (;;) {
    const answer = await inTime(Promise.resolve().then(ask), { what, within: within + HANGING });
    if (answer) return answer;
    if (performance.now() > deadline) throw new Error(`waited ${within} ms for: ${what}`);
    await pause(every);
  }
}

/**
 * Asks for as long as given, and throws as soon as the answer is false.
 *
 * @param {() => unknown | Promise<unknown>} ask
 * @param {{ what: string, during: number, every?: number }} options `during` and `every` in milliseconds
 */
export async function stays(ask, { what, during, every = 25 }) {
  const end = performance.now() + during;
  do {
    if (!(await inTime(Promise.resolve().then(ask), { what, within: during + HANGING })))
      throw new Error(`did not stay so for ${during} ms: ${what}`);
    await pause(every);
  } while (performance.now() < end);
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {{ what: string, within: number }} options `within` in milliseconds
 * @returns {Promise<T>}
 */
export async function inTime(promise, { what, within }) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${within} ms for: ${what}`)), within);
  });
  try {
    return await Promise.race([promise, /** @type {Promise<never>} */ (late)]);
  } finally {
    clearTimeout(timer);
  }
}

/** @param {number} ms */
export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
