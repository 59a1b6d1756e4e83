/** The npm package as a user gets it: packed, and unpacked somewhere else. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { everything } from './cleanup.mjs';
import { temporaryFolder } from './files.mjs';
import { root } from './paths.mjs';
import { run } from './process.mjs';

/** @returns {Promise<string>} the folder with its files */
export async function unpackedPackage() {
  const dist = join(root, 'dist');
  await access(join(dist, 'package.json')).catch(() => {
    throw new Error('dist/ holds no package; build it first: npm run build');
  });
  const folder = await temporaryFolder('package-', everything);
  const packed = await run('npm', ['pack', dist, '--json', '--ignore-scripts', '--pack-destination', folder]);
  const [{ filename }] = JSON.parse(packed);
  await run('tar', ['-xzf', join(folder, filename), '-C', folder]);
  return join(folder, 'package');
}
