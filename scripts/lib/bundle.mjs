/** Bundles the entries of `pkg-template/` with the WebAssembly and the worker. */
import { gzipAsync } from '@gfx/zopfli';
import { build, transform } from 'esbuild';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './project.mjs';
import { hashed } from './names.mjs';
import { gluePath, namesPath, wasmPath } from './wasm.mjs';

/** The browsers of 2023, which have everything the package relies on. */
const target = ['chrome111', 'firefox113', 'safari16.4'];

/** @type {{ name: string, format: 'esm' | 'iife', external?: string[] }[]} */
const entries = [
  { name: 'index', format: 'esm' },
  { name: 'external', format: 'esm' },
  { name: 'global', format: 'iife' },
  // It imports the default entry when it needs it, and the bindings all import this very store.
  { name: 'store', format: 'esm', external: ['./index.js'] },
  { name: 'element', format: 'esm' },
  { name: 'format', format: 'esm' },
];

/**
 * Writes the entries, the worker and the module.
 *
 * @param {string} folder
 */
export async function bundle(folder) {
  const wasm = await readFile(wasmPath);
  const workerCode = await minifiedWorker();
  const names = JSON.parse(await readFile(namesPath, 'utf8'));
  const parts = {
    // 5 % smaller than what zlib makes, and unpacked in the same time.
    'partwise:wasm': Buffer.from(await gzipAsync(wasm, {})).toString('base64'),
    'partwise:worker': workerCode,
  };
  await Promise.all([
    writeFile(join(folder, 'partwise_bg.wasm'), wasm),
    writeFile(join(folder, 'worker.js'), asFile(workerCode)),
    ...entries.map(({ name, format, external }) =>
      build({
        entryPoints: [join(root, 'pkg-template', `${name}.js`)],
        outfile: join(folder, `${name}.js`),
        bundle: true,
        external,
        format,
        target,
        minify: true,
        mangleProps: hashed,
        // esbuild notes its decisions here; each bundle needs a copy.
        mangleCache: { ...names },
        charset: 'utf8',
        legalComments: 'none',
        logLevel: 'warning',
        plugins: [supply(parts), plainCss],
      }),
    ),
  ]);
}

/** Takes the white space out of the style sheets that stand in the code. @type {import('esbuild').Plugin} */
const plainCss = {
  name: 'css',
  setup(build) {
    build.onLoad({ filter: /\/element\/style\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const [whole = '', css = ''] = /^const CSS = `([^`]*)`;$/m.exec(source) ?? [];
      const { code } = await transform(css, { loader: 'css', target, minify: true });
      return { contents: source.replace(whole, () => `const CSS = ${JSON.stringify(code)};`) };
    });
  },
};

/** As a function expression, so that all names can be shortened and it is both a classic script and a module. */
async function minifiedWorker() {
  const source = await readFile(join(root, 'pkg-template', 'worker.js'), 'utf8');
  return (await transform(source, { format: 'iife', target, minify: true })).code.trim();
}

/** Vite puts files below 4 KiB into the code as `data:` URLs, from which a strict content security policy allows no worker. */
const INLINED_BELOW = 4096;

/** @param {string} code */
function asFile(code) {
  const note = `/* The hash worker of partwise. This line makes it large enough to stay a file of its own in every bundler. */`;
  return note.padEnd(Math.max(note.length, INLINED_BELOW + 64 - code.length), ' ') + '\n' + code;
}

/**
 * Answers the imports that `pkg-template/modules.d.ts` declares.
 *
 * @param {Readonly<Record<string, string>>} texts default exports by specifier
 * @returns {import('esbuild').Plugin}
 */
function supply(texts) {
  return {
    name: 'partwise',
    setup(build) {
      build.onResolve({ filter: /^partwise:/ }, ({ path }) =>
        path === 'partwise:glue' ? { path: gluePath } : { path, namespace: 'partwise' },
      );
      build.onLoad({ filter: /.*/, namespace: 'partwise' }, ({ path }) => ({
        contents: texts[path],
        loader: 'text',
      }));
      // Loaded when it is needed, and the same for whoever imports both: so it stays a file of its own.
      build.onResolve({ filter: /^\.\.\/index\.js$/ }, () => ({ path: './index.js', external: true }));
      // wasm-bindgen copies the crate's JavaScript; the original keeps `UploadError` one class for glue and entries.
      build.onResolve({ filter: /^\.\/snippets\// }, ({ path }) => ({
        path: join(root, path.replace(/^\.\/snippets\/[^/]+\//, '')),
      }));
    },
  };
}
