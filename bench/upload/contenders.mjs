/** Who takes part, and what a page loads for each. */
import { build } from 'esbuild';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { distDir, root } from '../../scripts/lib/project.mjs';
import { modulesOf } from './peers.mjs';

const MIB = 1024 * 1024;

/** @typedef {{ partSize: number, parallel: number }} Equal part size in bytes and parallel parts of the row in which all have the same */

/** As `--equal` is written: MiB, and how many at a time. @param {string} text @returns {Equal} */
export function equalParts(text) {
  const [, mebibytes, parallel] = /^([1-9]\d*)x([1-9]\d*)$/.exec(text) ?? [];
  if (!mebibytes) throw new Error(`--equal: ${text} is not like 8x4, MiB and how many parts at a time`);
  return { partSize: Number(mebibytes) * MIB, parallel: Number(parallel) };
}

/** For the reader. @param {Equal | null} equal */
export function partsOf(equal) {
  return equal ? `${equal.partSize / MIB} MiB × ${equal.parallel}` : 'its own';
}

/** Part sizes of those who keep to one, bytes: what the sink hashes beforehand. */
export const PART_SIZES = [1, 5, 8].map((mebibytes) => mebibytes * MIB);

/** @typedef {'defaults' | 'equal'} Row each library's own part size and parallel parts, or {@link Equal} ones */

/**
 * @typedef {object} Contender
 * @property {readonly Row[]} rows
 * @property {string} label as the table and the plots call it
 * @property {string} [peers] the folder its library is installed in
 * @property {boolean} [asked] takes part only when it is named
 */

/** @type {readonly Row[]} */
const both = ['defaults', 'equal'];

/** By the names of their modules in `page/contenders`. @type {Readonly<Record<string, Contender>>} */
export const contenders = {
  raw_xhr: { label: 'one bare PUT', rows: ['defaults'] },
  raw_forms: { label: 'bare forms', rows: ['defaults'], asked: true },
  raw_parts: { label: 'bare parts', rows: ['equal'] },
  partwise: { label: 'partwise', rows: both },
  partwise_unverified: { label: 'partwise, nothing hashed', rows: both, asked: true },
  partwise_store: { label: 'partwise, own keys', rows: both, asked: true },
  uppy_aws_s3: { label: 'Uppy 6', rows: both, peers: 'current' },
  uppy_aws_s3_v5: { label: 'Uppy 5', rows: both, peers: 'uppy-v5' },
  cos_js_sdk: { label: 'cos-js-sdk', rows: both, peers: 'current' },
  ali_oss: { label: 'ali-oss', rows: both, peers: 'current' },
  aws_lib_storage: { label: 'lib-storage', rows: both, peers: 'current' },
  tus_js_client: { label: 'tus-js-client', rows: both, peers: 'current' },
  simple_uploader: { label: 'simple-uploader', rows: both, peers: 'current' },
};

/**
 * Bundles the module of a contender as an application would, with its library.
 *
 * @param {string} name
 * @returns {Promise<{ code: string, gzip: number }>} `gzip` in bytes, at level 9
 */
export async function bundle(name) {
  const peers = contenders[name]?.peers;
  const { outputFiles } = await build({
    entryPoints: [join(root, 'bench', 'upload', 'page', 'contenders', `${name}.js`)],
    alias: { partwise: join(distDir, 'index.js') },
    nodePaths: peers ? [modulesOf(peers)] : [],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'chrome111',
    legalComments: 'none',
    define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
    logLevel: 'error',
    write: false,
  });
  const code = outputFiles[0]?.text ?? '';
  return { code, gzip: gzipSync(code, { level: 9 }).length };
}
