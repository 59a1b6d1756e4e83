/** The stores every scenario runs against. */
import { embedded } from './embedded.mjs';
import { garage } from './garage.mjs';
import { rgw } from './rgw.mjs';

/**
 * One that runs.
 *
 * @typedef {object} Server
 * @property {(scope: import('../cleanup.mjs').Scope) => Promise<Store>} open a part of it for one scenario
 */

/**
 * What a scenario has of it.
 *
 * @typedef {object} Store
 * @property {import('../s3.mjs').Bucket} bucket empty, nobody else's
 * @property {(scope: import('../cleanup.mjs').Scope) => Promise<import('../s3.mjs').Bucket>} withHiddenEtag a bucket
 *   whose CORS rules do not let pages read ETags
 * @property {() => Promise<void>} stop kills what answers requests, for everyone: only in a scenario with `ownStore`
 * @property {() => Promise<void>} start lets it answer again, at the same address with the same data
 */

/** How each of them is started. @type {Record<string, (scope: import('../cleanup.mjs').Scope) => Promise<Server>>} */
export const stores = { embedded, rgw, garage };
