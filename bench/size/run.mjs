/**
 * `npm run bench:size [-- --json]`: bytes, gzip'd at level 9, that a page loads for one library that uploads, as published or
 * bundled. Libraries are installed into `target/peers`; partwise is what `npm run build` has left in `dist/`.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const folder = join(root, 'target', 'peers');

/** Each with what to install, and the file it publishes for pages or the code of a page that uses it. */
const peers = [
  { packages: ['ali-oss@6.23.0'], file: 'ali-oss/dist/aliyun-oss-sdk.min.js' },
  { packages: ['cos-js-sdk-v5@1.10.1'], file: 'cos-js-sdk-v5/dist/cos-js-sdk-v5.min.js' },
  { packages: ['@baiducloud/sdk@1.0.7'], file: '@baiducloud/sdk/dist/baidubce-sdk.bundle.min.js' },
  {
    packages: ['@aws-sdk/lib-storage@3.1169.0', '@aws-sdk/client-s3@3.1169.0'],
    code: "export { Upload } from '@aws-sdk/lib-storage'; export { S3Client } from '@aws-sdk/client-s3';",
  },
  {
    packages: ['@uppy/aws-s3@6.3.1', '@uppy/core@6.3.1', '@uppy/golden-retriever@6.0.0'],
    code: "export { default as A } from '@uppy/aws-s3'; export { default as B } from '@uppy/core'; export { default as C } from '@uppy/golden-retriever';",
  },
  { packages: ['tus-js-client@4.3.1'], file: 'tus-js-client/dist/tus.min.js' },
  { packages: ['simple-uploader.js@0.6.0'], file: 'simple-uploader.js/dist/uploader.min.js' },
];

/** @param {{ file?: string, code?: string }} peer */
async function contentOf({ file, code }) {
  if (file) return readFileSync(join(folder, 'node_modules', file));
  const entry = { contents: code ?? '', resolveDir: folder };
  const options = /** @type {const} */ ({ bundle: true, minify: true, format: 'esm', platform: 'browser' });
  const { outputFiles } = await build({ stdin: entry, ...options, write: false, logLevel: 'error' });
  return outputFiles[0]?.contents ?? new Uint8Array();
}

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'package.json'), '{ "private": true }');
const wanted = peers.flatMap(({ packages }) => packages);
const quiet = ['--no-audit', '--no-fund', '--no-save', '--ignore-scripts', '--loglevel=error'];
execFileSync('npm', ['install', ...quiet, ...wanted], { cwd: folder, stdio: 'inherit' });

/** @type {Record<string, number>} */
const sizes = { partwise: gzipSync(readFileSync(join(root, 'dist', 'index.js')), { level: 9 }).length };
for (const peer of peers)
  sizes[peer.packages.join(' + ')] = gzipSync(await contentOf(peer), { level: 9 }).length;

if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(sizes)}\n`);
else
  for (const [name, bytes] of Object.entries(sizes))
    process.stdout.write(`${(bytes / 1000).toFixed(1).padStart(7)} KB  ${name}\n`);
