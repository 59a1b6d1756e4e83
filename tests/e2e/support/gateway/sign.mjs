/** Presigned URLs for a cloud, made by the code of the vendor's own SDK: what a page's server would do. */
// @ts-expect-error It has no types.
import Auth from '@baiducloud/sdk/src/auth.js';
// @ts-expect-error It has no types.
import signUtils from 'ali-oss/lib/common/signUtils.js';
import COS from 'cos-js-sdk-v5';

/**
 * @typedef {object} Ask
 * @property {string} origin of the bucket
 * @property {string} bucket
 * @property {string} region
 * @property {import('./accounts.mjs').Given} given
 * @property {number} expires seconds
 * @property {{ method: string, key: string, query: Record<string, string>, headers: Record<string, string> }} request
 */

/** @type {Record<string, (ask: Ask) => string>} */
export const signers = {
  oss({ origin, bucket, region, given, expires, request: { method, key, query, headers } }) {
    const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    const day = date.slice(0, 8);
    /** @type {Record<string, string | null>} */
    const queries = {
      ...query,
      'x-oss-signature-version': 'OSS4-HMAC-SHA256',
      'x-oss-credential': signUtils.getCredential(day, region, given.id),
      'x-oss-date': date,
      'x-oss-expires': String(expires),
      'x-oss-security-token': given.token,
    };
    const named = Object.fromEntries(Object.entries(queries).map(([name, value]) => [name, value || null]));
    const canonical = signUtils.getCanonicalRequest(method, { headers, queries: named }, bucket, key, []);
    const toSign = signUtils.getStringToSign(region, date, canonical);
    queries['x-oss-signature'] = signUtils.getSignatureV4(given.secret, day, region, toSign);
    return address(origin, key, queries);
  },
  cos({ origin, given, expires, request: { method, key, query, headers } }) {
    const { 'Content-Type': _, ...signed } = headers;
    const parameters = { ...query, 'x-cos-security-token': given.token };
    const authorization = COS.getAuthorization({
      SecretId: given.id,
      SecretKey: given.secret,
      Method: /** @type {any} */ (method),
      Pathname: `/${key}`,
      Query: parameters,
      Headers: { host: new URL(origin).host, ...signed },
      Expires: expires,
    });
    return `${address(origin, key, parameters)}&${authorization}`;
  },
  bos({ origin, given, expires, request: { method, key, query, headers } }) {
    const parameters = { ...query, 'x-bce-security-token': given.token };
    const authorization = new Auth(given.id, given.secret).generateAuthorization(
      method,
      path(key),
      parameters,
      { host: new URL(origin).host, ...headers },
      Math.floor(Date.now() / 1000),
      expires,
      ['host', ...Object.keys(headers).map((name) => name.toLowerCase())],
    );
    return address(origin, key, { ...parameters, authorization });
  },
};

/**
 * @param {string} origin
 * @param {string} key
 * @param {Record<string, string | null>} query
 */
function address(origin, key, query) {
  const pairs = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(value ?? '')}`);
  return `${origin}${path(key)}?${pairs.join('&')}`;
}

/** @param {string} key */
function path(key) {
  return `/${key.split('/').map(encode).join('/')}`;
}

/** @param {string} text */
function encode(text) {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
