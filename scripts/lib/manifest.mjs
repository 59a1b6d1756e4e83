/** The `package.json` that is published. Name, version and description are the crate's. */
import { output } from './run.mjs';

/** What a package holds besides its `package.json`; a missing document is left out. */
export const documents = ['README.md', 'README.zh-CN.md', 'CHANGELOG.md', 'LICENSE-MIT', 'LICENSE-APACHE'];

const code = [
  ...[
    'index.js',
    'index.d.ts',
    'external.js',
    'external.d.ts',
    'global.js',
    'global.d.ts',
    'hash.js',
    'hash.d.ts',
    'element.js',
    'element.d.ts',
    'format.js',
    'format.d.ts',
  ],
  ...['worker.js', 'partwise_bg.wasm'],
];

/**
 * @param {readonly string[]} present the documents that exist
 */
export async function publishedManifest(present) {
  const metadata = await output('cargo', ['metadata', '--no-deps', '--format-version', '1']);
  if (!metadata) throw new Error('`cargo metadata` failed');
  const crate = JSON.parse(metadata).packages.find(
    (/** @type {{ name: string }} */ { name }) => name === 'partwise',
  );
  return {
    name: crate.name,
    version: crate.version,
    description: crate.description,
    keywords: [...crate.keywords, 'multipart-upload', 'presigned-url', 'drag-and-drop', 'large-files'],
    license: crate.license,
    repository: { type: 'git', url: `git+${crate.repository}.git` },
    type: 'module',
    sideEffects: ['./global.js', './element.js'],
    main: './index.js',
    module: './index.js',
    types: './index.d.ts',
    unpkg: './global.js',
    jsdelivr: './global.js',
    exports: {
      '.': { types: './index.d.ts', default: './index.js' },
      './external': { types: './external.d.ts', default: './external.js' },
      './global': { types: './global.d.ts', default: './global.js' },
      './element': { types: './element.d.ts', default: './element.js' },
      './format': { types: './format.d.ts', default: './format.js' },
      './hash': { types: './hash.d.ts', default: './hash.js' },
      './worker.js': './worker.js',
      './partwise_bg.wasm': './partwise_bg.wasm',
      './package.json': './package.json',
    },
    files: [...code, ...present],
  };
}
