/** The demo server as signing server in front of a store, which it and its clients reach through the proxy. */
import { binary } from './binaries.mjs';
import { pageDir } from './paths.mjs';
import { start } from './process.mjs';
import { credentials } from './s3.mjs';

/** The user's token; it must never be found in storage. */
export const TOKEN = 'e2e-bearer-token-0123456789';

/**
 * @typedef {object} SignerOptions
 * @property {string} store origin that URLs are signed for
 * @property {string} bucket
 * @property {import('./cleanup.mjs').Scope} scope
 * @property {number} [urlExpires] seconds
 * @property {string} [token] the only one it takes
 * @property {number} [port] 0: any
 * @property {string[]} [args] further ones, which win over those made of the rest
 */

/**
 * @param {SignerOptions} options
 * @returns {Promise<{ endpoint: string, headers: Record<string, string> }>} options for `createUploader`
 */
export async function startSigner(options) {
  const { origin } = await runSigner(options);
  return { endpoint: `${origin}/s3`, headers: { Authorization: `Bearer ${TOKEN}` } };
}

/** The same, to be stopped before the scenario ends. @param {SignerOptions} options */
export async function runSigner({
  store,
  bucket,
  scope,
  urlExpires = 800,
  token = TOKEN,
  port = 0,
  args: more = [],
}) {
  const program = await binary('partwise-demo-server');
  const args = [
    ...['--port', String(port), '--page', pageDir, '--token', `e2e=${token}`, '--rate', '0'],
    ...['--store', store, '--bucket', bucket, '--region', credentials.region],
    ...['--access-key', credentials.accessKey, '--secret-key', credentials.secretKey],
    ...['--url-expires', String(urlExpires), '--until-stdin-closes'],
    ...more,
  ];
  const { ready, stop } = await start(program, args, { ready: /partwise demo: (\S+)\/\n/, scope });
  return { origin: ready[1] ?? '', stop };
}
