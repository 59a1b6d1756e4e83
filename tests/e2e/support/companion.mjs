/** Uppy Companion as it comes from npm, in front of a store that it and its clients reach through the proxy. */
import { join } from 'node:path';
import { temporaryFolder } from './files.mjs';
import { root } from './paths.mjs';
import { freePort } from './ports.mjs';
import { start } from './process.mjs';
import { credentials } from './s3.mjs';

/**
 * @param {import('./world.mjs').World} world
 * @returns {Promise<{ endpoint: string }>} options for `createUploader`
 */
export async function startCompanion({ scope, proxy, bucket }) {
  const port = await freePort();
  const host = `localhost:${port}`;
  const env = {
    // Otherwise it says what went wrong; most that are in use do not.
    NODE_ENV: 'production',
    COMPANION_PORT: String(port),
    COMPANION_DOMAIN: host,
    COMPANION_PROTOCOL: 'http',
    COMPANION_SECRET: 'e2e-companion-secret',
    COMPANION_PREAUTH_SECRET: 'e2e-companion-preauth-secret',
    COMPANION_DATADIR: await temporaryFolder('companion-', scope),
    COMPANION_CLIENT_ORIGINS_REGEX: '^http://127\\.0\\.0\\.1:\\d+$',
    COMPANION_UPLOAD_URLS: `http://${host}/`,
    COMPANION_AWS_KEY: credentials.accessKey,
    COMPANION_AWS_SECRET: credentials.secretKey,
    COMPANION_AWS_BUCKET: bucket.name,
    COMPANION_AWS_REGION: credentials.region,
    COMPANION_AWS_ENDPOINT: proxy.origin,
    COMPANION_AWS_FORCE_PATH_STYLE: 'true',
  };
  const program = join(root, 'node_modules/@uppy/companion/bin/companion');
  await start(process.execPath, [program], { ready: /Listening on/, scope, env });
  return { endpoint: `http://${host}/s3` };
}
