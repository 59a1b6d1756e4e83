/** The demo server's embedded store; each scenario has one of its own. */
import { binary } from '../binaries.mjs';
import { temporaryFolder } from '../files.mjs';
import { pageDir } from '../paths.mjs';
import { start } from '../process.mjs';
import { Bucket, credentials } from '../s3.mjs';

const BUCKET = 'demo';

/** @returns {Promise<import('./index.mjs').Server>} */
export async function embedded() {
  return {
    async open(scope) {
      const { bucket, stop, start } = await serve(scope);
      const withHiddenEtag = async (/** @type {import('../cleanup.mjs').Scope} */ scope) =>
        (await serve(scope, ['--cors-expose', ''])).bucket;
      return { bucket, withHiddenEtag, stop, start };
    },
  };
}

/**
 * @param {import('../cleanup.mjs').Scope} scope
 * @param {readonly string[]} options
 */
async function serve(scope, options = []) {
  const program = await binary('partwise-demo-server');
  const data = await temporaryFolder('store-', scope);
  const { accessKey, secretKey } = credentials;
  const run = (/** @type {string} */ port) => {
    const args = ['--port', '0', '--store-port', port, '--data', data, '--bucket', BUCKET, '--page', pageDir];
    const keys = ['--access-key', accessKey, '--secret-key', secretKey, '--until-stdin-closes'];
    return start(program, [...args, ...keys, ...options], { ready: /store: (\S+)\/demo\n/, scope });
  };
  let running = await run('0');
  const origin = running.ready[1] ?? '';
  return {
    bucket: new Bucket(origin, BUCKET),
    stop: () => running.stop(),
    async start() {
      if (!running.alive()) running = await run(new URL(origin).port);
    },
  };
}
