/**
 * What the page does: has the contender that its address names send the chosen files, and tells how that went.
 *
 * A contender is a module with one function, `start(files, settings, progress)`, whose promise is settled when all files have
 * arrived or one has failed for good. It calls `progress` with the share that is through, 0 to 1.
 *
 * @typedef {object} Settings
 * @property {string} store origin
 * @property {string} backend origin
 * @property {{ partSize: number, parallel: number } | null} equal `null`: the contender's own defaults
 * @property {boolean} remembers an earlier page may have begun, and a later one may go on
 * @property {number | null} tellAt the share at which `reached()` is called, which the bench binds
 */

let longestTask = 0;
let longTasks = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) {
    longestTask = Math.max(longestTask, duration);
    longTasks += duration;
  }
}).observe({ entryTypes: ['longtask'] });

const contender = import(`/contenders${location.pathname}.js`);

/** When it was started, milliseconds of this page. */
let from = NaN;

/**
 * @param {Settings} settings
 * @returns {Promise<Told>}
 *
 * @typedef {{ began: number, millis: number, longestTask: number, longTasks: number, error: string | null }} Told all in
 *   milliseconds; `began` since 1970
 */
async function run(settings) {
  const { start } = await contender;
  const files = [...document.querySelector('input').files];
  let tellAt = settings.tellAt ?? Infinity;
  const progress = (/** @type {number} */ share) => {
    if (share < tellAt) return;
    tellAt = Infinity;
    globalThis.reached('');
  };
  // The browser looks on the disk when it is first asked, 0.3 ms for each: whoever asks first would seem to be slow.
  for (const { size } of files) if (!(size >= 0)) throw new Error('a file without a size');
  await new Promise((settled) => setTimeout(settled, 200));
  [longestTask, longTasks] = [0, 0];
  from = performance.now();
  const error = await start(files, settings, progress).then(
    () => null,
    (problem) => String(problem?.stack ?? problem?.message ?? problem?.error ?? problem),
  );
  const millis = performance.now() - from;
  // Long tasks are told a little later.
  await new Promise((told) => setTimeout(told, 200));
  return { ...soFar(), millis, error };
}

/** @returns {Told} of what has not ended */
function soFar() {
  const millis = performance.now() - from;
  return { began: performance.timeOrigin + from, millis, longestTask, longTasks, error: null };
}

/** Once the contender's code is there. */
const ready = () => contender.then(() => true);

Object.assign(globalThis, { run, soFar, ready });
