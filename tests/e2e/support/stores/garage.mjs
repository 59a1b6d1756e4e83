/** Garage on loopback: a cluster of one node that keeps its data on disk. `npm run e2e:all` installs it. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../files.mjs';
import { toolsDir } from '../paths.mjs';
import { freePort } from '../ports.mjs';
import { run, start } from '../process.mjs';
import { credentials } from '../s3.mjs';
import { until } from '../until.mjs';
import { shared } from './shared.mjs';

/**
 * @param {import('../cleanup.mjs').Scope} scope
 * @returns {Promise<import('./index.mjs').Server>}
 */
export async function garage(scope) {
  const own = join(toolsDir, 'bin', 'garage');
  const program = process.env.GARAGE ?? (existsSync(own) ? own : 'garage');
  const folder = await temporaryFolder('garage-', scope);
  const port = await freePort();
  const file = join(folder, 'garage.toml');
  await writeFile(file, configuration(folder, port, await freePort()));
  const { accessKey, secretKey } = credentials;
  const env = {
    RUST_LOG: 'garage=warn',
    GARAGE_DEFAULT_ACCESS_KEY: accessKey,
    GARAGE_DEFAULT_SECRET_KEY: secretKey,
    GARAGE_DEFAULT_BUCKET: 'unused',
  };
  const args = ['-c', file, 'server', '--single-node', '--default-bucket'];
  const origin = `http://127.0.0.1:${port}`;
  // Whoever asks without a signature is told so once it serves.
  const serves = () =>
    fetch(origin).then(
      ({ status }) => status === 403 || status === 400,
      () => false,
    );
  const server = await shared(origin, async () => {
    const running = await start(program, args, { ready: /^/, env, scope });
    await until(serves, { what: 'Garage', within: 60_000 });
    return running;
  });
  await run(program, ['-c', file, 'key', 'allow', '--create-bucket', accessKey], { env });
  return server;
}

/**
 * @param {string} folder
 * @param {number} port
 * @param {number} rpcPort
 */
function configuration(folder, port, rpcPort) {
  return `metadata_dir = "${folder}/meta"
data_dir = "${folder}/data"
db_engine = "sqlite"
replication_factor = 1
rpc_bind_addr = "127.0.0.1:${rpcPort}"
rpc_public_addr = "127.0.0.1:${rpcPort}"
rpc_secret = "${randomBytes(32).toString('hex')}"

[s3_api]
s3_region = "${credentials.region}"
api_bind_addr = "127.0.0.1:${port}"
`;
}
