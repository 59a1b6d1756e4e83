/**
 * An error like those of the package, which may not have been loaded yet, and need not be for this.
 *
 * @param {string} message
 * @param {{ code: import('../index.js').UploadErrorCode, operation: import('../index.js').UploadOperation, hint: string }} fields
 * @param {ErrorOptions} [options]
 */
export function uploadError(message, fields, options) {
  return Object.assign(new Error(message, options), { name: 'UploadError', ...fields });
}
