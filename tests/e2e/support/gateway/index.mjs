/**
 * A cloud on loopback: OSS, COS or BOS in front of an S3 store.
 *
 * What makes it that cloud is the vendor's own: every request's signature is computed again with the code of the vendor's
 * SDK and compared, and names, rules, replies and errors are those of its documents. What is sent ends up in the S3 store
 * behind, where a test looks for it.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { Accounts } from './accounts.mjs';
import { Behind } from './behind.mjs';
import { bos } from './bos.mjs';
import { cos } from './cos.mjs';
import { oss } from './oss.mjs';
import { Refusal, readRequest } from './request.mjs';

/** How each of them differs. @type {Record<string, Cloud>} */
export const clouds = { oss, cos, bos };

/**
 * @typedef {object} Cloud
 * @property {string} prefix of its own headers
 * @property {string} region
 * @property {number} minPart bytes of all parts but the last
 * @property {boolean} gaps whether part numbers may have gaps
 * @property {409 | 412} keeps how it refuses to replace an object: asked by a header of its own, or by `If-None-Match`
 * @property {string} [crc64] the header that tells the CRC-64 of what is stored
 * @property {(name: string) => string} bucket the bucket's name, as the account has it
 * @property {(md5: string) => string} etag
 * @property {(request: import('./request.mjs').CloudRequest, accounts: Accounts) => void} verify throws a `Refusal`
 * @property {(given: import('./accounts.mjs').Given) => object} spell credentials, as the vendor's token service gives them out
 * @property {(refusal: Refusal, id: string) => Reply} error
 * @property {(text: string) => Part[]} parts those named in the body of a completion
 * @property {(place: { bucket: string, key: string, uploadId: string }) => Reply} created
 * @property {(place: { bucket: string, key: string, uploadId: string }, page: Page) => Reply} listed
 * @property {(object: { bucket: string, key: string, etag: string, location: string }) => Reply} completed
 *
 * @typedef {{ number: number, etag: string, size?: number, crc64?: string }} Part
 * @typedef {{ parts: Part[], after: number, next: number | null }} Page
 * @typedef {{ status?: number, headers?: Record<string, string>, body?: string }} Reply
 */

/** Reply headers that pages may read, as the vendors tell their users to have it. */
const EXPOSED = ['ETag', 'Date', 'Content-Length', 'x-oss-err'];

/** A running cloud with one bucket. */
export class Gateway {
  accounts = new Accounts();
  /** What went wrong for whom, for a failure's message. @type {string[]} */
  refusals = [];
  /** How often each operation succeeded. @type {Record<string, number>} */
  count = {};
  /** Bytes of the next bodies that are changed before they are stored: by part number. @type {Set<number>} */
  damaged = new Set();
  /** Replies whose checksum or ETag is that of something else: by part number, 0 for the whole object. @type {Map<number, 'crc64' | 'etag'>} */
  lies = new Map();

  /**
   * @param {Cloud} cloud
   * @param {Behind} behind
   * @param {number} port
   */
  constructor(cloud, behind, port) {
    this.cloud = cloud;
    this.behind = behind;
    this.bucket = cloud.bucket('examplebucket');
    /** Where it answers, whatever the bucket. */
    this.origin = `http://127.0.0.1:${port}`;
  }

  /**
   * @param {'oss' | 'cos' | 'bos'} kind
   * @param {import('../s3.mjs').Bucket} bucket of the store behind
   * @param {import('../cleanup.mjs').Scope} scope
   */
  static async start(kind, bucket, scope) {
    const cloud = clouds[kind];
    if (!cloud) throw new Error(`there is no cloud ${kind}`);
    const server = createServer();
    await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
    scope.onEnd(() => {
      server.close();
      server.closeAllConnections();
    });
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    const gateway = new Gateway(cloud, new Behind(bucket), port);
    server.on('request', (request, response) => void gateway.#answer(request, response));
    return gateway;
  }

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   */
  async #answer(request, response) {
    const { cloud } = this;
    const id = Math.random().toString(16).slice(2).toUpperCase();
    const requestId = `${cloud.prefix}request-id`;
    response.setHeader(requestId, id);
    response.setHeader('Access-Control-Allow-Origin', '*');
    const exposed = [...EXPOSED, requestId, ...(cloud.crc64 ? [cloud.crc64] : [])];
    response.setHeader('Access-Control-Expose-Headers', exposed.join(', '));
    if (request.method === 'OPTIONS') {
      response.setHeader('Access-Control-Allow-Methods', 'GET, PUT, POST, DELETE, HEAD');
      response.setHeader('Access-Control-Allow-Headers', '*');
      return void response.writeHead(200).end();
    }
    /** @type {Reply} */
    let reply;
    try {
      reply = await this.#serve(readRequest(request, this.bucket));
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(500, 'InternalError', String(error));
      this.refusals.push(
        `${request.method} ${request.url?.split('?')[0]}: ${refusal.status} ${refusal.code}: ${refusal.message}`,
      );
      reply = cloud.error(refusal, id);
      // What is left of the body: a reply in the middle of it would be taken for a broken connection.
      request.resume();
      await new Promise((resolve) =>
        request.complete ? resolve(undefined) : request.once('close', resolve).once('end', resolve),
      );
    }
    response.writeHead(reply.status ?? 200, reply.headers);
    response.end(request.method === 'HEAD' ? undefined : reply.body);
  }

