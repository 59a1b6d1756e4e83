/** Where things are in this repository, and the versions it is built with. */
import { readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** Programs that are installed for this repository only. */
export const toolsDir = join(root, '.tools');
/** The npm package, ready to be published. */
export const distDir = join(root, 'dist');
/** What lies between cargo's output and `dist/`. */
export const workDir = join(root, 'target', 'npm');

export const WASM_TARGET = 'wasm32-unknown-unknown';

const manifest = readFileSync(join(root, 'Cargo.toml'), 'utf8');

/** @param {RegExp} pattern */
function fromManifest(pattern) {
  const found = pattern.exec(manifest)?.[1];
  if (found === undefined) throw new Error(`Cargo.toml holds no ${pattern}`);
  return found;
}

/** The pinned version of wasm-bindgen; its command line tool must be the very same. */
export const wasmBindgenVersion = fromManifest(/^wasm-bindgen = "=([\d.]+)"$/m);
/** The oldest Rust that compiles the crate. */
export const rustVersion = fromManifest(/^rust-version = "([\d.]+)"$/m);

/**
 * The full path of a program in `PATH`, or `undefined`.
 *
 * @param {string} name
 */
export async function which(name) {
  const { access, constants } = await import('node:fs/promises');
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return undefined;
}
