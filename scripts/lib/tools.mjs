/** Bundlers, checkers and TypeDoc: installed apart, so that who only builds the package does not load them. */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './project.mjs';
import { run } from './run.mjs';

/** Folders in it find them, as an application in a folder of its own finds what is installed above it. */
export const workshop = join(root, 'target', 'packaging');

/** Installs what `scripts/tools/package-lock.json` says, unless it is there. */
export async function installTools() {
  const from = (/** @type {string} */ name) => join(root, 'scripts', 'tools', name);
  const stamp = join(workshop, 'node_modules', '.installed');
  const wanted = createHash('sha256')
    .update(readFileSync(from('package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  process.stdout.write('==> installing bundlers, checkers and TypeDoc into target/packaging\n');
  mkdirSync(workshop, { recursive: true });
  for (const name of ['package.json', 'package-lock.json']) copyFileSync(from(name), join(workshop, name));
  await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: workshop });
  writeFileSync(stamp, wanted);
}

/** One of them. @param {string} name @returns {Promise<any>} */
export async function tool(name) {
  const { resolve } = createRequire(join(workshop, 'package.json'));
  return import(pathToFileURL(resolve(name)).href);
}
