/** Numbers of several rounds. */

/** @param {readonly number[]} numbers */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? NaN) + (sorted[sorted.length >> 1] ?? NaN)) / 2;
}

/** `null` for what is no number, as JSON has it. @param {number} value @param {number} [digits] */
export function round(value, digits = 0) {
  return Number.isFinite(value) ? Number(value.toFixed(digits)) : null;
}
