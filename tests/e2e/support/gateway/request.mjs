/** A request as a cloud sees it. */

/** Why a request is not done, in the vendor's own terms. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} message
   * @param {Record<string, string>} [fields] further ones of the error's body
   */
  constructor(status, code, message, fields = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.fields = fields;
  }
}

/**
 * @typedef {object} CloudRequest
 * @property {string} method
 * @property {string} host
 * @property {string} bucket
 * @property {string} path as it was sent, percent-encoded
 * @property {string} key decoded
 * @property {Map<string, string>} query decoded
 * @property {import('node:http').IncomingHttpHeaders} headers
 * @property {import('node:http').IncomingMessage} body
 */

/**
 * @param {import('node:http').IncomingMessage} message
 * @param {string} bucket the only one
 * @returns {CloudRequest}
 */
export function readRequest(message, bucket) {
  const [path = '/', search = ''] = (message.url ?? '/').split('?');
  const host = message.headers.host ?? '';
  /** @type {Map<string, string>} */
  const query = new Map();
  for (const pair of search.split('&').filter(Boolean)) {
    const [name = '', ...value] = pair.split('=');
    query.set(decodeURIComponent(name), decodeURIComponent(value.join('=')));
  }
  if (host.split('.')[0] !== bucket)
    throw new Refusal(404, 'NoSuchBucket', `There is no bucket at ${host}; the one here is ${bucket}.`);
  const key = decodeURIComponent(path.slice(1));
  return {
    method: message.method ?? '',
    host,
    bucket,
    path,
    key,
    query,
    headers: message.headers,
    body: message,
  };
}

/** Clouds take no signature made on a clock that is further ahead; milliseconds. */
const SKEW = 15 * 60_000;

/**
 * @param {number} from milliseconds since 1970
 * @param {number} until
 * @param {{ late: Refusal, early: Refusal }} refusals
 */
export function checkTime(from, until, { late, early }) {
  const now = Date.now();
  if (now > until) throw late;
  if (from - now > SKEW) throw early;
}
