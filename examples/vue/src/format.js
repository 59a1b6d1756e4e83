/** Numbers as people read them. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

export function bytes(count) {
  const power = Math.min(Math.floor(Math.log10(Math.max(count, 1)) / 3), UNITS.length - 1);
  const digits = power === 0 ? 0 : 1;
  return `${(count / 1000 ** power).toFixed(digits)} ${UNITS[power]}`;
}

export function duration(seconds) {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** What a line below a bar says: how much, how fast, how long. */
export function flow({ loaded, total, bytesPerSecond, secondsLeft }) {
  const parts = [loaded === total ? bytes(total) : `${bytes(loaded)} of ${bytes(total)}`];
  if (bytesPerSecond > 0 && loaded < total) {
    parts.push(`${bytes(bytesPerSecond)}/s`);
    if (secondsLeft !== null) parts.push(`${duration(secondsLeft)} left`);
  }
  // A line breaks between the parts, not inside.
  return parts.map((part) => part.replaceAll(' ', '\u00a0')).join(' · ');
}

export const WORDS = {
  queued: 'Waiting',
  hashing: 'Reading',
  starting: 'Starting',
  uploading: 'Uploading',
  paused: 'Paused',
  offline: 'No network',
  completing: 'Finishing',
  done: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
};
