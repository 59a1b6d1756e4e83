/**
 * Presigned S3 URLs, written from the AWS documentation ("Authenticating Requests: Using Query Parameters"), so that
 * what is under test is not what tests it.
 */
import { createHash, createHmac } from 'node:crypto';

/**
 * @param {object} request
 * @param {string} request.method
 * @param {string} request.origin such as `http://127.0.0.1:7480`
 * @param {string} request.path `/bucket/key`, not encoded
 * @param {Record<string, string>} [request.query]
 * @param {Record<string, string>} [request.headers] signed, and to be sent
 * @param {string} request.region
 * @param {string} request.accessKey
 * @param {string} request.secretKey
 * @param {number} [request.expires] seconds
 * @param {string} [request.now] such as `20260102T030405Z`
 * @returns {string}
 */
export function presign({
  method,
  origin,
  path,
  query = {},
  headers = {},
  region,
  accessKey,
  secretKey,
  expires = 900,
  now = new Date().toISOString().replace(/[-:]|\.\d+/g, ''),
}) {
  const scope = `${now.slice(0, 8)}/${region}/s3/aws4_request`;
  const signed = Object.entries({ ...headers, host: new URL(origin).host })
    .map(([name, value]) => [name.toLowerCase(), value.trim()])
    .sort(byName);
  const names = signed.map(([name]) => name).join(';');
  const parameters = Object.entries({
    ...query,
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${accessKey}/${scope}`,
    'X-Amz-Date': now,
    'X-Amz-Expires': String(expires),
    'X-Amz-SignedHeaders': names,
  }).map(([name, value]) => [encode(name), encode(value)]);
  const canonicalQuery = parameters
    .sort(byName)
    .map((pair) => pair.join('='))
    .join('&');
  const canonicalPath = path.split('/').map(encode).join('/');
  const canonical = [
    method,
    canonicalPath,
    canonicalQuery,
    ...signed.map((pair) => pair.join(':')),
    '',
    names,
    'UNSIGNED-PAYLOAD',
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', now, scope, sha256(canonical)].join('\n');
  const key = scope.split('/').reduce((key, part) => hmac(key, part), Buffer.from(`AWS4${secretKey}`));
  return `${origin}${canonicalPath}?${canonicalQuery}&X-Amz-Signature=${hmac(key, toSign).toString('hex')}`;
}

/** @param {string} text */
function encode(text) {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * @param {string[]} a
 * @param {string[]} b
 */
function byName([a = ''], [b = '']) {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** @param {string} text */
function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * @param {Buffer} key
 * @param {string} text
 */
function hmac(key, text) {
  return createHmac('sha256', key).update(text).digest();
}
