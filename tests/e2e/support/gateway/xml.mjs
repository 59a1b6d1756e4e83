/** Replies in XML, as OSS and COS write them. */

/** @typedef {import('./index.mjs').Reply} Reply */

const TYPE = { 'Content-Type': 'application/xml' };

/** @param {string} root @param {Record<string, string | number>} fields @param {string} [more] */
function xml(root, fields, more = '') {
  const inside = Object.entries(fields).map(([name, value]) => `<${name}>${escape(String(value))}</${name}>`);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}>${inside.join('')}${more}</${root}>`;
}

/** @param {string} text */
function escape(text) {
  return text.replace(/[<>&"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/**
 * @param {import('./request.mjs').Refusal} refusal
 * @param {Record<string, string>} more fields that all errors of the cloud have
 * @returns {Reply}
 */
export function error({ status, code, message, fields }, more) {
  return { status, headers: TYPE, body: xml('Error', { Code: code, Message: message, ...more, ...fields }) };
}

/** @type {import('./index.mjs').Cloud['created']} */
export function created({ bucket, key, uploadId }) {
  const body = xml('InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId: uploadId });
  return { headers: TYPE, body };
}

/** @type {import('./index.mjs').Cloud['listed']} */
export function listed({ bucket, key, uploadId }, { parts, after, next }) {
  const inside = parts.map(({ number, etag, size }) =>
    xml('Part', {
      PartNumber: number,
      LastModified: '2026-01-02T03:04:05.000Z',
      ETag: `"${etag}"`,
      Size: size ?? 0,
    }),
  );
  const fields = {
    ...{ Bucket: bucket, Key: key, UploadId: uploadId, PartNumberMarker: after, MaxParts: 1000 },
    ...(next !== null && { NextPartNumberMarker: next }),
    IsTruncated: String(next !== null),
  };
  const list = inside.map((part) => part.replace(/^<\?.*\?>\n/, '')).join('');
  return { headers: TYPE, body: xml('ListPartsResult', fields, list) };
}

/** @type {import('./index.mjs').Cloud['completed']} */
export function completed({ bucket, key, etag, location }) {
  const fields = { Location: location, Bucket: bucket, Key: key, ETag: `"${etag}"` };
  return { headers: TYPE, body: xml('CompleteMultipartUploadResult', fields) };
}

/** The parts named in the body of a completion. @param {string} text */
export function partsIn(text) {
  const parts = [
    ...text.matchAll(/<Part>\s*<PartNumber>(\d+)<\/PartNumber>\s*<ETag>(.*?)<\/ETag>\s*<\/Part>/gs),
  ];
  return parts.map(([, number, etag = '']) => ({
    number: Number(number),
    etag: etag.replace(/&quot;|&#34;/g, '"'),
  }));
}
