/** A server for `endpoint` of the documents, in front of the embedded store, asked as the page asks it. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { processScope } from '../../e2e/support/cleanup.mjs';
import { credentials } from '../../e2e/support/s3.mjs';
import { embedded } from '../../e2e/support/stores/embedded.mjs';

/** The smallest part that is not the last, and a little for the last one. */
const PARTS = /** @type {const} */ ([randomBytes(5 * 1024 * 1024), randomBytes(1000)]);
const NAME = "目录/a b+c'(1)!*.bin";
const METADATA = { author: 'Ann 安' };

/** @typedef {{ status: number, body: any, headers: Headers }} Answer */

/**
 * Runs the program with a store behind it for as long as it is used.
 *
 * @param {string} program its address
 * @param {(companion: Companion) => Promise<void>} use
 */
export async function withCompanion(program, use) {
  const scope = processScope();
  const environment = process.env;
  try {
    const { bucket } = await (await embedded()).open(scope);
    process.env = {
      ...environment,
      ...{ ACCESS_KEY: credentials.accessKey, SECRET_KEY: credentials.secretKey, REGION: credentials.region },
      ...{ BUCKET: `${bucket.origin}/${bucket.name}`, PORT: '0' },
    };
    const { server } = await import(program);
    scope.onEnd(() => {
      server.close();
      server.closeAllConnections();
    });
    if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
    await use(new Companion(`http://127.0.0.1:${server.address().port}/s3`, bucket));
  } finally {
    process.env = environment;
    await scope.end();
  }
}

/** One that runs. */
class Companion {
  /**
   * @param {string} base
   * @param {import('../../e2e/support/s3.mjs').Bucket} bucket
   */
  constructor(base, bucket) {
    this.base = base;
    this.bucket = bucket;
  }

  async check() {
    await this.#inParts();
    await this.#inOneRequest();
    await this.#refusals();
    await this.#cancelled();
    await this.#ofOtherOrigins();
  }

