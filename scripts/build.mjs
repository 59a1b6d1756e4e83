/** `npm run build`: makes `dist/`, the npm package, complete and ready to be published. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { refresh } from './lib/fresh.mjs';
import { documents, entries, publishedManifest } from './lib/manifest.mjs';
import { distDir, root, workDir } from './lib/project.mjs';
import { forPackage } from './lib/readme.mjs';
import { script } from './lib/run.mjs';
import { compile, gluePath, wasmPath } from './lib/wasm.mjs';
import { setup } from './setup.mjs';

/** Compiles and bundles what has changed. */
export async function build() {
  await setup();
  await compile();
  const present = documents.filter((name) => existsSync(join(root, name)));
  const sources = [
    'pkg-template',
    'scripts',
    'src/api',
    'src/browser',
    'Cargo.toml',
    'package-lock.json',
    ...present,
  ];
  await refresh(
    'dist',
    { inputs: [gluePath, wasmPath, ...sources.map((name) => join(root, name))], outputs: [distDir] },
    () => pack(present),
  );
}

/**
 * Fills a folder of its own that then becomes `dist/`, so that a failure never leaves half a package.
 *
 * @param {readonly string[]} present the documents that exist
 */
async function pack(present) {
  const staging = join(workDir, 'dist');
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  // Only now: setup may just have installed the bundler.
  const { bundle } = await import('./lib/bundle.mjs');
  await bundle(staging);
  const declared = ['index', ...entries].map((name) => `${name}.d.ts`);
  for (const name of [...declared, 'hash.js', 'react.js', 'vue.js'])
    copyFileSync(join(root, 'pkg-template', name), join(staging, name));
  const manifest = await publishedManifest(present);
  for (const name of present) {
    const text = readFileSync(join(root, name), 'utf8');
    writeFileSync(join(staging, name), name.endsWith('.md') ? forPackage(text, manifest.homepage) : text);
  }
  writeFileSync(join(staging, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  // The contents are exchanged, not the folder: a server or a watcher may have it open.
  mkdirSync(distDir, { recursive: true });
  for (const name of readdirSync(distDir)) rmSync(join(distDir, name), { recursive: true });
  for (const name of readdirSync(staging)) renameSync(join(staging, name), join(distDir, name));
  process.stdout.write('==> dist/ is built\n');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await script(build);
