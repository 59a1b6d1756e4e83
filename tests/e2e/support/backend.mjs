/** The functions of an uploader's `backend`, answered by the test. */

/**
 * Answers for `world.hook`, in front of a bucket.
 *
 * @param {import('./s3.mjs').Bucket} bucket
 * @param {string} origin where pages send their parts
 * @returns {(question: any) => Promise<unknown>}
 */
export function backend(bucket, origin) {
  /** @type {Record<string, (question: any) => unknown>} */
  const calls = {
    async createMultipartUpload({ key }) {
      const reply = await (await bucket.request('POST', key, { query: { uploads: '' } })).text();
      return { uploadId: /<UploadId>(.*?)<\/UploadId>/.exec(reply)?.[1], key };
    },
    signPart({ key, uploadId, partNumber }) {
      const query = { uploadId, partNumber: String(partNumber) };
      return { url: bucket.url('PUT', key, { query, origin }) };
    },
    // For pages that go on with nothing.
    listParts: () => [],
    async completeMultipartUpload({ key, uploadId, parts }) {
      const listed = parts.map(
        (/** @type {any} */ { PartNumber, ETag }) =>
          `<Part><PartNumber>${PartNumber}</PartNumber><ETag>${ETag}</ETag></Part>`,
      );
      const body = `<CompleteMultipartUpload>${listed.join('')}</CompleteMultipartUpload>`;
      const reply = await (await bucket.request('POST', key, { query: { uploadId }, body })).text();
      if (reply.includes('<Error>')) throw new Error(reply);
      return {};
    },
    async abortMultipartUpload({ key, uploadId }) {
      await (await bucket.request('DELETE', key, { query: { uploadId } })).text();
    },
  };
  return async ({ name, ...question }) => calls[name]?.(question);
}
