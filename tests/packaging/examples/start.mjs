/** Starts an example as its command does, but on ports that are free, and with a store of its own. */
import { demoOptions, examples } from '../../../scripts/lib/examples.mjs';
import { binary } from '../../e2e/support/binaries.mjs';
import { temporaryFolder } from '../../e2e/support/files.mjs';
import { freePort } from '../../e2e/support/ports.mjs';
import { start } from '../../e2e/support/process.mjs';
import { Bucket, credentials } from '../../e2e/support/s3.mjs';

const BUCKET = 'demo';

/**
 * @param {string} name
 * @param {import('../../e2e/support/cleanup.mjs').Scope} scope
 * @param {(store: string) => Promise<string>} [before] puts something in front of the store; both are origins
 * @returns {Promise<{ origin: string, bucket: Bucket }>} where the page is, and where its files go
 */
export async function startExample(name, scope, before = async (store) => store) {
  const { accessKey, secretKey } = credentials;
  const args = [
    ...demoOptions(name),
    ...['--port', '0', '--store-port', '0', '--data', await temporaryFolder(`${name}-`, scope)],
    ...['--bucket', BUCKET, '--access-key', accessKey, '--secret-key', secretKey],
    '--until-stdin-closes',
  ];
  const program = await binary('partwise-demo-server');
  const demo = await start(program, args, { ready: /store: (\S+)\/demo\n[^]*demo: (\S+)\/\n/, scope });
  const [, store = '', server = ''] = demo.ready;

  const env = {
    ...{ PORT: '0', DEMO_SERVER: server, STORE: `${await before(store)}/${BUCKET}`, NO_COLOR: '1' },
    ...{ SIGNING_SERVER: `http://127.0.0.1:${await freePort()}` },
    ...{ ACCESS_KEY: accessKey, SECRET_KEY: secretKey },
  };
  let origin = server;
  for (const [command, ...args] of examples[name] ?? []) {
    const { ready } = await start(command, args, {
      ready: /: +(http:\/\/(?:localhost|127[.\d]+):\d+)\/?\n/,
      scope,
      env,
    });
    origin = ready[1] ?? '';
  }
  return { origin, bucket: new Bucket(store, BUCKET) };
}
