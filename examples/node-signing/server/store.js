/** The bucket: what is signed for pages, and what it says itself. */
import { AwsClient } from 'aws4fetch';

const {
  STORE = 'http://127.0.0.1:8081/demo',
  REGION = 'us-east-1',
  ACCESS_KEY = 'demoaccess',
  SECRET_KEY = 'demosecret',
} = process.env;

/** Seconds for which a URL can be used. */
export const EXPIRES = 900;

// Whoever asks comes again: nothing is tried twice here.
const aws = new AwsClient({
  ...{ accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY, service: 's3', region: REGION, retries: 0 },
});

/** All that an upload asks for: method, and the names in the query. */
const requests = [
  'POST uploads',
  'PUT partNumber,uploadId',
  'PUT ',
  'GET max-parts,uploadId',
  'GET max-parts,part-number-marker,uploadId',
  'POST uploadId',
  'DELETE uploadId',
  'HEAD ',
];
/** The type, the checksum and the metadata, without line breaks. No access rights, no copying. */
const header = /^(content-type|content-md5|x-amz-meta-[\w.~%-]+): [ -~]*$/i;

/**
 * Whatever is signed can be done: so only this, and only below the user's own folder.
 *
 * @param {unknown} asked as the page has sent it
 * @param {string} user
 */
export function isAllowed(asked, user) {
  const { method, key, query, headers } = Object(asked);
  const [folder, ...names] = isText(key) ? key.split('/') : [];
  return (
    folder === user &&
    names.length > 0 &&
    !names.some((name) => name === '.' || name === '..' || /\p{Cc}/u.test(name)) &&
    requests.includes(`${method} ${Object.keys(Object(query)).sort()}`) &&
    // Without its upload id, DELETE would be about the object.
    Object.entries(Object(query)).every(([name, value]) =>
      name === 'uploads' ? value === '' : isText(value),
    ) &&
    Object.entries(Object(headers)).every(([name, value]) => header.test(`${name}: ${value}`))
  );
}

/** @param {import('partwise').SignableRequest} request */
export async function presign({ method, key, query, headers }) {
  const url = addressOf(key, { ...query, 'X-Amz-Expires': EXPIRES });
  return (await aws.sign(url, { method, headers, aws: { signQuery: true } })).url;
}

/**
 * The parts that the store has after that number, in their order, and whether there are more than it says in one reply.
 *
 * @returns {Promise<{ parts: { number: number, size: number }[], more: boolean } | undefined>} `undefined` when it does not
 *   know the upload, which then is complete or removed
 */
export async function partsAfter(number, key, uploadId) {
  const reply = await aws.fetch(addressOf(key, { uploadId, 'part-number-marker': number }));
  const text = await reply.text();
  if (reply.status === 404) return undefined;
  if (!reply.ok) throw new Error(`the store does not list parts: ${reply.status}`);
  const figure = (part, name) => Number(new RegExp(`<${name}>(\\d+)<`).exec(part)?.[1]);
  const parts = [...text.matchAll(/<Part>.*?<\/Part>/gs)].map(([part]) => ({
    number: figure(part, 'PartNumber'),
    size: figure(part, 'Size'),
  }));
  return { parts, more: text.includes('<IsTruncated>true<') };
}

/** Bytes of an object; `undefined` when there is none. */
export async function sizeOf(key) {
  const reply = await aws.fetch(addressOf(key), { method: 'HEAD' });
  return reply.ok ? Number(reply.headers.get('Content-Length')) : undefined;
}

function addressOf(key, query = {}) {
  const path = key.split('/').map(encodeURIComponent).join('/');
  return `${STORE}/${path}?${new URLSearchParams(query)}`;
}

function isText(value) {
  return typeof value === 'string' && value !== '';
}
