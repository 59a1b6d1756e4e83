/** The stores every scenario runs against. */
import { embedded } from './embedded.mjs';
import { rgw } from './rgw.mjs';

/**
 * @typedef {object} Store
 * @property {import('../s3.mjs').Bucket} bucket
 * @property {(scope: import('../cleanup.mjs').Scope) => Promise<import('../s3.mjs').Bucket>} withHiddenEtag a bucket
 *   whose CORS rules do not let pages read ETags
 */

/** How each of them is started. */
export const stores = { embedded, rgw };
