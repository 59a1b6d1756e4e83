/** Bundlers and checkers, installed beside the repository's own packages when they are first needed. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root, runIn } from '../consumer.mjs';

/** Folders in it find them, as an application in a folder of its own finds what is installed above it. */
export const workshop = join(root, 'target', 'packaging');

/** Installs what `package-lock.json` beside this file says, unless it is there. */
export async function installTools() {
  const from = (/** @type {string} */ name) => join(root, 'tests', 'packaging', 'tools', name);
  const lock = await readFile(from('package-lock.json'));
  const stamp = join(workshop, 'node_modules', '.installed');
  const wanted = createHash('sha256').update(lock).digest('hex');
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === wanted) return;
  process.stdout.write('==> installing bundlers into target/packaging\n');
  await mkdir(workshop, { recursive: true });
  for (const name of ['package.json', 'package-lock.json']) await copyFile(from(name), join(workshop, name));
  await runIn(workshop, 'npm', ['ci', '--no-audit', '--no-fund']);
  await writeFile(stamp, wanted);
}
