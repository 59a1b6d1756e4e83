/** What someone else with the bucket's keys could do to an upload of ours. */
import { until } from './until.mjs';

/**
 * The id of the one unfinished upload of a key.
 *
 * @param {import('./s3.mjs').Bucket} bucket
 * @param {string} key
 */
export async function uploadId(bucket, key) {
  const xml = await (await bucket.request('GET', '', { query: { uploads: '' } })).text();
  const ids = [...xml.matchAll(/<Upload>.*?<\/Upload>/gs)]
    .filter(([upload]) => upload.includes(`<Key>${key}</Key>`))
    .map(([upload]) => /<UploadId>(.*?)<\/UploadId>/.exec(upload)?.[1] ?? '');
  const [id] = ids;
  if (!id || ids.length > 1) throw new Error(`${ids.length} uploads of ${key}`);
  return id;
}

/**
 * @param {import('./s3.mjs').Bucket} bucket
 * @param {string} key
 */
export async function abort(bucket, key) {
  const id = await uploadId(bucket, key);
  await (await bucket.request('DELETE', key, { query: { uploadId: id } })).text();
}

/**
 * Makes an object of the parts that are there. Fewer than 1 000.
 *
 * @param {import('./s3.mjs').Bucket} bucket
 * @param {string} key
 * @returns {Promise<number>} how many they were
 */
export async function complete(bucket, key) {
  const id = await uploadId(bucket, key);
  // Ceph wants all parts named, and one more may have come since they were listed.
  const count = await until(
    () =>
      completeNow(bucket, key, id).catch((error) => {
        if (`${error}`.includes('InvalidPart')) return 0;
        throw error;
      }),
    { what: 'no part to come between', within: 10_000 },
  );
  await until(() => bucket.has(key), { what: 'the object to be there', within: 10_000 });
  return count;
}

/**
 * @param {import('./s3.mjs').Bucket} bucket
 * @param {string} key
 * @param {string} id
 */
async function completeNow(bucket, key, id) {
  const listed = await (await bucket.request('GET', key, { query: { uploadId: id } })).text();
  const parts = [...listed.matchAll(/<Part>.*?<\/Part>/gs)].map(([part]) => {
    const [, number] = /<PartNumber>(.*?)<\/PartNumber>/.exec(part) ?? [];
    const [, etag] = /<ETag>(.*?)<\/ETag>/.exec(part) ?? [];
    return `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`;
  });
  const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`;
  const reply = await (await bucket.request('POST', key, { query: { uploadId: id }, body })).text();
  if (reply.includes('<Error>')) throw new Error(reply);
  return parts.length;
}
