/**
 * A server for simple-uploader.js, flow.js and resumable.js, which checks what their sample servers check. It keeps chunks in
 * memory, and takes the parameters of all three, mixed within one file if need be.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { pause } from './until.mjs';

/** Parameters by their names in simple-uploader.js, whoever has sent them. */
const PREFIXES = ['', 'flow', 'resumable'];

/** @typedef {{ chunks: Map<number, Buffer>, total: number, name: string, path: string, whole: Buffer | null }} Kept */

export class ChunkServer {
  /** By identifier. @type {Map<string, Kept>} */
  files = new Map();
  /** Requests that carried chunks, in order. @type {{ identifier: string, chunk: number, status: number, by: string }[]} */
  sent = [];
  /** Bytes of theirs. */
  bytes = 0;
  /** How often it was asked what it has. */
  tests = 0;
  merges = 0;
  /** A test is answered with a list of all chunks. */
  tellsAll = false;
  /** Whole files are put together when the merge is called. */
  waitsForMerge = false;
  /** Answers to the next requests for a chunk, by its number. @type {Map<number, { status: number, body: string }[]>} */
  troubles = new Map();
  /** Milliseconds each chunk takes. */
  delay = 0;

  /** @param {number} port */
  constructor(port) {
    this.origin = `http://127.0.0.1:${port}`;
  }

  /** @param {import('./cleanup.mjs').Scope} scope */
  static async start(scope) {
    const server = createServer();
    await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
    scope.onEnd(() => {
      server.close();
      server.closeAllConnections();
    });
    const chunks = new ChunkServer(/** @type {import('node:net').AddressInfo} */ (server.address()).port);
    server.on('request', (request, response) => void chunks.#answer(request, response));
    return chunks;
  }

  /** The SHA-256 of a whole file, once there is one. @param {string} identifier */
  sha256(identifier) {
    const whole = this.files.get(identifier)?.whole;
    return whole && createHash('sha256').update(whole).digest('hex');
  }

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {import('node:http').ServerResponse} response
   */
  async #answer(request, response) {
    response.setHeader('Access-Control-Allow-Origin', request.headers.origin ?? '*');
    response.setHeader('Access-Control-Allow-Headers', 'authorization, content-type');
    response.setHeader('Access-Control-Allow-Methods', 'GET, POST, PUT');
    if (request.method === 'OPTIONS') return void response.writeHead(204).end();
    const { status, body } = await this.#serve(request).catch((error) => ({
      status: 400,
      body: String(error),
    }));
    response.writeHead(status, { 'Content-Type': body.startsWith('{') ? 'application/json' : 'text/plain' });
    response.end(body);
  }

  /** @param {import('node:http').IncomingMessage} request */
  async #serve(request) {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.origin);
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces);
    if (pathname === '/merge') return this.#merge(JSON.parse(body.toString()));
    const { fields, bytes } = await readBody(request, body, searchParams);
    const field = (/** @type {string} */ name) => {
      for (const prefix of PREFIXES) {
        const spelled = prefix ? prefix + name[0]?.toUpperCase() + name.slice(1) : name;
        const value = fields.get(spelled);
        if (value !== undefined) return { value, by: prefix || 'simple' };
      }
      throw new Error(`there is no ${name}`);
    };
    const number = (/** @type {string} */ name) => {
      const { value } = field(name);
      if (!/^\d+$/.test(value)) throw new Error(`${name} is ${value}`);
      return Number(value);
    };
    const { value: identifier, by } = field('identifier');
    const chunk = number('chunkNumber');
    if (request.method === 'GET') return this.#test(identifier, chunk);
    if (this.delay) await pause(this.delay);
    const trouble = this.troubles.get(chunk)?.shift();
    const reply = trouble ?? this.#take({ identifier, chunk, bytes, field, number });
    this.bytes += bytes.length;
    this.sent.push({ identifier, chunk, status: reply.status, by });
    return reply;
  }

  /** @param {string} identifier @param {number} chunk */
  #test(identifier, chunk) {
    this.tests += 1;
    const kept = this.files.get(identifier);
    if (!this.tellsAll) return { status: kept?.chunks.has(chunk) ? 200 : 204, body: '' };
    const told = kept?.whole
      ? { skipUpload: true, url: `/files/${identifier}` }
      : { uploaded: [...(kept?.chunks.keys() ?? [])] };
    return { status: 200, body: JSON.stringify(told) };
  }

  /** @param {{ identifier: string, chunk: number, bytes: Buffer, field: (name: string) => { value: string }, number: (name: string) => number }} request */
  #take({ identifier, chunk, bytes, field, number }) {
    const [size, total, count] = [number('chunkSize'), number('totalSize'), number('totalChunks')];
    if (count !== Math.max(Math.floor(total / size), 1)) throw new Error(`${count} chunks of ${total} bytes`);
    if (chunk < 1 || chunk > count) throw new Error(`there is no chunk ${chunk} of ${count}`);
    const expected = chunk < count ? size : total - (count - 1) * size;
    if (bytes.length !== expected || number('currentChunkSize') !== expected)
      throw new Error(`chunk ${chunk} has ${bytes.length} bytes, not ${expected}`);
    const kept = this.files.get(identifier) ?? {
      chunks: new Map(),
      total,
      name: field('filename').value,
      path: field('relativePath').value,
      whole: null,
    };
    if (field('relativePath').value !== kept.path || !kept.path.endsWith(kept.name.split('/').at(-1) ?? ''))
      throw new Error('another path');
    this.files.set(identifier, kept);
    kept.chunks.set(chunk, bytes);
    const isWhole = kept.chunks.size === count;
    if (isWhole && !this.waitsForMerge) this.#putTogether(kept);
    return { status: 200, body: JSON.stringify({ result: true, needMerge: isWhole && this.waitsForMerge }) };
  }

  /** @param {Kept} kept */
  #putTogether(kept) {
    const chunks = [...kept.chunks].sort(([a], [b]) => a - b).map(([, bytes]) => bytes);
    kept.whole = Buffer.concat(chunks);
  }

  /** @param {{ identifier: string }} body */
  #merge({ identifier }) {
    this.merges += 1;
    const kept = this.files.get(identifier);
    if (!kept) return { status: 404, body: 'there is no such file' };
    this.#putTogether(kept);
    return { status: 200, body: JSON.stringify({ url: `/files/${identifier}` }) };
  }
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {Buffer} body
 * @param {URLSearchParams} query
 * @returns {Promise<{ fields: Map<string, string>, bytes: Buffer }>}
 */
async function readBody({ headers }, body, query) {
  const fields = new Map(query);
  const type = headers['content-type'] ?? '';
  if (!type.startsWith('multipart/form-data')) return { fields, bytes: body };
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
  let bytes = Buffer.alloc(0);
  for (const [name, value] of form) {
    if (typeof value === 'string') fields.set(name, value);
    else bytes = Buffer.from(await value.arrayBuffer());
  }
  return { fields, bytes };
}
