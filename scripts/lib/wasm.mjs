/** From Rust to the optimised WebAssembly and its JavaScript glue. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { refresh } from './fresh.mjs';
import { shortenNames } from './names.mjs';
import { WASM_TARGET, root, toolsDir, workDir } from './project.mjs';
import { output, run } from './run.mjs';
import { ownStd } from './std.mjs';

const bindgenDir = join(workDir, 'bindgen');
const optimisedPath = join(workDir, 'optimised.wasm');

/** The generated glue. */
export const gluePath = join(bindgenDir, 'partwise.js');
/** The optimised module. */
export const wasmPath = join(workDir, 'partwise_bg.wasm');

/** JSON: the short name of each name that module and glue had in common. */
export const namesPath = join(workDir, 'names.json');

/** Compiles the crate; cargo itself knows what is to be done. */
export async function compile() {
  const { args, env } = await ownStd();
  const what = ['--profile', 'wasm', '--target', WASM_TARGET, '-p', 'partwise', '--lib'];
  const build = ['build', ...what];
  await run('cargo', [...build, ...args], { env }).catch((error) => {
    if (args.length === 0) throw error;
    console.log('That failed; once more with the standard library as it comes.');
    return run('cargo', build);
  });
  const compiled = join(await targetDir(), WASM_TARGET, 'wasm', 'partwise.wasm');
  const inputs = [compiled, join(root, 'scripts'), join(root, 'Cargo.toml'), join(root, 'package-lock.json')];
  await refresh('wasm', { inputs, outputs: [gluePath, wasmPath, namesPath] }, async () => {
    rmSync(bindgenDir, { recursive: true, force: true });
    mkdirSync(bindgenDir, { recursive: true });
    await bind(compiled);
    await optimise();
    const { wasm, names } = shortenNames(readFileSync(optimisedPath));
    writeFileSync(wasmPath, wasm);
    writeFileSync(namesPath, JSON.stringify(names));
  });
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

/** The `wasm-opt` of the npm package: the one of Debian 12 (108) writes modules that no browser can start. */
async function optimise() {
  const wasmOpt = join(root, 'node_modules', '.bin', 'wasm-opt');
  const bound = join(bindgenDir, 'partwise_bg.wasm');
  await run(wasmOpt, ['-Oz', '--converge', '--strip-debug', '--strip-producers', bound, '-o', optimisedPath]);
}

/** Where cargo builds, which the environment or a configuration file may have moved. */
export async function targetDir() {
  const metadata = await output('cargo', ['metadata', '--no-deps', '--format-version', '1']);
  if (!metadata) throw new Error('`cargo metadata` failed');
  return /** @type {string} */ (JSON.parse(metadata).target_directory);
}