  async #inParts() {
    const { key, ...session } = await this.#begin();
    const path = pathOf(session);
    const batch = await this.#get(`${path}/batch`, { key, partNumbers: '1,2' });
    const etags = [await put(batch.presignedUrls[1], PARTS[0]), await put(batch.presignedUrls[2], PARTS[1])];
    assert.deepEqual(etags, PARTS.map(md5));
    const digest = Buffer.from(md5(PARTS[1]), 'hex').toString('base64');
    const again = await this.#get(`${path}/2`, { key, contentMd5: digest });
    assert.equal(await put(again.url, PARTS[1], { 'Content-MD5': digest, ...again.headers }), md5(PARTS[1]));
    const listed = await this.#get(path, { key });
    assert.deepEqual(
      listed.map((/** @type {any} */ part) => [part.PartNumber, part.Size, bare(part.ETag)]),
      PARTS.map((bytes, at) => [at + 1, bytes.length, md5(bytes)]),
    );
    const parts = listed.map((/** @type {any} */ { PartNumber, ETag }) => ({ PartNumber, ETag }));
    const done = await this.#post(`${path}/complete`, { key }, { parts });
    assert.equal(done.key, key);
    assert.ok(!done.location.includes('?'));
    await this.#holds(key, Buffer.concat(PARTS));
    const object = await this.#get('/object', { key });
    assert.deepEqual([object.size, bare(object.etag)], [PARTS[0].length + PARTS[1].length, bare(done.etag)]);
    const gone = await this.#ask('GET', path, { key });
    assert.deepEqual([gone.status, gone.body.code], [404, 'NoSuchUpload']);
  }

  async #inOneRequest() {
    const query = { filename: NAME, type: 'text/plain', size: '1000', 'metadata[author]': METADATA.author };
    const { url, headers, method, key, expires } = await this.#get('/params', query);
    assert.deepEqual([method, expires], ['PUT', 900]);
    assert.equal(await put(url, PARTS[1], headers), md5(PARTS[1]));
    await this.#holds(key, PARTS[1]);
    const other = await fetch(url, { method: 'PUT', headers, body: PARTS[1].subarray(1) });
    assert.equal(other.status, 403, 'another size than was signed');
    const file = { filename: NAME, type: 'text/plain', size: 1000, metadata: METADATA };
    const [one, refused] = await this.#post(
      '/params',
      {},
      { files: [file, { ...file, size: 11 * 1024 ** 3 }] },
    );
    assert.equal(await put(one.url, PARTS[1], one.headers), md5(PARTS[1]));
    await this.#holds(one.key, PARTS[1]);
    assert.deepEqual([refused.status, refused.code, refused.url], [413, 'EntityTooLarge', undefined]);
    const missing = await this.#ask('GET', '/object', { key: `${key}x` });
    assert.deepEqual([missing.status, missing.body.code], [404, 'NoSuchKey']);
  }

  async #refusals() {
    const { key, ...session } = await this.#begin();
    const path = pathOf(session);
    for (const other of ['bob/a', 'ann', 'ann/../bob/a', 'ann//a', 'annex/a', '', `ann/${'x'.repeat(1024)}`])
      for (const [method, where] of [
        ['GET', path],
        ['GET', `${path}/1`],
        ['GET', `${path}/batch`],
        ['DELETE', path],
        ['GET', '/object'],
      ]) {
        const { status } = await this.#ask(method ?? '', where ?? '', { key: other, partNumbers: '1' });
        assert.ok(status === 400 || status === 403, `${method} ${where} of ${other}: ${status}`);
      }
    assert.equal((await this.#ask('DELETE', '/multipart/', { key })).status, 404, 'no upload id');
    for (const number of ['0', '10001', 'x'])
      assert.ok((await this.#ask('GET', `${path}/${number}`, { key })).status >= 400, number);
    const large = { filename: 'a', type: '', size: 11 * 1024 ** 3 };
    assert.equal((await this.#ask('POST', '/multipart', {}, large)).status, 413);
    for (const filename of ['..', 'a/../b', 'a\nb'])
      assert.equal((await this.#ask('POST', '/multipart', {}, { filename })).status, 400, filename);
    assert.equal((await this.#ask('POST', '/lookup', {}, { md5: md5(PARTS[1]), size: 1000 })).status, 404);
    assert.equal((await this.#ask('GET', path, { key }, undefined, 'Bearer WRONG')).status, 401);
    assert.equal((await this.#ask('DELETE', path, { key })).status, 200);
  }

  async #cancelled() {
    const { key, ...session } = await this.#begin();
    await put((await this.#get(`${pathOf(session)}/1`, { key })).url, PARTS[1]);
    assert.equal((await this.bucket.unfinished()).length, 1);
    assert.equal((await this.#ask('DELETE', pathOf(session), { key })).status, 200);
    assert.deepEqual(await this.bucket.unfinished(), []);
  }

  async #ofOtherOrigins() {
    const preflight = await fetch(`${this.base}/multipart`, { method: 'OPTIONS' });
    assert.match(preflight.headers.get('access-control-allow-headers') ?? '', /Authorization, Content-Type/);
    const { headers } = await this.#ask('GET', '/object', { key: 'bob/a' });
    assert.equal(headers.get('access-control-allow-origin'), 'https://www.example.com', 'of a refusal too');
  }

  async #begin() {
    const file = {
      filename: NAME,
      type: 'video/mp4',
      size: PARTS[0].length + PARTS[1].length,
      metadata: METADATA,
    };
    const { key, uploadId } = await this.#post('/multipart', {}, file);
    assert.match(key, /^ann\/[\da-f-]{36}\//);
    assert.ok(key.endsWith(`/${NAME}`), key);
    return { key, uploadId };
  }

  /** @param {string} path @param {Record<string, string>} query */
  async #get(path, query) {
    return ok(await this.#ask('GET', path, query));
  }

  /** @param {string} path @param {Record<string, string>} query @param {unknown} body */
  async #post(path, query, body) {
    return ok(await this.#ask('POST', path, query, body));
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {Record<string, string>} query
   * @param {unknown} [body]
   * @param {string} [authorization]
   * @returns {Promise<Answer>}
   */
  async #ask(method, path, query, body, authorization = 'Bearer SECRET') {
    const url = `${this.base}${path}?${new URLSearchParams(query)}`;
    const headers = { authorization, accept: 'application/json' };
    const reply = await fetch(url, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: reply.status, body: await reply.json(), headers: reply.headers };
  }

  /** @param {string} key @param {Buffer} bytes */
  async #holds(key, bytes) {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    assert.deepEqual(await this.bucket.content(key), { sha256, size: bytes.length });
  }
}

/** @param {Answer} answer */
function ok({ status, body }) {
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

/** @param {{ uploadId: string }} session */
function pathOf({ uploadId }) {
  return `/multipart/${encodeURIComponent(uploadId)}`;
}

/** Sends content as a page does; its ETag. @param {string} url @param {Uint8Array<ArrayBuffer>} body @param {Record<string, string>} [headers] */
async function put(url, body, headers = {}) {
  const reply = await fetch(url, { method: 'PUT', headers, body });
  assert.equal(reply.status, 200, await reply.text());
  return bare(reply.headers.get('etag') ?? '');
}

/** @param {string} etag */
function bare(etag) {
  return etag.replaceAll('"', '').toLowerCase();
}

/** @param {Uint8Array} bytes */
function md5(bytes) {
  return createHash('md5').update(bytes).digest('hex');
}
