/** The Rust programs these tests need, built when they are missing or old: cargo knows. */
import { join } from 'node:path';
import { run } from './process.mjs';

/** @type {Map<string, Promise<string>>} */
const built = new Map();

/**
 * @param {string} name of the package
 * @param {string} [binary]
 * @returns {Promise<string>} the program's path
 */
export function binary(name, binary = name) {
  const known = built.get(name) ?? build(name, binary);
  built.set(name, known);
  return known;
}

/**
 * @param {string} name
 * @param {string} binary
 */
async function build(name, binary) {
  await run('cargo', ['build', '--release', '-p', name], { within: 1_800_000, show: true });
  const metadata = JSON.parse(await run('cargo', ['metadata', '--format-version=1', '--no-deps']));
  return join(metadata.target_directory, 'release', binary);
}
