/** What comes of the rounds: medians with the least and the most. */
import { median, round } from '../lib/statistics.mjs';
import { partsOf } from './contenders.mjs';

/** Figures of a round with how many digits are worth telling. */
export const FIGURES = /** @type {const} */ ({
  seconds: 2,
  rate: 0,
  ofLink: 3,
  sent: 3,
  requests: 0,
  preflights: 0,
  refused: 0,
  firstByte: 0,
  longestTask: 0,
  frozen: 0,
  mainThread: 2,
  cpu: 2,
  memory: 0,
  hashed: 0,
  sinkCpu: 2,
});

/**
 * @typedef {{ median: number | null, min: number | null, max: number | null }} Spread
 * @typedef {{ [K in keyof typeof FIGURES]: Spread }} Spreads
 *
 * @typedef {object} Result of one contender and row in one scenario
 * @property {string} contender
 * @property {string} row
 * @property {string} parts how large, and how many at a time
 * @property {number} rounds
 * @property {number} finished rounds that ended well
 * @property {string[]} errors of the others
 * @property {Spreads | null} figures of the rounds that ended well, or of all when none did
 *
 * @typedef {import('./round.mjs').Figures} Figures
 */

/**
 * @param {import('./round.mjs').Entry} entry
 * @param {readonly Figures[]} rounds
 * @returns {Result}
 */
export function summary({ contender, row, equal }, rounds) {
  const good = rounds.filter(({ finished }) => finished);
  const counted = good.length ? good : rounds;
  const figures = Object.entries(FIGURES).map(([name, digits]) => {
    const numbers = counted.flatMap((figures) => figures[/** @type {keyof typeof FIGURES} */ (name)] ?? []);
    const told = [median(numbers), Math.min(...numbers), Math.max(...numbers)];
    const [middle = null, min = null, max = null] = told.map((number) => round(number, digits));
    return [name, { median: middle, min, max }];
  });
  return {
    contender,
    row,
    parts: partsOf(equal),
    rounds: rounds.length,
    finished: good.length,
    errors: rounds.flatMap(({ finished, error }) => (finished ? [] : [firstLine(error)])),
    figures: rounds.length ? Object.fromEntries(figures) : null,
  };
}

/** @param {string | null} text */
function firstLine(text) {
  return (text ?? 'unknown').split('\n')[0]?.slice(0, 200) ?? '';
}

/** One round in a line. @param {Figures} figures */
export function line(figures) {
  const { finished, seconds, rate, sent, requests, longestTask, mainThread, cpu, memory, error } = figures;
  const mega = (/** @type {number} */ bytes) => (bytes / 1e6).toFixed(1);
  return [
    finished ? 'done' : 'FAILED',
    `${seconds.toFixed(2)} s`,
    `${mega(rate)} MB/s`,
    `sent ${sent.toFixed(3)}`,
    `${requests} requests`,
    `longest task ${longestTask.toFixed(0)} ms`,
    `main ${mainThread.toFixed(2)} s`,
    `cpu ${cpu.toFixed(2)} s`,
    `memory ${mega(memory)} MB`,
    error ? firstLine(error) : '',
  ].join('  ');
}

/** The figures people compare, for a terminal. @param {readonly Result[]} results */
export function table(results) {
  const rows = results.map(({ contender, row, rounds, finished, figures }) => [
    `${contender} ${row}`,
    {
      finished: `${finished}/${rounds}`,
      seconds: figures?.seconds.median,
      sent: figures?.sent.median,
      requests: figures?.requests.median,
      first_byte_ms: figures?.firstByte.median,
      longest_task_ms: figures?.longestTask.max,
      main_s: figures?.mainThread.median,
      cpu_s: figures?.cpu.median,
      memory_mib: figures?.memory.max && Math.round(figures.memory.max / 1024 / 1024),
    },
  ]);
  return Object.fromEntries(rows);
}
