/** Every error of this package. The fields are listed in index.d.ts. */
export class UploadError extends Error {
  constructor(message, code, operation, hint) {
    super(message);
    this.name = 'UploadError';
    this.code = code;
    this.operation = operation;
    this.hint = hint;
  }
}
