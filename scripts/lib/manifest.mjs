/** The `package.json` that is published. Name, version and description are the crate's. */
import { output } from './run.mjs';

/** What a package holds besides its `package.json`; a missing document is left out. */
export const documents = ['README.md', 'README.zh-CN.md', 'CHANGELOG.md', 'LICENSE-MIT', 'LICENSE-APACHE'];

/** What can be imported besides `partwise` itself. */
export const entries = ['external', 'global', 'hash', 'store', 'react', 'vue', 'element', 'format'];

const code = [
  ...['index', ...entries].flatMap((name) => [`${name}.js`, `${name}.d.ts`]),
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
    homepage: crate.repository,
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
      ...Object.fromEntries(
        entries.map((name) => [`./${name}`, { types: `./${name}.d.ts`, default: `./${name}.js` }]),
      ),
      './worker.js': './worker.js',
      './partwise_bg.wasm': './partwise_bg.wasm',
      './package.json': './package.json',
    },
    files: [...code, ...present],
    peerDependencies: { react: '>=18', vue: '>=3.3' },
    peerDependenciesMeta: { react: { optional: true }, vue: { optional: true } },
  };
}
