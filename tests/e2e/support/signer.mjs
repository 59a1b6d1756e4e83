/** The demo server as signing server in front of a store, which it and its clients reach through the proxy. */
import { binary } from './binaries.mjs';
import { pageDir } from './paths.mjs';
import { start } from './process.mjs';
import { credentials } from './s3.mjs';

/** The user's token; it must never be found in storage. */
export const TOKEN = 'e2e-bearer-token-0123456789';

/**
 * @param {object} options
 * @param {string} options.store origin that URLs are signed for
 * @param {string} options.bucket
 * @param {import('./cleanup.mjs').Scope} options.scope
 * @param {number} [options.urlExpires] seconds
 * @returns {Promise<{ endpoint: string, headers: Record<string, string> }>} options for `createUploader`
 */
export async function startSigner({ store, bucket, scope, urlExpires = 800 }) {
  const program = await binary('partwise-demo-server');
  const args = [
    ...['--port', '0', '--page', pageDir, '--token', `e2e=${TOKEN}`, '--rate', '0'],
    ...['--store', store, '--bucket', bucket, '--region', credentials.region],
    ...['--access-key', credentials.accessKey, '--secret-key', credentials.secretKey],
    ...['--url-expires', String(urlExpires)],
  ];
  const { ready } = await start(program, args, { ready: /partwise demo: (\S+)\/\n/, scope });
  return { endpoint: `${ready[1]}/s3`, headers: { Authorization: `Bearer ${TOKEN}` } };
}
