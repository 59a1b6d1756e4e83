/** Tencent COS, its signatures computed by cos-js-sdk-v5. */
import COS from 'cos-js-sdk-v5';
import { Refusal, checkTime } from './request.mjs';
import * as xml from './xml.mjs';

/** @type {import('./index.mjs').Cloud} */
export const cos = {
  prefix: 'x-cos-',
  region: 'ap-guangzhou',
  minPart: 1024 * 1024,
  gaps: false,
  keeps: 409,
  crc64: 'x-cos-hash-crc64ecma',
  bucket: (name) => `${name}-1250000000`,
  etag: (md5) => md5,
  verify,
  spell: ({ id, secret, token, end }) => ({
    credentials: { tmpSecretId: id, tmpSecretKey: secret, sessionToken: token },
    expiredTime: Math.floor(end / 1000),
  }),
  error: (refusal, id) => xml.error(refusal, { Resource: '/', RequestId: id, TraceId: id }),
  created: xml.created,
  listed: xml.listed,
  completed: xml.completed,
  parts: xml.partsIn,
};

/** @type {import('./index.mjs').Cloud['verify']} */
function verify({ method, path, query, headers }, accounts) {
  const asked = (/** @type {string} */ name) => query.get(name) ?? '';
  const given = accounts.find(asked('q-ak'));
  if (!given)
    throw new Refusal(
      403,
      'InvalidAccessKeyId',
      'The Access Key Id you provided does not exist in our records.',
    );
  if (given.token !== asked('x-cos-security-token'))
    throw new Refusal(403, 'InvalidAccessKeyId', 'The security token is not of this key.');
  if (Date.now() > given.end) throw new Refusal(403, 'ExpiredToken', 'The provided token has expired.');
  const [from = 0, until = 0] = asked('q-sign-time').split(';').map(Number);
  const ServerTime = new Date().toISOString();
  checkTime(from * 1000, until * 1000, {
    late: new Refusal(403, 'AccessDenied', 'Request has expired', { ServerTime }),
    early: new Refusal(
      403,
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
      { ServerTime },
    ),
  });
  const listed = (/** @type {string} */ name) => asked(name).split(';').filter(Boolean);
  const named = listed('q-header-list');
  if (!named.includes('host')) throw new Refusal(403, 'AccessDenied', 'The host is not signed.');
  const names = new Map([...query.keys()].map((name) => [encodeURIComponent(name).toLowerCase(), name]));
  const signed = Object.fromEntries(
    listed('q-url-param-list').map((name) => [names.get(name) ?? name, asked(names.get(name) ?? name)]),
  );
  const authorization = COS.getAuthorization({
    SecretId: given.id,
    SecretKey: given.secret,
    Method: /** @type {any} */ (method),
    Pathname: decodeURIComponent(path),
    Query: signed,
    Headers: Object.fromEntries(named.map((name) => [name, String(headers[name] ?? '')])),
    KeyTime: asked('q-key-time'),
  });
  const signature = /q-signature=(\w+)/.exec(String(authorization))?.[1];
  if (signature !== asked('q-signature'))
    throw new Refusal(403, 'SignatureDoesNotMatch', 'The Signature you specified is invalid.');
}
