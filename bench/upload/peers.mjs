/** The libraries that are compared: installed apart, so that who only builds the package does not load them. */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { distDir, root } from '../../scripts/lib/project.mjs';
import { run } from '../../tests/e2e/support/process.mjs';

const manifests = join(root, 'bench', 'upload', 'peers');
/** Everything that the bench writes but for its results; nothing in it is worth keeping. */
export const workshop = join(root, 'target', 'bench');

/** Installs what these folders of `peers/` list, each into one of its own, unless it is there. @param {Iterable<string>} names */
export async function installPeers(names) {
  for (const name of names) {
    const folder = join(workshop, name);
    const from = (/** @type {string} */ file) => join(manifests, name, file);
    const stamp = join(folder, 'node_modules', '.installed');
    const wanted = createHash('sha256')
      .update(readFileSync(from('package-lock.json')))
      .digest('hex');
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) continue;
    process.stderr.write(`==> installing what is compared into target/bench/${name}\n`);
    mkdirSync(folder, { recursive: true });
    for (const file of ['package.json', 'package-lock.json']) copyFileSync(from(file), join(folder, file));
    const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    await run('npm', ['ci', ...quiet], { cwd: folder, within: 1_800_000, show: true });
    writeFileSync(stamp, wanted);
  }
}

/** Where the peers of a folder are found. @param {string} name */
export const modulesOf = (name) => join(workshop, name, 'node_modules');

/** The versions that are compared, by the names of packages. @returns {Record<string, string>} */
export function versions() {
  const ours = JSON.parse(readFileSync(join(distDir, 'package.json'), 'utf8'));
  /** @type {Record<string, string>} */
  const all = { [ours.name]: ours.version };
  for (const name of readdirSync(manifests)) {
    const { dependencies } = JSON.parse(readFileSync(join(manifests, name, 'package.json'), 'utf8'));
    for (const [library, version] of Object.entries(dependencies))
      all[name === 'current' ? library : `${library} (${name})`] = version;
  }
  return all;
}
