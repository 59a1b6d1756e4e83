/** Every error of this package. The fields are listed in index.d.ts. */
export class UploadError extends Error {
  /**
   * @param {string} message
   * @param {import('partwise').UploadErrorCode} code
   * @param {import('partwise').UploadOperation} operation
   * @param {string} hint
   */
  constructor(message, code, operation, hint) {
    super(message);
    this.name = 'UploadError';
    this.code = code;
    this.operation = operation;
    this.hint = hint;
  }
}
