/** What the states are called. */
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
