/** What the tests ask a store themselves, past the proxy and past the library. */
import { createHash } from 'node:crypto';
import { presign } from './sigv4.mjs';

/** What every store of these tests is set up with. The form of the keys is Garage's, which takes no other. */
export const credentials = {
  region: 'us-east-1',
  accessKey: 'GK31c2f218a2e44f485b94239e',
  secretKey: 'b892c0665f0ada8a4755dae98baa3b133590e11dae3bcc1f9d769d67f16c3835',
};

/** Requests to remove objects. */
const AT_ONCE = 8;

/** A bucket at a store. */
export class Bucket {
  /**
   * @param {string} origin
   * @param {string} name
   */
  constructor(origin, name) {
    this.origin = origin;
    this.name = name;
  }

  /**
   * A presigned URL, at another address if given: the proxy's.
   *
   * @param {string} method
   * @param {string} key empty: the bucket itself
   * @param {{ query?: Record<string, string>, headers?: Record<string, string>, origin?: string, expires?: number }} [options]
   */
  url(method, key, { query, headers, origin = this.origin, expires } = {}) {
    const path = key ? `/${this.name}/${key}` : `/${this.name}`;
    return presign({ method, origin, path, query, headers, expires, ...credentials });
  }

  /**
   * @param {string} method
   * @param {string} key
   * @param {{ query?: Record<string, string>, headers?: Record<string, string>, body?: string }} [options]
   */
  async request(method, key, { query, headers, body } = {}) {
    const response = await fetch(this.url(method, key, { query, headers }), { method, headers, body });
    if (response.ok || (response.status === 404 && method !== 'PUT')) return response;
    throw new Error(`${method} /${this.name}/${key}: ${response.status} ${await response.text()}`);
  }

  /** Makes it, for pages of all origins. @param {readonly string[]} exposed reply headers they may read */
  async create(exposed) {
    await (await this.request('PUT', '')).text();
    await this.#allowPages(exposed);
  }

  /** @param {readonly string[]} exposed */
  async #allowPages(exposed) {
    const methods = ['GET', 'PUT', 'POST', 'DELETE', 'HEAD'].map((name) => element('AllowedMethod', name));
    const rule = [
      ...methods,
      element('AllowedOrigin', '*'),
      element('AllowedHeader', '*'),
      ...exposed.map((name) => element('ExposeHeader', name)),
    ];
    const body = element('CORSConfiguration', element('CORSRule', rule.join('')));
    const headers = { 'content-md5': createHash('md5').update(body).digest('base64') };
    await (await this.request('PUT', '', { query: { cors: '' }, headers, body })).text();
  }

  /** SHA-256 and size of an object's content, read from the store; `undefined` when there is no such object. @param {string} key */
  async content(key) {
    const response = await this.request('GET', key);
    if (response.status === 404 || !response.body) return void (await response.text());
    const hash = createHash('sha256');
    let size = 0;
    for await (const piece of response.body) {
      hash.update(piece);
      size += piece.length;
    }
    return { sha256: hash.digest('hex'), size };
  }

  /** @param {string} key */
  async has(key) {
    return (await this.request('HEAD', key)).ok;
  }

  /** The keys of all objects. */
  async keys() {
    const keys = [];
    for (let after = ''; ;) {
      const page = await this.#list({ 'list-type': '2', ...(after && { 'start-after': after }) });
      const found = texts(page, 'Contents', 'Key');
      keys.push(...found);
      after = found.at(-1) ?? '';
      if (!page.includes('<IsTruncated>true</IsTruncated>')) return keys;
    }
  }

  /** The keys of all multipart uploads that are neither completed nor aborted. */
  async unfinished() {
    return texts(await this.#list({ uploads: '' }), 'Upload', 'Key');
  }

  /** Removes all objects and unfinished uploads, so that they take no room during the next scenario. */
  async empty() {
    const uploads = await this.#list({ uploads: '' });
    const ids = texts(uploads, 'Upload', 'UploadId');
    for (const [i, key] of texts(uploads, 'Upload', 'Key').entries())
      await (await this.request('DELETE', key, { query: { uploadId: ids[i] ?? '' } })).text();
    const keys = await this.keys();
    const remove = async () => {
      for (let key = keys.pop(); key !== undefined; key = keys.pop())
        await (await this.request('DELETE', key)).text();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, remove));
  }

  /** Removes it with all that it holds. */
  async remove() {
    await this.empty();
    await (await this.request('DELETE', '')).text();
  }

  /** @param {Record<string, string>} query */
  async #list(query) {
    return (await this.request('GET', '', { query })).text();
  }
}

/**
 * @param {string} name
 * @param {string} content
 */
function element(name, content) {
  return `<${name}>${content}</${name}>`;
}

/**
 * The text of an element in every group of that name.
 *
 * @param {string} xml
 * @param {string} group
 * @param {string} name
 */
function texts(xml, group, name) {
  const groups = xml.match(new RegExp(`<${group}>.*?</${group}>`, 'gs')) ?? [];
  return groups.map((text) => unescape(new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(text)?.[1] ?? ''));
}

/** @param {string} text */
function unescape(text) {
  const entities = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (all, decimal, hex, name) => {
    if (name) return entities[/** @type {keyof typeof entities} */ (name)] ?? all;
    return String.fromCodePoint(decimal ? Number(decimal) : parseInt(hex, 16));
  });
}
