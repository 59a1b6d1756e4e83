/** A store that all scenarios share, each with a bucket of its own. */
import { Bucket } from '../s3.mjs';

/** What a page must be able to read of a reply. */
const EXPOSED = ['ETag', 'Date', 'x-amz-request-id'];

let buckets = 0;

/**
 * @param {string} origin
 * @param {() => Promise<import('../process.mjs').Running>} run starts what answers there and waits until it does
 * @returns {Promise<import('./index.mjs').Server>}
 */
export async function shared(origin, run) {
  /** @type {import('../process.mjs').Running | undefined} */
  let running = await run();
  const stop = async () => {
    await running?.stop();
    running = undefined;
  };
  const start = async () => {
    running ??= await run();
  };

  /**
   * @param {import('../cleanup.mjs').Scope} scope
   * @param {readonly string[]} exposed
   */
  const bucket = async (scope, exposed) => {
    const bucket = new Bucket(origin, `bucket-${(buckets += 1)}`);
    await bucket.create(exposed);
    scope.onEnd(async () => {
      // A store that is gone has taken its buckets along.
      if (running?.alive()) await bucket.remove();
    });
    return bucket;
  };
  return {
    open: async (scope) => ({
      bucket: await bucket(scope, EXPOSED),
      withHiddenEtag: (scope) => bucket(scope, []),
      stop,
      start,
    }),
  };
}
