/**
 * The digests of files, without an uploader.
 *
 * @packageDocumentation
 */
export { UploadError, hashFile, init } from './index.js';
export type { FileDigests, HashAlgorithm, HashOptions } from './index.js';