  /** @param {import('./request.mjs').CloudRequest} request */
  async #serve(request) {
    this.cloud.verify(request, this.accounts);
    const { method, query } = request;
    const id = query.get('uploadId') ?? null;
    const operations = {
      create: () => this.#create(request),
      part: () => this.#put(request, id, Number(query.get('partNumber'))),
      object: () => this.#put(request, null, 0),
      list: () => this.#list(request, id ?? ''),
      complete: () => this.#complete(request, id ?? ''),
      abort: () => this.#abort(request, id ?? ''),
      head: () => this.#head(request),
    };
    const name = operationOf(method, query);
    if (!name)
      throw new Refusal(405, 'MethodNotAllowed', `${method} with ${[...query.keys()]} is not known here.`);
    const reply = await operations[name]();
    this.count[name] = (this.count[name] ?? 0) + 1;
    return reply;
  }

  /** @param {import('./request.mjs').CloudRequest} request @returns {Promise<Reply>} */
  async #create({ key, headers }) {
    const uploadId = await this.behind.create(key, this.#forStore(headers));
    return this.cloud.created({ bucket: this.bucket, key, uploadId });
  }

  /** Headers that stay with an object, in the store's spelling. @param {import('node:http').IncomingHttpHeaders} headers */
  #forStore(headers) {
    const meta = `${this.cloud.prefix}meta-`;
    /** @type {Record<string, string>} */
    const kept = {};
    for (const [name, value] of Object.entries(headers)) {
      if (name === 'content-type') kept[name] = String(value);
      if (name.startsWith(meta)) kept[`x-amz-meta-${name.slice(meta.length)}`] = String(value);
    }
    return kept;
  }

  /**
   * @param {import('./request.mjs').CloudRequest} request
   * @param {string | null} uploadId
   * @param {number} number 0: the whole object
   * @returns {Promise<Reply>}
   */
  async #put({ key, headers, body }, uploadId, number) {
    if (uploadId !== null && !(number >= 1 && number <= 10_000))
      throw new Refusal(400, 'InvalidArgument', 'The part number is not one of 1 to 10000.');
    if (uploadId === null) await this.#keeps(key, headers);
    const damaged = this.damaged.delete(number);
    const given = {
      length: headers['content-length'],
      md5: damaged ? undefined : /** @type {string | undefined} */ (headers['content-md5']),
      ...(uploadId === null && { headers: this.#forStore(headers) }),
    };
    const stored = await this.behind.put(key, uploadId, number, body, given, damaged);
    const lie = this.lies.get(number);
    this.lies.delete(number);
    return {
      headers: this.#told({ ...stored, ...(lie === 'etag' && { etag: '0'.repeat(32) }) }, lie === 'crc64'),
    };
  }

  /** Refuses to replace an object that must not be. @param {string} key @param {import('node:http').IncomingHttpHeaders} headers */
  async #keeps(key, headers) {
    const { keeps, prefix } = this.cloud;
    const asked =
      keeps === 409 ? headers[`${prefix}forbid-overwrite`] === 'true' : headers['if-none-match'] === '*';
    if (asked && (await this.behind.bucket.has(key)))
      throw new Refusal(
        keeps,
        keeps === 409 ? 'FileAlreadyExists' : 'PreconditionFailed',
        'The object you specified already exists.',
      );
  }

  /**
   * @param {{ etag: string, crc64: string }} stored
   * @param {boolean} [lies]
   */
  #told({ etag, crc64 }, lies) {
    const told = lies ? String(BigInt(crc64) ^ 1n) : crc64;
    return {
      ETag: `"${this.cloud.etag(this.#opaque(etag))}"`,
      ...(this.cloud.crc64 && { [this.cloud.crc64]: told }),
    };
  }

  /**
   * No vendor but Amazon says how the ETag of an object made of parts comes about. Where a checksum is told, it need not be
   * known.
   *
   * @param {string} etag the store's
   */
  #opaque(etag) {
    const [, parts] = etag.split('-');
    return parts && this.cloud.crc64 ? `${createHash('md5').update(etag).digest('hex')}-${parts}` : etag;
  }

  /** @param {import('./request.mjs').CloudRequest} request @param {string} uploadId @returns {Promise<Reply>} */
  async #list({ key, query }, uploadId) {
    const after = Number(query.get('part-number-marker') ?? query.get('partNumberMarker') ?? 0);
    const most = Math.min(Number(query.get('max-parts') ?? query.get('maxParts') ?? 1000), 1000);
    const parts = await this.behind.parts(key, uploadId);
    const page = parts.filter(({ number }) => number > after).slice(0, most);
    const last = page.at(-1)?.number ?? 0;
    const next = parts.some(({ number }) => number > last) && page.length > 0 ? last : null;
    const spelled = page.map((part) => ({ ...part, etag: this.cloud.etag(part.etag) }));
    return this.cloud.listed({ bucket: this.bucket, key, uploadId }, { parts: spelled, after, next });
  }

  /** @param {import('./request.mjs').CloudRequest} request @param {string} uploadId @returns {Promise<Reply>} */
  async #complete({ key, body, host, headers }, uploadId) {
    const pieces = [];
    for await (const piece of body) pieces.push(piece);
    const named = this.cloud.parts(Buffer.concat(pieces).toString());
    const held = new Map((await this.behind.parts(key, uploadId)).map((part) => [part.number, part]));
    named.forEach(({ number, etag }, i) => {
      const part = held.get(number);
      if (!part || part.etag !== etag.replaceAll('"', '').toLowerCase())
        throw new Refusal(400, 'InvalidPart', 'One or more of the specified parts could not be found.');
      if (number <= (named[i - 1]?.number ?? 0))
        throw new Refusal(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.');
      if (!this.cloud.gaps && number !== i + 1)
        throw new Refusal(400, 'InvalidPart', 'The part numbers have a gap.');
      if (i < named.length - 1 && (part.size ?? 0) < this.cloud.minPart)
        throw new Refusal(400, 'EntityTooSmall', 'A part is smaller than the minimum allowed size.');
    });
    await this.#keeps(key, headers);
    await this.behind.complete(key, uploadId, named);
    const object = await this.behind.object(key);
    const lies = this.lies.delete(0);
    const location = `http://${host}/${encodeURI(key)}`;
    const reply = this.cloud.completed({
      bucket: this.bucket,
      key,
      etag: this.cloud.etag(this.#opaque(object.etag)),
      location,
    });
    const { ETag, ...told } = this.#told(object, lies);
    return { ...reply, headers: { ...reply.headers, ...told } };
  }

  /** @param {import('./request.mjs').CloudRequest} request @param {string} uploadId @returns {Promise<Reply>} */
  async #abort({ key }, uploadId) {
    await this.behind.abort(key, uploadId);
    return { status: 204 };
  }

  /** @param {import('./request.mjs').CloudRequest} request @returns {Promise<Reply>} */
  async #head({ key }) {
    const { size, ...object } = await this.behind.object(key);
    return { headers: { ...this.#told(object), 'Content-Length': String(size) } };
  }
}

/**
 * @param {string} method
 * @param {Map<string, string>} query
 */
function operationOf(method, query) {
  if (method === 'POST' && query.has('uploads')) return 'create';
  if (method === 'POST' && query.has('uploadId')) return 'complete';
  if (method === 'PUT') return query.has('partNumber') ? 'part' : 'object';
  if (method === 'GET' && query.has('uploadId')) return 'list';
  if (method === 'DELETE' && query.has('uploadId')) return 'abort';
  return method === 'HEAD' ? 'head' : undefined;
}
