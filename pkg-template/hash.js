/** Hashing alone, from the same module as uploading. */
export { UploadError, hashFile, init } from './index.js';
