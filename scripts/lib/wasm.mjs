/** From Rust to the optimised WebAssembly and its JavaScript glue. */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { refresh } from './fresh.mjs';
import { root, toolsDir, wasmBindgenVersion, workDir } from './project.mjs';
import { output, run } from './run.mjs';

const bindgenDir = join(workDir, 'bindgen');

/** The generated glue. */
export const gluePath = join(bindgenDir, 'partwise.js');
/** The optimised module. */
export const wasmPath = join(workDir, 'partwise_bg.wasm');

/** Compiles the crate; cargo itself knows what is to be done. */
export async function compile() {
  const args = [
    'build',
    '--profile',
    'wasm',
    '--target',
    'wasm32-unknown-unknown',
    '-p',
    'partwise',
    '--lib',
  ];
  await run('cargo', args);
  const compiled = join(await targetDir(), 'wasm32-unknown-unknown', 'wasm', 'partwise.wasm');
  await refresh(
    `wasm-${wasmBindgenVersion}`,
    {
      inputs: [compiled, fileURLToPath(import.meta.url), join(root, 'package-lock.json')],
      outputs: [gluePath, wasmPath],
    },
    async () => {
      rmSync(bindgenDir, { recursive: true, force: true });
      mkdirSync(bindgenDir, { recursive: true });
      await bind(compiled);
      await optimise(join(bindgenDir, 'partwise_bg.wasm'));
    },
  );
}

/** @param {string} compiled */
async function bind(compiled) {
  await run(join(toolsDir, 'bin', 'wasm-bindgen'), [
    ...['--target', 'web', '--out-name', 'partwise', '--out-dir', bindgenDir],
    // The entries find the module themselves; `import.meta` in the glue would be a syntax error in a classic script.
    '--omit-default-module-path',
    '--no-typescript',
    compiled,
  ]);
}

/**
 * The `wasm-opt` of the npm package: the one Debian 12 has (108) writes modules that no browser can start.
 *
 * @param {string} bound
 */
async function optimise(bound) {
  const partial = `${wasmPath}.partial`;
  const wasmOpt = join(root, 'node_modules', '.bin', 'wasm-opt');
  await run(wasmOpt, ['-Oz', '--converge', '--strip-producers', '--strip-debug', bound, '-o', partial]);
  renameSync(partial, wasmPath);
}

/** Where cargo builds, which the environment or a configuration file may have moved. */
export async function targetDir() {
  const metadata = await output('cargo', ['metadata', '--no-deps', '--format-version', '1']);
  if (!metadata) throw new Error('`cargo metadata` failed');
  return /** @type {string} */ (JSON.parse(metadata).target_directory);
}
