/** Files to upload: random bytes that are the same in every run, made once. */
import { createCipheriv, createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, copyFile, mkdir, mkdtemp, open, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { scratch } from './paths.mjs';

/** Bytes. */
export const MiB = 1024 * 1024;

/**
 * @typedef {object} TestFile
 * @property {string} path
 * @property {string} name
 * @property {number} size bytes
 * @property {string} sha256
 * @property {string} md5
 */

/** Those asked for in this run. @type {Map<string, Promise<TestFile>>} */
const known = new Map();

/**
 * A file of random bytes.
 *
 * @param {number} size bytes
 * @param {number} [seed] another one, other bytes
 * @returns {Promise<TestFile>}
 */
export function randomFile(size, seed = 0) {
  const name = `random-${size}-${seed}.bin`;
  const file = known.get(name) ?? makeFile(name, size, seed);
  known.set(name, file);
  return file;
}

/**
 * @param {string} name
 * @param {number} size
 * @param {number} seed
 */
async function makeFile(name, size, seed) {
  const folder = join(scratch, 'files');
  const path = join(folder, name);
  await mkdir(folder, { recursive: true });
  if (!(await exists(path))) {
    // Under its final name only when it is whole.
    await fill(`${path}.${process.pid}`, size, seed);
    await rename(`${path}.${process.pid}`, path);
  }
  return describe(path);
}

/**
 * A copy that a scenario may change and that goes away with it.
 *
 * @param {TestFile} file
 * @param {import('./cleanup.mjs').Scope} scope
 * @param {string} [name] another one
 * @returns {Promise<TestFile>}
 */
export async function copyOf(file, scope, name = file.name) {
  const path = join(await temporaryFolder('copy-', scope), name);
  await copyFile(file.path, path);
  return { ...file, path, name };
}

/**
 * @param {string} prefix
 * @param {import('./cleanup.mjs').Scope} scope that removes it
 */
export async function temporaryFolder(prefix, scope) {
  await mkdir(scratch, { recursive: true });
  return removedWith(scope, await mkdtemp(join(scratch, prefix)));
}

/**
 * Where the system has such folders, for programs that put sockets into theirs: a socket's path has 107 characters at most.
 *
 * @param {import('./cleanup.mjs').Scope} scope that removes it
 */
export async function systemFolder(scope) {
  return removedWith(scope, await mkdtemp(join(tmpdir(), 'partwise-')));
}

/**
 * @param {import('./cleanup.mjs').Scope} scope
 * @param {string} folder
 */
function removedWith(scope, folder) {
  // A browser that was just killed may still be letting go of its files.
  scope.onEnd(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  return folder;
}

/**
 * @param {string} path
 * @param {number} size
 * @param {number} seed
 */
async function fill(path, size, seed) {
  const key = createHash('md5').update(`partwise ${size} ${seed}`).digest();
  const stream = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
  const zeros = Buffer.alloc(MiB);
  const file = await open(path, 'w');
  for (let at = 0; at < size; at += MiB) await file.write(stream.update(zeros.subarray(0, size - at)));
  await file.close();
}

/** @param {string} path */
async function describe(path) {
  const sha256 = createHash('sha256');
  const md5 = createHash('md5');
  let size = 0;
  for await (const piece of createReadStream(path, { highWaterMark: MiB })) {
    sha256.update(piece);
    md5.update(piece);
    size += piece.length;
  }
  return { path, name: basename(path), size, sha256: sha256.digest('hex'), md5: md5.digest('hex') };
}

/** @param {string} path */
function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}
