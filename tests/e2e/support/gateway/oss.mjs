/** Aliyun OSS, its signatures computed by ali-oss. */
// @ts-expect-error It has no types.
import signUtils from 'ali-oss/lib/common/signUtils.js';
import { Refusal, checkTime } from './request.mjs';
import * as xml from './xml.mjs';

/** @type {import('./index.mjs').Cloud} */
export const oss = {
  prefix: 'x-oss-',
  region: 'cn-hangzhou',
  minPart: 100 * 1024,
  gaps: true,
  keeps: 409,
  crc64: 'x-oss-hash-crc64ecma',
  bucket: (name) => name,
  etag: (md5) => md5.toUpperCase(),
  verify,
  spell: ({ id, secret, token, end }) => ({
    AccessKeyId: id,
    AccessKeySecret: secret,
    SecurityToken: token,
    Expiration: new Date(end).toISOString().replace(/\.\d+/, ''),
  }),
  error(refusal, id) {
    const reply = xml.error(refusal, { RequestId: id, EC: '0000-00000000' });
    return {
      ...reply,
      headers: { ...reply.headers, 'x-oss-err': Buffer.from(reply.body ?? '').toString('base64') },
    };
  },
  created: xml.created,
  listed: xml.listed,
  completed: xml.completed,
  parts: xml.partsIn,
};

/** What is signed of the query in version 1: what ali-oss itself has on its list. */
const SUB_RESOURCES = ['uploads', 'uploadId', 'partNumber', 'security-token'];

/** @type {import('./index.mjs').Cloud['verify']} */
function verify(request, accounts) {
  if (request.query.has('x-oss-signature')) verifyV4(request, accounts);
  else verifyV1(request, accounts);
  if (request.headers['content-type'] === 'application/x-www-form-urlencoded')
    throw new Refusal(400, 'InvalidArgument', 'A form is not taken here.');
}

/** @type {import('./index.mjs').Cloud['verify']} */
function verifyV4({ method, bucket, key, query, headers }, accounts) {
  const asked = (/** @type {string} */ name) => query.get(`x-oss-${name}`) ?? '';
  const [id, day = '', region = '', product, end] = asked('credential').split('/');
  const given = holder(accounts, id, asked('security-token'));
  if (product !== 'oss' || end !== 'aliyun_v4_request' || region !== oss.region)
    throw new Refusal(400, 'InvalidArgument', `The credential scope of ${region} is wrong.`);
  const date = asked('date');
  const from = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  checkTime(from, from + Number(asked('expires')) * 1000, timing());
  // ali-oss names what has no value `null`.
  const queries = Object.fromEntries([...query].map(([name, value]) => [name, value === '' ? null : value]));
  delete queries['x-oss-signature'];
  const additional = asked('additional-headers').split(';').filter(Boolean);
  const canonical = signUtils.getCanonicalRequest(method, { headers, queries }, bucket, key, additional);
  const toSign = signUtils.getStringToSign(region, date, canonical);
  if (signUtils.getSignatureV4(given.secret, day, region, toSign) !== asked('signature'))
    throw new Refusal(403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match.', {
      CanonicalRequest: canonical,
    });
}

/** @type {import('./index.mjs').Cloud['verify']} */
function verifyV1({ method, bucket, key, query, headers }, accounts) {
  const given = holder(accounts, query.get('OSSAccessKeyId'), query.get('security-token') ?? '');
  const expires = query.get('Expires') ?? '';
  checkTime(0, Number(expires) * 1000, timing());
  const parameters = Object.fromEntries([...query].filter(([name]) => SUB_RESOURCES.includes(name)));
  const canonical = signUtils.buildCanonicalString(
    method,
    `/${bucket}/${key}`,
    { headers, parameters },
    expires,
  );
  if (signUtils.computeSignature(given.secret, canonical) !== query.get('Signature'))
    throw new Refusal(403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match.', {
      StringToSign: canonical,
    });
}

/**
 * @param {import('./accounts.mjs').Accounts} accounts
 * @param {string | undefined} id
 * @param {string} token
 */
function holder(accounts, id, token) {
  const given = accounts.find(id);
  if (!given)
    throw new Refusal(403, 'InvalidAccessKeyId', 'The OSS Access Key Id does not exist in our records.');
  if (given.token !== token)
    throw new Refusal(403, 'InvalidAccessKeyId', 'The security token is not of this key.');
  if (Date.now() > given.end)
    throw new Refusal(403, 'SecurityTokenExpired', 'The security token you provided has expired.');
  return given;
}

function timing() {
  const ServerTime = new Date().toISOString();
  return {
    late: new Refusal(403, 'AccessDenied', 'Request has expired.', { ServerTime }),
    early: new Refusal(
      403,
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
      { ServerTime },
    ),
  };
}
