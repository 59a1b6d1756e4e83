/** Baidu BOS, its signatures computed by @baiducloud/sdk. */
// @ts-expect-error It has no types.
import Auth from '@baiducloud/sdk/src/auth.js';
import { Refusal, checkTime } from './request.mjs';

const TYPE = { 'Content-Type': 'application/json; charset=utf-8' };

/** @type {import('./index.mjs').Cloud} */
export const bos = {
  prefix: 'x-bce-',
  region: 'bj',
  minPart: 100 * 1024,
  gaps: true,
  keeps: 412,
  bucket: (name) => name,
  etag: (md5) => md5,
  verify,
  spell: ({ id, secret, token, end }) => ({
    accessKeyId: id,
    secretAccessKey: secret,
    sessionToken: token,
    expiration: new Date(end).toISOString(),
  }),
  error: ({ status, code, message }, id) => ({
    status,
    headers: TYPE,
    body: JSON.stringify({ code, message, requestId: id }),
  }),
  created: (place) => ({ headers: TYPE, body: JSON.stringify(place) }),
  listed: (place, { parts, after, next }) => ({
    headers: TYPE,
    body: JSON.stringify({
      ...place,
      initiated: '2026-01-02T03:04:05Z',
      partNumberMarker: after,
      nextPartNumberMarker: next ?? after,
      maxParts: 1000,
      isTruncated: next !== null,
      parts: parts.map(({ number, etag, size }) => ({
        partNumber: number,
        lastModified: '2026-01-02T03:04:05Z',
        eTag: etag,
        size,
      })),
    }),
  }),
  completed: ({ etag, ...object }) => ({ headers: TYPE, body: JSON.stringify({ ...object, eTag: etag }) }),
  parts(text) {
    try {
      /** @type {{ parts: { partNumber: number, eTag: string }[] }} */
      const { parts } = JSON.parse(text);
      return parts.map(({ partNumber, eTag }) => ({ number: partNumber, etag: eTag }));
    } catch {
      throw new Refusal(400, 'MalformedJSON', 'The JSON you provided was not well-formed.');
    }
  },
};

/** @type {import('./index.mjs').Cloud['verify']} */
function verify({ method, path, query, headers }, accounts) {
  const authorization = query.get('authorization') ?? '';
  const [version, id = '', date = '', expires = '', names = ''] = authorization.split('/');
  if (version !== 'bce-auth-v1')
    throw new Refusal(400, 'InvalidHTTPAuthHeader', 'The authorization is of another kind.');
  const given = accounts.find(id);
  // Its token service's keys are forgotten when they end.
  if (!given || given.token !== query.get('x-bce-security-token') || Date.now() > given.end)
    throw new Refusal(
      403,
      'InvalidAccessKeyId',
      'The Access Key ID you provided does not exist in our records.',
    );
  const from = Date.parse(date);
  checkTime(from, from + Number(expires) * 1000, {
    late: new Refusal(400, 'RequestExpired', `Request has expired. Timestamp date is ${date}.`),
    early: new Refusal(
      403,
      'RequestTimeTooSkewed',
      'The difference between the request time and the server’s time is too large.',
    ),
  });
  const signed = names.split(';').map(decodeURIComponent);
  if (!signed.includes('host')) throw new Refusal(403, 'AccessDenied', 'The host is not signed.');
  const expected = new Auth(given.id, given.secret).generateAuthorization(
    method,
    path,
    Object.fromEntries(query),
    Object.fromEntries(signed.map((name) => [name, headers[name]])),
    from / 1000,
    Number(expires),
    signed,
  );
  if (expected !== authorization)
    throw new Refusal(403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match.');
}
