/**
 * A standard library of our own for the WebAssembly: made small instead of fast, and without the texts and the formatting of
 * panics, which nobody would see. The module is 10 % smaller with it. It takes the library's source, what that uses from the
 * registry, and flags that stable Rust has without promising to keep them; where one of these is missing, the module is made with
 * the library that comes with Rust.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { WASM_TARGET, which } from './project.mjs';
import { output, run } from './run.mjs';

/** The first minor version of Rust 1 that these flags are known to work with. */
const SINCE = 95;

const rustflags = [
  '-Zunstable-options',
  '-Cpanic=immediate-abort',
  '-Zlocation-detail=none',
  '-Zfmt-debug=none',
  // `npm run size:bytes` reads the names.
  '-Csymbol-mangling-version=legacy',
];

/** What cargo needs for it; nothing where it is not to be had. @returns {Promise<{ args: string[], env: Record<string, string> }>} */
export async function ownStd() {
  if (!(await hasSource())) {
    console.log(
      'The module is made with the standard library as it comes, and so is larger than it could be.',
    );
    return { args: [], env: {} };
  }
  const args = [
    '-Zbuild-std=std,panic_abort',
    '-Zbuild-std-features=optimize_for_size',
    ...['--config', `target.${WASM_TARGET}.rustflags=${JSON.stringify(rustflags)}`],
  ];
  return { args, env: { RUSTC_BOOTSTRAP: '1' } };
}

/** Installs the source where it is of use; it is no reason to fail. @param {(what: string) => void} announce */
export async function installStdSource(announce) {
  if (!(await isNewEnough()) || (await hasSource()) || !(await which('rustup'))) return;
  announce('source of the Rust standard library');
  await run('rustup', ['component', 'add', 'rust-src']).catch((error) => console.log(String(error)));
}

async function hasSource() {
  const sysroot = await output('rustc', ['--print', 'sysroot']);
  const lock = join(sysroot ?? '', 'lib', 'rustlib', 'src', 'rust', 'library', 'Cargo.lock');
  return (await isNewEnough()) && existsSync(lock);
}

async function isNewEnough() {
  const version = /^rustc 1\.(\d+)/.exec((await output('rustc', ['--version'])) ?? '');
  return Number(version?.[1]) >= SINCE;
}
