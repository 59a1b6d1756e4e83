/** Skips work whose inputs have not changed since it was last done. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { workDir } from './project.mjs';

/**
 * Does `work` unless it was done for the same inputs and its outputs are still there.
 *
 * Contents are compared, not dates: cargo rewrites its outputs without changing them, and git changes dates at will.
 *
 * @param {string} name unique among all work
 * @param {{ inputs: readonly string[], outputs: readonly string[] }} files paths of files or folders
 * @param {() => Promise<void>} work
 */
export async function refresh(name, { inputs, outputs }, work) {
  const stamp = join(workDir, `${name}.stamp`);
  const hash = createHash('sha256');
  for (const path of inputs) addTo(hash, path);
  const state = hash.digest('hex');
  if (outputs.every((path) => existsSync(path)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === state)
    return;
  rmSync(stamp, { force: true });
  await work();
  mkdirSync(workDir, { recursive: true });
  writeFileSync(stamp, state);
}

/**
 * @param {import('node:crypto').Hash} hash
 * @param {string} path
 */
function addTo(hash, path) {
  if (!existsSync(path)) return;
  if (statSync(path).isDirectory()) {
    for (const name of readdirSync(path).sort()) addTo(hash, join(path, name));
  } else {
    const content = readFileSync(path);
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
}
