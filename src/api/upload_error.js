/** Every error of this package. The fields are listed in index.d.ts. */
export class UploadError extends Error {
  /**
   * @param {string} message
   * @param {import('partwise').UploadErrorCode} code
   * @param {import('partwise').UploadOperation} operation
   * @param {string} hint
   * @param {unknown} [cause] what a function of the page threw
   */
  constructor(message, code, operation, hint, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'UploadError';
    this.code = code;
    this.operation = operation;
    this.hint = hint;
  }
}
