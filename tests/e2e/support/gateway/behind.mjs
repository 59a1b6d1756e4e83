/** The S3 store in which a cloud keeps what it is sent. */
import { request as send } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Transform } from 'node:stream';
import { crc64 } from 'crc64-ecma182.js';
import { credentials } from '../s3.mjs';
import { presign } from '../sigv4.mjs';
import { Refusal } from './request.mjs';

/** @typedef {{ etag: string, crc64: string }} Stored */

export class Behind {
  /** The checksums of objects, which no store tells. @type {Map<string, Stored & { size: number }>} */
  #objects = new Map();

  /** @param {import('../s3.mjs').Bucket} bucket */
  constructor(bucket) {
    this.bucket = bucket;
  }

  /**
   * @param {string} key
   * @param {Record<string, string>} headers
   */
  async create(key, headers) {
    const reply = await this.#ask('POST', key, { uploads: '' }, { headers });
    return element(reply.body, 'UploadId');
  }

  /**
   * @param {string} key
   * @param {string | null} uploadId null: the whole object
   * @param {number} number
   * @param {import('node:http').IncomingMessage} body
   * @param {{ length?: string, md5?: string, headers?: Record<string, string> }} given
   * @param {boolean} damaged whether a byte is changed on the way
   * @returns {Promise<Stored>}
   */
  async put(key, uploadId, number, body, { length, md5, headers }, damaged) {
    /** @type {Record<string, string>} */
    const query = uploadId === null ? {} : { partNumber: String(number), uploadId };
    let sum = '0';
    let first = damaged;
    const counted = new Transform({
      transform(/** @type {Buffer} */ piece, _, done) {
        if (first && piece.length > 0) piece[0] = (piece[0] ?? 0) ^ 1;
        first &&= piece.length === 0;
        sum = crc64(piece, sum);
        done(null, piece);
      },
    });
    const signed = { ...headers, ...(md5 && { 'content-md5': md5 }) };
    const reply = await this.#ask('PUT', key, query, { headers: signed, length, body: [body, counted] });
    const stored = { etag: String(reply.headers.etag).replaceAll('"', ''), crc64: sum };
    if (uploadId === null) this.#objects.set(key, { ...stored, size: Number(length ?? 0) });
    return stored;
  }

  /**
   * @param {string} key
   * @param {string} uploadId
   */
  async parts(key, uploadId) {
    const parts = [];
    for (let after = '0'; ;) {
      const { body } = await this.#ask('GET', key, { uploadId, 'part-number-marker': after });
      for (const part of body.match(/<Part>.*?<\/Part>/gs) ?? []) {
        const etag = element(part, 'ETag').replace(/&quot;|&#34;|"/g, '');
        parts.push({
          number: Number(element(part, 'PartNumber')),
          size: Number(element(part, 'Size')),
          etag,
        });
      }
      if (!body.includes('<IsTruncated>true<')) return parts;
      after = element(body, 'NextPartNumberMarker');
    }
  }

  /**
   * @param {string} key
   * @param {string} uploadId
   * @param {{ number: number, etag: string }[]} parts
   */
  async complete(key, uploadId, parts) {
    const named = parts.map(
      ({ number, etag }) =>
        `<Part><PartNumber>${number}</PartNumber><ETag>${etag.replaceAll('"', '').toLowerCase()}</ETag></Part>`,
    );
    const text = `<CompleteMultipartUpload>${named.join('')}</CompleteMultipartUpload>`;
    const { body } = await this.#ask('POST', key, { uploadId }, { text });
    if (body.includes('<Error>')) throw new Refusal(400, element(body, 'Code'), element(body, 'Message'));
    this.#objects.delete(key);
  }

  /**
   * @param {string} key
   * @param {string} uploadId
   */
  abort(key, uploadId) {
    return this.#ask('DELETE', key, { uploadId });
  }

  /** What is stored, its checksum computed from what the store gives back. @param {string} key */
  async object(key) {
    const head = await this.#ask('HEAD', key);
    const etag = String(head.headers.etag).replaceAll('"', '');
    const known = this.#objects.get(key);
    if (known?.etag === etag) return known;
    let sum = '0';
    await this.#ask('GET', key, {}, { onPiece: (piece) => void (sum = crc64(piece, sum)) });
    const object = { etag, crc64: sum, size: Number(head.headers['content-length']) };
    this.#objects.set(key, object);
    return object;
  }

  /**
   * @param {string} method
   * @param {string} key
   * @param {Record<string, string>} [query]
   * @param {{ headers?: Record<string, string>, length?: string, text?: string, body?: any[], onPiece?: (piece: Buffer) => void }} [options]
   * @returns {Promise<{ headers: import('node:http').IncomingHttpHeaders, body: string }>}
   */
  async #ask(method, key, query = {}, { headers = {}, length, text, body, onPiece } = {}) {
    const { origin, name } = this.bucket;
    const url = presign({ method, origin, path: `/${name}/${key}`, query, headers, ...credentials });
    const sent = { ...headers, 'content-length': length ?? Buffer.byteLength(text ?? '') };
    const request = send(url, { method, headers: sent });
    /** @type {Promise<import('node:http').IncomingMessage>} */
    const answered = new Promise((resolve, reject) =>
      request.once('response', resolve).once('error', reject),
    );
    // A store that refuses early ends the connection.
    const passed = body ? pipeline([...body, request]).catch(() => {}) : Promise.resolve(request.end(text));
    const response = await answered;
    await passed;
    const pieces = [];
    for await (const piece of response) {
      if (onPiece && response.statusCode === 200) onPiece(piece);
      else pieces.push(piece);
    }
    const reply = Buffer.concat(pieces).toString();
    if ((response.statusCode ?? 500) < 300) return { headers: response.headers, body: reply };
    const code = /<Code>/.test(reply)
      ? element(reply, 'Code')
      : response.statusCode === 404
        ? 'NoSuchKey'
        : 'InternalError';
    const message = /<Message>/.test(reply)
      ? element(reply, 'Message')
      : `the store behind says ${response.statusCode}`;
    throw new Refusal(response.statusCode ?? 500, code, message);
  }
}

/**
 * @param {string} xml
 * @param {string} name
 */
function element(xml, name) {
  return new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(xml)?.[1] ?? '';
}
