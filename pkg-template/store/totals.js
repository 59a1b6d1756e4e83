/** What all uploads of a list come to. */

/** @typedef {import('../store.js').UploadSnapshot} UploadSnapshot */

/** States in which something can still be paused. */
export const PAUSABLE = ['queued', 'hashing', 'starting', 'uploading', 'offline'];

/**
 * @param {readonly UploadSnapshot[]} all
 * @returns {import('../store.js').Totals}
 */
export function totalsOf(all) {
  const wanted = all.filter(({ state }) => state !== 'cancelled');
  const moving = wanted.filter(({ state }) => state === 'completing' || PAUSABLE.includes(state));
  const count = (/** @type {string} */ wish) => wanted.filter(({ state }) => state === wish).length;
  const sum = (/** @type {readonly UploadSnapshot[]} */ of, /** @type {'loaded' | 'total'} */ what) =>
    of.reduce((sofar, { progress }) => sofar + progress[what], 0);
  const [loaded, total, done] = [sum(wanted, 'loaded'), sum(wanted, 'total'), count('done')];
  const left = sum(moving, 'total') - sum(moving, 'loaded');
  const bytesPerSecond = moving.reduce(
    (sofar, { state, progress }) => sofar + (state === 'uploading' ? progress.bytesPerSecond : 0),
    0,
  );
  // Files without content have no share of the bytes.
  const percent = total > 0 ? (100 * loaded) / total : wanted.length > 0 && done === wanted.length ? 100 : 0;
  return Object.freeze({
    files: wanted.length,
    active: moving.length,
    paused: count('paused'),
    done,
    failed: count('failed'),
    loaded,
    total,
    percent,
    bytesPerSecond,
    secondsLeft: bytesPerSecond > 0 ? left / bytesPerSecond : null,
  });
}
