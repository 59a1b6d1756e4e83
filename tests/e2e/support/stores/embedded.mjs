/** The demo server's embedded store. */
import { binary } from '../binaries.mjs';
import { everything } from '../cleanup.mjs';
import { temporaryFolder } from '../files.mjs';
import { pageDir } from '../paths.mjs';
import { start } from '../process.mjs';
import { Bucket } from '../s3.mjs';

/** @returns {Promise<import('./index.mjs').Store>} */
export async function embedded() {
  return { bucket: await serve(everything), withHiddenEtag: (scope) => serve(scope, ['--cors-expose', '']) };
}

/**
 * @param {import('../cleanup.mjs').Scope} scope
 * @param {readonly string[]} options
 */
async function serve(scope, options = []) {
  const program = await binary('partwise-demo-server');
  const data = await temporaryFolder('store-', scope);
  const args = ['--port', '0', '--store-port', '0', '--data', data, '--page', pageDir, ...options];
  const { ready } = await start(program, args, { ready: /store: (\S+)\/demo\n/, scope });
  return new Bucket(ready[1] ?? '', 'demo');
}
