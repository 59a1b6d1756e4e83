/** What a signing server of any language must do: sign what an upload needs, so that the cloud takes it, and nothing else. */
import assert from 'node:assert/strict';
import { bos } from '../../e2e/support/gateway/bos.mjs';
import { cos } from '../../e2e/support/gateway/cos.mjs';
import { oss } from '../../e2e/support/gateway/oss.mjs';
import { readRequest } from '../../e2e/support/gateway/request.mjs';
import { presign } from '../../e2e/support/sigv4.mjs';

/** @typedef {{ method: string, key: string, query: Record<string, string>, headers: Record<string, string> }} Ask */

/** Whose keys the servers are given. */
export const keys = { id: 'AKID0123456789', secret: 'c2VjcmV0LWtleQ' };

/**
 * The buckets of the documents.
 *
 * @type {Record<string, { host: string, prefix: string, page: [string, string], accept: (ask: Ask, url: URL) => void }>}
 */
export const stores = {
  s3: {
    host: 'my-bucket.s3.eu-west-1.amazonaws.com',
    prefix: 'x-amz-',
    page: ['max-parts', 'part-number-marker'],
    accept: acceptS3,
  },
  oss: {
    host: 'my-bucket.oss-cn-hangzhou.aliyuncs.com',
    prefix: 'x-oss-',
    page: ['max-parts', 'part-number-marker'],
    accept: acceptAs(oss, ''),
  },
  cos: {
    host: 'my-bucket-1250000000.cos.ap-guangzhou.myqcloud.com',
    prefix: 'x-cos-',
    page: ['max-parts', 'part-number-marker'],
    accept: acceptAs(cos, ''),
  },
  bos: {
    host: 'my-bucket.bj.bcebos.com',
    prefix: 'x-bce-',
    page: ['maxParts', 'partNumberMarker'],
    accept: acceptAs(bos, undefined),
  },
};

/**
 * Everything an upload of ann's asks for.
 *
 * @param {string} kind
 * @returns {Ask[]}
 */
export function wanted(kind) {
  const { prefix, page } = storeOf(kind);
  const key = "ann/目录/a b+c'(1)!*.mp4";
  const uploadId = '0004B9894A22E5B1888A1E29F823';
  const list = { [page[0]]: '1000', uploadId };
  const keep = ['s3', 'bos'].includes(kind)
    ? { 'If-None-Match': '*' }
    : { [`${prefix}forbid-overwrite`]: 'true' };
  const type = { 'Content-Type': 'video/mp4', [`${prefix}meta-author`]: 'a b' };
  return [
    { method: 'POST', key, query: { uploads: '' }, headers: type },
    { method: 'PUT', key, query: { partNumber: '2', uploadId }, headers: {} },
    {
      method: 'PUT',
      key,
      query: { partNumber: '2', uploadId },
      headers: { 'Content-MD5': 'XrY7u+Ae7tCTyyK7j1rNww==' },
    },
    { method: 'PUT', key, query: {}, headers: { ...type, ...keep } },
    { method: 'GET', key, query: list, headers: {} },
    { method: 'GET', key, query: { ...list, [page[1]]: '1000' }, headers: {} },
    { method: 'POST', key, query: { uploadId }, headers: {} },
    { method: 'POST', key, query: { uploadId }, headers: keep },
    { method: 'DELETE', key, query: { uploadId }, headers: {} },
    { method: 'HEAD', key, query: {}, headers: {} },
  ];
}

/**
 * What must never be signed for ann.
 *
 * @param {string} kind
 * @returns {unknown[]}
 */
export function unwanted(kind) {
  const { prefix } = storeOf(kind);
  const put = { method: 'PUT', key: 'ann/a', query: {}, headers: {} };
  return [
    ...['ann', 'annex/a', '/ann/a', 'bob/a', '', 'ann/../bob/a', 'ann/./a', 'ann/a\nb'].map((key) => ({
      ...put,
      key,
    })),
    { ...put, method: 'GET' },
    { ...put, method: 'DELETE' },
    ...['', [], [''], null].map((uploadId) => ({ ...put, method: 'DELETE', query: { uploadId } })),
    { ...put, method: 'POST', query: { delete: '' } },
    { ...put, method: 'POST', query: { uploads: '', x: 'y' } },
    { ...put, query: { acl: '' } },
    { ...put, headers: { [`${prefix}acl`]: 'public-read' } },
    { ...put, headers: { [`${prefix}copy-source`]: '/other/secret' } },
    { ...put, headers: { [`${prefix}meta-a`]: `b\n${prefix}object-acl:public-read` } },
    { ...put, headers: { [`${prefix}meta-a:b\n${prefix}object-acl`]: 'public-read' } },
  ];
}

/**
 * Fails where the store would refuse a request with this URL.
 *
 * @param {string} kind
 * @param {Ask} ask
 * @param {string} signed
 */
export function accept(kind, ask, signed) {
  const store = storeOf(kind);
  const url = new URL(signed);
  assert.equal(url.protocol, 'https:');
  assert.equal(url.host, store.host);
  assert.equal(decodeURIComponent(url.pathname), `/${ask.key}`);
  for (const [name, value] of Object.entries(ask.query))
    assert.equal(url.searchParams.get(name), value, name);
  store.accept(ask, url);
}

/** @param {string} kind */
function storeOf(kind) {
  const store = stores[kind];
  assert.ok(store, `no store ${kind}`);
  return store;
}

/**
 * As the gateways of the end-to-end tests do: by the vendor's own code.
 *
 * @param {import('../../e2e/support/gateway/index.mjs').Cloud} cloud
 * @param {string | undefined} token
 * @returns {(ask: Ask, url: URL) => void}
 */
function acceptAs(cloud, token) {
  const given = /** @type {any} */ ({ ...keys, token, end: Infinity });
  return ({ method, key, headers }, url) => {
    // Clouds decode the path and encode it their own way before they compute.
    const path = `/${key.split('/').map(encode).join('/')}`;
    const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    const message = /** @type {any} */ ({
      method,
      url: path + url.search,
      headers: { host: url.host, ...Object.fromEntries(lower) },
    });
    const bucket = url.host.split('.')[0] ?? '';
    cloud.verify(readRequest(message, bucket), /** @type {any} */ ({ find: () => given }));
  };
}

/** As RFC 3986 has it. @param {string} text */
function encode(text) {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Amazon's is computed again from its documentation. @param {Ask} ask @param {URL} url */
function acceptS3({ method, key, query, headers }, url) {
  const names = url.searchParams.get('X-Amz-SignedHeaders')?.split(';') ?? [];
  const sent = Object.entries(headers).filter(([name]) => names.includes(name.toLowerCase()));
  for (const name of Object.keys(headers).filter((name) => /^x-amz-|md5$/i.test(name)))
    assert.ok(names.includes(name.toLowerCase()), `${name} is signed`);
  const expires = Number(url.searchParams.get('X-Amz-Expires'));
  const credentials = { region: 'eu-west-1', accessKey: keys.id, secretKey: keys.secret };
  const now = url.searchParams.get('X-Amz-Date') ?? '';
  const again = presign({
    ...{ method, origin: url.origin, path: `/${key}`, query, headers: Object.fromEntries(sent) },
    ...{ ...credentials, expires, now },
  });
  const signature = new URL(again).searchParams.get('X-Amz-Signature');
  assert.equal(url.searchParams.get('X-Amz-Signature'), signature);
}
