/** How each bundler is told to build: what an application has to write, and nothing more. */
import { copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tool, workshop } from '../../../scripts/lib/tools.mjs';
import { runIn } from '../consumer.mjs';

/**
 * @typedef {(app: string, entry: string) => Promise<string>} Build gives the folder to be served; `app` has the package
 *   installed, and in it are `default.js`, `external.js` and `together.js`, of which `entry` is one
 */

/** @param {string} folder @param {string} script */
async function page(folder, script) {
  const html = await readFile(new URL('page.html', import.meta.url), 'utf8');
  await writeFile(join(folder, 'index.html'), html.replace('SCRIPT', script));
}

/** For bundlers that leave `new URL(…, import.meta.url)` as it is. @param {string} app @param {string} to */
async function copyFiles(app, to) {
  for (const name of ['partwise_bg.wasm', 'worker.js'])
    await copyFile(join(app, 'node_modules', 'partwise', name), join(to, name));
}

/** @type {Record<string, Build>} */
export const builds = {
  async vite(app, entry) {
    const { build } = await import('vite');
    await page(app, `${entry}.js`);
    const out = join(app, `vite-${entry}`);
    await build({ root: app, base: './', logLevel: 'warn', build: { outDir: out } });
    return out;
  },

  async webpack(app, entry) {
    const { default: webpack } = await tool('webpack');
    return likeWebpack(webpack, app, entry, join(app, `webpack-${entry}`));
  },

  async rspack(app, entry) {
    const { rspack } = await tool('@rspack/core');
    return likeWebpack(rspack, app, entry, join(app, `rspack-${entry}`));
  },

  async rollup(app, entry) {
    const { rollup } = await tool('rollup');
    const { nodeResolve } = await tool('@rollup/plugin-node-resolve');
    const out = join(app, `rollup-${entry}`);
    const bundle = await rollup({
      input: join(app, `${entry}.js`),
      plugins: [nodeResolve({ browser: true })],
      onwarn(/** @type {Error} */ warning) {
        throw warning;
      },
    });
    await bundle.write({ dir: out, format: 'es' });
    if (entry === 'external') await copyFiles(app, out);
    await page(out, `${entry}.js`);
    return out;
  },

  async esbuild(app, entry) {
    const { build } = await import('esbuild');
    const out = join(app, `esbuild-${entry}`);
    await build({
      ...{ entryPoints: [join(app, `${entry}.js`)], outdir: out, bundle: true, minify: true },
      ...{ format: 'esm', logLevel: 'warning' },
    });
    if (entry === 'external') await copyFiles(app, out);
    await page(out, `${entry}.js`);
    return out;
  },

  async 'no bundler'(app, entry) {
    const out = join(app, `plain-${entry}`);
    await mkdir(join(out, 'partwise'), { recursive: true });
    const names = entry === 'default' ? ['index.js'] : ['external.js', 'partwise_bg.wasm', 'worker.js'];
    for (const name of names)
      await copyFile(join(app, 'node_modules', 'partwise', name), join(out, 'partwise', name));
    await copyFile(join(app, 'upload.js'), join(out, 'upload.js'));
    const source = await readFile(join(app, `${entry}.js`), 'utf8');
    const file = entry === 'default' ? 'index' : entry;
    await writeFile(join(out, 'app.js'), source.replace(/'partwise.*'/, `'./partwise/${file}.js'`));
    await page(out, 'app.js');
    return out;
  },
};

/**
 * Pages that are rendered on a server, and exported to be served as they are: one for each entry.
 *
 * @param {string} app
 * @param {'turbopack' | 'webpack'} bundler
 * @returns {Promise<string>}
 */
export async function next(app, bundler) {
  const folder = join(app, `next-${bundler}`);
  await cp(new URL('next', import.meta.url), folder, { recursive: true });
  await copyFile(join(app, 'upload.js'), join(folder, 'upload.js'));
  const program = join(workshop, 'node_modules', 'next', 'dist', 'bin', 'next');
  await runIn(folder, process.execPath, [program, 'build', `--${bundler}`], { NEXT_TELEMETRY_DISABLED: '1' });
  return join(folder, 'out');
}

/**
 * Runs webpack, or what takes the same settings; warnings are errors, but for those about size.
 *
 * @param {any} compiler
 * @param {string} app
 * @param {string} entry
 * @param {string} out the folder
 */
async function likeWebpack(compiler, app, entry, out) {
  const options = { mode: 'production', context: app, entry: `./${entry}.js`, output: { path: out } };
  await new Promise((resolve, reject) => {
    compiler({ ...options, performance: false }, (/** @type {any} */ error, /** @type {any} */ stats) => {
      if (error || stats.hasErrors() || stats.hasWarnings())
        reject(error ?? new Error(stats.toString({ all: false, errors: true, warnings: true })));
      else resolve(undefined);
    });
  });
  await page(out, 'main.js');
  return out;
}
